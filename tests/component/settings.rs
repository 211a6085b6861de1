//! Variables, right and wrong.

use crate::harness::{API_KEY, Geo};
use http::Request;

#[tokio::test]
async fn a_wrong_variable_is_named() {
    for (name, value) in [
        ("ipify_api_key", ""),
        ("ipify_api_key", "at_élbonia"),
        ("ipify_path", "élbonia"),
        ("lookup", "élbonia"),
        ("client_ip_header", "élbonia"),
        ("trusted_hops", "élbonia"),
        ("timeout_ms", "élbonia"),
        ("timeout_ms", "0"),
        ("cache_ttl", "élbonia"),
        ("cache_stale", "élbonia"),
        ("cache_slots", "élbonia"),
        ("cors_origin", "élbonia"),
    ] {
        let geo = Geo::with(&[(name, value)]).await;
        let answer = geo.get("/").await;
        assert_eq!(answer.status, 500, "{name}");
        assert_eq!(answer.problem(), "misconfigured", "{name}");
        let detail = answer.json()["detail"].to_string();
        assert!(detail.contains(name), "{detail}");
        assert!(!detail.contains("lbonia"), "{detail}");
        assert!(geo.log().contains(name), "{}", geo.log());
        assert!(!geo.log().contains("lbonia"), "{}", geo.log());
        assert!(geo.stand_in.calls().is_empty(), "{name}");
    }
}

/// The origin is also an allowed host, so a host may refuse it first; where
/// it does not, geo does.
#[tokio::test]
async fn a_wrong_origin_is_named() {
    for origin in [
        "https://geo.ipify.org/api",
        "geo.ipify.org",
        "ftp://geo.ipify.org",
    ] {
        let geo = Geo::customized(&[("ipify_origin", origin)], |manifest| {
            manifest.allowed_outbound_hosts.clear();
        })
        .await;
        let answer = geo.get("/").await;
        assert_eq!(answer.problem(), "misconfigured", "{origin}");
        let detail = answer.json()["detail"].to_string();
        assert!(detail.contains("ipify_origin"), "{detail}");
    }
}

#[tokio::test]
async fn a_manifest_from_before_a_variable_gets_its_default() {
    let geo = Geo::customized(&[], |manifest| {
        let kept = ["ipify_api_key", "ipify_origin"];
        manifest
            .component_variables
            .retain(|name, _| kept.contains(&name.as_str()));
    });
    let geo = geo.await;
    assert_eq!(geo.get("/").await.status, 200);
    assert!(geo.stand_in.calls()[0].starts_with("/api/v2/country,city?"));

    let geo = Geo::customized(&[], |manifest| manifest.component_variables.clear());
    assert_eq!(geo.await.get("/").await.problem(), "misconfigured");
}

#[tokio::test]
async fn the_query_to_ipify() {
    const KEY: &str = "at_S3CR3T%2B%2F%3D%26%25%3F%23key";
    // The caller is on loopback: ipify sees the public address by itself.
    for (variables, expected) in [
        (
            &[] as &[(&str, &str)],
            format!("/api/v2/country,city?apiKey={KEY}"),
        ),
        (
            &[("ipify_path", "/api/v1")],
            format!("/api/v1?apiKey={KEY}"),
        ),
        (
            &[("ipify_api_key", " at_S3CR3T+/=&%?#key\n")],
            format!("/api/v2/country,city?apiKey={KEY}"),
        ),
    ] {
        let geo = Geo::with(variables).await;
        assert_eq!(geo.get("/").await.status, 200);
        assert_eq!(geo.stand_in.calls(), [expected]);
    }
    assert!(API_KEY.contains("+/=&%?#"));
}

#[tokio::test]
async fn whose_address_is_asked_about() {
    let geo = Geo::with(&[("client_ip_header", "True-Client-IP")]).await;
    for (address, expected) in [
        ("9.9.9.9", Some("9.9.9.9")),
        ("2620:fe::fe", Some("2620:fe::fe")),
        ("89.0.142.86", Some("89.0.142.86")),
        ("::ffff:9.9.9.9", Some("9.9.9.9")),
        ("[2620:fe::fe]:443", Some("2620:fe::fe")),
        ("192.168.1.1", None),
        ("fe80::1%eth0", None),
        ("203.0.113.7", None),
    ] {
        let answer = geo
            .send(Request::get("/").header("true-client-ip", address))
            .await;
        assert_eq!(answer.status, 200, "{address}");
        assert_eq!(
            answer.json()["ip"],
            expected.unwrap_or("8.8.8.8"),
            "{address}"
        );
        let call = geo.stand_in.calls().pop().unwrap();
        let asked = call.split_once("&ipAddress=").map(|(_, asked)| asked);
        assert_eq!(asked, expected, "{address}");
    }
    let answer = geo
        .send(Request::get("/").header("true-client-ip", "elbonia"))
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.problem().as_str()),
        (400, "invalid-address")
    );
}
