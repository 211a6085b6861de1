//! `lookups_per_day`: what a day may cost.

use crate::harness::{Geo, Setup};
use stand_in::Fault;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// From when the tests' clock starts to midnight UTC, in seconds.
const TO_MIDNIGHT: i64 = 86_400 - 1_795_000_000 % 86_400;

async fn start(variables: &[(&str, &str)]) -> Geo {
    Geo::with(&[variables, &[("trusted_hops", "1")]].concat()).await
}

#[tokio::test]
async fn a_day_has_so_many_lookups() {
    let geo = start(&[("lookups_per_day", "3")]).await;
    for number in 1..=3 {
        assert_eq!(geo.visit(&format!("89.0.0.{number}")).await.status, 200);
    }
    let answer = geo.visit("89.0.0.4").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.problem(), "budget-spent");
    assert_eq!(answer.header("retry-after"), TO_MIDNIGHT.to_string());
    assert_eq!(answer.header("cache-status"), "geo; detail=budget-spent");
    assert!(geo.log().contains("503 budget-spent"), "{}", geo.log());
    // What is kept costs nothing.
    let answer = geo.visit("89.0.0.1").await;
    assert_eq!(answer.header("cache-status"), "geo; hit; ttl=86400");

    geo.set_time(TO_MIDNIGHT - 1);
    let answer = geo.visit("89.0.0.4").await;
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(geo.stand_in.calls().len(), 3);
    geo.set_time(TO_MIDNIGHT);
    for number in 4..=6 {
        assert_eq!(geo.visit(&format!("89.0.0.{number}")).await.status, 200);
    }
    assert_eq!(geo.visit("89.0.0.7").await.problem(), "budget-spent");
}

/// They may have cost credits too.
#[tokio::test]
async fn failed_lookups_count() {
    let geo = start(&[("lookups_per_day", "2")]).await;
    geo.fault(Fault::Status(422));
    geo.visit("9.9.9.9").await;
    geo.visit("9.9.9.9").await;
    assert_eq!(geo.visit("9.9.9.9").await.problem(), "budget-spent");
    assert_eq!(geo.stand_in.calls().len(), 2);
}

#[tokio::test]
async fn what_is_kept_stands_in_also_past_cache_stale() {
    let geo = start(&[
        ("lookups_per_day", "1"),
        ("cache_ttl", "60"),
        ("cache_stale", "60"),
    ])
    .await;
    let right = geo.visit("9.9.9.9").await;
    for (time, status) in [
        (60, "geo; hit; ttl=0"),
        (120, "geo; hit; ttl=-60"),
        (7200, "geo; hit; ttl=-7140"),
    ] {
        geo.set_time(time);
        let answer = geo.visit("9.9.9.9").await;
        assert_eq!(answer.body, right.body);
        assert_eq!(answer.header("cache-status"), status);
        geo.ended().await;
    }
    assert_eq!(geo.stand_in.calls().len(), 1);
    geo.set_time(TO_MIDNIGHT);
    let answer = geo.visit("9.9.9.9").await;
    assert_eq!(answer.header("cache-status"), "geo; fwd=stale; stored");
}

/// The store has no atomic operations, so the limit can be exceeded: this says
/// by how much it was, and fails where it is no limit any more.
#[tokio::test(flavor = "multi_thread")]
async fn simultaneous_lookups_exceed_it_by_little() {
    for clients in [16, 200] {
        let variables = &[
            ("trusted_hops", "1"),
            ("lookups_per_day", "50"),
            ("timeout_ms", "30000"),
        ];
        let setup = Setup {
            variables,
            has_system_clock: true,
            ..Setup::default()
        };
        let geo = Arc::new(Geo::set_up(setup).await);
        geo.fault(Fault::Delay(Duration::from_millis(20)));
        let next = Arc::new(AtomicUsize::new(0));
        let clients_at_work = (0..clients).map(|_| {
            let (geo, next) = (Arc::clone(&geo), Arc::clone(&next));
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= 400 {
                        return;
                    }
                    let address = format!("89.0.{}.{}", number / 250, number % 250 + 1);
                    let answer = geo.visit(&address).await;
                    if answer.status != 200 {
                        assert_eq!(answer.problem(), "budget-spent");
                    }
                }
            })
        });
        for client in clients_at_work.collect::<Vec<_>>() {
            client.await.unwrap();
        }
        let lookups = geo.stand_in.calls().len();
        println!("{clients} new addresses at a time, 50 a day: {lookups} lookups");
        assert!((50..100).contains(&lookups), "{lookups} lookups");
        assert_eq!(geo.visit("89.1.0.1").await.problem(), "budget-spent");
    }
}

#[tokio::test]
async fn two_servers_share_the_budget() {
    let first = start(&[("lookups_per_day", "1")]).await;
    first.visit("9.9.9.9").await;
    let variables = [("trusted_hops", "1"), ("lookups_per_day", "1")];
    let second = first.beside(&variables).await;
    assert_eq!(second.visit("1.1.1.1").await.problem(), "budget-spent");
}

#[tokio::test]
async fn nothing_is_kept_and_lookups_are_counted_all_the_same() {
    let geo = start(&[("lookups_per_day", "2"), ("cache_ttl", "0")]).await;
    for _ in 0..2 {
        assert_eq!(geo.visit("9.9.9.9").await.status, 200);
    }
    let answer = geo.visit("9.9.9.9").await;
    assert_eq!(answer.problem(), "budget-spent");
    assert_eq!(answer.header("cache-status"), "geo; detail=budget-spent");
}

#[tokio::test]
async fn around_midnight_clocks_differ() {
    let geo = start(&[("lookups_per_day", "2")]).await;
    geo.set_time(TO_MIDNIGHT);
    geo.visit("89.0.0.1").await;
    // An instance whose clock is behind counts for the day that has begun.
    geo.set_time(TO_MIDNIGHT - 1);
    geo.visit("89.0.0.2").await;
    assert_eq!(geo.visit("89.0.0.3").await.problem(), "budget-spent");
    geo.set_time(TO_MIDNIGHT);
    assert_eq!(geo.visit("89.0.0.3").await.problem(), "budget-spent");
    // A clock that was wrong by years has no say.
    geo.set_time(10 * 365 * 86_400);
    geo.visit("89.0.0.4").await;
    geo.visit("89.0.0.5").await;
    geo.set_time(TO_MIDNIGHT);
    assert_eq!(geo.visit("89.0.0.6").await.status, 200);
}
