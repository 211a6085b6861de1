//! The circuit breaker: geo sends a failing ipify no requests for a while.

use crate::harness::{Geo, Setup};
use stand_in::{Fault, Gate};
use std::sync::Arc;
use std::time::Duration;

/// Two minutes after the start of the tests' clock, which is 2026-11-18 11:06:40
/// UTC, as an HTTP date.
const IN_TWO_MINUTES: &str = "Wed, 18 Nov 2026 11:08:40 GMT";

async fn start(variables: &[(&str, &str)]) -> Geo {
    Geo::with(&[variables, &[("trusted_hops", "1")]].concat()).await
}

#[tokio::test]
async fn the_breaker_opens_for_twice_as_long_up_to_a_minute() {
    for (fault, problem) in [
        (Fault::Status(500), "upstream-invalid"),
        (Fault::Status(403), "upstream-refused"),
        (Fault::Status(429), "upstream-busy"),
        (Fault::CutInBody, "upstream-invalid"),
        (Fault::CutBeforeHead, "upstream-unreachable"),
    ] {
        let geo = start(&[]).await;
        geo.set_fault(fault.clone());
        let mut time = 0;
        // Returns the answer, and whether ipify got a request. It may get two,
        // because a cut connection is retried.
        let get = async |geo: &Geo| {
            let before = geo.stand_in.calls().len();
            let answer = geo.get_as("9.9.9.9").await;
            assert_eq!(answer.problem(), problem);
            (answer, geo.stand_in.calls().len() > before)
        };
        for open in [1, 2, 4, 8, 16, 32, 60, 60] {
            geo.set_time(time);
            let (answer, was_asked) = get(&geo).await;
            assert!(was_asked, "{fault:?} at {time}");
            assert_eq!(answer.header("cache-status"), "geo; fwd=miss");
            // While it is open: the same problem at once, with the time left.
            for (later, left) in [(0, open), (open - 1, 1)] {
                geo.set_time(time + later);
                let (answer, was_asked) = get(&geo).await;
                assert!(!was_asked, "{fault:?} at {time} + {later}");
                assert_eq!(answer.header("retry-after"), left.to_string());
                assert_eq!(answer.header("cache-status"), "geo; detail=resting");
                assert!(
                    geo.log().contains("circuit breaker open after"),
                    "{}",
                    geo.log()
                );
            }
            time += open;
        }
        // One answer of ipify resets it.
        geo.set_fault(Fault::None);
        geo.set_time(time);
        assert_eq!(geo.get_as("9.9.9.9").await.status, 200);
        geo.set_fault(fault.clone());
        let answer = geo.get_as("1.1.1.1").await;
        assert_eq!(answer.header("cache-status"), "geo; fwd=miss");
        let answer = geo.get_as("1.1.1.1").await;
        assert_eq!(answer.header("retry-after"), "1", "{fault:?}");
    }
}

#[tokio::test]
async fn failures_about_one_address_do_not_open_the_breaker() {
    let geo = start(&[]).await;
    for fault in [
        Fault::Status(400),
        Fault::Status(422),
        Fault::Status(404),
        Fault::Body("elbonia".into()),
        Fault::Redirect("https://elbonia.example/".to_owned()),
    ] {
        let calls = geo.stand_in.calls().len();
        geo.set_fault(fault.clone());
        for times in 1..=3 {
            assert_eq!(geo.get_as("9.9.9.9").await.problem(), "upstream-invalid");
            assert_eq!(geo.stand_in.calls().len(), calls + times, "{fault:?}");
        }
    }
}

#[tokio::test]
async fn the_breaker_is_open_as_long_as_retry_after_says_up_to_an_hour() {
    for (retry_after, open) in [
        ("7", 7),
        ("0", 1),
        (IN_TWO_MINUTES, 120),
        ("Wed, 18 Nov 2026 11:00:00 GMT", 1),
        ("3600", 3600),
        ("86400", 3600),
        ("99999999999999999999", 1),
        ("soon", 1),
    ] {
        let geo = start(&[]).await;
        geo.set_fault(Fault::Busy(retry_after));
        assert_eq!(geo.get_as("9.9.9.9").await.problem(), "upstream-busy");
        geo.set_time(open - 1);
        let answer = geo.get_as("9.9.9.9").await;
        assert_eq!(answer.problem(), "upstream-busy");
        assert_eq!(answer.header("retry-after"), "1", "{retry_after}");
        assert_eq!(geo.stand_in.calls().len(), 1);
        geo.set_fault(Fault::None);
        geo.set_time(open);
        assert_eq!(geo.get_as("9.9.9.9").await.status, 200, "{retry_after}");
    }
}

#[tokio::test]
async fn a_half_open_breaker_lets_one_request_through() {
    let geo = Arc::new(start(&[("timeout_ms", "600000")]).await);
    geo.set_fault(Fault::Status(500));
    geo.get_as("9.9.9.9").await;
    geo.set_time(1);
    let gate = Gate::shut();
    geo.set_fault(gate.before(Fault::None));
    let trial = geo.spawn_get_as("9.9.9.9");
    geo.stand_in.wait_for_calls(2).await;
    // The others do not wait for it.
    for address in ["1.1.1.1", "8.8.8.8"] {
        let answer = geo.get_as(address).await;
        assert_eq!(answer.problem(), "upstream-invalid");
        assert_eq!(answer.header("cache-status"), "geo; detail=resting");
    }
    gate.open();
    assert_eq!(trial.await.unwrap().status, 200);
    assert_eq!(geo.get_as("1.1.1.1").await.status, 200);
    assert_eq!(geo.stand_in.calls().len(), 3);
}

#[tokio::test]
async fn stale_answers_are_served_while_the_breaker_is_open() {
    let geo = start(&[]).await;
    geo.get_as("9.9.9.9").await;
    geo.set_time(86_400 + 60);
    geo.set_fault(Fault::Status(500));
    geo.get_as("1.1.1.1").await;
    let calls = geo.stand_in.calls().len();
    for _ in 0..3 {
        let answer = geo.get_as("9.9.9.9").await;
        assert_eq!(answer.header("cache-status"), "geo; hit; ttl=-60");
        geo.idle().await;
    }
    assert_eq!(geo.stand_in.calls().len(), calls, "the breaker is open");
    // The failure is logged once, when it happened.
    assert_eq!(geo.log().lines().count(), 1, "{}", geo.log());
}

/// Two servers with one store.
#[tokio::test]
async fn two_nodes_share_the_breaker() {
    let first = start(&[]).await;
    first.set_fault(Fault::Status(500));
    first.get_as("9.9.9.9").await;
    let hops = ("trusted_hops", "1");
    let second = first.second_node(&[hops]).await;
    assert_eq!(second.get_as("1.1.1.1").await.problem(), "upstream-invalid");
    assert_eq!(first.stand_in.calls().len(), 1);
    // Another path of ipify may work.
    let tier = ("ipify_path", "/api/v2/country");
    let third = first.second_node(&[hops, tier]).await;
    third.get_as("1.1.1.1").await;
    assert_eq!(first.stand_in.calls().len(), 2);
}

#[tokio::test]
async fn the_breaker_opens_with_the_cache_off() {
    let geo = start(&[("cache_ttl", "0")]).await;
    geo.set_fault(Fault::Status(500));
    let answer = geo.get_as("9.9.9.9").await;
    assert_eq!(answer.header("cache-status"), "geo; fwd=bypass");
    let answer = geo.get_as("9.9.9.9").await;
    assert_eq!(answer.header("cache-status"), "geo; detail=resting");
    assert_eq!(geo.stand_in.calls().len(), 1);
    geo.set_fault(Fault::None);
    geo.set_time(1);
    assert_eq!(geo.get_as("9.9.9.9").await.status, 200);
    assert!(geo.slots().is_empty());
}

#[tokio::test]
async fn the_breaker_closes_when_the_clock_goes_backwards() {
    let geo = start(&[]).await;
    geo.set_time(10 * 365 * 86_400);
    geo.set_fault(Fault::Busy("3600"));
    geo.get_as("9.9.9.9").await;
    geo.set_fault(Fault::None);
    geo.set_time(0);
    assert_eq!(geo.get_as("9.9.9.9").await.status, 200);
    // With an unreadable value, the breaker is closed.
    geo.set_fault(Fault::Status(500));
    geo.get_as("1.1.1.1").await;
    let keys = geo.key_value.keys("default").unwrap();
    let breaker = keys.iter().find(|key| key.contains("breaker")).unwrap();
    geo.key_value.set("default", breaker, b"elbonia").unwrap();
    geo.set_fault(Fault::None);
    assert_eq!(geo.get_as("1.1.1.1").await.status, 200);
}

/// `docs/caching.md` has the figure.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes more than a minute"]
async fn calls_in_a_minute_in_which_ipify_hangs() {
    let geo = Arc::new(
        Geo::set_up(Setup {
            variables: &[("trusted_hops", "1")],
            has_system_clock: true,
            ..Setup::default()
        })
        .await,
    );
    geo.set_fault(Gate::shut().before(Fault::None));
    let mut requests = Vec::new();
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    for number in 0..50 * 60 {
        ticks.tick().await;
        let geo = Arc::clone(&geo);
        let address = format!("89.0.{}.{}", number / 250, number % 250 + 1);
        requests.push(tokio::spawn(async move { geo.get_as(&address).await }));
    }
    for request in requests {
        assert_eq!(request.await.unwrap().problem(), "upstream-timeout");
    }
    let calls = geo.stand_in.calls().len();
    println!("60 s of a hanging ipify, 50 clients a second: {calls} calls");
    assert!(calls < 300, "{calls} calls");
}
