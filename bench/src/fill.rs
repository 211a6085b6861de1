//! Whether a hit costs more as the cache fills.

use crate::artifacts::Artifacts;
use crate::credits::{address, visit_all};
use crate::request::{Counted, counting};
use crate::table::{Section, Table, figure, grouped};
use crate::{host, progress};
use anyhow::Result;
use geo_host::{Backend, Clock, Component, Memory, RuntimeConfig};
use serde_json::json;
use stand_in::StandIn;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// How many callers have been here before.
const STEPS: [u32; 3] = [256, 16_384, 65_536];

/// How many of them are looked at.
const SAMPLE: u32 = 256;

/// Measures hits in a cache that fills.
///
/// # Errors
///
/// If a request is not answered.
pub fn measure(artifacts: &Artifacts) -> Result<Section> {
    let store: Arc<dyn Backend> = Arc::new(Memory::default());
    let runtime = Runtime::new()?;
    let manifest = artifacts.root.join("spin.toml");
    let stand_in = runtime.block_on(StandIn::start())?;
    let app = host::app(&manifest, &stand_in, &[])?;
    let component = Component::load(&app)?;
    let config = RuntimeConfig {
        // The time at which the hits are counted.
        clock: Clock::new(|| Duration::from_secs(crate::request::START)),
        key_value: Arc::clone(&store),
        ..RuntimeConfig::default()
    };
    let server = runtime.block_on(host::start(app, &component, config))?;

    let mut table = Table::new(&[
        "callers before",
        "entries",
        "still kept",
        "store reads a hit",
        "instructions a hit",
        "ms a hit",
    ]);
    let mut json = Vec::new();
    let mut filled = 0;
    for step in STEPS {
        progress::line(&format!("a cache that fills: {step} callers"));
        let visits: Vec<_> = (filled..step).map(|n| address(n).to_string()).collect();
        runtime.block_on(visit_all(server, &Arc::new(visits)))?;
        filled = step;
        let entries = store.keys("default")?.len() as u64;
        let origin = stand_in.origin();
        let hits = hits(&manifest, &origin, Arc::clone(&store), step)?;
        let count = hits.count as f64;
        table.row([
            grouped(step.into()),
            grouped(entries),
            format!("{:.1} %", 100.0 * count / f64::from(SAMPLE)),
            format!("{:.2}", hits.reads as f64 / count),
            grouped((hits.instructions as f64 / count) as u64),
            figure(hits.seconds * 1000.0 / count),
        ]);
        json.push(json!({
            "callers": step, "entries": entries, "hits": hits.count, "sample": SAMPLE,
            "reads": hits.reads as f64 / count,
            "instructions": hits.instructions as f64 / count,
            "milliseconds": hits.seconds * 1000.0 / count,
        }));
    }
    Ok(Section {
        title: "A cache that fills".to_owned(),
        note: format!(
            "Of 65,536 slots, four for each address. {SAMPLE} callers out of those before come \
             again; the time is with counters on."
        ),
        tables: vec![table],
        json: json.into(),
        plots: Vec::new(),
    })
}

/// Sums over the hits.
#[derive(Default)]
struct Hits {
    count: u64,
    reads: u64,
    instructions: u64,
    seconds: f64,
}

fn hits(
    manifest: &std::path::Path,
    origin: &str,
    store: Arc<dyn Backend>,
    callers: u32,
) -> Result<Hits> {
    counting(async |calls| {
        // The origin is a part of the cache key.
        let variables = [("ipify_origin", origin)];
        let mut counted = Counted::start(manifest, None, &variables, store, &calls).await?;
        let mut hits = Hits::default();
        for number in (0..callers).step_by((callers / SAMPLE) as usize) {
            let caller = address(number).to_string();
            let start = Instant::now();
            let cost = counted.get("/json", "*/*", &caller, 200).await?;
            let seconds = start.elapsed().as_secs_f64();
            let sum = |end: &str| -> u64 {
                let calls = cost.calls.iter().filter(|(name, _)| name.ends_with(end));
                calls.map(|(_, count)| count).sum()
            };
            if sum("outgoing-handler handle") == 0 {
                hits.count += 1;
                hits.reads += sum("store.get");
                hits.instructions += cost.instructions;
                hits.seconds += seconds;
            }
        }
        Ok(hits)
    })
}
