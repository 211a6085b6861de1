//! Simultaneous requests about one address are coalesced into one lookup.

use crate::harness::{Answer, Geo, Setup, Store};
use geo_host::{Backend, Memory};
use http::Request;
use stand_in::{Fault, Gate};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const ADDRESS: &str = "9.9.9.9";

/// Sends `number` simultaneous requests for clients at [`ADDRESS`].
async fn clients(geo: &Arc<Geo>, number: usize) -> Vec<Answer> {
    let mut connections = Vec::new();
    for _ in 0..number {
        connections.push(geo.connect().await);
    }
    let send = |mut connection: crate::harness::Connection| {
        let request = Request::get("/").header("x-forwarded-for", ADDRESS);
        tokio::spawn(async move { connection.send(request).await })
    };
    let requests: Vec<_> = connections.into_iter().map(send).collect();
    let mut answers = Vec::new();
    for request in requests {
        answers.push(request.await.unwrap());
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
async fn later_requests_wait_for_the_first() {
    let geo = Arc::new(Geo::with(&[("trusted_hops", "1"), ("timeout_ms", "60000")]).await);
    let gate = Gate::shut();
    geo.set_fault(gate.before(Fault::None));
    let first = geo.spawn_get_as(ADDRESS);
    geo.stand_in.wait_for_calls(1).await;
    let others = tokio::spawn({
        let geo = Arc::clone(&geo);
        async move { clients(&geo, 20).await }
    });
    // A request about another address does not wait for it.
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
async fn waiting_requests_get_the_failure_of_the_first() {
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

/// A failure that is about one address only does not open the circuit breaker, so
/// the waiting requests ask ipify too: all at once, not one after another.
#[tokio::test]
async fn waiting_requests_do_not_queue() {
    let store = Arc::new(Store::with_barrier(21));
    let geo = Geo::set_up(Setup {
        variables: &[("trusted_hops", "1"), ("timeout_ms", "60000")],
        key_value: Some(store.clone()),
        ..Setup::default()
    });
    let geo = Arc::new(geo.await);
    let (first, all) = (Gate::shut(), Gate::shut());
    geo.set_fault(first.before(Fault::Status(422)));
    // All requests read that the lease is free. One takes it; the other 20 take
    // back what they added.
    let answers = tokio::spawn({
        let geo = Arc::clone(&geo);
        async move { clients(&geo, 21).await }
    });
    store.wait_for_increments(21 + 21 + 20).await;
    geo.stand_in.wait_for_calls(1).await;
    // From now on, ipify holds every response until it has all requests.
    geo.set_fault(all.before(Fault::Status(422)));
    first.open();
    geo.stand_in.wait_for_calls(21).await;
    all.open();
    for answer in answers.await.unwrap() {
        assert_eq!(answer.problem(), "upstream-invalid");
    }
}

/// Returns the keys of the leases in the store.
fn leases(geo: &Geo) -> Vec<String> {
    let mut keys = geo.key_value.keys("default").unwrap();
    keys.retain(|key| key.starts_with("geo:lease:"));
    keys
}

#[tokio::test]
async fn the_lease_of_a_crashed_instance_expires() {
    let crashed = Geo::with(&[("trusted_hops", "1"), ("timeout_ms", "1000")]).await;
    crashed.set_fault(Gate::shut().before(Fault::None));
    let connection = crashed.connect().await;
    let head = Request::get("/").header("x-forwarded-for", ADDRESS);
    let request = tokio::spawn(async move {
        let mut connection = connection;
        connection.send(head).await
    });
    crashed.stand_in.wait_for_calls(1).await;
    let origin = crashed.stand_in.origin();
    let [lease] = leases(&crashed).try_into().unwrap();
    let value = crashed.key_value.get("default", &lease).unwrap().unwrap();
    request.abort();

    // Before and after it expires, and where the clocks of the instances differ.
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
        crashed.set_fault(Fault::None);
        geo.set_time(time);
        let answer = geo.get_as(ADDRESS).await;
        assert_eq!(
            answer.header("cache-status"),
            "geo; fwd=miss; stored",
            "at {time}"
        );
    }
    assert_eq!(crashed.stand_in.calls().len(), 5);
}

/// The number of keys besides cached answers does not grow with the lookups.
#[tokio::test]
async fn counters_do_not_accumulate() {
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
    // The counters of today's and yesterday's lookups, and the sweep's cursor.
    assert_eq!(keys.len(), 3, "{keys:?}");
}

/// Two servers with one store, like two nodes with one Redis.
#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_share_a_lookup() {
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

/// Many clients write to the store between the reads and writes of a request.
#[tokio::test(flavor = "multi_thread")]
async fn one_lookup_for_each_address_with_sixteen_clients() {
    let geo = Arc::new(Geo::with(&[("trusted_hops", "1"), ("timeout_ms", "30000")]).await);
    let next = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..16)
        .map(|_| {
            let (geo, next) = (Arc::clone(&geo), Arc::clone(&next));
            tokio::spawn(async move {
                let mut connection = geo.connect().await;
                loop {
                    let count = next.fetch_add(1, Ordering::Relaxed);
                    if count >= 10_000 {
                        return;
                    }
                    // Ten rounds of a thousand addresses, each shuffled: 7,919
                    // has no factor in common with 10,000.
                    let number = count * 7919 % 10_000 / 10;
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
