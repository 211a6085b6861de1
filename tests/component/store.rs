//! A failing store fails no request.

use crate::harness::{Geo, ONE_REQUEST, Operation, Setup, Store};
use std::sync::Arc;
#[cfg(feature = "p3")]
use std::time::Duration;

/// Starts geo with a store.
async fn with_store(store: &Arc<Store>, variables: &[(&str, &str)]) -> Geo {
    Geo::set_up(Setup {
        variables: &[variables, &[("trusted_hops", "1")]].concat(),
        key_value: Some(store.clone()),
        instance_reuse: Some(ONE_REQUEST),
        ..Setup::default()
    })
    .await
}

/// Whichever operation is the first to fail, the client gets an answer, and the
/// operator one line for each request.
#[tokio::test]
async fn a_store_that_fails_at_any_operation_fails_no_request() {
    for variables in [
        &[][..],
        &[("lookups_per_day", "10")],
        &[("lookups_per_day", "10"), ("cache_ttl", "0")],
    ] {
        let working = Arc::new(Store::default());
        let geo = with_store(&working, variables).await;
        geo.get_as("9.9.9.9").await;
        geo.idle().await;
        let operations = working.take().len();
        for number in 0..operations {
            let store = Arc::new(Store::failing(move |_, before| before >= number));
            let geo = with_store(&store, variables).await;
            for requests in 1..=2 {
                let answer = geo.get_as("9.9.9.9").await;
                assert_eq!(answer.status, 200, "{variables:?}, operation {number}");
                assert_eq!(answer.json()["ip"], "9.9.9.9");
                geo.idle().await;
                let log = geo.log();
                assert_eq!(log.lines().count(), requests, "{log}");
                assert!(log.contains("redis:6379 is away"), "{log}");
            }
            assert_eq!(geo.stand_in.calls().len(), 2);
        }
    }
}

#[tokio::test]
async fn a_store_that_is_not_granted_fails_no_request() {
    let geo = Geo::set_up(Setup {
        manifest: Some(|manifest| manifest.key_value_stores.clear()),
        instance_reuse: Some(ONE_REQUEST),
        ..Setup::default()
    })
    .await;
    for requests in 1..=3 {
        let answer = geo.get("/").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("cache-status"), "geo; fwd=miss");
        geo.idle().await;
        let log = geo.log();
        assert_eq!(log.lines().count(), requests, "once a request: {log}");
        assert!(log.contains("key_value_stores"), "{log}");
    }
}

#[tokio::test]
async fn a_store_that_fails_during_revalidation_fails_no_request() {
    let working = Arc::new(Store::default());
    let geo = with_store(&working, &[]).await;
    geo.get_as("9.9.9.9").await;
    geo.idle().await;
    let first = working.take().len();
    geo.set_time(86_400);
    geo.get_as("9.9.9.9").await;
    geo.idle().await;
    let second = working.take().len();
    for number in first..first + second {
        let store = Arc::new(Store::failing(move |_, before| before >= number));
        let geo = with_store(&store, &[]).await;
        geo.get_as("9.9.9.9").await;
        geo.idle().await;
        geo.set_time(86_400);
        let answer = geo.get_as("9.9.9.9").await;
        assert_eq!(answer.json()["ip"], "9.9.9.9");
        geo.idle().await;
        assert!(geo.log().contains("redis:6379 is away"), "{}", geo.log());
    }
}

/// `docs/caching.md` has these figures.
#[tokio::test]
async fn store_operations_of_a_request() {
    let count = |operations: &[Operation], operation| {
        operations.iter().filter(|o| **o == operation).count()
    };
    for (variables, miss, revalidation) in [
        (&[][..], (14, 1, 1, 4), (8, 1, 1, 4)),
        (&[("lookups_per_day", "10")], (14, 1, 31, 5), (8, 1, 31, 5)),
        (&[("cache_ttl", "0")], (1, 0, 0, 0), (1, 0, 0, 0)),
        (
            &[("cache_ttl", "0"), ("lookups_per_day", "10")],
            (1, 0, 30, 1),
            (1, 0, 30, 1),
        ),
    ] {
        let store = Arc::new(Store::default());
        let geo = with_store(&store, variables).await;
        for (time, expected) in [(0, miss), (86_400, revalidation)] {
            geo.set_time(time);
            geo.get_as("9.9.9.9").await;
            geo.idle().await;
            let operations = store.take();
            // In the build for WASI 0.3, a read goes before each of them, with a limit.
            let increments = count(&operations, Operation::Increment);
            let limited = if cfg!(feature = "p3") { increments } else { 0 };
            let costs = (
                count(&operations, Operation::Get) - limited,
                count(&operations, Operation::Set),
                count(&operations, Operation::Delete),
                increments,
            );
            assert_eq!(costs, expected, "{variables:?} at {time}");
        }
        if variables.is_empty() {
            geo.get_as("9.9.9.9").await;
            assert_eq!(store.take(), [Operation::Get], "a hit");
        }
    }
}

/// A component of WASI 0.2 cannot limit how long a call to the store takes.
#[cfg(feature = "p3")]
#[tokio::test]
async fn a_hanging_store_holds_up_no_request() {
    // What the documentation promises: `timeout_ms` and a second.
    const LIMIT: Duration = Duration::from_secs(3 + 1);
    let store = Arc::new(Store::default());
    let geo = Geo::set_up(Setup {
        variables: &[("trusted_hops", "1"), ("lookups_per_day", "100")],
        key_value: Some(store.clone()),
        ..Setup::default()
    })
    .await;
    geo.get_as("9.9.9.9").await;
    geo.idle().await;
    let hanging = store.hang();
    for (address, cache_status) in [
        ("9.9.9.9", "geo; hit; ttl=86400"),
        ("1.1.1.1", "geo; fwd=miss"),
        ("1.1.1.1", "geo; hit; ttl=86400"),
        ("8.8.4.4", "geo; fwd=miss"),
        ("9.9.9.9", "geo; hit; ttl=86400"),
    ] {
        let answer = tokio::time::timeout(LIMIT, geo.get_as(address)).await;
        let answer = answer.expect("in time");
        assert_eq!(answer.json()["ip"], address);
        assert_eq!(answer.header("cache-status"), cache_status, "{address}");
    }
    assert_eq!(geo.stand_in.calls().len(), 3);
    // Only the first call waits: then the store is not used for a while.
    assert!(
        geo.log().contains("no answer within 500 ms"),
        "{}",
        geo.log()
    );
    drop(hanging);
    assert_eq!(geo.get("/readyz").await.status, 503);
}
