//! A soak test of geo-host, in rounds: requests, faults of ipify, clients that
//! disconnect, read slowly or never finish their requests, and many open connections.
//!
//! Every answer has to be right and about its client, every problem explained by a
//! fault, and memory steady after the first rounds. A short form runs with all tests,
//! and `make soak` runs the long one.

#![cfg(feature = "spin")]

mod client;
mod program;

use client::{Answer, Client};
use program::Program;
use stand_in::{Fault, StandIn};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// The API key, which must appear in no response and not in the log.
pub const API_KEY: &str = "at_S3CR3T";

/// The load of a round.
struct Load {
    requests: usize,
    /// The number of simultaneous clients.
    clients: usize,
    /// The number of open connections.
    open: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_soak() {
    let load = Load {
        requests: 200,
        clients: 20,
        open: 200,
    };
    soak(&load, |round, _| round < 3).await;
}

/// Runs for `SOAK_MINUTES`, or 20 minutes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes as long as it is told: make soak"]
async fn a_long_soak() {
    let minutes = std::env::var("SOAK_MINUTES").map_or(20, |minutes| minutes.parse().unwrap());
    let limit = Duration::from_secs(60 * minutes);
    let load = Load {
        requests: 2000,
        clients: 50,
        open: 1000,
    };
    let memory = soak(&load, |_, elapsed| elapsed < limit).await;
    assert_steady(&memory);
}

/// Counts for the report.
#[derive(Default)]
struct Totals {
    answers: usize,
    problems: BTreeMap<u16, usize>,
    disconnected: usize,
}

/// How long geo waits for ipify.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Runs rounds while `go_on` says so. Returns the memory in use after each.
async fn soak(load: &Load, go_on: impl Fn(usize, Duration) -> bool) -> Vec<u64> {
    let stand_in = StandIn::start_with_key(API_KEY).await.unwrap();
    let folder = std::env::temp_dir().join(format!("geo-soak-{}", std::process::id()));
    let origin = stand_in.origin();
    let geo = Program::start(
        &[
            ("ipify_api_key", API_KEY),
            ("ipify_origin", &origin),
            ("trusted_hops", "1"),
            ("timeout_ms", &TIMEOUT.as_millis().to_string()),
            // Answers become stale within a round, and the cache is soon full.
            ("cache_ttl", "2"),
            ("cache_slots", "512"),
        ],
        &folder,
    );
    let (start, mut memory) = (Instant::now(), Vec::new());
    let mut total = Totals::default();
    for round in 0.. {
        if !go_on(round, start.elapsed()) {
            break;
        }
        run_round(&geo, &stand_in, load, round, &mut total).await;
        let kilobytes = geo.memory().unwrap_or_default();
        memory.push(kilobytes);
        println!(
            "round {round}: {:.0} s, {} answers, problems {:?}, {} clients that disconnected \
             or never finished, {:.1} MB",
            start.elapsed().as_secs_f64(),
            total.answers,
            total.problems,
            total.disconnected,
            kilobytes as f64 / 1000.0
        );
    }
    assert!(!total.problems.is_empty(), "no fault led to a problem");
    let log = geo.stop();
    let _ = std::fs::remove_dir_all(folder);
    assert!(!log.contains(API_KEY), "the key is in the log");
    for word in ["the component failed", "panicked", "cannot"] {
        let line = log.lines().find(|line| line.contains(word));
        assert_eq!(line, None);
    }
    memory
}

async fn run_round(
    geo: &Program,
    stand_in: &StandIn,
    load: &Load,
    round: usize,
    total: &mut Totals,
) {
    stand_in.set_fault(Fault::None);
    recover(geo, round).await;
    // Kept open until the round is over.
    let mut half = Vec::new();
    for number in 0..load.clients {
        let mut client = Client::connect(geo.address).await;
        client.send_half("/json", &address(round, 0, number)).await;
        half.push(client);
    }
    requests(geo, load, (round, 0), total).await;
    disconnecting(geo, load, round).await;
    slow(geo, load, round, total).await;
    open(geo, load, round, total).await;
    total.disconnected += 2 * load.clients;

    for (phase, fault) in (1..).zip([
        Fault::Status(500),
        Fault::Status(429),
        Fault::CutBeforeHead,
        Fault::CutInBody,
        Fault::Endless,
        Fault::Body("<html>".into()),
        Fault::Delay(Duration::from_secs(3600)),
    ]) {
        stand_in.set_fault(fault);
        let load = Load {
            requests: load.requests / 10,
            ..*load
        };
        requests(geo, &load, (round, phase), total).await;
    }
}

/// Waits until the circuit breaker is closed, and until no request of the last round
/// can fail any more and open it.
async fn recover(geo: &Program, round: usize) {
    let waited = Instant::now();
    let mut succeeding_since = None;
    for number in 0.. {
        let mut client = Client::connect(geo.address).await;
        let address = format!("89.1.{}.{}", round % 250, number % 250);
        client.send("/json", &address).await;
        match client.receive(4096).await.status {
            200 => {
                let since = succeeding_since.get_or_insert_with(Instant::now);
                if since.elapsed() > 2 * TIMEOUT {
                    return;
                }
            }
            _ => succeeding_since = None,
        }
        assert!(
            waited.elapsed() < Duration::from_secs(300),
            "it does not recover"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Returns an address. A quarter are new in each phase, so that a fault affects them;
/// the others are the same in all rounds.
fn address(round: usize, phase: usize, number: usize) -> String {
    match number % 4 {
        0 => format!("89.{}.{}.{}", 2 + phase, round % 250, number % 250 + 1),
        _ => format!("89.0.142.{}", number % 100 + 1),
    }
}

/// Sends requests from simultaneous clients. In phase 0, ipify has no fault.
async fn requests(geo: &Program, load: &Load, (round, phase): (usize, usize), total: &mut Totals) {
    let mut clients = JoinSet::new();
    let each = load.requests.div_ceil(load.clients);
    for number in 0..load.clients {
        let geo = geo.address;
        clients.spawn(async move {
            let mut client = Client::connect(geo).await;
            let mut problems = Vec::new();
            for request in 0..each {
                let address = address(round, phase, number * each + request);
                let path = ["/json", "/ip", "/"][request % 3];
                client.send(path, &address).await;
                let answer = client.receive(4096).await;
                if !is_about(&answer, path, &address) {
                    assert!(phase > 0, "{} {}", answer.status, answer.body);
                    problems.push(answer.status);
                }
            }
            problems
        });
    }
    while let Some(problems) = clients.join_next().await {
        let problems = problems.unwrap();
        total.answers += each - problems.len();
        for status in problems {
            *total.problems.entry(status).or_default() += 1;
        }
    }
}

/// Whether the response is an answer, after checking that it is about the address. Any
/// other response has to be a problem of ipify.
fn is_about(answer: &Answer, path: &str, address: &str) -> bool {
    if answer.status != 200 {
        let known = matches!(answer.status, 502..=504);
        assert!(known, "{} {}", answer.status, answer.body);
        assert!(answer.body.contains("ipify"), "{}", answer.body);
        return false;
    }
    let is_right = match path {
        "/ip" => answer.body == format!("{address}\n"),
        "/json" => answer.body.starts_with(&format!("{{\"ip\":\"{address}\",")),
        _ => answer.body.contains(&format!("<h1>{address}</h1>")),
    };
    assert!(is_right, "{address} got {}", answer.body);
    true
}

/// Sends requests from clients that disconnect before or during the response.
async fn disconnecting(geo: &Program, load: &Load, round: usize) {
    for number in 0..load.clients {
        let mut client = Client::connect(geo.address).await;
        client.send("/", &address(round, 0, number)).await;
        if number % 2 == 0 {
            client.disconnect_after(number + 1).await;
        }
    }
}

/// Sends requests from clients that read 100 bytes at a time.
async fn slow(geo: &Program, load: &Load, round: usize, total: &mut Totals) {
    let mut clients = Vec::new();
    for number in 0..load.clients {
        let mut client = Client::connect_slow(geo.address).await;
        let address = address(round, 0, number);
        client.send("/", &address).await;
        clients.push((client, address));
    }
    for (mut client, address) in clients {
        let answer = client.receive(100).await;
        assert!(is_about(&answer, "/", &address), "{}", answer.body);
        total.answers += 1;
    }
}

/// Opens many connections at the same time, and uses each twice.
async fn open(geo: &Program, load: &Load, round: usize, total: &mut Totals) {
    let mut clients = Vec::new();
    for number in 0..load.open {
        clients.push((
            Client::connect(geo.address).await,
            address(round, 0, number),
        ));
    }
    for _ in 0..2 {
        for (client, address) in &mut clients {
            client.send("/json", address).await;
        }
        for (client, address) in &mut clients {
            let answer = client.receive(4096).await;
            assert!(is_about(&answer, "/json", address), "{}", answer.body);
            total.answers += 1;
        }
    }
}

/// Checks that memory does not grow. The first third is warm-up; a leak in every round
/// makes the last third larger than the second by more than an allocator varies.
fn assert_steady(memory: &[u64]) {
    let third = memory.len() / 3;
    assert!(third > 0, "too few rounds to tell: {memory:?}");
    let largest = |part: &[u64]| *part.iter().max().unwrap();
    let second = largest(&memory[third..2 * third]);
    let last = largest(&memory[2 * third..]);
    println!("at most {second} kB in the second third, {last} kB in the last");
    assert!(last <= second + second / 10, "{memory:?}");
}
