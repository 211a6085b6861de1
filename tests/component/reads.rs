//! Which variables a request reads. Each may be a round trip to a vault.

use crate::harness::{Geo, Recorder, Setup};
use http::Request;
use std::sync::Arc;

async fn start(variables: &[(&str, &str)]) -> (Geo, Arc<Recorder>) {
    let reads = Arc::new(Recorder::default());
    let setup = Setup {
        variables,
        hooks: Some(reads.clone()),
        ..Setup::default()
    };
    (Geo::set_up(setup).await, reads)
}

#[tokio::test]
async fn a_hit_reads_nine_variables_without_the_key() {
    let (geo, reads) = start(&[("trusted_hops", "1")]).await;
    assert_eq!(geo.get_as("9.9.9.9").await.status, 200);
    let miss = reads.take();
    assert!(miss.contains(&"ipify_api_key".to_owned()), "{miss:?}");

    let hit = geo.get_as("9.9.9.9").await;
    assert!(hit.header("cache-status").contains("hit"));
    let expected = [
        "cors_origin",
        "client_ip_header",
        "trusted_hops",
        "ipify_origin",
        "ipify_path",
        "cache_ttl",
        "log",
        "cache_prefix_v4",
        "cache_slots",
    ];
    assert_eq!(reads.take(), expected);
}

#[tokio::test]
async fn no_variable_is_read_twice() {
    let (geo, reads) = start(&[("lookup", "any")]).await;
    for path in [
        "/",
        "/",
        "/?ip=9.9.9.9",
        "/9.9.9.9",
        "/9.9.9.9?ip=x",
        "/?ip=x",
        "/city",
    ] {
        geo.send(Request::get(path).header("accept", "text/html"))
            .await;
        let mut names = reads.take();
        let total = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), total, "{path}: {names:?}");
    }
}

#[tokio::test]
async fn requests_without_a_lookup_read_one_variable() {
    let (geo, reads) = start(&[]).await;
    for path in ["/healthz", "/openapi.json", "/elbonia"] {
        geo.get(path).await;
        assert_eq!(reads.take(), ["cors_origin"], "{path}");
    }
    geo.request("OPTIONS", "/").await;
    assert_eq!(reads.take(), ["cors_origin"]);
}

/// The page has a form only where other addresses are allowed.
#[tokio::test]
async fn the_page_also_reads_lookup() {
    let (geo, reads) = start(&[]).await;
    for (path, accept, expected) in [
        ("/", "text/html", true),
        ("/", "text/plain", false),
        ("/json", "text/html", false),
        ("/city", "text/html", false),
    ] {
        geo.send(Request::get(path).header("accept", accept)).await;
        let reads = reads.take();
        assert_eq!(reads.contains(&"lookup".to_owned()), expected, "{path}");
    }
}

#[tokio::test]
async fn a_hit_does_not_need_the_key() {
    let geo = Geo::start().await;
    assert_eq!(geo.get("/").await.status, 200);
    let origin = geo.stand_in.origin();
    let sealed = Geo::set_up(Setup {
        variables: &[("ipify_origin", &origin), ("lookup", "any")],
        key_value: Some(Arc::clone(&geo.key_value)),
        hooks: Some(Arc::new(Recorder::sealed("ipify_api_key"))),
        ..Setup::default()
    })
    .await;
    let hit = sealed.get("/").await;
    assert!(hit.header("cache-status").contains("hit"));

    let miss = sealed.get("/?ip=9.9.9.9").await;
    assert_eq!(miss.problem(), "misconfigured");
    assert!(!miss.text().contains("sealed"), "{}", miss.text());
    // The log has the provider's reason, on one line.
    let log = sealed.log();
    assert!(log.starts_with("geo: 500 misconfigured: The variable ipify_api_key"));
    assert!(log.ends_with("the vault is sealed\n"), "{log}");
    assert_eq!(log.lines().count(), 1, "{log}");
}
