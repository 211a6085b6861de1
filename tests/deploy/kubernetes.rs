//! The Kubernetes files: read as types that know every field which they use,
//! and no other, so that a misspelt one fails.

use crate::files;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// `SpinApp` of core.spinkube.dev/v1alpha1, as spin-operator 0.6.1 has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SpinApp {
    api_version: String,
    kind: String,
    metadata: Metadata,
    spec: SpinAppSpec,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SpinAppSpec {
    image: String,
    executor: String,
    replicas: u32,
    checks: BTreeMap<String, Probe>,
    resources: Resources,
    variables: Vec<Variable>,
    #[serde(default)]
    runtime_config: Option<RuntimeConfig>,
    #[serde(default)]
    volumes: Vec<Volume>,
    #[serde(default)]
    volume_mounts: Vec<VolumeMount>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RuntimeConfig {
    key_value_stores: Vec<KeyValueStore>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyValueStore {
    name: String,
    r#type: String,
    options: Vec<Variable>,
}

/// The first document of `kubernetes.yaml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Deployment {
    api_version: String,
    kind: String,
    metadata: Metadata,
    spec: DeploymentSpec,
}

/// The second.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Service {
    api_version: String,
    kind: String,
    metadata: Metadata,
    spec: ServiceSpec,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    #[serde(default)]
    name: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeploymentSpec {
    replicas: u32,
    selector: Selector,
    template: Template,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Selector {
    match_labels: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Template {
    metadata: Metadata,
    spec: PodSpec,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct PodSpec {
    runtime_class_name: String,
    automount_service_account_token: bool,
    enable_service_links: bool,
    security_context: Value,
    containers: [Container; 1],
    volumes: Vec<Volume>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Container {
    name: String,
    image: String,
    security_context: Value,
    ports: [ContainerPort; 1],
    env: Vec<Variable>,
    readiness_probe: Probe,
    liveness_probe: Probe,
    resources: Resources,
    volume_mounts: Vec<VolumeMount>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ContainerPort {
    name: String,
    container_port: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceSpec {
    selector: BTreeMap<String, String>,
    ports: [ServicePort; 1],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ServicePort {
    name: String,
    port: u16,
    target_port: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Probe {
    http_get: HttpGet,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpGet {
    path: String,
    /// A `SpinApp` has none.
    port: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resources {
    requests: BTreeMap<String, String>,
    limits: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Variable {
    name: String,
    value: Option<String>,
    value_from: Option<ValueFrom>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ValueFrom {
    secret_key_ref: SecretKeyRef,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretKeyRef {
    name: String,
    key: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Volume {
    name: String,
    #[serde(rename = "emptyDir")]
    _empty_dir: EmptyDir,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct EmptyDir {
    #[serde(rename = "sizeLimit")]
    _size_limit: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct VolumeMount {
    name: String,
    mount_path: String,
}

const IN_EACH_POD: &str = "deploy/spinkube.yaml";
const ON_REDIS: &str = "deploy/spinkube-redis.yaml";
const HARDENED: &str = "deploy/kubernetes.yaml";

fn hardened() -> (Deployment, Service) {
    let [deployment, service] = <[Value; 2]>::try_from(files::documents(HARDENED)).unwrap();
    (
        serde_json::from_value(deployment).unwrap(),
        serde_json::from_value(service).unwrap(),
    )
}

/// The name of the shared secret, and the keys of it that the comment at the
/// top of a file tells to make.
fn secret(name: &str) -> (String, Vec<String>) {
    let text = files::read(name);
    let command = text.split("kubectl create secret generic ").nth(1).unwrap();
    let secret = command.split_whitespace().next().unwrap().to_owned();
    let keys = command.split("--from-literal=").skip(1);
    let keys = keys.map(|rest| rest.split('=').next().unwrap().to_owned());
    (secret, keys.collect())
}

/// Checks what a variable's value is, or which key of the secret it comes from.
fn check_variable(file: &str, variable: &Variable) {
    match (&variable.value, &variable.value_from) {
        (Some(value), None) => assert!(!value.is_empty(), "{file}: {}", variable.name),
        (None, Some(from)) => {
            let (secret, keys) = secret(file);
            assert_eq!(from.secret_key_ref.name, secret, "{file}");
            assert!(keys.contains(&from.secret_key_ref.key), "{file}");
        }
        _ => panic!("{file}: {} has no value, or two", variable.name),
    }
}

fn check_volume(file: &str, volumes: &[Volume], mounts: &[VolumeMount]) {
    let [volume] = volumes else {
        panic!("{file}: one volume")
    };
    let [mount] = mounts else {
        panic!("{file}: one mount")
    };
    assert_eq!(volume.name, mount.name, "{file}");
    // Where Spin keeps the default store.
    assert_eq!(mount.mount_path, "/.spin", "{file}");
}

#[test]
fn a_spin_app_says_what_spin_operator_knows() {
    let variables = files::variables();
    for file in [IN_EACH_POD, ON_REDIS] {
        let app: SpinApp = files::document(file);
        assert_eq!(app.api_version, "core.spinkube.dev/v1alpha1");
        assert_eq!(app.kind, "SpinApp");
        assert_eq!(app.metadata.name, "geo");
        let spec = app.spec;
        assert_eq!(spec.image, "REGISTRY/geo:0.1.0-spin");
        assert_eq!(spec.executor, "containerd-shim-spin");
        assert!(spec.replicas > 1);
        for probe in ["readiness", "liveness"] {
            let get = &spec.checks[probe].http_get;
            assert_eq!((get.path.as_str(), &get.port), ("/healthz", &None));
        }
        // 200 requests at a time took 434 MiB; a SpinApp cannot set the variables
        // that make it less.
        assert_eq!(spec.resources.limits["memory"], "512Mi");
        assert!(spec.resources.requests.contains_key("memory"));
        for variable in &spec.variables {
            assert!(variables.contains(&variable.name), "{}", variable.name);
            check_variable(file, variable);
        }
        assert!(spec.variables.iter().any(|one| one.name == "ipify_api_key"));

        if file == ON_REDIS {
            let [store] = &spec.runtime_config.unwrap().key_value_stores[..] else {
                panic!("one store")
            };
            assert_eq!(
                (store.name.as_str(), store.r#type.as_str()),
                ("default", "redis")
            );
            let [url] = &store.options[..] else {
                panic!("one option")
            };
            assert_eq!(url.name, "url");
            check_variable(file, url);
            assert!(spec.volumes.is_empty() && spec.volume_mounts.is_empty());
        } else {
            assert!(spec.runtime_config.is_none());
            check_volume(file, &spec.volumes, &spec.volume_mounts);
        }
    }
}

#[test]
fn the_two_spin_apps_differ_in_the_cache_alone() {
    let [pod, redis] = [IN_EACH_POD, ON_REDIS].map(|file| {
        let mut app: Value = files::document(file);
        let spec = app["spec"].as_object_mut().unwrap();
        for cache in ["runtimeConfig", "volumes", "volumeMounts"] {
            spec.remove(cache);
        }
        app
    });
    assert_eq!(pod, redis);
}

#[test]
fn the_deployment_fits_the_restricted_pod_security_standard() {
    let (deployment, _) = hardened();
    assert_eq!(deployment.api_version, "apps/v1");
    assert_eq!(deployment.kind, "Deployment");
    assert_eq!(deployment.metadata.name, "geo");
    let spec = deployment.spec;
    assert!(spec.replicas > 1);
    let pod = &spec.template.spec;
    // That of SpinKube's installation.
    assert_eq!(pod.runtime_class_name, "wasmtime-spin-v2");
    assert!(!pod.automount_service_account_token && !pod.enable_service_links);
    assert_eq!(
        pod.security_context,
        serde_json::json!({
            "runAsNonRoot": true,
            "runAsUser": 65532,
            "runAsGroup": 65532,
            "fsGroup": 65532,
            "seccompProfile": { "type": "RuntimeDefault" },
        })
    );
    let [container] = &pod.containers;
    assert_eq!(container.name, "geo");
    assert_eq!(container.image, "REGISTRY/geo:0.1.0-spin");
    assert_eq!(
        container.security_context,
        serde_json::json!({
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            // One is kept: see deploy/README.md.
            "capabilities": { "drop": ["ALL"], "add": ["NET_BIND_SERVICE"] },
        })
    );
    check_volume(HARDENED, &pod.volumes, &container.volume_mounts);

    let variables = files::variables();
    for variable in &container.env {
        check_variable(HARDENED, variable);
        match variable.name.strip_prefix("SPIN_VARIABLE_") {
            Some(name) => assert!(variables.contains(&name.to_lowercase()), "{name}"),
            None => assert!(
                ["SPIN_HTTP_LISTEN_ADDR", "SPIN_WASMTIME_"]
                    .iter()
                    .any(|known| variable.name.starts_with(known)),
                "{}",
                variable.name
            ),
        }
    }
    // 174 MiB at 200 requests at a time, with the two SPIN_WASMTIME_ variables.
    assert_eq!(container.resources.limits["memory"], "256Mi");
    assert!(container.resources.requests.contains_key("memory"));
    let resident = container.env.iter();
    let resident = resident.filter(|variable| variable.name.ends_with("_KEEP_RESIDENT"));
    assert_eq!(resident.count(), 2);
}

#[test]
fn the_service_finds_the_pods_and_their_port() {
    let (deployment, service) = hardened();
    assert_eq!(service.api_version, "v1");
    assert_eq!(service.kind, "Service");
    assert_eq!(service.metadata.name, "geo");
    let (deployment, spec) = (deployment.spec, service.spec);
    let labels = &deployment.template.metadata.labels;
    assert_eq!(&deployment.selector.match_labels, labels);
    assert_eq!(&spec.selector, labels);
    let [container] = &deployment.template.spec.containers;
    let [port] = &container.ports;
    let [service] = &spec.ports;
    assert_eq!((service.port, &service.target_port), (80, &port.name));
    assert_eq!(service.name, port.name);
    for probe in [&container.readiness_probe, &container.liveness_probe] {
        assert_eq!(probe.http_get.path, "/healthz");
        assert_eq!(probe.http_get.port.as_ref(), Some(&port.name));
    }
    let listens = container.env.iter();
    let listens = listens.filter(|variable| variable.name == "SPIN_HTTP_LISTEN_ADDR");
    let listens: Vec<_> = listens.map(|variable| variable.value.as_deref()).collect();
    let address = format!("0.0.0.0:{}", port.container_port);
    assert_eq!(listens, [Some(address.as_str())]);
}
