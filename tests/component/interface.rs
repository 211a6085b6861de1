//! Paths, methods and headers.

use crate::harness::Geo;
use http::Request;

#[tokio::test]
async fn paths_and_methods() {
    let geo = Geo::start().await;
    for (method, path, status, content) in [
        (
            "GET",
            "/",
            200,
            r#"{"ip":"8.8.8.8","location":{"country":"US""#,
        ),
        ("GET", "/?", 200, r#"{"ip":"8.8.8.8""#),
        ("GET", "/?utm_source=elbonia", 200, r#"{"ip":"8.8.8.8""#),
        ("GET", "/healthz", 200, "ok\n"),
        ("GET", "/elbonia", 404, "not-found"),
        ("GET", "/index.html", 404, "not-found"),
        ("GET", "/city", 200, "Mountain View\n"),
        ("GET", "/json", 200, r#"{"ip":"8.8.8.8""#),
        ("GET", "/openapi.json", 200, r#"{"openapi":"3.1.0","#),
        ("GET", "/city/", 200, "Mountain View\n"),
        ("GET", "/city//", 404, "not-found"),
        ("GET", "/9.9.9.9", 403, "lookup-disabled"),
        ("GET", "/9.9.9.9/city", 403, "lookup-disabled"),
        ("GET", "/9.9.9.9/", 403, "lookup-disabled"),
        ("GET", "/9.9.9.9/elbonia", 404, "not-found"),
        ("POST", "/9.9.9.9/city", 405, "method-not-allowed"),
        ("OPTIONS", "/9.9.9.9/city", 204, ""),
        ("POST", "/city", 405, "method-not-allowed"),
        ("GET", "/healthz/", 200, "ok\n"),
        ("POST", "/elbonia", 404, "not-found"),
        ("POST", "/", 405, "method-not-allowed"),
        ("PUT", "/", 405, "method-not-allowed"),
        ("DELETE", "/", 405, "method-not-allowed"),
        ("PATCH", "/healthz", 405, "method-not-allowed"),
        ("TRACE", "/", 405, "method-not-allowed"),
        ("BORNYASHERK", "/", 405, "method-not-allowed"),
        ("OPTIONS", "/", 204, ""),
        ("OPTIONS", "/elbonia", 204, ""),
    ] {
        let answer = geo.request(method, path).await;
        assert_eq!(answer.status, status, "{method} {path}");
        let text = answer.text();
        assert!(text.contains(content), "{method} {path}: {text}");
        if status >= 400 {
            assert_eq!(answer.problem(), content, "{method} {path}");
        }
        if status == 405 {
            assert_eq!(answer.header("allow"), "GET, HEAD, OPTIONS");
        }
    }
}

#[tokio::test]
async fn headers_of_an_answer() {
    let cache_status = if cfg!(feature = "spin") {
        "geo; fwd=miss; stored"
    } else {
        "geo; fwd=bypass"
    };
    let geo = Geo::start().await;
    let answer = geo.get("/").await;
    for (name, value) in [
        ("content-type", "application/json"),
        ("content-length", &answer.body.len().to_string()),
        ("cache-control", "private, no-cache"),
        ("x-robots-tag", "noindex"),
        ("cache-status", cache_status),
        ("vary", "accept"),
        ("age", ""), // see assert_headers in cache.rs
        ("access-control-allow-origin", "*"),
        ("access-control-expose-headers", "cache-status, retry-after"),
        ("x-content-type-options", "nosniff"),
        ("transfer-encoding", ""),
        ("server", ""),
        ("set-cookie", ""),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let geo = Geo::start().await;
    for path in ["/", "/healthz", "/openapi.json", "/elbonia"] {
        let get = geo.request("GET", path).await;
        let head = geo.request("HEAD", path).await;
        assert_eq!(head.status, get.status, "{path}");
        assert_eq!(head.body.len(), 0, "{path}");
        // The second is answered from the cache.
        let changing = ["date", "cache-status", "age"];
        for name in get
            .headers
            .keys()
            .filter(|name| !changing.contains(&name.as_str()))
        {
            assert_eq!(head.headers.get(name), get.headers.get(name), "{path}");
        }
    }
}

/// RFC 9110, 13.1.2 and 15.4.5.
#[tokio::test]
async fn the_description_is_revalidated_by_its_etag() {
    let geo = Geo::start().await;
    let whole = geo.get("/openapi.json").await;
    let tag = whole.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag}");
    assert_eq!(whole.header("cache-control"), "public, max-age=3600");
    for (if_none_match, status) in [
        (tag.clone(), 304),
        (format!("W/{tag}"), 304),
        (format!(r#""old", W/"older", {tag}"#), 304),
        ("*".to_owned(), 304),
        (r#""old""#.to_owned(), 200),
        (String::new(), 200),
    ] {
        for method in ["GET", "HEAD"] {
            let request = Request::builder().method(method).uri("/openapi.json");
            let request = request.header("if-none-match", &if_none_match);
            let answer = geo.send(request).await;
            assert_eq!(answer.status, status, "{method} {if_none_match}");
            for name in [
                "etag",
                "cache-control",
                "vary",
                "access-control-allow-origin",
            ] {
                assert_eq!(answer.header(name), whole.header(name), "{name}");
            }
            if status == 304 {
                assert_eq!(answer.header("content-type"), "");
                assert_eq!(answer.header("content-length"), "");
            }
        }
    }
    // An answer about an address has no ETag.
    let answer = geo.send(Request::get("/json").header("if-none-match", "*"));
    let answer = answer.await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("etag"), "");
}

#[tokio::test]
async fn healthz_neither_asks_ipify_nor_reads_settings() {
    let geo = Geo::with(&[("ipify_api_key", ""), ("timeout_ms", "soon")]).await;
    let answer = geo.get("/healthz").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(geo.stand_in.calls().is_empty());
}

#[tokio::test]
async fn a_browser_may_send_a_preflight() {
    let geo = Geo::start().await;
    let preflight = Request::options("/")
        .header("origin", "https://elbonia.example")
        .header("access-control-request-method", "GET")
        .header(
            "access-control-request-headers",
            "authorization,x-requested-with",
        );
    let answer = geo.send(preflight).await;
    assert_eq!(answer.status, 204);
    for (name, value) in [
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", "GET, HEAD, OPTIONS"),
        (
            "access-control-allow-headers",
            "authorization,x-requested-with",
        ),
        ("access-control-max-age", "86400"),
        ("allow", "GET, HEAD, OPTIONS"),
        ("content-length", ""),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    assert!(geo.stand_in.calls().is_empty());
}

#[tokio::test]
async fn cors_allows_problems_too() {
    let geo = Geo::with(&[("ipify_api_key", "")]).await;
    for (method, path) in [("GET", "/"), ("GET", "/elbonia"), ("POST", "/")] {
        let answer = geo.request(method, path).await;
        assert!(answer.status.as_u16() >= 400);
        assert_eq!(answer.header("access-control-allow-origin"), "*");
    }
}

#[tokio::test]
async fn cors_allows_only_the_origins_of_the_list() {
    let origins = "https://elbonia.example https://bornyasherk.example:8443";
    let geo = Geo::with(&[("cors_origin", origins)]).await;
    for (origin, allowed) in [
        ("https://elbonia.example", "https://elbonia.example"),
        (
            "https://bornyasherk.example:8443",
            "https://bornyasherk.example:8443",
        ),
        ("https://bornyasherk.example", ""),
        ("http://elbonia.example", ""),
        ("https://elbonia.example.org", ""),
        ("null", ""),
    ] {
        for path in ["/", "/healthz", "/elbonia"] {
            let answer = geo.send(Request::get(path).header("origin", origin)).await;
            let allow = answer.header("access-control-allow-origin");
            assert_eq!(allow, allowed, "{path} {origin}");
            let vary: Vec<_> = answer.headers.get_all("vary").iter().collect();
            assert_eq!(vary, ["accept", "origin"], "{path} {origin}");
        }
    }
}

#[tokio::test]
async fn cors_wildcards_and_credentials() {
    let listed = "https://*.preview.example, https://elbonia.example";
    let geo = Geo::with(&[("cors_origin", listed)]).await;
    for (origin, is_allowed) in [
        ("https://a1b2.preview.example", true),
        ("https://elbonia.example", true),
        ("https://preview.example", false),
        ("https://a.b.preview.example", false),
        ("https://a1b2.preview.example.evil.example", false),
        ("http://a1b2.preview.example", false),
    ] {
        for path in ["/", "/elbonia"] {
            let answer = geo.send(Request::get(path).header("origin", origin)).await;
            let (allowed, credentials) = if is_allowed {
                (origin, "true")
            } else {
                ("", "")
            };
            let headers = [
                ("access-control-allow-origin", allowed),
                ("access-control-allow-credentials", credentials),
            ];
            for (name, expected) in headers {
                assert_eq!(answer.header(name), expected, "{origin} {path}");
            }
        }
    }
    // Never with "*".
    let geo = Geo::start().await;
    let request = Request::get("/").header("origin", "https://elbonia.example");
    let answer = geo.send(request).await;
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("access-control-allow-credentials"), "");
}

#[tokio::test]
async fn a_page_can_read_that_cors_origin_is_invalid() {
    let geo = Geo::with(&[("cors_origin", "elbonia")]).await;
    let request = Request::get("/").header("origin", "https://elbonia.example");
    let answer = geo.send(request).await;
    assert_eq!(answer.problem(), "misconfigured");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
}
