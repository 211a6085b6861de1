//! Responses and log lines when ipify fails. `faults.rs` has the table of all
//! faults.

use crate::harness::{Answer, Geo, Recorder, Setup};
use bytes::Bytes;
use stand_in::{Fault, StandIn};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

const AN_HOUR: Duration = Duration::from_secs(3600);

/// A JSON object that ipify might send, padded with spaces to a size.
fn padded(size: usize) -> Bytes {
    let mut json = br#"{"ip":"8.8.8.8"}"#.to_vec();
    json.resize(size, b' ');
    json.into()
}

/// ipify may close a pooled connection while a request arrives on it.
#[tokio::test]
async fn a_closed_connection_is_retried_once() {
    let geo = Geo::with(&[("cache_ttl", "0")]).await;
    for calls in 1..=10 {
        geo.set_fault(Fault::CutOnce);
        assert_eq!(geo.get("/").await.status, 200);
        assert_eq!(geo.stand_in.calls().len(), 2 * calls);
    }
}

#[tokio::test]
async fn an_answer_of_64_kib_is_accepted() {
    let geo = Geo::start().await;
    let largest = padded(64 * 1024);
    geo.set_fault(Fault::Body(largest.clone()));
    let answer = geo.get("/").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, largest);
}

#[tokio::test]
async fn the_deadline_spans_the_whole_exchange() {
    let geo = Geo::with(&[("timeout_ms", "200")]).await;
    for fault in [
        // ipify sends nothing.
        Fault::Delay(AN_HOUR),
        // Each byte comes in time, but not all of them together.
        Fault::Drip(Duration::from_millis(150)),
        // Only the first byte comes.
        Fault::Drip(AN_HOUR),
    ] {
        geo.clear_store();
        geo.set_fault(fault.clone());
        // Bounds the test where the deadline has no effect.
        let answer = tokio::time::timeout(Duration::from_secs(10), geo.get("/")).await;
        assert_problem(&answer.expect("in time"), 504, "upstream-timeout");
    }
}

#[tokio::test]
async fn the_deadline_spans_the_tls_handshake() {
    // The system accepts connections, and nothing is sent on them.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("https://{}", silent.local_addr().unwrap());
    let geo = Geo::with(&[("ipify_origin", &origin), ("timeout_ms", "200")]).await;
    assert_problem(&geo.get("/").await, 504, "upstream-timeout");
}

#[tokio::test]
async fn a_slow_answer_within_the_deadline_is_accepted() {
    let geo = Geo::with(&[("timeout_ms", "600000"), ("cache_ttl", "0")]).await;
    for fault in [
        Fault::Delay(Duration::from_millis(50)),
        Fault::Drip(Duration::from_millis(1)),
    ] {
        geo.set_fault(fault);
        assert_eq!(geo.get("/").await.status, 200);
    }
}

#[tokio::test]
async fn a_valid_retry_after_is_passed_on() {
    let geo = Geo::start().await;
    for (sent, passed_on) in [
        ("7", "7"),
        // The harness's clock is at Wed, 18 Nov 2026 11:06:40 GMT.
        ("Wed, 18 Nov 2026 11:06:50 GMT", "10"),
        ("later", ""),
        ("-1", ""),
    ] {
        geo.clear_store();
        geo.set_fault(Fault::Busy(sent));
        assert_eq!(
            geo.get("/").await.header("retry-after"),
            passed_on,
            "{sent}"
        );
    }
}

#[tokio::test]
async fn ipify_stops_listening() {
    let mut geo = Geo::with(&[("cache_ttl", "0")]).await;
    assert_eq!(geo.get("/").await.status, 200);
    geo.stand_in.stop().await;
    assert_problem(&geo.get("/").await, 503, "upstream-unreachable");
}

#[tokio::test]
async fn no_connection() {
    // A port that is closed.
    let mut stopped = StandIn::start().await.unwrap();
    let refused = stopped.origin();
    stopped.stop().await;
    // The longest label that DNS allows has 63 characters.
    let unresolvable = format!("http://{}.invalid", "x".repeat(64));
    // A server that does not speak TLS.
    let plain = StandIn::start().await.unwrap();
    let tls = plain.origin().replace("http://", "https://");
    for (origin, hint) in [
        (refused.as_str(), "connection"),
        (&unresolvable, "resolved"),
        (&tls, "TLS"),
    ] {
        let geo = Geo::with(&[("ipify_origin", origin)]).await;
        let answer = geo.get("/").await;
        assert_problem(&answer, 503, "upstream-unreachable");
        let detail = answer.json()["detail"].to_string();
        assert!(detail.contains(hint), "{origin}: {detail}");
    }
}

#[tokio::test]
async fn ipify_is_not_an_allowed_host() {
    let geo = Geo::set_up(Setup {
        variables: &[],
        manifest: Some(|manifest| {
            manifest.allowed_outbound_hosts = vec!["https://elbonia.example".to_owned()];
        }),
        ..Setup::default()
    });
    let geo = geo.await;
    let answer = geo.get("/").await;
    assert_problem(&answer, 503, "upstream-unreachable");
    let detail = answer.json()["detail"].to_string();
    assert!(detail.contains("allowed_outbound_hosts"), "{detail}");
    assert!(geo.stand_in.calls().is_empty());
    assert!(geo.log().contains(&geo.stand_in.origin()), "{}", geo.log());
}

#[tokio::test]
async fn the_log_has_the_causes_without_the_key() {
    let geo = Geo::set_up(Setup {
        hooks: Some(Arc::new(Recorder::offline())),
        ..Setup::default()
    })
    .await;
    assert_problem(&geo.get("/").await, 503, "upstream-unreachable");
    // The harness also searches the log for the key.
    let log = geo.log();
    assert!(log.starts_with("geo: 503 upstream-unreachable: "), "{log}");
    assert!(log.contains("error sending request for url"), "{log}");
    assert!(log.contains("apiKey=***"), "{log}");
    assert!(log.ends_with("reset by peer\n"), "{log}");

    let mut stopped = StandIn::start().await.unwrap();
    let refused = stopped.origin();
    stopped.stop().await;
    let geo = Geo::with(&[("ipify_origin", &refused)]).await;
    geo.get("/").await;
    assert!(
        geo.log().ends_with(" connection refused\n"),
        "{}",
        geo.log()
    );
}

#[tokio::test]
async fn a_wrong_key() {
    let geo = Geo::with(&[("ipify_api_key", "at_wrong")]).await;
    let answer = geo.get("/").await;
    assert_problem(&answer, 502, "upstream-refused");
    assert!(!answer.text().contains("at_wrong"));
    assert!(!geo.log().contains("at_wrong"), "{}", geo.log());
}

fn assert_problem(answer: &Answer, status: u16, problem: &str) {
    assert_eq!(
        (answer.status.as_u16(), answer.problem().as_str()),
        (status, problem)
    );
}
