//! What is stored about callers goes away.

use crate::harness::Geo;
use http::Request;

const RETENTION: i64 = 86_400 + 604_800;

/// Starts geo with sixteen slots, most of which have an answer.
async fn with_answers() -> Geo {
    let geo = Geo::with(&[("trusted_hops", "1"), ("cache_slots", "16")]).await;
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

/// Looks an address up so many times.
async fn look_up_anew(geo: &Geo, times: usize) {
    for _ in 0..times {
        geo.get_as("9.9.9.9").await;
        geo.idle().await;
        // So that the next visit is no hit.
        for slot in slots_with(geo, " 9.9.9.9\n") {
            geo.key_value.delete("default", &slot).unwrap();
        }
    }
}

/// README says the bound: a fourth of `cache_slots`.
#[tokio::test]
async fn expired_answers_are_gone_after_a_bounded_number_of_lookups() {
    let geo = with_answers().await;
    geo.set_time(RETENTION);
    look_up_anew(&geo, 4).await;
    assert!(!is_stored(&geo, " 89.0.0."));
}

#[tokio::test]
async fn an_answer_that_may_still_stand_in_is_not_deleted() {
    let geo = with_answers().await;
    let before = geo.slots();
    geo.set_time(RETENTION - 1);
    look_up_anew(&geo, 8).await;
    let after = geo.slots();
    // The answer about 9.9.9.9 may have replaced one.
    let lost = before.iter().filter(|key| !after.contains(key)).count();
    assert!(lost <= 1, "{lost} of {before:?}");
}

/// What cannot be read has no age; it may hold an address all the same.
#[tokio::test]
async fn what_cannot_be_read_is_deleted() {
    let geo = with_answers().await;
    for slot in geo.slots() {
        geo.key_value
            .set("default", &slot, b"elbonia 89.0.0.1")
            .unwrap();
    }
    look_up_anew(&geo, 4).await;
    assert!(!is_stored(&geo, "elbonia"));
}

/// An expired answer is deleted where its own address, or a neighbour in the
/// cache, is looked for, whatever ipify says.
#[tokio::test]
async fn an_expired_answer_is_deleted_when_it_is_met() {
    use stand_in::Fault;
    let geo = Geo::with(&[("trusted_hops", "1"), ("cache_slots", "4")]).await;
    for number in 1..=4 {
        geo.get_as(&format!("89.0.0.{number}")).await;
    }
    geo.set_time(RETENTION);
    geo.set_fault(Fault::Status(422));
    geo.get_as("9.9.9.9").await;
    geo.idle().await;
    assert!(geo.slots().is_empty(), "{:?}", geo.slots());

    let geo = Geo::with(&[("trusted_hops", "1")]).await;
    geo.get_as("9.9.9.9").await;
    geo.set_time(RETENTION);
    geo.set_fault(Fault::Status(500));
    geo.get_as("9.9.9.9").await;
    geo.idle().await;
    assert!(geo.slots().is_empty(), "{:?}", geo.slots());
}

/// A hit costs as many reads as before all this, and no write.
#[tokio::test]
async fn a_hit_writes_nothing() {
    let geo = with_answers().await;
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
