//! Why ipify refused the API key: geo asks for the balance of the account.

use crate::harness::Geo;
use stand_in::Fault;
#[cfg(feature = "spin")]
use std::sync::Arc;
use std::time::Duration;

const UNKNOWN: &str = "ipify does not say which";

async fn start(variables: &[(&str, &str)]) -> Geo {
    Geo::with(&[variables, &[("trusted_hops", "1")]].concat()).await
}

#[tokio::test]
async fn the_detail_says_what_the_balance_says() {
    for (balance, detail) in [
        (Fault::Body(r#"{"credits":0}"#.into()), "used up"),
        (Fault::None, "valid and has credits left"),
        (Fault::Status(401), "The API key is wrong."),
        (Fault::Status(403), "The API key is wrong."),
        (Fault::Status(404), UNKNOWN),
        (Fault::Status(429), UNKNOWN),
        (Fault::Status(500), UNKNOWN),
        (Fault::Body("elbonia".into()), UNKNOWN),
        (Fault::Body("{}".into()), UNKNOWN),
        (Fault::Body(r#"{"credits":"many"}"#.into()), UNKNOWN),
        (
            Fault::Redirect("https://elbonia.example/".to_owned()),
            UNKNOWN,
        ),
        (Fault::CutBeforeHead, UNKNOWN),
        (Fault::CutInBody, UNKNOWN),
        (Fault::Endless, UNKNOWN),
    ] {
        for refused in [401, 403] {
            let geo = start(&[]).await;
            geo.set_fault(Fault::Status(refused));
            geo.stand_in.set_balance_fault(balance.clone());
            let answer = geo.get_as("9.9.9.9").await;
            assert_eq!(answer.problem(), "upstream-refused", "{balance:?}");
            let found = answer.json()["detail"].to_string();
            assert!(found.contains(detail), "{balance:?}: {found}");
            assert!(!found.contains("998"), "{found}");
            assert!(geo.log().contains(detail), "{}", geo.log());
            assert_eq!(geo.log().lines().count(), 1, "{}", geo.log());
        }
    }
}

#[cfg(feature = "spin")]
#[tokio::test]
async fn it_is_asked_for_once_in_each_opening_of_the_breaker() {
    let geo = start(&[]).await;
    geo.set_fault(Fault::Status(403));
    let balance = Fault::Body(r#"{"credits":0}"#.into());
    geo.stand_in.set_balance_fault(balance);
    for (time, openings) in [(0, 1), (0, 1), (1, 2), (2, 2), (3, 3), (6, 3), (7, 4)] {
        geo.set_time(time);
        let answer = geo.get_as("9.9.9.9").await;
        // Also while the circuit breaker is open.
        assert!(answer.text().contains("used up"), "{}", answer.text());
        assert_eq!(geo.stand_in.balance_calls(), openings, "after {time} s");
    }
    assert_eq!(geo.stand_in.calls().len(), 4);
}

#[cfg(feature = "spin")]
#[tokio::test]
async fn simultaneous_refusals_ask_for_it_once() {
    let geo = Arc::new(start(&[("timeout_ms", "600000")]).await);
    let gate = stand_in::Gate::shut();
    geo.set_fault(gate.before(Fault::Status(403)));
    geo.stand_in.set_balance_fault(Fault::Status(403));
    let addresses = ["9.9.9.9", "1.1.1.1", "8.8.4.4", "89.0.0.1", "89.0.0.2"];
    let requests = addresses.map(|address| geo.spawn_get_as(address));
    geo.stand_in.wait_for_calls(addresses.len()).await;
    gate.open();
    for request in requests {
        assert_eq!(request.await.unwrap().problem(), "upstream-refused");
    }
    assert_eq!(geo.stand_in.balance_calls(), 1);
}

/// Both requests have to end within `timeout_ms`.
#[tokio::test]
async fn a_balance_that_hangs_does_not_hold_up_the_response() {
    let geo = start(&[("timeout_ms", "300")]).await;
    geo.set_fault(Fault::Status(403));
    geo.stand_in
        .set_balance_fault(Fault::Delay(Duration::from_secs(3600)));
    // Bounds the test where the deadline has no effect.
    let answer = tokio::time::timeout(Duration::from_secs(10), geo.get_as("9.9.9.9")).await;
    let answer = answer.expect("in time");
    assert_eq!(answer.problem(), "upstream-refused");
    assert!(answer.text().contains(UNKNOWN), "{}", answer.text());
}

#[tokio::test]
async fn it_is_not_asked_for_after_other_failures() {
    let geo = start(&[]).await;
    for fault in [
        Fault::None,
        Fault::Status(500),
        Fault::Status(429),
        Fault::Status(422),
    ] {
        geo.set_fault(fault);
        geo.clear_store();
        geo.get_as("9.9.9.9").await;
    }
    assert_eq!(geo.stand_in.balance_calls(), 0);
}
