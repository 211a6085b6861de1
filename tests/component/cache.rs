//! Spending few credits: what is asked once, and what stands in.

use crate::harness::{Answer, Geo};
use http::Request;
use stand_in::Fault;

const TTL: i64 = 86_400;
const STALE: i64 = 604_800;

async fn behind_a_proxy() -> Geo {
    Geo::with(&[("trusted_hops", "1")]).await
}

/// `age` is that of the answer in seconds; empty counts as 0.
fn assert_headers(answer: &Answer, cache_status: &str, age: &str) {
    assert_eq!(answer.header("cache-status"), cache_status);
    // geo is the origin: a client would count the age twice (RFC 9111, 4.2).
    assert_eq!(answer.header("age"), "");
    // A browser keeps the answer about its own address for 5 minutes at most.
    let left = (TTL - age.parse().unwrap_or(0)).clamp(0, 300);
    let cache_control = format!("private, max-age={left}");
    assert_eq!(answer.header("cache-control"), cache_control);
}

#[tokio::test]
async fn ten_thousand_visits_of_a_thousand_addresses_cost_a_thousand_calls() {
    let geo = behind_a_proxy().await;
    let mut connection = geo.connect().await;
    for _ in 0..10 {
        for number in 0..1000 {
            let address = format!("89.0.{}.{}", number / 250, number % 250 + 1);
            let request = Request::get("/").header("x-forwarded-for", &address);
            let answer = connection.send(request).await;
            assert_eq!(answer.json()["ip"], address);
        }
    }
    assert_eq!(geo.stand_in.calls().len(), 1000);
}

#[tokio::test]
async fn a_walk_through_a_64_costs_one_call() {
    let geo = behind_a_proxy().await;
    let mut connection = geo.connect().await;
    for number in 0..10_000 {
        let address = format!("2620:fe:0:1::{number:x}:fe");
        let request = Request::get("/").header("x-forwarded-for", &address);
        let answer = connection.send(request).await;
        assert_eq!(answer.status, 200);
        let ip: std::net::IpAddr = answer.json()["ip"].as_str().unwrap().parse().unwrap();
        assert_eq!(ip, address.parse::<std::net::IpAddr>().unwrap());
    }
    assert_eq!(geo.stand_in.calls().len(), 1);
    geo.get_as("2620:fe:0:2::fe").await;
    assert_eq!(geo.stand_in.calls().len(), 2, "the next /64 is another");
}

#[tokio::test]
async fn nothing_but_the_address_is_different_for_a_neighbour() {
    let geo = behind_a_proxy().await;
    let json = |ip: &str| {
        format!(r#"{{"lat":37.405990,"ip": "{ip}","city":"Z\u00fcrich","seen":["2620:fe::1"]}}"#)
    };
    geo.set_fault(Fault::Body(json("2620:fe::1").into()));
    assert_eq!(geo.get_as("2620:fe::1").await.text(), json("2620:fe::1"));
    assert_eq!(geo.get_as("2620:fe::2").await.text(), json("2620:fe::2"));
    assert_eq!(geo.get_as("2620:fe::1").await.text(), json("2620:fe::1"));
    assert_eq!(geo.stand_in.calls().len(), 1);
}

#[tokio::test]
async fn an_answer_is_fresh_then_stale_then_asked_again() {
    let geo = behind_a_proxy().await;
    for (time, cache_status, age, calls) in [
        (0, "geo; fwd=miss; stored", "", 1),
        (0, "geo; hit; ttl=86400", "0", 1),
        (100, "geo; hit; ttl=86300", "100", 1),
        (TTL - 1, "geo; hit; ttl=1", "86399", 1),
        (TTL, "geo; hit; ttl=0", "86400", 2),
        (TTL + 1, "geo; hit; ttl=86399", "1", 2),
        (TTL + STALE, "geo; hit; ttl=-518400", "604800", 3),
        (TTL + STALE, "geo; hit; ttl=86400", "0", 3),
        (3 * TTL + 2 * STALE, "geo; fwd=stale; stored", "", 4),
    ] {
        geo.set_time(time);
        let answer = geo.get_as("9.9.9.9").await;
        assert_eq!(answer.json()["ip"], "9.9.9.9");
        assert_headers(&answer, cache_status, age);
        geo.idle().await;
        assert_eq!(geo.stand_in.calls().len(), calls, "at {time}");
    }
}

#[tokio::test]
async fn a_caller_who_is_unknown_costs_one_call_too() {
    let geo = Geo::start().await;
    for _ in 0..10 {
        assert_eq!(geo.get("/").await.json()["ip"], "8.8.8.8");
    }
    assert_eq!(geo.stand_in.calls().len(), 1);
}

#[tokio::test]
async fn the_answer_about_geos_own_address_is_fresh_for_an_hour() {
    let geo = Geo::start().await;
    for (time, cache_status) in [
        (0, "geo; fwd=miss; stored"),
        (0, "geo; hit; ttl=3600"),
        (3599, "geo; hit; ttl=1"),
        (3600, "geo; hit; ttl=0"),
    ] {
        geo.set_time(time);
        assert_eq!(geo.get("/").await.header("cache-status"), cache_status);
    }
    let geo = Geo::with(&[("cache_ttl", "60")]).await;
    geo.get("/").await;
    let answer = geo.get("/").await;
    assert_eq!(answer.header("cache-status"), "geo; hit; ttl=60");
}

#[tokio::test]
async fn another_address_may_be_kept_by_browsers_while_it_is_fresh() {
    let geo = Geo::with(&[("lookup", "any")]).await;
    let answer = geo.get("/?ip=9.9.9.9").await;
    assert_eq!(answer.header("cache-control"), "private, max-age=86400");
    geo.set_time(86_000);
    let answer = geo.get("/?ip=9.9.9.9").await;
    assert_eq!(answer.header("cache-control"), "private, max-age=400");
}

/// A store may evict by itself: the entries in the next slots are still there.
#[tokio::test]
async fn an_empty_slot_says_nothing_about_the_next() {
    let geo = Geo::with(&[("trusted_hops", "1"), ("cache_slots", "4")]).await;
    let addresses = ["9.9.9.1", "9.9.9.2", "9.9.9.3", "9.9.9.4"];
    for address in addresses {
        geo.get_as(address).await;
    }
    for key in geo.slots() {
        let entry = geo.key_value.get("default", &key).unwrap().unwrap();
        geo.key_value.delete("default", &key).unwrap();
        for address in addresses {
            // Whose answer it was stands in its second line.
            if String::from_utf8_lossy(&entry).contains(&format!(" {address}\n")) {
                continue;
            }
            let answer = geo.get_as(address).await;
            assert!(answer.header("cache-status").contains("hit"), "{address}");
        }
        geo.key_value.set("default", &key, &entry).unwrap();
    }
    assert_eq!(geo.stand_in.calls().len(), 4);
}

#[tokio::test]
async fn failures_are_not_kept() {
    let geo = behind_a_proxy().await;
    geo.set_fault(Fault::Status(403));
    assert_eq!(geo.get_as("9.9.9.9").await.problem(), "upstream-refused");
    assert!(geo.slots().is_empty());
    geo.set_fault(Fault::None);
    geo.set_time(1);
    assert_eq!(geo.get_as("9.9.9.9").await.status, 200);
}

#[tokio::test]
async fn an_answer_about_another_address_is_not_kept() {
    let geo = behind_a_proxy().await;
    geo.set_fault(Fault::Body(r#"{"ip":"8.8.8.8"}"#.into()));
    let answer = geo.get_as("9.9.9.9").await;
    assert_eq!(answer.text(), r#"{"ip":"8.8.8.8"}"#);
    assert_headers(&answer, "geo; fwd=miss", "");
    assert!(geo.slots().is_empty());
}

#[tokio::test]
async fn another_notation_of_the_address_is_kept() {
    let geo = behind_a_proxy().await;
    geo.set_fault(Fault::Body(r#"{"ip":"::ffff:9.9.9.9"}"#.into()));
    assert_headers(&geo.get_as("9.9.9.9").await, "geo; fwd=miss; stored", "");
    let answer = geo.get_as("9.9.9.9").await;
    assert_eq!(answer.text(), r#"{"ip":"::ffff:9.9.9.9"}"#);
    assert_headers(&answer, "geo; hit; ttl=86400", "0");
}

#[tokio::test]
async fn two_addresses_that_share_a_slot() {
    let geo = Geo::with(&[("trusted_hops", "1"), ("cache_slots", "1")]).await;
    for _ in 0..3 {
        for address in ["9.9.9.9", "1.1.1.1"] {
            let answer = geo.get_as(address).await;
            assert_eq!(answer.json()["ip"], address);
            assert_headers(&answer, "geo; fwd=miss; stored", "");
            // It holds until the other one comes.
            assert_eq!(
                geo.get_as(address).await.header("cache-status"),
                "geo; hit; ttl=86400"
            );
        }
    }
    assert_eq!(geo.slots().len(), 1);
}

#[tokio::test]
async fn a_full_cache_lets_the_oldest_go() {
    let geo = Geo::with(&[("trusted_hops", "1"), ("cache_slots", "4")]).await;
    for number in 1..=50 {
        geo.set_time(number);
        assert_eq!(geo.get_as(&format!("89.0.0.{number}")).await.status, 200);
        assert!(geo.slots().len() <= 4);
    }
    for number in 47..=50 {
        let answer = geo.get_as(&format!("89.0.0.{number}")).await;
        assert!(answer.header("cache-status").contains("hit"), "{number}");
    }
    assert_eq!(geo.stand_in.calls().len(), 50);
}

#[tokio::test]
async fn the_clock_goes_backwards() {
    let geo = behind_a_proxy().await;
    geo.get_as("9.9.9.9").await;
    // A little: another instance's clock is ahead.
    geo.set_time(-60);
    assert_headers(&geo.get_as("9.9.9.9").await, "geo; hit; ttl=86400", "0");
    // A lot: nobody knows how old the answer is.
    geo.set_time(-61);
    assert_headers(&geo.get_as("9.9.9.9").await, "geo; fwd=miss; stored", "");
    assert_headers(&geo.get_as("9.9.9.9").await, "geo; hit; ttl=86400", "0");
    // What came from the future makes room first.
    let geo = Geo::with(&[("trusted_hops", "1"), ("cache_slots", "4")]).await;
    geo.set_time(10 * 365 * TTL);
    for address in ["9.9.9.1", "9.9.9.2", "9.9.9.3", "9.9.9.4"] {
        geo.get_as(address).await;
    }
    geo.set_time(0);
    geo.get_as("1.1.1.1").await;
    geo.get_as("8.8.8.8").await;
    assert_headers(&geo.get_as("1.1.1.1").await, "geo; hit; ttl=86400", "0");
    geo.set_time(i64::MIN);
    assert_eq!(geo.get_as("9.9.9.9").await.status, 200);
}

#[tokio::test]
async fn without_a_ttl_there_is_no_cache() {
    let geo = Geo::with(&[("trusted_hops", "1"), ("cache_ttl", "0")]).await;
    for calls in 1..=3 {
        let answer = geo.get_as("9.9.9.9").await;
        assert_eq!(answer.header("cache-status"), "geo; fwd=bypass");
        assert_eq!(answer.header("cache-control"), "private, max-age=0");
        assert_eq!(geo.stand_in.calls().len(), calls);
    }
    geo.set_fault(Fault::Status(500));
    assert_eq!(
        geo.get_as("9.9.9.9").await.header("cache-status"),
        "geo; fwd=bypass"
    );
    assert!(geo.slots().is_empty());
}

#[tokio::test]
async fn what_cannot_be_read_is_a_miss() {
    let geo = behind_a_proxy().await;
    let right = geo.get_as("9.9.9.9").await;
    let [key] = geo.slots().try_into().unwrap();
    let entry = geo.key_value.get("default", &key).unwrap().unwrap();
    geo.get_as("1.1.1.1").await;
    let other = geo.slots().into_iter().find(|other| *other != key).unwrap();
    let other = geo.key_value.get("default", &other).unwrap().unwrap();

    let mut flipped = entry.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let newer = [b"geo4", &entry[4..]].concat();
    for value in [
        b"".to_vec(),
        b"another program's".to_vec(),
        b"\xff\xfe".to_vec(),
        entry[..entry.len() - 1].to_vec(),
        [&entry[..], b" "].concat(),
        flipped,
        newer,
        // A whole entry, but about another address.
        other,
    ] {
        geo.key_value.set("default", &key, &value).unwrap();
        let answer = geo.get_as("9.9.9.9").await;
        assert_eq!(answer.body, right.body);
        assert!(
            answer.header("cache-status").starts_with("geo; fwd=miss"),
            "{value:?}"
        );
        assert!(
            geo.get_as("9.9.9.9")
                .await
                .header("cache-status")
                .contains("hit")
        );
    }
}

#[tokio::test]
async fn another_tier_of_ipify_is_another_answer() {
    let visit = async |geo: &Geo| {
        geo.get_as("9.9.9.9")
            .await
            .header("cache-status")
            .to_owned()
    };
    let geo = behind_a_proxy().await;
    assert_eq!(visit(&geo).await, "geo; fwd=miss; stored");
    for (path, expected) in [
        ("/api/v2/country,city", "geo; hit; ttl=86400"),
        ("/api/v2/country", "geo; fwd=miss; stored"),
    ] {
        let variables = [("trusted_hops", "1"), ("ipify_path", path)];
        let again = geo.second_node(&variables).await;
        assert_eq!(visit(&again).await, expected, "{path}");
    }
}
