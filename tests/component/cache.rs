//! Cached answers: how long they are fresh or stale, and what evicts them.

use crate::harness::{Answer, Geo};
use http::Request;
use stand_in::Fault;

const TTL: i64 = 86_400;
const STALE: i64 = 604_800;

async fn behind_a_proxy() -> Geo {
    Geo::with(&[("trusted_hops", "1")]).await
}

/// Checks the headers about caching.
fn assert_headers(answer: &Answer, cache_status: &str) {
    assert_eq!(answer.header("cache-status"), cache_status);
    // geo is the origin: with `Age`, a client would count the age twice (RFC 9111,
    // section 4.2).
    assert_eq!(answer.header("age"), "");
    // The answer about a client depends on its connection, which is in no key of a
    // browser's cache.
    assert_eq!(answer.header("cache-control"), "private, no-cache");
}

#[tokio::test]
async fn one_lookup_for_each_address() {
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
async fn one_lookup_for_all_addresses_of_a_64() {
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
    assert_eq!(
        geo.stand_in.calls().len(),
        2,
        "the next /64 is another network"
    );
}

#[tokio::test]
async fn a_cached_answer_gets_the_address_of_the_client() {
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
async fn answers_are_fresh_then_stale_then_expired() {
    let geo = behind_a_proxy().await;
    for (time, cache_status, calls) in [
        (0, "geo; fwd=miss; stored", 1),
        (0, "geo; hit; ttl=86400", 1),
        (100, "geo; hit; ttl=86300", 1),
        (TTL - 1, "geo; hit; ttl=1", 1),
        (TTL, "geo; hit; ttl=0", 2),
        (TTL + 1, "geo; hit; ttl=86399", 2),
        (TTL + STALE, "geo; hit; ttl=-518400", 3),
        (TTL + STALE, "geo; hit; ttl=86400", 3),
        (3 * TTL + 2 * STALE, "geo; fwd=stale; stored", 4),
    ] {
        geo.set_time(time);
        let answer = geo.get_as("9.9.9.9").await;
        assert_eq!(answer.json()["ip"], "9.9.9.9");
        assert_headers(&answer, cache_status);
        geo.idle().await;
        assert_eq!(geo.stand_in.calls().len(), calls, "at {time}");
    }
}

#[tokio::test]
async fn the_answer_about_geos_own_address_is_cached() {
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
async fn browsers_may_cache_another_address_while_it_is_fresh() {
    let geo = Geo::with(&[("lookup", "any")]).await;
    let answer = geo.get("/?ip=9.9.9.9").await;
    assert_eq!(answer.header("cache-control"), "private, max-age=86400");
    geo.set_time(86_000);
    let answer = geo.get("/?ip=9.9.9.9").await;
    assert_eq!(answer.header("cache-control"), "private, max-age=400");
}

/// A store may evict entries itself. Those in the other slots are still found.
#[tokio::test]
async fn entries_are_found_behind_an_empty_slot() {
    let geo = Geo::with(&[("trusted_hops", "1"), ("cache_slots", "4")]).await;
    let addresses = ["9.9.9.1", "9.9.9.2", "9.9.9.3", "9.9.9.4"];
    for address in addresses {
        geo.get_as(address).await;
    }
    for key in geo.slots() {
        let entry = geo.key_value.get("default", &key).unwrap().unwrap();
        geo.key_value.delete("default", &key).unwrap();
        for address in addresses {
            // The entry's second line ends with the address that it is about.
            if String::from_utf8_lossy(&entry).contains(&format!(" {address}/32\n")) {
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
async fn failures_are_not_cached() {
    let geo = behind_a_proxy().await;
    geo.set_fault(Fault::Status(403));
    assert_eq!(geo.get_as("9.9.9.9").await.problem(), "upstream-refused");
    assert!(geo.slots().is_empty());
    geo.set_fault(Fault::None);
    geo.set_time(1);
    assert_eq!(geo.get_as("9.9.9.9").await.status, 200);
}

#[tokio::test]
async fn an_answer_about_the_wrong_address_is_not_cached() {
    let geo = behind_a_proxy().await;
    geo.set_fault(Fault::Body(r#"{"ip":"8.8.8.8"}"#.into()));
    let answer = geo.get_as("9.9.9.9").await;
    assert_eq!(answer.text(), r#"{"ip":"8.8.8.8"}"#);
    assert_headers(&answer, "geo; fwd=miss");
    assert!(geo.slots().is_empty());
}

#[tokio::test]
async fn an_answer_with_another_notation_of_the_address_is_cached() {
    let geo = behind_a_proxy().await;
    geo.set_fault(Fault::Body(r#"{"ip":"::ffff:9.9.9.9"}"#.into()));
    assert_headers(&geo.get_as("9.9.9.9").await, "geo; fwd=miss; stored");
    let answer = geo.get_as("9.9.9.9").await;
    assert_eq!(answer.text(), r#"{"ip":"::ffff:9.9.9.9"}"#);
    assert_headers(&answer, "geo; hit; ttl=86400");
}

#[tokio::test]
async fn two_addresses_in_one_slot_evict_each_other() {
    let geo = Geo::with_new_instances(&[("trusted_hops", "1"), ("cache_slots", "1")]).await;
    for _ in 0..3 {
        for address in ["9.9.9.9", "1.1.1.1"] {
            let answer = geo.get_as(address).await;
            assert_eq!(answer.json()["ip"], address);
            assert_headers(&answer, "geo; fwd=miss; stored");
            // It is cached until the other address evicts it.
            assert_eq!(
                geo.get_as(address).await.header("cache-status"),
                "geo; hit; ttl=86400"
            );
        }
    }
    assert_eq!(geo.slots().len(), 1);
}

#[tokio::test]
async fn a_full_cache_evicts_the_oldest_entry() {
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
    // By a little: another instance's clock may be ahead.
    geo.set_time(-60);
    assert_headers(&geo.get_as("9.9.9.9").await, "geo; hit; ttl=86400");
    // By more: the age of the answer is unknown.
    geo.set_time(-61);
    assert_headers(&geo.get_as("9.9.9.9").await, "geo; fwd=miss; stored");
    assert_headers(&geo.get_as("9.9.9.9").await, "geo; hit; ttl=86400");
    // Entries from the future are evicted first.
    let geo = Geo::with(&[("trusted_hops", "1"), ("cache_slots", "4")]).await;
    geo.set_time(10 * 365 * TTL);
    for address in ["9.9.9.1", "9.9.9.2", "9.9.9.3", "9.9.9.4"] {
        geo.get_as(address).await;
    }
    geo.set_time(0);
    geo.get_as("1.1.1.1").await;
    geo.get_as("8.8.8.8").await;
    assert_headers(&geo.get_as("1.1.1.1").await, "geo; hit; ttl=86400");
    geo.set_time(i64::MIN);
    assert_eq!(geo.get_as("9.9.9.9").await.status, 200);
}

#[tokio::test]
async fn cache_ttl_0_turns_the_cache_off() {
    let geo = Geo::with(&[("trusted_hops", "1"), ("cache_ttl", "0")]).await;
    for calls in 1..=3 {
        let answer = geo.get_as("9.9.9.9").await;
        assert_eq!(answer.header("cache-status"), "geo; fwd=bypass");
        assert_eq!(answer.header("cache-control"), "private, no-cache");
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
async fn an_unreadable_entry_is_a_miss() {
    let geo = Geo::with_new_instances(&[("trusted_hops", "1")]).await;
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
        // A valid entry about another address.
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
async fn each_ipify_path_has_its_own_entries() {
    let cache_status = async |geo: &Geo| {
        geo.get_as("9.9.9.9")
            .await
            .header("cache-status")
            .to_owned()
    };
    let geo = behind_a_proxy().await;
    assert_eq!(cache_status(&geo).await, "geo; fwd=miss; stored");
    for (path, expected) in [
        ("/api/v2/country,city", "geo; hit; ttl=86400"),
        ("/api/v2/country", "geo; fwd=miss; stored"),
    ] {
        let variables = [("trusted_hops", "1"), ("ipify_path", path)];
        let second = geo.second_node(&variables).await;
        assert_eq!(cache_status(&second).await, expected, "{path}");
    }
}
