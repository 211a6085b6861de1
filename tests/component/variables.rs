//! Every variable of the manifest does something.

use crate::harness::{Geo, Setup, root};
use geo_host::Manifest;

/// No variable takes this.
const INVALID: &str = "élbonia";

/// Requests that together need all variables: each reads only those that it
/// needs.
const REQUESTS: [&str; 2] = ["/", "/?ip=9.9.9.9"];

#[tokio::test]
async fn every_variable_is_read() {
    let manifest = Manifest::read(&root().join("spin.toml")).unwrap();
    for name in manifest.variables.keys() {
        // What is about the store is for the Spin build.
        let is_for_spin = name.starts_with("cache_") || name.starts_with("lookups_");
        if is_for_spin && !cfg!(feature = "spin") {
            continue;
        }
        let geo = Geo::set_up(Setup {
            variables: &[(name, INVALID)],
            // The origin is also the allowed host, which a host checks first.
            manifest: Some(|manifest| manifest.allowed_outbound_hosts.clear()),
            ..Setup::default()
        })
        .await;
        let mut details = Vec::new();
        for path in REQUESTS {
            let answer = geo.get(path).await;
            if answer.problem() == "misconfigured" {
                details.push(answer.json()["detail"].to_string());
            }
        }
        let is_named = details.iter().any(|detail| detail.contains(name));
        assert!(is_named, "{name}: {details:?}");
    }
}

#[tokio::test]
#[should_panic(expected = "spin.toml has no variable ipify_orgin")]
async fn a_misspelt_variable_is_refused() {
    Geo::with(&[("ipify_orgin", "http://127.0.0.1:1")]).await;
}
