//! `lookups_per_day`: the budget of a day.

use crate::harness::Geo;
use stand_in::Fault;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The seconds from the start of the tests' clock to midnight UTC.
const TO_MIDNIGHT: i64 = 86_400 - 1_795_000_000 % 86_400;

async fn start(variables: &[(&str, &str)]) -> Geo {
    Geo::with(&[variables, &[("trusted_hops", "1")]].concat()).await
}

#[tokio::test]
async fn the_budget_is_spent_until_midnight() {
    let geo = start(&[("lookups_per_day", "3")]).await;
    for number in 1..=3 {
        assert_eq!(geo.get_as(&format!("89.0.0.{number}")).await.status, 200);
    }
    let answer = geo.get_as("89.0.0.4").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.problem(), "budget-spent");
    assert_eq!(answer.header("retry-after"), TO_MIDNIGHT.to_string());
    assert_eq!(answer.header("cache-status"), "geo; detail=budget-spent");
    assert!(geo.log().contains("503 budget-spent"), "{}", geo.log());
    // A cached answer costs nothing.
    let answer = geo.get_as("89.0.0.1").await;
    assert_eq!(answer.header("cache-status"), "geo; hit; ttl=86400");

    geo.set_time(TO_MIDNIGHT - 1);
    let answer = geo.get_as("89.0.0.4").await;
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(geo.stand_in.calls().len(), 3);
    geo.set_time(TO_MIDNIGHT);
    for number in 4..=6 {
        assert_eq!(geo.get_as(&format!("89.0.0.{number}")).await.status, 200);
    }
    assert_eq!(geo.get_as("89.0.0.7").await.problem(), "budget-spent");
}

/// They may cost credits too.
#[tokio::test]
async fn failed_lookups_count() {
    let geo = start(&[("lookups_per_day", "2")]).await;
    geo.set_fault(Fault::Status(422));
    geo.get_as("9.9.9.9").await;
    geo.get_as("9.9.9.9").await;
    assert_eq!(geo.get_as("9.9.9.9").await.problem(), "budget-spent");
    assert_eq!(geo.stand_in.calls().len(), 2);
}

#[tokio::test]
async fn expired_answers_are_served_while_the_budget_is_spent() {
    let geo = start(&[
        ("lookups_per_day", "1"),
        ("cache_ttl", "60"),
        ("cache_stale", "60"),
    ])
    .await;
    let right = geo.get_as("9.9.9.9").await;
    for (time, status) in [
        (60, "geo; hit; ttl=0"),
        (120, "geo; hit; ttl=-60"),
        (7200, "geo; hit; ttl=-7140"),
    ] {
        geo.set_time(time);
        let answer = geo.get_as("9.9.9.9").await;
        assert_eq!(answer.body, right.body);
        assert_eq!(answer.header("cache-status"), status);
        geo.idle().await;
    }
    assert_eq!(geo.stand_in.calls().len(), 1);
    geo.set_time(TO_MIDNIGHT);
    let answer = geo.get_as("9.9.9.9").await;
    assert_eq!(answer.header("cache-status"), "geo; fwd=stale; stored");
}

/// Sends requests about 400 new addresses, `concurrency` at a time, to the servers
/// in turn.
async fn four_hundred_requests(servers: &[Arc<Geo>], concurrency: usize) {
    let next = Arc::new(AtomicUsize::new(0));
    let clients = (0..concurrency).map(|_| {
        let (servers, next) = (servers.to_vec(), Arc::clone(&next));
        tokio::spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= 400 {
                    return;
                }
                let address = format!("89.0.{}.{}", number / 250, number % 250 + 1);
                let answer = servers[number % servers.len()].get_as(&address).await;
                if answer.status != 200 {
                    assert_eq!(answer.problem(), "budget-spent");
                }
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn simultaneous_lookups_do_not_exceed_the_budget() {
    for clients in [16, 200] {
        let geo = start(&[("lookups_per_day", "50"), ("timeout_ms", "30000")]).await;
        geo.set_fault(Fault::Delay(Duration::from_millis(20)));
        let geo = Arc::new(geo);
        four_hundred_requests(&[Arc::clone(&geo)], clients).await;
        assert_eq!(geo.stand_in.calls().len(), 50, "{clients} at a time");
        assert_eq!(geo.get_as("89.1.0.1").await.problem(), "budget-spent");
    }
}

/// Two servers with one store, like two nodes with one Redis.
#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_share_the_budget() {
    let variables = [("lookups_per_day", "50"), ("timeout_ms", "30000")];
    let first = Arc::new(start(&variables).await);
    let variables = [&variables[..], &[("trusted_hops", "1")]].concat();
    let second = Arc::new(first.second_node(&variables).await);
    first.set_fault(Fault::Delay(Duration::from_millis(20)));
    four_hundred_requests(&[Arc::clone(&first), Arc::clone(&second)], 200).await;
    let log = first.log() + &second.log();
    assert_eq!(first.stand_in.calls().len(), 50, "{log}");
}

#[tokio::test]
async fn lookups_are_counted_with_the_cache_off() {
    let geo = start(&[("lookups_per_day", "2"), ("cache_ttl", "0")]).await;
    for _ in 0..2 {
        assert_eq!(geo.get_as("9.9.9.9").await.status, 200);
    }
    let answer = geo.get_as("9.9.9.9").await;
    assert_eq!(answer.problem(), "budget-spent");
    assert_eq!(answer.header("cache-status"), "geo; detail=budget-spent");
}

#[tokio::test]
async fn each_day_has_a_budget_of_its_own() {
    let geo = start(&[("lookups_per_day", "1")]).await;
    // Around midnight, the clocks of two instances may be on different days.
    let days = [TO_MIDNIGHT - 1, TO_MIDNIGHT, TO_MIDNIGHT - 1, TO_MIDNIGHT];
    for (number, time) in days.into_iter().enumerate() {
        geo.set_time(time);
        let answer = geo.get_as(&format!("89.0.0.{number}")).await;
        let expected = if number < 2 { 200 } else { 503 };
        assert_eq!(answer.status, expected, "{number}");
    }
    // A clock that is wrong by years spends no other day's budget.
    geo.set_time(10 * 365 * 86_400);
    assert_eq!(geo.get_as("89.0.0.5").await.status, 200);
    geo.set_time(TO_MIDNIGHT);
    assert_eq!(geo.get_as("89.0.0.6").await.problem(), "budget-spent");
    geo.set_time(TO_MIDNIGHT + 86_400);
    assert_eq!(geo.get_as("89.0.0.6").await.status, 200);
}
