//! A store that fails fails no request.

use crate::harness::{Action, Geo, Setup, Store};
use std::sync::Arc;

/// Starts geo on a store.
async fn on(store: &Arc<Store>, variables: &[(&str, &str)]) -> Geo {
    Geo::set_up(Setup {
        variables: &[variables, &[("trusted_hops", "1")]].concat(),
        key_value: Some(store.clone()),
        ..Setup::default()
    })
    .await
}

/// Whichever action fails, and all after it: the visitor gets an answer, and
/// the operator one line a request.
#[tokio::test]
async fn it_fails_at_any_point() {
    for variables in [
        &[][..],
        &[("lookups_per_day", "10")],
        &[("lookups_per_day", "10"), ("cache_ttl", "0")],
    ] {
        let whole = Arc::new(Store::default());
        let geo = on(&whole, variables).await;
        geo.get_as("9.9.9.9").await;
        geo.idle().await;
        let actions = whole.take().len();
        for number in 0..actions {
            let store = Arc::new(Store::failing(move |_, before| before >= number));
            let geo = on(&store, variables).await;
            for requests in 1..=2 {
                let answer = geo.get_as("9.9.9.9").await;
                assert_eq!(answer.status, 200, "{variables:?}, action {number}");
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
async fn it_is_not_granted() {
    let geo = Geo::set_up(Setup {
        manifest: Some(|manifest| manifest.key_value_stores.clear()),
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

/// It fails behind an answer that was given at once.
#[tokio::test]
async fn it_fails_while_an_answer_is_renewed() {
    let whole = Arc::new(Store::default());
    let geo = on(&whole, &[]).await;
    geo.get_as("9.9.9.9").await;
    geo.idle().await;
    let first = whole.take().len();
    geo.set_time(86_400);
    geo.get_as("9.9.9.9").await;
    geo.idle().await;
    let second = whole.take().len();
    for number in first..first + second {
        let store = Arc::new(Store::failing(move |_, before| before >= number));
        let geo = on(&store, &[]).await;
        geo.get_as("9.9.9.9").await;
        geo.idle().await;
        geo.set_time(86_400);
        let answer = geo.get_as("9.9.9.9").await;
        assert_eq!(answer.json()["ip"], "9.9.9.9");
        geo.idle().await;
        assert!(geo.log().contains("redis:6379 is away"), "{}", geo.log());
    }
}

/// What README says that a request costs of the store.
#[tokio::test]
async fn what_a_request_costs() {
    let count = |actions: &[Action], action| actions.iter().filter(|a| **a == action).count();
    for (variables, miss, renewal) in [
        (&[][..], (14, 1, 1, 3), (8, 1, 1, 3)),
        (&[("lookups_per_day", "10")], (14, 1, 31, 4), (8, 1, 31, 4)),
        (&[("cache_ttl", "0")], (1, 0, 0, 0), (1, 0, 0, 0)),
        (
            &[("cache_ttl", "0"), ("lookups_per_day", "10")],
            (1, 0, 30, 1),
            (1, 0, 30, 1),
        ),
    ] {
        let store = Arc::new(Store::default());
        let geo = on(&store, variables).await;
        for (time, expected) in [(0, miss), (86_400, renewal)] {
            geo.set_time(time);
            geo.get_as("9.9.9.9").await;
            geo.idle().await;
            let actions = store.take();
            let costs = (
                count(&actions, Action::Get),
                count(&actions, Action::Set),
                count(&actions, Action::Delete),
                count(&actions, Action::Increment),
            );
            assert_eq!(costs, expected, "{variables:?} at {time}");
        }
        if variables.is_empty() {
            geo.get_as("9.9.9.9").await;
            assert_eq!(store.take(), [Action::Get], "a hit");
        }
    }
}
