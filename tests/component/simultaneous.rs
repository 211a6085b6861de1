//! Requests that come at the same time share a lookup.

use crate::harness::{Answer, Geo, Setup, Store};
use geo_host::{Backend, Memory};
use http::Request;
use stand_in::{Fault, Gate};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const ADDRESS: &str = "9.9.9.9";

/// Lets so many visitors from one address come at the same time.
async fn clients(geo: &Arc<Geo>, number: usize) -> Vec<Answer> {
    let mut connections = Vec::new();
    for _ in 0..number {
        connections.push(geo.connect().await);
    }
    let visit = |mut connection: crate::harness::Connection| {
        let request = Request::get("/").header("x-forwarded-for", ADDRESS);
        tokio::spawn(async move { connection.send(request).await })
    };
    let visits: Vec<_> = connections.into_iter().map(visit).collect();
    let mut answers = Vec::new();
    for visit in visits {
        answers.push(visit.await.unwrap());
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_first_requests_cost_one_lookup() {
    for delay in [0, 100] {
        let geo = Arc::new(Geo::with(&[("trusted_hops", "1"), ("timeout_ms", "30000")]).await);
        geo.set_fault(Fault::Delay(Duration::from_millis(delay)));
        for answer in clients(&geo, 200).await {
            assert_eq!(answer.status, 200);
            assert_eq!(answer.json()["ip"], ADDRESS);
        }
        let lookups = geo.stand_in.calls().len();
        assert_eq!(lookups, 1, "ipify takes {delay} ms");
    }
}

#[tokio::test]
async fn those_who_come_later_wait_for_the_first() {
    let geo = Arc::new(Geo::with(&[("trusted_hops", "1"), ("timeout_ms", "60000")]).await);
    let gate = Gate::shut();
    geo.set_fault(gate.before(Fault::None));
    let first = geo.spawn_get_as(ADDRESS);
    geo.stand_in.wait_for_calls(1).await;
    let others = tokio::spawn({
        let geo = Arc::clone(&geo);
        async move { clients(&geo, 20).await }
    });
    // Another address does not wait for anything but ipify.
    let other = geo.spawn_get_as("1.1.1.1");
    geo.stand_in.wait_for_calls(2).await;
    gate.open();
    assert_eq!(
        first.await.unwrap().header("cache-status"),
        "geo; fwd=miss; stored"
    );
    assert_eq!(other.await.unwrap().json()["ip"], "1.1.1.1");
    for answer in others.await.unwrap() {
        assert_eq!(answer.json()["ip"], ADDRESS);
        let status = answer.header("cache-status");
        let waited = status == "geo; fwd=miss; collapsed";
        assert!(waited || status.starts_with("geo; hit"), "{status}");
    }
    assert_eq!(geo.stand_in.calls().len(), 2);
}

#[tokio::test]
async fn those_who_wait_learn_that_it_failed() {
    let geo = Arc::new(Geo::with(&[("trusted_hops", "1"), ("timeout_ms", "2000")]).await);
    geo.set_fault(Gate::shut().before(Fault::None));
    let first = geo.spawn_get_as(ADDRESS);
    geo.stand_in.wait_for_calls(1).await;
    for answer in clients(&geo, 20).await {
        assert_eq!(answer.problem(), "upstream-timeout");
        assert_eq!(answer.header("retry-after"), "1");
    }
    assert_eq!(first.await.unwrap().problem(), "upstream-timeout");
    assert_eq!(geo.stand_in.calls().len(), 1);
    assert_eq!(leases(&geo), [""; 0]);
}

/// What ipify says about one address is no reason to leave it alone, so the
/// others ask too, and not one after another.
#[tokio::test]
async fn those_who_wait_do_not_queue_up() {
    let store = Arc::new(Store::with_barrier(21));
    let geo = Geo::set_up(Setup {
        variables: &[("trusted_hops", "1"), ("timeout_ms", "60000")],
        key_value: Some(store.clone()),
        ..Setup::default()
    });
    let geo = Arc::new(geo.await);
    let (first, all) = (Gate::shut(), Gate::shut());
    geo.set_fault(first.before(Fault::Status(422)));
    // All look for a lease before one takes it.
    let visits = tokio::spawn({
        let geo = Arc::clone(&geo);
        async move { clients(&geo, 21).await }
    });
    store.barrier_passed().await;
    geo.stand_in.wait_for_calls(1).await;
    // From now on, nothing is answered before all have asked.
    geo.set_fault(all.before(Fault::Status(422)));
    first.open();
    geo.stand_in.wait_for_calls(21).await;
    all.open();
    for answer in visits.await.unwrap() {
        assert_eq!(answer.problem(), "upstream-invalid");
    }
}

/// Returns the leases that are in the store.
fn leases(geo: &Geo) -> Vec<String> {
    let mut keys = geo.key_value.keys("default").unwrap();
    keys.retain(|key| key.starts_with("geo:lease:"));
    keys
}

#[tokio::test]
async fn a_lease_that_was_left_behind_ends_by_itself() {
    let dead = Geo::with(&[("trusted_hops", "1"), ("timeout_ms", "1000")]).await;
    dead.set_fault(Gate::shut().before(Fault::None));
    let connection = dead.connect().await;
    let request = Request::get("/").header("x-forwarded-for", ADDRESS);
    let visit = tokio::spawn(async move {
        let mut connection = connection;
        connection.send(request).await
    });
    dead.stand_in.wait_for_calls(1).await;
    let origin = dead.stand_in.origin();
    let [lease] = leases(&dead).try_into().unwrap();
    let value = dead.key_value.get("default", &lease).unwrap().unwrap();
    visit.abort();

    // `time`: also where it has not ended, or the other instance's clock was
    // wrong.
    for time in [0, 1, 3600, -30] {
        let store: Arc<dyn Backend> = Arc::new(Memory::default());
        store.set("default", &lease, &value).unwrap();
        let geo = Geo::set_up(Setup {
            variables: &[
                ("trusted_hops", "1"),
                ("timeout_ms", "1000"),
                ("ipify_origin", &origin),
            ],
            key_value: Some(store),
            ..Setup::default()
        })
        .await;
        dead.set_fault(Fault::None);
        geo.set_time(time);
        let answer = geo.get_as(ADDRESS).await;
        assert_eq!(
            answer.header("cache-status"),
            "geo; fwd=miss; stored",
            "at {time}"
        );
    }
    assert_eq!(dead.stand_in.calls().len(), 5);
}

/// What the store holds beside answers does not grow with the lookups.
#[tokio::test]
async fn counters_do_not_pile_up() {
    let geo = Geo::with(&[("trusted_hops", "1"), ("lookups_per_day", "1000")]).await;
    for number in 1..=100 {
        geo.set_fault(match number % 10 {
            0 => Fault::Status(422),
            _ => Fault::None,
        });
        geo.get_as(&format!("89.0.0.{number}")).await;
        geo.set_time(number * 3600);
        geo.idle().await;
    }
    let mut keys = geo.key_value.keys("default").unwrap();
    keys.retain(|key| !geo.slots().contains(key));
    keys.sort();
    // The day's counter and yesterday's, and the one of the sweep.
    assert_eq!(keys.len(), 3, "{keys:?}");
}

/// Two servers on one store, as two nodes on one Redis.
#[tokio::test(flavor = "multi_thread")]
async fn two_servers_share_a_lookup() {
    let variables = [("trusted_hops", "1"), ("timeout_ms", "30000")];
    let first = Arc::new(Geo::with(&variables).await);
    let second = Arc::new(first.second_node(&variables).await);
    first.set_fault(Fault::Delay(Duration::from_millis(100)));
    let (left, right) = tokio::join!(clients(&first, 50), clients(&second, 50));
    for answer in left.iter().chain(&right) {
        assert_eq!(answer.json()["ip"], ADDRESS);
    }
    assert_eq!(first.stand_in.calls().len(), 1);
}

/// A store that many clients write to between a request's reads and writes: the
/// worst order that there can be.
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_visits_sixteen_at_a_time() {
    let geo = Arc::new(Geo::with(&[("trusted_hops", "1"), ("timeout_ms", "30000")]).await);
    let next = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..16)
        .map(|_| {
            let (geo, next) = (Arc::clone(&geo), Arc::clone(&next));
            tokio::spawn(async move {
                let mut connection = geo.connect().await;
                loop {
                    let visit = next.fetch_add(1, Ordering::Relaxed);
                    if visit >= 10_000 {
                        return;
                    }
                    // Ten rounds of a thousand addresses, each shuffled: 7,919
                    // has no factor in common with 10,000.
                    let number = visit * 7919 % 10_000 / 10;
                    let address = format!("89.0.{}.{}", number / 250, number % 250 + 1);
                    let request = Request::get("/").header("x-forwarded-for", &address);
                    let answer = connection.send(request).await;
                    assert_eq!(answer.json()["ip"], address);
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    assert_eq!(geo.stand_in.calls().len(), 1000);
}
