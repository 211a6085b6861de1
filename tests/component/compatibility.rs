//! What users of other services, people and crawlers send.

use crate::harness::Geo;
use http::Request;

#[tokio::test]
async fn the_paths_and_parameters_of_ipify_answer_with_its_json() {
    let geo = Geo::with(&[("lookup", "any")]).await;
    let expected = geo.get("/9.9.9.9/json").await;
    for path in [
        "/json?ipAddress=9.9.9.9",
        "/api/v1?apiKey=at_x&ipAddress=9.9.9.9",
        "/api/v2/country?apiKey=at_x&ipAddress=9.9.9.9",
        "/api/v2/country,city?apiKey=at_x&ipAddress=9.9.9.9",
        "/api/v2/country%2Ccity?ipAddress=9.9.9.9",
        "/api/v2/country,city,vpn?ip=9.9.9.9",
    ] {
        let answer = geo.send(Request::get(path).header("accept", "text/html"));
        let answer = answer.await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("content-type"), "application/json", "{path}");
        assert_eq!(answer.body, expected.body, "{path}");
    }
    assert!(
        geo.stand_in
            .calls()
            .iter()
            .all(|call| !call.contains("at_x"))
    );
}

#[tokio::test]
async fn parameters_for_what_geo_does_not_do_are_refused() {
    let geo = Geo::with(&[("lookup", "any")]).await;
    for query in [
        "?domain=dns.google",
        "?ip=9.9.9.9&domain=dns.google",
        "?email=a%40elbonia.example",
        "?callback=cb",
        "?format=xml",
        "?format=jsonp",
    ] {
        for path in ["/", "/json", "/city", "/9.9.9.9", "/api/v1"] {
            let answer = geo.get(&format!("{path}{query}")).await;
            assert_eq!(answer.status, 400, "{path}{query}");
            assert_eq!(answer.problem(), "unsupported-parameter", "{path}{query}");
        }
    }
    assert!(geo.stand_in.calls().is_empty());
}

#[tokio::test]
async fn the_names_of_other_services_are_aliases() {
    let geo = Geo::with(&[("lookup", "any")]).await;
    for (path, expected) in [
        ("/9.9.9.9/country-iso", "CH\n"),
        ("/9.9.9.9/country_code", "CH\n"),
        ("/9.9.9.9/country_name", "Switzerland\n"),
        ("/9.9.9.9/region_name", "Zürich\n"),
        ("/9.9.9.9/latitude", "47.36667\n"),
        ("/9.9.9.9/longitude", "8.55\n"),
        ("/9.9.9.9/loc", "47.36667,8.55\n"),
        ("/9.9.9.9/postal", "8001\n"),
        ("/9.9.9.9/zip", "8001\n"),
        ("/9.9.9.9/time_zone", "+01:00\n"),
        ("/9.9.9.9/org", "Quad9\n"),
        ("/9.9.9.9/asn-org", "Quad9\n"),
        ("/9.9.9.9/city/", "Zürich\n"),
        ("/latitude?ip=9.9.9.9", "47.36667\n"),
    ] {
        let answer = geo.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.text(), expected, "{path}");
    }
    for path in ["/json/9.9.9.9", "/9.9.9.9/json/", "/json/?ip=9.9.9.9"] {
        let answer = geo.send(Request::get(path).header("accept", "text/html"));
        assert_eq!(answer.await.json()["ip"], "9.9.9.9", "{path}");
    }
}

#[tokio::test]
async fn format_goes_before_accept() {
    let geo = Geo::start().await;
    for (format, content_type) in [
        ("json", "application/json"),
        ("html", "text/html; charset=utf-8"),
        ("text", "text/plain; charset=utf-8"),
    ] {
        for accept in ["text/html", "application/json", "text/plain"] {
            let path = format!("/?format={format}");
            let answer = geo.send(Request::get(path).header("accept", accept)).await;
            assert_eq!(answer.header("content-type"), content_type, "{accept}");
        }
    }
    let problem = geo.send(Request::get("/elbonia?format=json").header("accept", "text/html"));
    assert_eq!(problem.await.problem(), "not-found");
}

#[tokio::test]
async fn an_address_is_read_as_people_paste_it() {
    let geo = Geo::with(&[("lookup", "any")]).await;
    for (query, expected) in [
        ("?ip=%209.9.9.9%20", "9.9.9.9"),
        ("?ip=9.9.9.9%0D%0A", "9.9.9.9"),
        ("?ip=9.9.9.9:443", "9.9.9.9"),
        ("?ip=[2620:fe::fe]", "2620:fe::fe"),
        ("?ip=[2620:fe::fe]:443", "2620:fe::fe"),
        ("?ip=64:ff9b::909:909", "9.9.9.9"),
        ("?ip=2002:909:909::1", "9.9.9.9"),
        ("?ip=2001:0:5ef5::f6f6:f6f6", "9.9.9.9"),
    ] {
        let answer = geo.get(&format!("/ip{query}")).await;
        assert_eq!(answer.text(), format!("{expected}\n"), "{query}");
    }
    let answer = geo.get("/64:ff9b::10.0.0.1").await;
    assert_eq!(answer.problem(), "special-address");
    // An empty form is about the client.
    let answer = geo.get("/?ip=").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), "private, no-cache");
}

#[tokio::test]
async fn a_client_may_ask_about_its_own_address() {
    let geo = Geo::with(&[("trusted_hops", "1")]).await;
    let ask =
        |path: &'static str| geo.send(Request::get(path).header("x-forwarded-for", "9.9.9.9"));
    for path in ["/?ip=9.9.9.9", "/9.9.9.9", "/?ip=::ffff:9.9.9.9"] {
        let answer = ask(path).await;
        assert_eq!(answer.json()["ip"], "9.9.9.9", "{path}");
        assert_eq!(answer.header("cache-control"), "private, no-cache");
    }
    assert_eq!(ask("/?ip=1.1.1.1").await.problem(), "lookup-disabled");
}

#[tokio::test]
async fn crawlers_are_kept_away() {
    let geo = Geo::start().await;
    let answer = geo.get("/robots.txt").await;
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(answer.text(), "User-agent: *\nDisallow: /\n");
    for path in ["/", "/json", "/elbonia", "/healthz"] {
        let answer = geo.get(path).await;
        assert_eq!(answer.header("x-robots-tag"), "noindex", "{path}");
    }
}
