//! JSON, HTML and plain text.

use crate::harness::Geo;
use http::Request;
use stand_in::Fault;

const ZURICH: &str = r#"{"ip":"9.9.9.9","location":{"country":"CH","region":"Z\u00fcrich","city":"Zürich","lat":47.366670,"lng":8.550000,"postalCode":"8001","timezone":"+01:00","geonameId":2657896},"domains":["dns.quad9.net","quad9.net"],"as":{"asn":19281,"name":"Quad9","route":"9.9.9.0/24","domain":"https://quad9.net","type":"Content"},"isp":"Quad9","proxy":{"proxy":false,"vpn":true,"tor":false}}"#;

const CHROME: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";

#[tokio::test]
async fn accept_selects_the_representation() {
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
            "country: CH\ncountry-name: Switzerland\nregion: Zürich\n",
        ),
    ] {
        geo.set_fault(Fault::Body(ZURICH.into()));
        for (path, negotiated) in [("/", true), ("/json", false)] {
            let answer = geo.send(Request::get(path).header("accept", accept)).await;
            assert_eq!(answer.status, 200);
            let (content_type, content) = if negotiated {
                (content_type, content)
            } else {
                ("application/json", ZURICH)
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
async fn single_values_are_plain_text() {
    let geo = Geo::start().await;
    geo.set_fault(Fault::Body(ZURICH.into()));
    for (path, value) in [
        ("/ip", "9.9.9.9\n"),
        ("/isp", "Quad9\n"),
        ("/country", "CH\n"),
        ("/country-name", "Switzerland\n"),
        ("/region", "Zürich\n"),
        ("/city", "Zürich\n"),
        ("/lat", "47.366670\n"),
        ("/lng", "8.550000\n"),
        ("/coordinates", "47.366670,8.550000\n"),
        ("/postal-code", "8001\n"),
        ("/timezone", "+01:00\n"),
        ("/asn", "AS19281\n"),
        ("/as-name", "Quad9\n"),
        ("/as-type", "Content\n"),
        ("/as-route", "9.9.9.0/24\n"),
        ("/as-domain", "https://quad9.net\n"),
        ("/domains", "dns.quad9.net,quad9.net\n"),
        ("/geoname-id", "2657896\n"),
        ("/continent", "EU\n"),
        ("/eu", "false\n"),
        ("/eea", "false\n"),
        ("/proxy", "false\n"),
        ("/vpn", "true\n"),
        ("/tor", "false\n"),
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
async fn unknown_values_are_404() {
    let geo = Geo::with(&[("lookup", "any"), ("cache_ttl", "0")]).await;
    // The stand-in has no sample for this address.
    let unknown = "?ip=89.0.142.86";
    assert_eq!(
        geo.get(&format!("/ip{unknown}")).await.text(),
        "89.0.142.86\n"
    );
    for path in [
        "isp",
        "country",
        "country-name",
        "city",
        "lat",
        "coordinates",
        "asn",
        "as-name",
        "domains",
        "geoname-id",
        "continent",
        "eu",
        "vpn",
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
    assert!(!page.text().contains("<svg"), "a map without coordinates");
}

#[tokio::test]
async fn accept_selects_the_representation_of_problems() {
    let geo = Geo::start().await;
    geo.set_fault(Fault::Status(403));
    for path in [
        "/",
        "/json",
        "/city",
        "/elbonia",
        "/?ip=1.1.1.1",
        "/1.1.1.1/city",
    ] {
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
async fn the_page_loads_no_other_resources() {
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
async fn paths_with_an_address() {
    let geo = Geo::with(&[("lookup", "any"), ("cache_ttl", "0")]).await;
    for (path, accept, content_type, content) in [
        ("/9.9.9.9", "*/*", "application/json", r#"{"ip":"9.9.9.9""#),
        ("/9.9.9.9", CHROME, "text/html", "<h1>9.9.9.9</h1>"),
        ("/9.9.9.9", "text/plain", "text/plain", "ip: 9.9.9.9\n"),
        (
            "/9.9.9.9/json",
            CHROME,
            "application/json",
            r#"{"ip":"9.9.9.9""#,
        ),
        ("/9.9.9.9/city", CHROME, "text/plain", "Zürich\n"),
        ("/2620:fe::fe/ip", "*/*", "text/plain", "2620:fe::fe\n"),
        (
            "/2620%3Afe%3A%3Afe/country-name",
            "*/*",
            "text/plain",
            "Switzerland\n",
        ),
        (
            "/89.0.142.86/city",
            "*/*",
            "application/problem+json",
            "no-value",
        ),
        (
            "/89.0.142.86/city",
            CHROME,
            "text/html",
            "<h1>No such value</h1>",
        ),
    ] {
        let answer = geo.send(Request::get(path).header("accept", accept)).await;
        assert!(answer.text().contains(content), "{path}: {}", answer.text());
        let type_ = answer.header("content-type").split(';').next();
        assert_eq!(type_, Some(content_type), "{path} {accept}");
        assert_eq!(answer.header("vary"), "accept", "{path}");
    }
    // It is fresh as long as the cached answer, unlike one about the client.
    let geo = Geo::with(&[("lookup", "any"), ("cache_ttl", "7000")]).await;
    let answer = geo.get("/9.9.9.9/city").await;
    assert_eq!(answer.header("cache-control"), "private, max-age=7000");
}

#[tokio::test]
async fn the_page_has_a_form_where_other_addresses_are_allowed() {
    for (lookup, form_action) in [
        ("any", "form-action 'self'"),
        ("caller", "form-action 'none'"),
    ] {
        let geo = Geo::with(&[("lookup", lookup), ("cache_ttl", "0")]).await;
        for (path, status, value) in [
            ("/", 200, ""),
            ("/9.9.9.9", 200, "9.9.9.9"),
            ("/?ip=2620:fe::fe", 200, "2620:fe::fe"),
            ("/?ip=%22%3E", 400, "&#34;&#62;"),
            ("/?ip=9.9.9.9&ip=1.1.1.1", 400, "9.9.9.9"),
            ("/127.0.0.1", 422, "127.0.0.1"),
            ("/89.0.142.86/city", 404, "89.0.142.86"),
        ] {
            let answer = geo.send(Request::get(path).header("accept", CHROME)).await;
            let is_allowed = lookup == "any";
            if is_allowed {
                assert_eq!(answer.status, status, "{path}");
            }
            let field = format!(r#"name="ip" value="{value}""#);
            assert_eq!(answer.text().contains(&field), is_allowed, "{path}");
            assert_eq!(answer.text().contains("<form"), is_allowed, "{path}");
            let is_invalid = is_allowed && matches!(status, 400 | 422);
            assert_eq!(
                answer.text().contains("aria-invalid="),
                is_invalid,
                "{path}"
            );
            let policy = answer.header("content-security-policy");
            assert!(policy.ends_with(form_action), "{path}: {policy}");
        }
    }
}

#[tokio::test]
async fn the_commands_on_the_page_name_the_address() {
    let geo = Geo::with(&[("lookup", "any"), ("cache_ttl", "0")]).await;
    for (path, command) in [
        ("/", "<code>curl http://geo.example/json</code>"),
        (
            "/9.9.9.9",
            "<code>curl http://geo.example/9.9.9.9/json</code>",
        ),
        (
            "/?ip=2620%3Afe::fe",
            "<code>curl http://geo.example/2620:fe::fe/json</code>",
        ),
    ] {
        let answer = geo.send(Request::get(path).header("accept", CHROME)).await;
        assert!(answer.text().contains(command), "{path}: {}", answer.text());
    }
}

#[tokio::test]
async fn pages_of_problems_link_to_the_start() {
    let geo = Geo::start().await;
    let again = r#"<a href="">Try again</a>"#;
    for (path, fault, tries_again) in [
        ("/elbonia", Fault::None, false),
        ("/?ip=9.9.9.9", Fault::None, false),
        ("/", Fault::Status(500), true),
    ] {
        geo.set_fault(fault);
        let answer = geo.send(Request::get(path).header("accept", CHROME)).await;
        assert!(answer.text().contains(r#"<a href="/">"#), "{path}");
        assert_eq!(answer.text().contains(again), tries_again, "{path}");
    }
}

#[tokio::test]
async fn a_country_without_a_name_is_shown_by_its_code() {
    let geo = Geo::with(&[("cache_ttl", "0")]).await;
    for (country, place) in [
        (
            "CH",
            "<bdi>Switzerland</bdi> <span aria-hidden=\"true\">🇨🇭</span>",
        ),
        ("XX", "<p><bdi>XX</bdi></p>"),
    ] {
        let json = format!(r#"{{"ip":"9.9.9.9","location":{{"country":"{country}"}}}}"#);
        geo.set_fault(Fault::Body(json.into()));
        let answer = geo.send(Request::get("/").header("accept", CHROME)).await;
        assert!(answer.text().contains(place), "{}", answer.text());
    }
    assert_eq!(geo.get("/country-name").await.problem(), "no-value");
    assert_eq!(geo.get("/country").await.text(), "XX\n");
}

#[tokio::test]
async fn values_of_ipify_are_escaped_in_the_page() {
    let geo = Geo::start().await;
    let hostile = "\\\"><script>alert('x')</script>\\u202e";
    let long = "W".repeat(10_000);
    let json = format!(
        r#"{{"ip":"9.9.9.9","isp":"{hostile}","location":{{"city":"{hostile}","region":"{long}",
        "country":"{hostile}","lat":1.5,"lng":2.5}},"as":{{"name":"{hostile}","asn":1,
        "domain":"javascript:alert(1)"}}}}"#
    );
    geo.set_fault(Fault::Body(json.into()));
    let request = Request::get("/").header("accept", CHROME);
    let answer = geo.send(request).await;
    assert_eq!(answer.status, 200);
    for forbidden in ["<script", "\u{202e}", "javascript:"] {
        assert!(!answer.text().contains(forbidden), "{forbidden}");
    }
    assert!(answer.text().contains(&long));
}

#[tokio::test]
async fn coordinates_of_0_0_are_no_place_on_the_map() {
    let geo = Geo::with(&[("cache_ttl", "0")]).await;
    let json = r#"{"ip":"8.8.8.8","location":{"country":"CH","lat":0,"lng":0.000000}}"#;
    geo.set_fault(Fault::Body(json.into()));
    let page = geo
        .send(Request::get("/").header("accept", "text/html"))
        .await;
    assert!(page.text().contains("Switzerland"), "{}", page.text());
    assert!(!page.text().contains("<svg"), "{}", page.text());
    assert_eq!(geo.get("/coordinates").await.text(), "0,0.000000\n");
}
