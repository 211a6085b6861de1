//! Requests do not affect each other, and geo reaches no host but ipify.

use crate::harness::{Answer, Geo, ONE_REQUEST, Setup};
use crate::upstream::{Protocol, Step, Upstream};
use http::Request;
use stand_in::Fault;

/// Starts a server that must not be reached.
async fn elsewhere() -> Upstream {
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 16\r\n\r\n{\"ip\":\"6.6.6.6\"}";
    Upstream::start(Protocol::Plain, vec![Step::Read, Step::Send(answer.into())]).await
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let geo = Geo::start().await;
    let elsewhere = elsewhere().await;
    geo.set_fault(Fault::Redirect(format!(
        "http://{}/",
        elsewhere.authority()
    )));
    assert_eq!(geo.get("/").await.problem(), "upstream-invalid");
    assert_eq!(elsewhere.connections(), 0);

    let geo = Geo::start().await;
    geo.set_fault(Fault::Redirect(format!(
        "{}/api/v2/country,city",
        geo.stand_in.origin()
    )));
    assert_eq!(geo.get("/").await.problem(), "upstream-invalid");
    assert_eq!(geo.stand_in.calls().len(), 1, "the redirect was followed");
}

/// The host enforces this, even against a wrong setting or a bug in geo.
#[tokio::test]
async fn an_origin_that_is_not_allowed_is_not_reached() {
    let elsewhere = elsewhere().await;
    let origin = format!("http://{}", elsewhere.authority());
    let geo = Geo::set_up(Setup {
        variables: &[("ipify_origin", &origin)],
        manifest: Some(|manifest| {
            manifest.allowed_outbound_hosts = vec!["https://geo.ipify.org".to_owned()];
        }),
        ..Setup::default()
    })
    .await;
    assert_eq!(geo.get("/").await.problem(), "upstream-unreachable");
    assert_eq!(elsewhere.connections(), 0);
}

/// Neither a path that looks like a host nor a client's request can change it.
#[tokio::test]
async fn only_ipify_origin_selects_the_host() {
    let elsewhere = elsewhere().await;
    let authority = elsewhere.authority();
    for path in [
        format!("//{authority}/"),
        format!("/@{authority}/"),
        format!("/..//{authority}/"),
        format!("/http://{authority}/"),
    ] {
        let geo = Geo::with(&[("ipify_path", &path)]).await;
        assert_eq!(geo.get("/").await.problem(), "upstream-invalid");
        assert_eq!(geo.stand_in.calls().len(), 1, "{path}");
    }
    let geo = Geo::with(&[("lookup", "any")]).await;
    for address in [
        format!("@{authority}"),
        format!("9.9.9.9@{authority}"),
        "9.9.9.9%23".to_owned(),
        "9.9.9.9%26apiKey%3D1".to_owned(),
        "9.9.9.9%0d%0ahost:%20elbonia.example".to_owned(),
    ] {
        let answer = geo.get(&format!("/?ip={address}")).await;
        assert_eq!(answer.problem(), "invalid-address", "{address}");
    }
    let request = Request::get("/").header("x-forwarded-host", &authority);
    assert_eq!(geo.send(request).await.json()["ip"], "8.8.8.8");
    assert_eq!(elsewhere.connections(), 0);
}

/// The host ends the TLS handshake with an alert, and sends no request.
#[tokio::test]
async fn a_server_without_a_trusted_certificate_gets_no_request() {
    for protocol in [Protocol::Tls, Protocol::SelfSigned] {
        let upstream = Upstream::start(protocol, vec![Step::Read]).await;
        let origin = format!("https://{}", upstream.authority());
        let geo = Geo::with(&[("ipify_origin", &origin)]).await;
        assert_eq!(geo.get("/").await.problem(), "upstream-unreachable");
        let failures = loop {
            match upstream.failures() {
                failures if failures.is_empty() => tokio::task::yield_now().await,
                failures => break failures,
            }
        };
        assert!(failures[0].contains("UnknownCA"), "{failures:?}");
    }
}

/// On a connection that is used again, it would become the response to the next
/// request.
#[tokio::test]
async fn a_surplus_response_is_discarded() {
    let answer = |ip| format!("HTTP/1.1 200 OK\r\ncontent-length: 16\r\n\r\n{{\"ip\":\"{ip}\"}}");
    let twice = answer("8.8.8.8") + &answer("6.6.6.6");
    let steps = vec![Step::Read, Step::Send(twice.into()), Step::Hold];
    let upstream = Upstream::start(Protocol::Plain, steps).await;
    let origin = format!("http://{}", upstream.authority());
    let geo = Geo::with(&[("ipify_origin", &origin), ("cache_ttl", "0")]).await;
    for count in 1..=20 {
        assert_eq!(geo.get("/").await.json()["ip"], "8.8.8.8");
        assert_eq!(upstream.connections(), count);
    }
}

/// Returns a value that is five times as long in the page, where `<` is `&#60;`.
fn largest() -> String {
    let start = r#"{"ip":"8.8.8.8","isp":""#;
    let value = "<".repeat(64 * 1024 - start.len() - 2);
    format!(r#"{start}{value}"}}"#)
}

/// The limit of the harness. These are the answers that need most memory.
#[tokio::test]
async fn four_mebibytes_are_enough_for_every_answer() {
    let geo = Geo::start().await;
    geo.set_fault(Fault::Body(largest().into()));
    for accept in ["application/json", "text/plain", "text/html"] {
        // From ipify, and from the cache.
        for _ in 0..2 {
            let answer = geo.send(Request::get("/").header("accept", accept)).await;
            assert_eq!(answer.status, 200, "{accept}");
            assert!(answer.body.len() > 64_000, "{accept}");
        }
    }
    let long = "x".repeat(60 * 1024);
    assert_eq!(geo.get(&format!("/{long}")).await.problem(), "not-found");
    let request = Request::get("/").header("accept", "x".repeat(LONG_HEADER));
    assert_eq!(geo.send(request).await.status, 200);
    assert_eq!(geo.get("/openapi.json").await.status, 200);
}

/// About the longest header that the host accepts: more than is left of the least
/// memory in which geo answers at all.
const LONG_HEADER: usize = 300 * 1024;

/// Starts geo with the least memory in which it answers, in pages of WebAssembly.
async fn with_least_memory() -> Geo {
    const PAGE: usize = 64 * 1024;
    for pages in 1..64 {
        let geo = Geo::set_up(Setup {
            variables: &[("trusted_hops", "1"), ("cache_ttl", "0")],
            memory_limit: Some(pages * PAGE),
            instance_reuse: Some(ONE_REQUEST),
            ..Setup::default()
        })
        .await;
        if geo.get_as("9.9.9.9").await.status == 200 {
            return geo;
        }
    }
    panic!("4 MiB is not enough");
}

/// Without enough memory, the component traps, and the host answers 500. Requests at
/// the same time and later requests are answered.
#[tokio::test]
async fn a_trap_in_one_request_affects_no_other() {
    let geo = with_least_memory().await;
    let mut requests = Vec::new();
    for number in 1..=40 {
        let mut connection = geo.connect().await;
        let address = format!("89.0.142.{number}");
        let mut request = Request::get("/").header("x-forwarded-for", &address);
        let traps = number % 2 == 0;
        if traps {
            request = request.header("accept", "x".repeat(LONG_HEADER));
        }
        let answer = tokio::spawn(async move { connection.send(request).await });
        requests.push((answer, address, traps));
    }
    for (answer, address, traps) in requests {
        let answer: Answer = answer.await.unwrap();
        if traps {
            assert_eq!((answer.status.as_u16(), answer.text()), (500, ""));
        } else {
            assert_eq!(answer.json()["ip"], address);
        }
    }
    let log = geo.log();
    let traps = log.matches("the component failed: ").count();
    assert_eq!(traps, 20, "{log}");
    assert_eq!(geo.get_as("9.9.9.9").await.json()["ip"], "9.9.9.9");
}
