//! What callers who come again cost, with the cache and without.

use crate::artifacts::Artifacts;
use crate::client::Client;
use crate::table::{Section, Table, grouped};
use crate::{host, progress};
use anyhow::Result;
use geo_host::{Component, RuntimeConfig};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::Zipf;
use serde_json::json;
use stand_in::StandIn;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

const REQUESTS: usize = 10_000;
const CALLERS: u32 = 2_000;
const CONNECTIONS: usize = 16;

/// The exponent of the distribution: how often the next caller comes, beside the
/// one before.
const EXPONENT: f64 = 1.0;

/// Counts the lookups.
///
/// # Errors
///
/// If a request is not answered.
pub fn measure(artifacts: &Artifacts) -> Result<Section> {
    progress::line("credits");
    // The same callers in every run.
    let mut random = StdRng::seed_from_u64(16);
    let zipf = Zipf::new(f64::from(CALLERS), EXPONENT)?;
    let mut visits = Vec::new();
    for _ in 0..REQUESTS {
        let rank = random.sample(zipf) as u32;
        visits.push(address(rank).to_string());
    }
    let mut distinct = visits.clone();
    distinct.sort();
    distinct.dedup();
    let visits = Arc::new(visits);
    let runtime = Runtime::new()?;
    let with = runtime.block_on(calls(artifacts, &visits, &[]))?;
    let without = runtime.block_on(calls(artifacts, &visits, &[("cache_ttl", "0")]))?;
    let mut table = Table::new(&["cache", "lookups", "credits"]);
    for (name, lookups) in [("on", with), ("off", without)] {
        let lookups = lookups as u64;
        table.row([name.to_owned(), grouped(lookups), grouped(2 * lookups)]);
    }
    Ok(Section {
        title: "Credits".to_owned(),
        note: format!(
            "{} requests, {CONNECTIONS} at a time, of {} callers out of {}, who come as often as \
             Zipf's law has it (exponent {EXPONENT}). A lookup costs 2 credits.",
            grouped(REQUESTS as u64),
            grouped(distinct.len() as u64),
            grouped(u64::from(CALLERS)),
        ),
        tables: vec![table],
        json: json!({ "callers": distinct.len(), "on": with, "off": without }),
        plots: Vec::new(),
    })
}

/// An address of its own for a number.
pub fn address(number: u32) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(Ipv4Addr::new(20, 0, 0, 0)) + number)
}

async fn calls(
    artifacts: &Artifacts,
    visits: &Arc<Vec<String>>,
    variables: &[(&str, &str)],
) -> Result<usize> {
    let stand_in = StandIn::start().await?;
    let manifest = artifacts.root.join("spin.toml");
    let app = || host::app(&manifest, &stand_in, variables);
    let component = Component::load(&app()?)?;
    let address = host::start(app()?, &component, RuntimeConfig::default()).await?;
    visit_all(address, visits).await?;
    Ok(stand_in.calls().len())
}

/// Sends a request of each caller, some at a time.
///
/// # Errors
///
/// If one is not answered.
pub async fn visit_all(address: std::net::SocketAddr, visits: &Arc<Vec<String>>) -> Result<()> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut clients = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (visits, next) = (Arc::clone(visits), Arc::clone(&next));
        let mut client = Client::connect(address).await?;
        clients.spawn(async move {
            while let Some(caller) = visits.get(next.fetch_add(1, Ordering::Relaxed)) {
                client.get("/json", "*/*", caller, 200).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(client) = clients.join_next().await {
        client??;
    }
    Ok(())
}
