//! The forms in which answers come.

use crate::harness::Geo;
use geo_host::stand_in::Fault;
use http::Request;

const ZURICH: &str = r#"{"ip":"9.9.9.9","location":{"country":"CH","region":"Z\u00fcrich","city":"Zürich","lat":47.366670,"lng":8.550000,"postalCode":"8001","timezone":"+01:00"},"as":{"asn":19281,"name":"Quad9"},"isp":"Quad9"}"#;

const CHROME: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";

#[tokio::test]
async fn the_form_that_is_preferred() {
    let geo = Geo::start().await;
    for (accept, content_type, content) in [
        ("", "application/json", ZURICH),
        ("*/*", "application/json", ZURICH),
        ("application/json", "application/json", ZURICH),
        ("image/png", "application/json", ZURICH),
        (CHROME, "text/html; charset=utf-8", "<h1>9.9.9.9</h1>"),
        (
            "text/html;q=0.2, */*;q=0.1",
            "text/html; charset=utf-8",
            "<h1>",
        ),
        (
            "text/plain",
            "text/plain; charset=utf-8",
            "city: Zürich\nlat: 47.366670\n",
        ),
    ] {
        geo.fault(Fault::Body(ZURICH.into()));
        for (path, negotiated) in [("/", true), ("/json", false)] {
            let answer = geo.send(Request::get(path).header("accept", accept)).await;
            assert_eq!(answer.status, 200);
            let (content_type, content) = match negotiated {
                true => (content_type, content),
                false => ("application/json", ZURICH),
            };
            assert_eq!(
                answer.header("content-type"),
                content_type,
                "{path} {accept}"
            );
            assert!(
                answer.text().contains(content),
                "{path} {accept}: {}",
                answer.text()
            );
            assert_eq!(answer.header("vary"), "accept");
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
        }
    }
}

#[tokio::test]
async fn single_values_for_scripts() {
    let geo = Geo::start().await;
    geo.fault(Fault::Body(ZURICH.into()));
    for (path, value) in [
        ("/ip", "9.9.9.9\n"),
        ("/isp", "Quad9\n"),
        ("/country", "CH\n"),
        ("/region", "Zürich\n"),
        ("/city", "Zürich\n"),
        ("/lat", "47.366670\n"),
        ("/lng", "8.550000\n"),
        ("/coordinates", "47.366670,8.550000\n"),
        ("/postal-code", "8001\n"),
        ("/timezone", "+01:00\n"),
        ("/asn", "AS19281\n"),
        ("/as-name", "Quad9\n"),
    ] {
        for accept in ["*/*", CHROME, "application/json"] {
            let answer = geo.send(Request::get(path).header("accept", accept)).await;
            assert_eq!(answer.status, 200, "{path}");
            assert_eq!(answer.text(), value, "{path}");
            assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        }
    }
}

#[tokio::test]
async fn values_that_ipify_does_not_have() {
    let geo = Geo::with(&[("lookup", "any"), ("cache_ttl", "0")]).await;
    // The stand-in does not know this address.
    let unknown = "?ip=89.0.142.86";
    assert_eq!(
        geo.get(&format!("/ip{unknown}")).await.text(),
        "89.0.142.86\n"
    );
    for path in [
        "isp",
        "country",
        "city",
        "lat",
        "coordinates",
        "asn",
        "as-name",
    ] {
        let answer = geo.get(&format!("/{path}{unknown}")).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.problem(), "no-value", "{path}");
        assert_eq!(answer.header("cache-status"), "geo; fwd=bypass");
    }
    let answer = geo
        .send(Request::get(format!("/{unknown}")).header("accept", "text/plain"))
        .await;
    assert_eq!(answer.text(), "ip: 89.0.142.86\n");
    let page = geo
        .send(Request::get(format!("/{unknown}")).header("accept", CHROME))
        .await;
    assert!(!page.text().contains("<svg"), "no pin without a place");
}

#[tokio::test]
async fn problems_come_in_the_preferred_form_too() {
    let geo = Geo::start().await;
    geo.fault(Fault::Status(403));
    for path in ["/", "/json", "/city", "/elbonia", "/?ip=1.1.1.1"] {
        let json = geo.get(path).await;
        assert!(!json.problem().is_empty());
        let title = json.json()["title"].as_str().unwrap().to_owned();
        for (accept, content_type, content) in [
            (
                CHROME,
                "text/html; charset=utf-8",
                format!("<h1>{title}</h1>"),
            ),
            (
                "text/plain",
                "text/plain; charset=utf-8",
                format!("{title}: "),
            ),
        ] {
            let answer = geo.send(Request::get(path).header("accept", accept)).await;
            assert_eq!(answer.status, json.status, "{path}");
            assert_eq!(answer.header("content-type"), content_type, "{path}");
            assert_eq!(answer.header("cache-control"), "no-store");
            assert_eq!(answer.header("vary"), "accept");
            assert!(
                answer.text().contains(&content),
                "{path}: {}",
                answer.text()
            );
        }
    }
}

#[tokio::test]
async fn the_page_allows_nothing_from_anywhere() {
    let geo = Geo::start().await;
    for path in ["/", "/elbonia"] {
        let answer = geo.send(Request::get(path).header("accept", CHROME)).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; "), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert!(!policy.contains("http"), "{policy}");
        for forbidden in [
            "<script", " style=", " onload", "<iframe", "@import", "url(",
        ] {
            assert!(!answer.text().contains(forbidden), "{forbidden}");
        }
    }
}

#[tokio::test]
async fn a_hostile_ipify_gets_no_tag_in() {
    let geo = Geo::start().await;
    let hostile = "\\\"><script>alert('x')</script>\\u202e";
    let long = "W".repeat(10_000);
    let json = format!(
        r#"{{"ip":"9.9.9.9","isp":"{hostile}","location":{{"city":"{hostile}","region":"{long}",
        "country":"{hostile}","lat":1.5,"lng":2.5}},"as":{{"name":"{hostile}","asn":1,
        "domain":"javascript:alert(1)"}}}}"#
    );
    geo.fault(Fault::Body(json.into()));
    let request = Request::get("/").header("accept", CHROME);
    let answer = geo.send(request).await;
    assert_eq!(answer.status, 200);
    for forbidden in ["<script", "\u{202e}", "javascript:"] {
        assert!(!answer.text().contains(forbidden), "{forbidden}");
    }
    assert!(answer.text().contains(&long));
}
