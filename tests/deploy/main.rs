//! Checks of `deploy/`, the documentation and the workflow that no linter has.
//! `make lint` checks links, and files against schemas.

use geo::settings::SETTINGS;
use geo_host::Manifest;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Returns the names of all Markdown files that users and contributors read.
fn documentation() -> Vec<String> {
    let pages = path("docs").read_dir().unwrap();
    let pages = pages.map(|page| page.unwrap().file_name().into_string().unwrap());
    let pages = pages.filter(|name| name.ends_with(".md"));
    let mut files: Vec<_> = pages.map(|name| format!("docs/{name}")).collect();
    files.extend(["README.md", "CONTRIBUTING.md", "SECURITY.md"].map(str::to_owned));
    files
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(path(name)).expect(name)
}

/// Returns the documents of a YAML file.
fn yaml(name: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(&read(name)).expect(name)
}

/// Returns the services of the compose file, by name.
fn compose() -> serde_json::Map<String, Value> {
    let compose = yaml("deploy/compose.yaml").remove(0);
    compose["services"].as_object().unwrap().clone()
}

/// Returns the Deployment and the Service.
fn kubernetes() -> [Value; 2] {
    yaml("deploy/kubernetes.yaml").try_into().unwrap()
}

/// Returns the commands of a file, each on one line: in Markdown those after a
/// prompt, elsewhere those in comments.
fn commands(name: &str) -> Vec<String> {
    let text = read(name).replace("\\\n", " ");
    let prompt = if name.ends_with(".md") { "$ " } else { "#   " };
    let lines = text.lines().filter_map(|line| line.strip_prefix(prompt));
    lines.map(str::to_owned).collect()
}

/// Returns the commands of a document that start a container on a shim.
fn on_shims(name: &str) -> Vec<String> {
    let mut commands = commands(name);
    commands.retain(|command| command.contains("docker run ") && command.contains("--runtime "));
    commands
}

#[test]
fn targets_files_and_pictures_exist() {
    let makefile = read("Makefile");
    let mut found = 0;
    for file in documentation() {
        for command in commands(&file) {
            if let Some(target) = command.strip_prefix("make ") {
                assert!(makefile.contains(&format!("\n{target}: ")), "{command}");
                found += 1;
            }
            for word in command.split(' ') {
                if word.starts_with("deploy/") || word.starts_with("examples/") {
                    assert!(path(word).exists(), "{command}");
                    found += 1;
                }
            }
        }
        for source in read(&file).split("src=\"").skip(1) {
            let (picture, _) = source.split_once('"').unwrap();
            assert!(path(picture).exists(), "{picture}");
            found += 1;
        }
    }
    assert!(found > 4, "{found}");
}

/// The shims ignore an empty set of capabilities, which leaves the container with all
/// that root has on the host.
#[test]
fn shims_have_one_capability() {
    for command in documentation().iter().flat_map(|file| on_shims(file)) {
        if command.contains("--cap-drop") {
            assert!(command.contains("--cap-add NET_BIND_SERVICE "), "{command}");
        }
    }
    for (name, service) in compose() {
        // Docker's own runtime applies an empty set.
        let on_shim = service["runtime"].is_string();
        let added = json!(on_shim.then_some(["NET_BIND_SERVICE"]));
        assert_eq!(service["cap_add"], added, "{name}");
    }
}

#[test]
fn containers_are_hardened() {
    let commands = on_shims("docs/deploying.md");
    assert!(commands.len() >= 2);
    for command in commands {
        let hardened = "--user 65532 --cap-drop ALL --cap-add NET_BIND_SERVICE";
        let words = command.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(hardened), "{command}");
        for option in ["--read-only", "no-new-privileges", "--memory"] {
            assert!(words.contains(option), "{option}: {command}");
        }
    }
    for (name, service) in compose() {
        assert_eq!(service["read_only"], true, "{name}");
        assert_ne!(service["user"], Value::Null, "{name}");
        assert_eq!(service["cap_drop"], json!(["ALL"]), "{name}");
        let privileges = json!(["no-new-privileges:true"]);
        assert_eq!(service["security_opt"], privileges, "{name}");
        assert!(service["mem_limit"].is_string(), "{name}");
    }
    // The Pod Security Standard "restricted".
    let pod = &kubernetes()[0]["spec"]["template"]["spec"];
    assert_eq!(pod["automountServiceAccountToken"], false);
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    let seccomp = &pod["securityContext"]["seccompProfile"]["type"];
    assert_eq!(seccomp, "RuntimeDefault");
    assert_eq!(
        pod["containers"][0]["securityContext"],
        json!({
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "capabilities": { "drop": ["ALL"], "add": ["NET_BIND_SERVICE"] },
        })
    );
}

#[test]
fn images_are_built_reproducibly_from_existing_targets() {
    let dockerfile = read("Dockerfile");
    let mut builds = commands("docs/deploying.md");
    builds.extend(commands("Dockerfile"));
    builds.retain(|command| command.contains("docker build "));
    assert!(builds.len() >= 4);
    for command in builds {
        assert!(command.starts_with("SOURCE_DATE_EPOCH=0 "), "{command}");
        assert!(command.contains("--provenance=false "), "{command}");
        if let Some((_, target)) = command.split_once("--target ") {
            let target = target.split(' ').next().unwrap();
            assert!(dockerfile.contains(&format!(" AS {target}\n")), "{command}");
            assert_eq!(command.contains("-spin "), target == "spin", "{command}");
        }
    }
}

#[test]
fn settings_exist_and_the_api_key_is_in_no_file() {
    let hosts = ["SPIN_HTTP_", "SPIN_WASMTIME_", "WASMTIME_HTTP_"];
    let check = |name: &str| {
        let of_host = hosts.iter().any(|prefix| name.starts_with(prefix));
        let variable = name.trim_start_matches("SPIN_VARIABLE_").to_lowercase();
        let of_geo = SETTINGS.iter().any(|setting| setting.0 == variable);
        assert!(of_geo || of_host, "{name}");
    };
    for (_, service) in compose() {
        for (name, value) in service["environment"].as_object().into_iter().flatten() {
            check(name);
            assert!(name != "IPIFY_API_KEY" || value == "${IPIFY_API_KEY:-}");
        }
    }
    let container = &kubernetes()[0]["spec"]["template"]["spec"]["containers"][0];
    for setting in container["env"].as_array().unwrap() {
        check(setting["name"].as_str().unwrap());
    }
    assert_eq!(
        container["env"][0],
        json!({
            "name": "SPIN_VARIABLE_IPIFY_API_KEY",
            "valueFrom": { "secretKeyRef": { "name": "geo", "key": "ipify-api-key" } },
        })
    );
    for file in ["kubernetes", "spinkube", "spinkube-redis"] {
        let secret = "kubectl create secret generic geo --from-literal=ipify-api-key=";
        let commands = commands(&format!("deploy/{file}.yaml"));
        assert!(commands[0].starts_with(secret), "{file}");
        assert_eq!(
            commands.last().unwrap(),
            &format!("kubectl apply --filename deploy/{file}.yaml")
        );
    }
}

#[test]
fn the_service_finds_the_pods_and_their_port() {
    let [deployment, service] = kubernetes();
    let pod = &deployment["spec"]["template"];
    let labels = &pod["metadata"]["labels"];
    assert_eq!(&deployment["spec"]["selector"]["matchLabels"], labels);
    assert_eq!(&service["spec"]["selector"], labels);
    let container = &pod["spec"]["containers"][0];
    let port = &container["ports"][0];
    assert_eq!(service["spec"]["ports"][0]["targetPort"], port["name"]);
    for (probe, path) in [("readinessProbe", "/readyz"), ("livenessProbe", "/healthz")] {
        let get = json!({ "path": path, "port": port["name"] });
        assert_eq!(container[probe]["httpGet"], get, "{probe}");
    }
    let listens = json!({
        "name": "SPIN_HTTP_LISTEN_ADDR",
        "value": format!("0.0.0.0:{}", port["containerPort"]),
    });
    assert!(container["env"].as_array().unwrap().contains(&listens));
}

/// Linters have no schema of a SpinApp. The fields are those of spin-operator 0.6.1.
#[test]
fn spin_apps_have_the_values_of_the_deployment() {
    let [deployment, _] = kubernetes();
    let pod = &deployment["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    let mut variables = container["env"].as_array().unwrap().clone();
    variables.retain_mut(|variable| {
        let name = variable["name"].as_str().unwrap();
        let name = name.strip_prefix("SPIN_VARIABLE_").map(str::to_lowercase);
        variable["name"] = json!(name);
        name.is_some()
    });
    let check = |path| json!({ "httpGet": { "path": path } });
    let mut app = json!({
        "apiVersion": "core.spinkube.dev/v1alpha1",
        "kind": "SpinApp",
        "metadata": deployment["metadata"],
        "spec": {
            "image": container["image"],
            "executor": "containerd-shim-spin",
            "replicas": deployment["spec"]["replicas"],
            "checks": { "readiness": check("/readyz"), "liveness": check("/healthz") },
            "resources": {
                "requests": container["resources"]["requests"],
                // More than in the Deployment: a SpinApp cannot set the variables that
                // limit the memory of Spin.
                "limits": { "memory": "512Mi" },
            },
            "variables": variables,
            "volumes": pod["volumes"],
            "volumeMounts": container["volumeMounts"],
        },
    });
    assert_eq!(yaml("deploy/spinkube.yaml"), [app.clone()]);

    let spec = app["spec"].as_object_mut().unwrap();
    spec.remove("volumes");
    spec.remove("volumeMounts");
    let url = json!({ "secretKeyRef": { "name": "geo", "key": "redis-url" } });
    let store = json!({
        "name": "default",
        "type": "redis",
        "options": [{ "name": "url", "valueFrom": url }],
    });
    spec.insert(
        "runtimeConfig".to_owned(),
        json!({ "keyValueStores": [store] }),
    );
    assert_eq!(yaml("deploy/spinkube-redis.yaml"), [app]);
}

/// A missing key then shows as soon as the container starts.
#[test]
fn the_compose_file_waits_until_geo_is_ready() {
    let port = &compose()["port"];
    let test = port["healthcheck"]["test"].as_array().unwrap();
    assert_eq!(test.last().unwrap(), "http://127.0.0.1:8080/readyz");
}

#[test]
fn downloads_of_the_workflow_have_a_checksum() {
    let workflow = yaml(".github/workflows/ci.yml").remove(0);
    let jobs = workflow["jobs"].as_object().unwrap().values();
    let steps = jobs.flat_map(|job| job["steps"].as_array().unwrap());
    let scripts = steps.filter_map(|step| step["run"].as_str());
    let mut downloads =
        scripts.filter(|script| script.contains("curl ") && script.contains("--output "));
    assert!(downloads.all(|download| download.contains("sha256sum --check")));
}

/// The component that the template is expanded with.
const COMPONENT: [(&str, &str); 2] = [
    ("url", "https://geo.example/geo.wasm"),
    ("digest", "sha256:0123"),
];

/// Expands a file of the template as Spin does, with the defaults of its parameters.
fn expand(file: &str) -> toml::Table {
    let description: toml::Table = read("templates/geo/metadata/spin-template.toml")
        .parse()
        .unwrap();
    let mut values = liquid::object!({ "project-name": "where", "authors": "geo" });
    for (name, parameter) in description["parameters"].as_table().unwrap() {
        let given = COMPONENT.iter().find(|given| given.0 == name);
        let value = match given {
            Some((_, value)) => *value,
            None => parameter["default"].as_str().expect(name),
        };
        let value = liquid::model::Value::scalar(value.to_owned());
        values.insert(name.clone().into(), value);
    }
    // Spin's own filter, which would not change this name.
    let text = read(&format!("templates/geo/{file}")).replace(" | kebab_case", "");
    let parser = liquid::ParserBuilder::with_stdlib().build().unwrap();
    let text = parser.parse(&text).unwrap().render(&values).unwrap();
    text.parse().expect(&text)
}

#[test]
fn the_template_makes_an_application() {
    let mut application = expand("content/spin.toml");
    let component = application["component"]["where"].as_table_mut().unwrap();
    let source = component.insert("source".to_owned(), "geo.wasm".into());
    let source = source.unwrap();
    for (name, value) in COMPONENT {
        assert_eq!(source[name].as_str(), Some(value));
    }

    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("template");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("spin.toml");
    std::fs::write(&file, application.to_string()).unwrap();
    let manifest = Manifest::read(&file).unwrap();
    let own = Manifest::read(&path("spin.toml")).unwrap();
    let origin = own.variables["ipify_origin"].default.clone().unwrap();
    assert_eq!(manifest.allowed_outbound_hosts, [origin]);
    assert_eq!(manifest.key_value_stores, own.key_value_stores);
    let key = &manifest.component_variables["ipify_api_key"];
    assert_eq!(key, "{{ ipify_api_key }}");
    assert!(manifest.variables["ipify_api_key"].required);
    for name in manifest.component_variables.keys() {
        assert!(own.component_variables.contains_key(name), "{name}");
    }
}

#[test]
fn the_template_adds_the_same_component() {
    let application = expand("content/spin.toml");
    let added = expand("metadata/snippets/component.txt");
    for table in ["component", "trigger"] {
        assert_eq!(added[table], application[table]);
    }
    let variables = expand("metadata/snippets/variables.txt");
    assert_eq!(application["variables"].as_table(), Some(&variables));
}
