//! `deploy/compose.yaml`: both shims, hardened as it was measured.

use crate::files;
use serde::Deserialize;
use std::collections::BTreeMap;

const NAME: &str = "deploy/compose.yaml";

#[derive(Deserialize)]
struct Compose {
    services: BTreeMap<String, Service>,
}

#[derive(Deserialize)]
struct Service {
    image: String,
    #[serde(default)]
    profiles: Vec<String>,
    runtime: Option<String>,
    platform: Option<String>,
    network_mode: Option<String>,
    #[serde(default)]
    ports: Vec<String>,
    healthcheck: Option<Healthcheck>,
    read_only: bool,
    user: String,
    cap_drop: Vec<String>,
    #[serde(default)]
    cap_add: Vec<String>,
    security_opt: Vec<String>,
    #[serde(default)]
    tmpfs: Vec<String>,
    mem_limit: String,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    secrets: Vec<Secret>,
}

#[derive(Deserialize)]
struct Healthcheck {
    test: Vec<String>,
}

#[derive(Deserialize)]
struct Secret {
    target: String,
}

/// The services on a shim, by name.
fn on_shims() -> Vec<(String, Service)> {
    let services = files::document::<Compose>(NAME).services;
    let on_shims: Vec<_> = services
        .into_iter()
        .filter(|(_, service)| service.runtime.is_some())
        .collect();
    assert_eq!(on_shims.len(), 3);
    on_shims
}

#[test]
fn the_compose_file_is_valid() {
    files::check_schema(NAME, "compose-spec.json");
}

#[test]
fn every_container_gives_up_what_it_does_not_need() {
    for (name, service) in files::document::<Compose>(NAME).services {
        assert!(service.read_only, "{name}");
        assert!(service.user.starts_with("65"), "{name}");
        assert_eq!(service.cap_drop, ["ALL"], "{name}");
        assert_eq!(service.security_opt, ["no-new-privileges:true"], "{name}");
        // The shims leave an empty set of capabilities unapplied; runc does not.
        let kept: &[&str] = match service.runtime {
            Some(_) => &["NET_BIND_SERVICE"],
            None => &[],
        };
        assert_eq!(service.cap_add, kept, "{name}");
    }
}

#[test]
fn the_port_is_that_of_a_container_without_a_shim() {
    let services = files::document::<Compose>(NAME).services;
    let port = &services["port"];
    assert!(port.runtime.is_none() && port.profiles.is_empty());
    assert!(port.ports[0].ends_with(":8080"), "{:?}", port.ports);
    let test = &port.healthcheck.as_ref().unwrap().test;
    assert!(test.contains(&"http://127.0.0.1:8080/healthz".to_owned()));
    for (name, service) in on_shims() {
        assert_eq!(service.network_mode.unwrap(), "service:port", "{name}");
        assert!(service.ports.is_empty(), "{name}");
        // Docker would look for a shell in it.
        assert!(service.healthcheck.is_none(), "{name}");
        let listens = ["WASMTIME_HTTP_PROXY_SOCKET_ADDR", "SPIN_HTTP_LISTEN_ADDR"];
        let listens = listens.map(|variable| service.environment.get(variable));
        assert_eq!(
            listens.into_iter().flatten().collect::<Vec<_>>(),
            ["0.0.0.0:8080"]
        );
    }
}

#[test]
fn each_profile_is_one_build_on_the_shim_that_runs_it() {
    for (name, service) in on_shims() {
        assert_eq!(service.profiles, [name.as_str()]);
        assert_eq!(service.platform.unwrap(), "wasi/wasm");
        let spin = service.image.ends_with("-spin}");
        let (runtime, memory) = if spin {
            // The limit has to hold 174 MiB and the cache.
            ("io.containerd.spin.v2", "320m")
        } else {
            ("io.containerd.wasmtime.v1", "64m")
        };
        assert_eq!(service.runtime.unwrap(), runtime, "{name}");
        assert_eq!(service.mem_limit, memory, "{name}");
        // Without it, the Spin shim exits where the root file system is read-only.
        let writable = service
            .tmpfs
            .iter()
            .any(|tmpfs| tmpfs.starts_with("/.spin:"));
        assert_eq!(writable, spin, "{name}");
        // What these limits were measured with.
        let resident = "SPIN_WASMTIME_LINEAR_MEMORY_KEEP_RESIDENT";
        assert_eq!(service.environment.contains_key(resident), spin, "{name}");
    }
}

#[test]
fn settings_are_geos_and_the_key_is_never_in_the_file() {
    let variables = files::variables();
    for (name, service) in on_shims() {
        for variable in service.environment.keys() {
            let known = variables.contains(&variable.to_lowercase())
                || variable.starts_with("SPIN_HTTP_")
                || variable.starts_with("SPIN_WASMTIME_")
                || variable.starts_with("WASMTIME_HTTP_");
            assert!(known, "{name}: {variable}");
        }
        let key = service.environment.get("IPIFY_API_KEY");
        if name.ends_with("-secret") {
            assert_eq!(key, None);
            // Where the Spin shim looks for it.
            assert_eq!(service.secrets[0].target, "/runtime-config.toml");
        } else {
            assert_eq!(key.unwrap(), "${IPIFY_API_KEY:-}", "{name}");
        }
    }
}
