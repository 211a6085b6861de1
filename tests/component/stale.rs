//! Stale answers: served at once, and revalidated after the response.

use crate::harness::Geo;
use stand_in::{Fault, Gate};
use std::sync::Arc;

const TTL: i64 = 86_400;
const STALE: i64 = 604_800;

/// Starts geo with a cached, fresh answer about 9.9.9.9.
async fn with_cached_answer(variables: &[(&str, &str)]) -> Geo {
    let geo = Geo::with(&[variables, &[("trusted_hops", "1")]].concat()).await;
    assert_eq!(geo.get_as("9.9.9.9").await.status, 200);
    geo.idle().await;
    geo
}

/// Returns an answer that differs from the cached one.
fn new_answer() -> Fault {
    Fault::Body(r#"{"ip":"9.9.9.9","isp":"Elbonia Telecom"}"#.into())
}

#[tokio::test]
async fn the_client_does_not_wait_for_ipify() {
    let geo = with_cached_answer(&[]).await;
    let old = geo.get_as("9.9.9.9").await;
    geo.set_time(TTL + 3600);
    let gate = Gate::shut();
    geo.set_fault(gate.before(Fault::None));

    // The response is complete while the stand-in still holds its own back.
    let answer = geo.get_as("9.9.9.9").await;
    assert_eq!(answer.body, old.body);
    assert_eq!(answer.header("cache-status"), "geo; hit; ttl=-3600");
    assert_eq!(answer.header("cache-control"), "private, no-cache");
    geo.stand_in.wait_for_calls(2).await;

    // Other clients neither ask ipify nor wait for it.
    for _ in 0..10 {
        let answer = geo.get_as("9.9.9.9").await;
        assert_eq!(answer.header("cache-status"), "geo; hit; ttl=-3600");
    }
    assert_eq!(geo.stand_in.calls().len(), 2);

    gate.open();
    geo.idle().await;
    let answer = geo.get_as("9.9.9.9").await;
    assert_eq!(answer.header("cache-status"), "geo; hit; ttl=86400");
    assert_eq!(geo.stand_in.calls().len(), 2);
    assert_eq!(geo.log(), "");
}

#[tokio::test]
async fn the_next_client_gets_the_new_answer() {
    let geo = with_cached_answer(&[]).await;
    geo.set_time(TTL);
    geo.set_fault(new_answer());
    assert_eq!(geo.get_as("9.9.9.9").await.json()["isp"], "Quad9");
    geo.idle().await;
    assert_eq!(geo.get_as("9.9.9.9").await.json()["isp"], "Elbonia Telecom");
}

/// This includes requests that return a single value or no body.
#[tokio::test]
async fn every_request_revalidates_the_answer() {
    for (method, path, status) in [
        ("HEAD", "/", 200),
        ("GET", "/city", 200),
        ("GET", "/postal-code", 200),
    ] {
        let geo = Geo::start().await;
        geo.get("/").await;
        geo.set_time(TTL);
        assert_eq!(geo.request(method, path).await.status, status);
        geo.idle().await;
        assert_eq!(geo.stand_in.calls().len(), 2, "{method} {path}");
    }
    let geo = Geo::start().await;
    geo.set_fault(Fault::Body(r#"{"ip":"9.9.9.9"}"#.into()));
    geo.get("/").await;
    geo.set_time(TTL);
    assert_eq!(geo.get("/city").await.problem(), "no-value");
    geo.idle().await;
    assert_eq!(geo.stand_in.calls().len(), 2);
}

#[tokio::test]
async fn a_stale_answer_is_served_while_ipify_fails() {
    for (fault, problem) in [
        (Gate::shut().before(Fault::None), "upstream-timeout"),
        (Fault::Status(403), "upstream-refused"),
        (Fault::Status(429), "upstream-busy"),
        (Fault::Status(500), "upstream-invalid"),
        (Fault::Body("elbonia".into()), "upstream-invalid"),
        (Fault::CutInBody, "upstream-invalid"),
        (Fault::CutBeforeHead, "upstream-unreachable"),
    ] {
        let geo = with_cached_answer(&[("timeout_ms", "1000")]).await;
        let right = geo.get_as("9.9.9.9").await;
        geo.set_fault(fault.clone());
        for late in [0, 3600, STALE - 1] {
            geo.set_time(TTL + late);
            let answer = geo.get_as("9.9.9.9").await;
            assert_eq!(answer.status, 200, "{fault:?}");
            assert_eq!(answer.body, right.body);
            let status = format!("geo; hit; ttl={}", -late);
            assert_eq!(answer.header("cache-status"), status);
            geo.idle().await;
        }
        // The failures are in the log.
        let log = geo.log();
        assert_eq!(log.lines().count(), 3, "{log}");
        assert!(log.lines().all(|line| line.contains(problem)), "{log}");

        // When ipify answers again, so does geo.
        geo.set_fault(Fault::None);
        geo.set_time(TTL + STALE + 60);
        let answer = geo.get_as("9.9.9.9").await;
        assert_eq!(answer.header("cache-status"), "geo; fwd=stale; stored");
    }
}

#[tokio::test]
async fn a_request_waits_when_the_answer_has_expired() {
    let geo = with_cached_answer(&[]).await;
    geo.set_time(TTL + STALE);
    geo.set_fault(new_answer());
    let answer = geo.get_as("9.9.9.9").await;
    assert_eq!(answer.json()["isp"], "Elbonia Telecom");
    assert_eq!(answer.header("cache-status"), "geo; fwd=stale; stored");

    let geo = with_cached_answer(&[]).await;
    geo.set_time(TTL + STALE);
    geo.set_fault(Fault::Status(500));
    let answer = geo.get_as("9.9.9.9").await;
    assert_eq!(answer.problem(), "upstream-invalid");
    assert_eq!(answer.header("cache-status"), "geo; fwd=stale");

    let geo = with_cached_answer(&[("cache_stale", "0")]).await;
    geo.set_time(TTL - 1);
    assert_eq!(
        geo.get_as("9.9.9.9").await.header("cache-status"),
        "geo; hit; ttl=1"
    );
    geo.set_time(TTL);
    let answer = geo.get_as("9.9.9.9").await;
    assert_eq!(answer.header("cache-status"), "geo; fwd=stale; stored");
}

/// A hundred clients get the stale answer at the same time.
#[tokio::test]
async fn simultaneous_clients_revalidate_it_a_few_times_at_most() {
    let geo = Arc::new(with_cached_answer(&[]).await);
    geo.set_time(TTL + 1);
    let gate = Gate::shut();
    geo.set_fault(gate.before(Fault::None));
    let requests: Vec<_> = (0..100)
        .map(|_| {
            let geo = Arc::clone(&geo);
            tokio::spawn(async move { geo.get_as("9.9.9.9").await })
        })
        .collect();
    for request in requests {
        let answer = request.await.unwrap();
        assert_eq!(answer.header("cache-status"), "geo; hit; ttl=-1");
    }
    gate.open();
    geo.idle().await;
    let revalidations = geo.stand_in.calls().len() - 1;
    assert!((1..=10).contains(&revalidations), "{revalidations}");
}

/// A missing key fails no client that is served from the cache, because only a
/// request to ipify needs it.
#[tokio::test]
async fn a_stale_answer_is_served_without_an_api_key() {
    let before = with_cached_answer(&[]).await;
    let variables = [("trusted_hops", "1"), ("ipify_api_key", "")];
    let geo = before.second_node(&variables).await;
    geo.set_time(TTL + 1);
    let answer = geo.get_as("9.9.9.9").await;
    assert_eq!(answer.header("cache-status"), "geo; hit; ttl=-1");
    geo.idle().await;
    let log = geo.log();
    assert!(
        log.contains("misconfigured: The variable ipify_api_key"),
        "{log}"
    );
}
