//! `cache_prefix_v4` and `cache_prefix_v6`: the network whose addresses share an answer.

use crate::harness::Geo;
use http::Request;
use stand_in::Fault;
use std::net::IpAddr;

/// Starts geo behind a proxy, with instances that keep nothing.
async fn start(variables: &[(&str, &str)]) -> Geo {
    Geo::with_new_instances(&[variables, &[("trusted_hops", "1")]].concat()).await
}

/// The addresses with this number in each of 40 networks.
fn addresses(number: usize) -> impl Iterator<Item = String> {
    (0..40).map(move |network| format!("89.0.{network}.{}", number + 1))
}

/// Returns all that the store has, keys included, as text.
fn stored(geo: &Geo) -> String {
    let keys = geo.key_value.keys("default").unwrap();
    let mut text = String::new();
    for key in keys {
        let value = geo.key_value.get("default", &key).unwrap().unwrap();
        text += &format!("{key} {}\n", String::from_utf8_lossy(&value));
    }
    text
}

#[tokio::test]
async fn ten_thousand_visits_from_forty_networks_cost_forty_lookups() {
    let geo = start(&[("cache_prefix_v4", "24")]).await;
    let mut connection = geo.connect().await;
    let mut visits = 0;
    for _ in 0..10 {
        for number in 0..25 {
            for address in addresses(number) {
                let request = Request::get("/").header("x-forwarded-for", &address);
                let answer = connection.send(request).await;
                assert_eq!(answer.json()["ip"], address);
                visits += 1;
            }
        }
    }
    assert_eq!(visits, 10_000);
    assert_eq!(geo.stand_in.calls().len(), 40);
    geo.idle().await;
    let stored = stored(&geo);
    for address in (0..25).flat_map(addresses) {
        // The address of the network is the beginning of no other one.
        let is_in =
            stored.contains(&format!("{address}\"")) || stored.contains(&format!("{address}/"));
        assert!(!is_in, "{address} is in {stored}");
    }
    assert!(stored.contains(r#""ip":"89.0.7.0""#), "{stored}");
}

/// ipify knows more about the client's address than about its network.
#[tokio::test]
async fn ipify_is_asked_about_the_address() {
    let geo = start(&[("cache_prefix_v4", "16"), ("cache_prefix_v6", "48")]).await;
    for (address, cached) in [
        ("89.0.1.1", false),
        ("89.0.2.2", true),
        ("89.1.2.2", false),
        ("2620:fe:0:1::1", false),
        ("2620:fe:0:2::2", true),
        ("2620:fe:1:2::2", false),
    ] {
        let before = geo.stand_in.calls().len();
        let answer = geo.get_as(address).await;
        let ip: IpAddr = answer.json()["ip"].as_str().unwrap().parse().unwrap();
        assert_eq!(ip, address.parse::<IpAddr>().unwrap());
        let calls = geo.stand_in.calls();
        assert_eq!(calls.len() == before, cached, "{address}");
        let encoded = format!("ipAddress={address}");
        assert!(cached || calls[before].ends_with(&encoded), "{calls:?}");
    }
}

/// No interface identifier of a client is stored, whatever the prefix.
#[tokio::test]
async fn an_ipv6_address_is_stored_as_its_network() {
    let geo = start(&[]).await;
    geo.get_as("2620:fe:0:1:a:b:c:d").await;
    geo.idle().await;
    let stored = stored(&geo);
    assert!(!stored.contains("a:b:c:d"), "{stored}");
    assert!(stored.contains(r#""ip":"2620:fe:0:1::""#), "{stored}");
}

/// An answer about the /16 may be about another part of it than a /24.
#[tokio::test]
async fn answers_of_another_prefix_are_not_served() {
    let geo = start(&[("cache_prefix_v4", "16")]).await;
    geo.get_as("89.0.9.9").await;
    for prefix in ["24", "32"] {
        let variables = [("cache_prefix_v4", prefix), ("trusted_hops", "1")];
        let other = geo.second_node(&variables).await;
        let before = geo.stand_in.calls().len();
        other.get_as("89.0.0.0").await;
        assert_eq!(geo.stand_in.calls().len(), before + 1, "{prefix}");
    }
}

#[tokio::test]
async fn an_answer_about_another_network_is_not_stored() {
    let geo = start(&[("cache_prefix_v4", "24")]).await;
    for (ip, stored) in [("89.0.1.77", true), ("89.0.2.1", false)] {
        geo.clear_store();
        geo.set_fault(Fault::Body(format!(r#"{{"ip":"{ip}"}}"#).into()));
        let answer = geo.get_as("89.0.1.1").await;
        let status = if stored {
            "geo; fwd=miss; stored"
        } else {
            "geo; fwd=miss"
        };
        assert_eq!(answer.header("cache-status"), status);
    }
}
