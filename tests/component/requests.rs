//! Unusual requests that geo has to answer.

use crate::harness::Geo;
use http::{HeaderValue, Request};

#[tokio::test]
async fn a_hundred_headers() {
    let geo = Geo::start().await;
    let mut request = Request::get("/");
    // The harness adds Host as the hundredth.
    for number in 1..100 {
        request = request.header(format!("x-header-{number}"), "x".repeat(80));
    }
    assert_eq!(geo.send(request).await.status, 200);
}

#[tokio::test]
async fn a_long_url() {
    let geo = Geo::start().await;
    let long = "x".repeat(16 * 1024);
    assert_eq!(geo.get(&format!("/?{long}")).await.status, 200);
    assert_eq!(geo.get(&format!("/{long}")).await.problem(), "not-found");
}

/// Spin refuses the request before the component sees it.
#[cfg(feature = "spin")]
#[tokio::test]
async fn headers_that_are_not_utf_8() {
    let geo = Geo::start().await;
    for name in ["x-anything", "x-forwarded-for"] {
        let value = HeaderValue::from_bytes(b"\xff").unwrap();
        let answer = geo.send(Request::get("/").header(name, value)).await;
        assert_eq!((answer.status.as_u16(), answer.text()), (500, ""), "{name}");
    }
}

#[cfg(not(feature = "spin"))]
#[tokio::test]
async fn headers_that_are_not_utf_8() {
    let geo = Geo::with(&[("trusted_hops", "1")]).await;
    let binary = |bytes: &[u8]| HeaderValue::from_bytes(bytes).unwrap();
    for name in [
        "x-anything",
        "accept",
        "origin",
        "spin-client-addr",
        "user-agent",
    ] {
        let request = Request::get("/").header(name, binary(b"\xff\xfe\x80"));
        assert_eq!(geo.send(request).await.status, 200, "{name}");
    }
    let request = Request::get("/").header("x-forwarded-for", binary(b"\xff, 9.9.9.9"));
    assert_eq!(geo.send(request).await.json()["ip"], "9.9.9.9");
    let request = Request::get("/").header("x-forwarded-for", binary(b"9.9.9.9, \xff"));
    assert_eq!(geo.send(request).await.problem(), "invalid-address");
}

#[tokio::test]
async fn paths_with_unusual_characters() {
    let geo = Geo::start().await;
    for path in ["/%ff", "/%00", "/é", "/%C3%A9", "/..", "/%2e%2e/"] {
        let answer = geo.get(path).await;
        assert_eq!(answer.problem(), "not-found", "{path}");
        assert!(
            !answer.text().contains(&path[1..]),
            "{path} is in the response"
        );
    }
}

#[tokio::test]
async fn many_requests_on_one_connection() {
    let geo = Geo::start().await;
    let mut connection = geo.connect().await;
    for (path, status) in [("/", 200), ("/elbonia", 404), ("/healthz", 200), ("/", 200)] {
        assert_eq!(connection.send(Request::get(path)).await.status, status);
    }
    for _ in 0..3 {
        assert_eq!(connection.send(Request::head("/")).await.status, 200);
    }
}

#[tokio::test]
async fn simultaneous_requests() {
    let geo = Geo::with(&[("cache_ttl", "0")]).await;
    let mut connections = Vec::new();
    for _ in 0..50 {
        connections.push(geo.connect().await);
    }
    let requests: Vec<_> = connections
        .into_iter()
        .map(|mut connection| {
            tokio::spawn(async move { connection.send(Request::get("/")).await.status })
        })
        .collect();
    for request in requests {
        assert_eq!(request.await.unwrap(), 200);
    }
    assert_eq!(geo.stand_in.calls().len(), 50);
}
