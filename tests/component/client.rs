//! Which client asks, and which addresses may be looked up.

use crate::harness::Geo;
use http::Request;

/// Returns the address in the last request to ipify. `None` is a request without
/// one, about the public address of the machine itself.
fn last_address(geo: &Geo) -> Option<String> {
    let call = geo.stand_in.calls().pop().unwrap();
    let address = call.split_once("&ipAddress=")?.1;
    Some(address.to_owned())
}

#[tokio::test]
async fn headers_of_a_client_are_ignored_by_default() {
    let geo = Geo::with(&[("cache_ttl", "0")]).await;
    for (name, value) in [
        ("spin-client-addr", "6.6.6.6:6"),
        ("spin-client-addr", "6.6.6.6"),
        ("x-forwarded-for", "6.6.6.6"),
        ("x-forwarded-for", "6.6.6.6, 6.6.6.7"),
        ("forwarded", "for=6.6.6.6"),
        ("x-real-ip", "6.6.6.6"),
        ("true-client-ip", "6.6.6.6"),
        ("cf-connecting-ip", "6.6.6.6"),
        ("x-client-ip", "6.6.6.6"),
        ("fastly-client-ip", "6.6.6.6"),
    ] {
        let answer = geo.send(Request::get("/").header(name, value)).await;
        assert_eq!(answer.status, 200);
        // The client is on loopback, so geo asks about the machine's own address.
        assert_eq!(last_address(&geo), None, "{name}: {value}");
    }
    let everything = Request::get("/")
        .header("spin-client-addr", "6.6.6.6:6")
        .header("spin-client-addr", "6.6.6.7:6")
        .header("x-forwarded-for", "6.6.6.6")
        .header("x-real-ip", "6.6.6.6");
    geo.send(everything).await;
    assert_eq!(last_address(&geo), None);
}

#[tokio::test]
async fn trusted_hops_counts_addresses_from_the_right() {
    for (hops, lines, expected) in [
        ("1", &["9.9.9.9"][..], Some("9.9.9.9")),
        ("1", &["6.6.6.6, 9.9.9.9"], Some("9.9.9.9")),
        ("1", &["6.6.6.6", "9.9.9.9"], Some("9.9.9.9")),
        ("1", &["<script>, 9.9.9.9"], Some("9.9.9.9")),
        ("2", &["6.6.6.6, 9.9.9.9, 10.0.0.1"], Some("9.9.9.9")),
        ("2", &["6.6.6.6, 9.9.9.9", "10.0.0.1"], Some("9.9.9.9")),
        ("1", &["6.6.6.6, 10.0.0.1"], None),
        ("2", &["9.9.9.9"], None),
        ("1", &[], None),
    ] {
        let geo = Geo::with(&[("trusted_hops", hops)]).await;
        let mut request = Request::get("/").header("x-real-ip", "6.6.6.6");
        for line in lines {
            request = request.header("x-forwarded-for", *line);
        }
        assert_eq!(geo.send(request).await.status, 200);
        assert_eq!(
            last_address(&geo).as_deref(),
            expected,
            "{hops} of {lines:?}"
        );
    }
}

#[tokio::test]
async fn client_ip_header_must_hold_one_address() {
    let geo = Geo::with(&[("client_ip_header", "True-Client-IP")]).await;
    for (address, expected) in [
        ("9.9.9.9", Some("9.9.9.9")),
        ("2620:fe::fe", Some("2620:fe::fe")),
        ("89.0.142.86", Some("89.0.142.86")),
        ("::ffff:1.1.1.1", Some("1.1.1.1")),
        ("[2001:4860:4860::8888]:443", Some("2001:4860:4860::8888")),
        ("192.168.1.1", None),
    ] {
        let request = Request::get("/").header("true-client-ip", address);
        let answer = geo.send(request.header("x-forwarded-for", "6.6.6.6")).await;
        assert_eq!(answer.status, 200, "{address}");
        assert_eq!(
            answer.json()["ip"],
            expected.unwrap_or("8.8.8.8"),
            "{address}"
        );
        assert_eq!(last_address(&geo).as_deref(), expected, "{address}");
    }
    let calls = geo.stand_in.calls().len();
    for address in ["", "elbonia", "9.9.9.9, 1.1.1.1", "9.9.9.9:", "fe80::1%"] {
        let answer = geo
            .send(Request::get("/").header("true-client-ip", address))
            .await;
        assert_eq!(answer.status, 400, "{address}");
        assert_eq!(answer.problem(), "invalid-address");
    }
    let twice = Request::get("/").header("true-client-ip", "9.9.9.9");
    let answer = geo.send(twice.header("true-client-ip", "9.9.9.9")).await;
    assert_eq!(answer.problem(), "invalid-address");
    assert_eq!(
        geo.stand_in.calls().len(),
        calls,
        "a malformed header led to a request"
    );
}

#[tokio::test]
async fn other_addresses_need_the_setting_lookup() {
    for (path, any, own) in [
        ("", "8.8.8.8", "8.8.8.8"),
        ("9.9.9.9", "9.9.9.9", "lookup-disabled"),
        ("9.9.9.9/json", "9.9.9.9", "lookup-disabled"),
        ("9.9.9.9?utm_source=elbonia", "9.9.9.9", "lookup-disabled"),
        ("2620:fe::fe", "2620:fe::fe", "lookup-disabled"),
        ("2620%3Afe%3a%3Afe/json", "2620:fe::fe", "lookup-disabled"),
        ("::ffff:9.9.9.9", "9.9.9.9", "lookup-disabled"),
        ("9.9.9", "invalid-address", "lookup-disabled"),
        ("9.9.9.9:80/json", "9.9.9.9", "lookup-disabled"),
        ("127.0.0.1", "special-address", "lookup-disabled"),
        ("fe80::1/city", "special-address", "lookup-disabled"),
        ("9.9.9.9?ip=9.9.9.9", "invalid-address", "invalid-address"),
        ("9.9.9.9/json?ip=", "9.9.9.9", "lookup-disabled"),
        ("json?ip=9.9.9.9", "9.9.9.9", "lookup-disabled"),
        ("?ip=9.9.9.9", "9.9.9.9", "lookup-disabled"),
        ("?ip=2620:fe::fe", "2620:fe::fe", "lookup-disabled"),
        ("?ip=2620%3Afe%3A%3Afe", "2620:fe::fe", "lookup-disabled"),
        ("?ip=elbonia", "invalid-address", "lookup-disabled"),
        ("?ip=", "8.8.8.8", "8.8.8.8"),
        (
            "?ip=9.9.9.9&ip=1.1.1.1",
            "invalid-address",
            "invalid-address",
        ),
        ("?ip=%3Cscript%3E", "invalid-address", "lookup-disabled"),
        ("?ip=127.0.0.1", "special-address", "lookup-disabled"),
        ("?ip=192.168.0.1", "special-address", "lookup-disabled"),
        ("?ip=224.0.0.1", "special-address", "lookup-disabled"),
        ("?ip=203.0.113.1", "special-address", "lookup-disabled"),
        ("?ip=fe80::1", "special-address", "lookup-disabled"),
    ] {
        for (lookup, expected) in [("any", any), ("caller", own)] {
            let geo = Geo::with(&[("lookup", lookup)]).await;
            let answer = geo.get(&format!("/{path}")).await;
            let status = match expected {
                "lookup-disabled" => 403,
                "invalid-address" => 400,
                "special-address" => 422,
                _ => 200,
            };
            assert_eq!(answer.status, status, "{lookup} {path}");
            if status == 200 {
                assert_eq!(answer.json()["ip"], expected, "{lookup} {path}");
            } else {
                assert_eq!(answer.problem(), expected, "{lookup} {path}");
                assert!(geo.stand_in.calls().is_empty(), "{lookup} {path}");
                assert!(geo.log().is_empty(), "{}", geo.log());
            }
        }
    }
}

#[tokio::test]
async fn headers_of_proxies_name_the_client() {
    for (settings, header, value, expected) in [
        (
            &[("client_ip_header", "cloudfront-viewer-address")][..],
            "cloudfront-viewer-address",
            "2620:fe::fe:46532",
            Some("2620:fe::fe"),
        ),
        (
            &[("client_ip_header", "cloudfront-viewer-address")],
            "cloudfront-viewer-address",
            "9.9.9.9:46532",
            Some("9.9.9.9"),
        ),
        (
            &[("client_ip_header", "forwarded")],
            "forwarded",
            "by=10.0.0.5;for=9.9.9.9;proto=https",
            Some("9.9.9.9"),
        ),
        (
            &[("client_ip_header", "forwarded")],
            "forwarded",
            "For=\"[2620:fe::fe]:4711\"",
            Some("2620:fe::fe"),
        ),
        (
            &[("client_ip_header", "forwarded"), ("trusted_hops", "2")],
            "forwarded",
            "for=6.6.6.6, for=9.9.9.9, for=10.0.0.1",
            Some("9.9.9.9"),
        ),
        (
            &[("client_ip_header", "cf-connecting-ip")],
            "cf-connecting-ip",
            "64:ff9b::909:909",
            Some("9.9.9.9"),
        ),
        (
            &[("client_ip_header", "cf-connecting-ip")],
            "cf-connecting-ip",
            "2002:909:909::1",
            Some("9.9.9.9"),
        ),
        // Google's load balancer appends the client and then itself.
        (
            &[("trusted_hops", "2")],
            "x-forwarded-for",
            "6.6.6.6,9.9.9.9,35.191.0.1",
            Some("9.9.9.9"),
        ),
        (
            &[("client_ip_header", "x-real-ip")],
            "x-real-ip",
            "10.0.0.1",
            None,
        ),
    ] {
        let geo = Geo::with(settings).await;
        let answer = geo.send(Request::get("/").header(header, value)).await;
        assert_eq!(answer.status, 200, "{header}: {value}");
        assert_eq!(last_address(&geo).as_deref(), expected, "{header}: {value}");
    }
}

#[tokio::test]
async fn a_header_that_names_no_client_is_refused() {
    for value in ["for=unknown", "for=_x", "for=\"9.9.9.9", ""] {
        let geo = Geo::with(&[("client_ip_header", "forwarded")]).await;
        let answer = geo.send(Request::get("/").header("forwarded", value)).await;
        assert_eq!(answer.problem(), "invalid-address", "{value}");
        assert!(geo.stand_in.calls().is_empty(), "{value}");
    }
}

/// The answer would be about the server.
#[tokio::test]
async fn a_client_that_is_not_on_geos_network_is_not_answered_as_if_it_were() {
    for (address, advice) in [
        ("240.1.2.3", "Pseudo IPv4"),
        ("0.0.0.0:0", "trusted_hops"),
        ("224.0.0.1", "proxy"),
        ("192.0.2.1", "proxy"),
        ("2001:db8::1", "proxy"),
    ] {
        let geo = Geo::with(&[("client_ip_header", "cf-connecting-ip")]).await;
        let request = Request::get("/").header("cf-connecting-ip", address);
        let answer = geo.send(request).await;
        assert_eq!(answer.problem(), "special-address", "{address}");
        let detail = answer.json()["detail"].to_string();
        assert!(detail.contains(advice), "{detail}");
        assert!(geo.stand_in.calls().is_empty(), "{address}");
    }
}
