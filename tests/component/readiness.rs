//! `/healthz` says that geo runs, `/readyz` that it can answer.

use crate::harness::Geo;
#[cfg(feature = "spin")]
use crate::harness::{Operation, Setup, Store};
#[cfg(feature = "spin")]
use std::sync::Arc;

#[tokio::test]
async fn a_geo_that_can_answer_is_ready() {
    let geo = Geo::start().await;
    for path in ["/healthz", "/readyz"] {
        let answer = geo.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.text(), "ok\n");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    assert!(geo.stand_in.calls().is_empty());
}

#[tokio::test]
async fn with_an_invalid_setting_geo_is_alive_and_not_ready() {
    for (name, value) in [
        ("ipify_api_key", ""),
        ("ipify_api_key", "\"at_key\""),
        ("ipify_path", "elbonia"),
        ("lookup", "elbonia"),
        ("cache_slots", "0"),
        ("cache_stale", "-1"),
        ("lookups_per_day", "many"),
        ("cors_origin", "elbonia"),
    ] {
        let geo = Geo::with(&[(name, value)]).await;
        assert_eq!(geo.get("/healthz").await.status, 200, "{name}");
        let answer = geo.get("/readyz").await;
        assert_eq!(answer.status, 503, "{name}");
        assert_eq!(answer.problem(), "misconfigured");
        let detail = answer.json()["detail"].to_string();
        assert!(detail.contains(name), "{detail}");
        assert!(geo.log().contains(name), "{}", geo.log());
    }
}

#[tokio::test]
async fn quotes_around_the_key_are_named_as_the_mistake() {
    let geo = Geo::with(&[("ipify_api_key", "'at_key'")]).await;
    let answer = geo.get("/").await;
    assert_eq!(answer.status, 500);
    assert!(
        answer.text().contains("without quotes"),
        "{}",
        answer.text()
    );
    assert!(!answer.text().contains("at_key"));
    // White space around it is removed.
    let key = format!("{}\r\n", crate::harness::API_KEY);
    let geo = Geo::with(&[("ipify_api_key", &key)]).await;
    assert_eq!(geo.get("/").await.status, 200);
}

#[cfg(feature = "spin")]
#[tokio::test]
async fn with_a_failing_store_geo_is_alive_and_not_ready() {
    let geo = Geo::set_up(Setup {
        key_value: Some(Arc::new(Store::failing(|operation, _| {
            operation == Operation::Get
        }))),
        ..Setup::default()
    })
    .await;
    assert_eq!(geo.get("/healthz").await.status, 200);
    let answer = geo.get("/readyz").await;
    assert_eq!(answer.status, 503);
    assert!(answer.text().contains("store"), "{}", answer.text());
    // A client is answered all the same.
    assert_eq!(geo.get("/").await.status, 200);
}
