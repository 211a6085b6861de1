//! The manifest has exactly the variables that the component reads.

use crate::harness::Geo;
#[cfg(feature = "spin")]
use crate::harness::{Recorder, Setup, root};

/// A variable that is only in the manifest would have no effect, and one that is
/// only in the code could not be set.
#[cfg(feature = "spin")]
#[tokio::test]
async fn the_manifest_has_all_variables_that_are_read() {
    let reads = std::sync::Arc::new(Recorder::default());
    let geo = Geo::set_up(Setup {
        variables: &[("lookup", "any")],
        hooks: Some(reads.clone()),
        ..Setup::default()
    })
    .await;
    // Together these read all variables: a miss, a hit, another address, a stale
    // answer and a preflight.
    for (time, path) in [(0, "/"), (0, "/"), (0, "/?ip=9.9.9.9"), (90_000, "/")] {
        geo.set_time(time);
        assert_eq!(geo.get(path).await.status, 200);
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
