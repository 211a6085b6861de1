//! Expired answers are deleted from the store.

use crate::harness::Geo;
use http::Request;

const RETENTION: i64 = 86_400 + 604_800;

/// Starts geo with 16 slots, most of which hold an answer.
async fn with_cached_answers() -> Geo {
    let geo = Geo::with_new_instances(&[("trusted_hops", "1"), ("cache_slots", "16")]).await;
    for number in 1..=16 {
        geo.get_as(&format!("89.0.0.{number}")).await;
    }
    geo.idle().await;
    assert!(geo.slots().len() > 8, "{:?}", geo.slots());
    geo
}

/// Returns the slots whose value contains a text.
fn slots_with(geo: &Geo, text: &str) -> Vec<String> {
    let mut slots = geo.slots();
    slots.retain(|key| {
        let value = geo.key_value.get("default", key).unwrap().unwrap();
        String::from_utf8_lossy(&value).contains(text)
    });
    slots
}

fn is_stored(geo: &Geo, text: &str) -> bool {
    !slots_with(geo, text).is_empty()
}

/// Causes this many lookups.
async fn look_up(geo: &Geo, times: usize) {
    for _ in 0..times {
        geo.get_as("9.9.9.9").await;
        geo.idle().await;
        // Makes the next request a miss.
        for slot in slots_with(geo, " 9.9.9.9/32\n") {
            geo.key_value.delete("default", &slot).unwrap();
        }
    }
}

/// `docs/caching.md` states the bound: a quarter of `cache_slots`.
#[tokio::test]
async fn expired_answers_are_swept_within_a_bounded_number_of_lookups() {
    let geo = with_cached_answers().await;
    geo.set_time(RETENTION);
    look_up(&geo, 4).await;
    assert!(!is_stored(&geo, " 89.0.0."));
}

#[tokio::test]
async fn stale_answers_are_not_swept() {
    let geo = with_cached_answers().await;
    let before = geo.slots();
    geo.set_time(RETENTION - 1);
    look_up(&geo, 8).await;
    let after = geo.slots();
    // The answer about 9.9.9.9 may have evicted one.
    let lost = before.iter().filter(|key| !after.contains(key)).count();
    assert!(lost <= 1, "{lost} of {before:?}");
}

/// An unreadable entry has no age, but may contain an address.
#[tokio::test]
async fn unreadable_entries_are_swept() {
    let geo = with_cached_answers().await;
    for slot in geo.slots() {
        geo.key_value
            .set("default", &slot, b"elbonia 89.0.0.1")
            .unwrap();
    }
    look_up(&geo, 4).await;
    assert!(!is_stored(&geo, "elbonia"));
}

/// A miss deletes the expired answers in its slots, whatever ipify answers.
#[tokio::test]
async fn a_miss_deletes_expired_answers_in_its_slots() {
    use stand_in::Fault;
    let geo = Geo::with_new_instances(&[("trusted_hops", "1"), ("cache_slots", "4")]).await;
    for number in 1..=4 {
        geo.get_as(&format!("89.0.0.{number}")).await;
    }
    geo.set_time(RETENTION);
    geo.set_fault(Fault::Status(422));
    geo.get_as("9.9.9.9").await;
    geo.idle().await;
    assert!(geo.slots().is_empty(), "{:?}", geo.slots());

    let geo = Geo::with_new_instances(&[("trusted_hops", "1")]).await;
    geo.get_as("9.9.9.9").await;
    geo.set_time(RETENTION);
    geo.set_fault(Fault::Status(500));
    geo.get_as("9.9.9.9").await;
    geo.idle().await;
    assert!(geo.slots().is_empty(), "{:?}", geo.slots());
}

#[tokio::test]
async fn a_hit_does_not_write_to_the_store() {
    let geo = with_cached_answers().await;
    let all = |geo: &Geo| {
        let keys = geo.key_value.keys("default").unwrap().into_iter();
        let value = |key: String| geo.key_value.get("default", &key).unwrap();
        keys.map(value).collect::<Vec<_>>()
    };
    let before = all(&geo);
    let request = Request::get("/").header("x-forwarded-for", "89.0.0.16");
    let answer = geo.send(request).await;
    assert_eq!(answer.header("cache-status"), "geo; hit; ttl=86400");
    geo.idle().await;
    assert_eq!(all(&geo), before);
}
