//! The manifest has exactly the variables that the component reads.

use crate::harness::Geo;
#[cfg(feature = "spin")]
use crate::harness::{Recorder, Setup, root};
#[cfg(feature = "spin")]
use http::Request;

#[cfg(feature = "spin")]
const TOKEN: &str = "mF_9.B5f-4.1JqM~";

/// A variable that is only in the manifest would have no effect, and one that is
/// only in the code could not be set.
#[cfg(feature = "spin")]
#[tokio::test]
async fn the_manifest_has_all_variables_that_are_read() {
    let reads = std::sync::Arc::new(Recorder::default());
    let geo = Geo::set_up(Setup {
        variables: &[("lookup", "token"), ("lookup_token", TOKEN)],
        hooks: Some(reads.clone()),
        ..Setup::default()
    })
    .await;
    // Together these read all variables: a miss, a hit, other addresses, a stale
    // answer and a preflight.
    for (time, path) in [
        (0, "/"),
        (0, "/"),
        (0, "/?ip=9.9.9.9"),
        (0, "/?ip=2620:fe::fe"),
        (90_000, "/"),
    ] {
        geo.set_time(time);
        let request = Request::get(path).header("authorization", format!("Bearer {TOKEN}"));
        assert_eq!(geo.send(request).await.status, 200);
    }
    assert_eq!(geo.request("OPTIONS", "/").await.status, 204);

    let manifest = geo_host::Manifest::read(&root().join("spin.toml")).unwrap();
    let mut read = reads.take();
    read.sort();
    read.dedup();
    assert!(
        read.iter().eq(manifest.component_variables.keys()),
        "{read:?}"
    );
}

#[tokio::test]
#[should_panic(expected = "spin.toml has no variable ipify_orgin")]
async fn a_misspelt_variable_is_refused() {
    Geo::with(&[("ipify_orgin", "http://127.0.0.1:1")]).await;
}
