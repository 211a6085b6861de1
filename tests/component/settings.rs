//! Variables with valid and invalid values.

use crate::harness::{Geo, Setup};

#[tokio::test]
async fn the_problem_names_the_invalid_variable() {
    for (name, value) in [
        ("ipify_api_key", ""),
        ("ipify_api_key", "at_élbonia"),
        ("ipify_path", "élbonia"),
        ("lookup", "élbonia"),
        ("client_ip_header", "élbonia"),
        ("trusted_hops", "élbonia"),
        ("trusted_hops", "+1"),
        ("timeout_ms", "élbonia"),
        ("timeout_ms", "0"),
        ("cache_ttl", "élbonia"),
        ("cache_stale", "élbonia"),
        ("cache_slots", "élbonia"),
        ("lookups_per_day", "élbonia"),
        ("cors_origin", "élbonia"),
    ] {
        // The plain build has no cache, and does not read its settings.
        if !cfg!(feature = "spin") && matches!(name, "cache_stale" | "cache_slots") {
            continue;
        }
        // `lookup` is read only for another address.
        let path = if name == "lookup" {
            "/?ip=9.9.9.9"
        } else {
            "/"
        };
        let geo = Geo::with(&[(name, value)]).await;
        let answer = geo.get(path).await;
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

/// The origin is also an allowed outbound host, so the host may refuse it first.
/// Otherwise geo does.
#[tokio::test]
async fn an_invalid_origin_is_refused() {
    for origin in [
        "https://geo.ipify.org/api",
        "geo.ipify.org",
        "ftp://geo.ipify.org",
        // Spin refuses these as allowed hosts.
        "HTTP://geo.ipify.org",
        "http://[::1]",
        "",
    ] {
        let geo = Geo::set_up(Setup {
            variables: &[("ipify_origin", origin)],
            manifest: Some(|manifest| {
                manifest.allowed_outbound_hosts.clear();
            }),
            ..Setup::default()
        })
        .await;
        let answer = geo.get("/").await;
        assert_eq!(answer.problem(), "misconfigured", "{origin}");
        let detail = answer.json()["detail"].to_string();
        assert!(detail.contains("ipify_origin"), "{detail}");
    }
}

#[tokio::test]
async fn a_variable_that_an_older_manifest_lacks_has_its_default() {
    let geo = Geo::set_up(Setup {
        variables: &[],
        manifest: Some(|manifest| {
            let older = ["ipify_api_key", "ipify_origin"];
            manifest
                .component_variables
                .retain(|name, _| older.contains(&name.as_str()));
        }),
        ..Setup::default()
    });
    let geo = geo.await;
    assert_eq!(geo.get("/").await.status, 200);
    assert!(geo.stand_in.calls()[0].starts_with("/api/v2/country,city?"));

    let geo = Geo::set_up(Setup {
        variables: &[],
        manifest: Some(|manifest| manifest.component_variables.clear()),
        ..Setup::default()
    });
    assert_eq!(geo.await.get("/").await.problem(), "misconfigured");
}

#[tokio::test]
async fn the_query_to_ipify() {
    const KEY: &str = "at_S3CR3T%2B%2F%3D%26%25%3F%23key";
    // The client is on loopback, so geo asks ipify without an address.
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
}
