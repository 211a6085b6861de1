//! The cost of one request in the engine, which does not depend on the load of the
//! machine.

use crate::case::{CASES, Case, HIT};
use crate::server;
use anyhow::{Context, Result};
use geo_host::{App, Clock, Component, Hooks, RuntimeConfig, Usage};
use stand_in::{API_KEY, StandIn};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// The time at which the component starts, in seconds since 1970.
const START: u64 = 1_795_000_000;

/// The age of a stale answer, in seconds.
const STALE: u64 = 100_000;

/// Counts one request of each case.
pub async fn measure() -> Result<()> {
    let calls = Calls::default();
    tracing::subscriber::set_global_default(calls.clone())?;
    println!(
        "\none request: instructions of the component as Wasmtime counts them (fuel), its memory, \
         its calls to the host, and which of them read or write the store; a stale hit and a miss \
         include what is done after the response\n"
    );
    println!("| | instructions | memory, kB | calls | reads | writes |");
    println!("|---|---:|---:|---:|---:|---:|");
    // A fixed origin, because it is part of the cache's keys, whose slots differ by
    // hundreds of instructions.
    let stand_in = StandIn::listen(([127, 0, 0, 1], 40_404).into(), API_KEY).await?;
    let (mut components, mut calls_of_hit) = (BTreeMap::new(), BTreeMap::new());
    // An instance of WASI 0.3 serves many requests, so its cost is not that of one.
    for case in CASES
        .iter()
        .filter(|case| !case.is_p3 && !case.is_of_many())
    {
        let Some(manifest) = case.manifest else {
            continue;
        };
        let app = || server::app(manifest, &stand_in);
        // Compiled once, because the engine of the tests is slow at it.
        let component = match components.entry(manifest) {
            Entry::Occupied(compiled) => compiled.into_mut(),
            Entry::Vacant(entry) => entry.insert(Component::load_metered(&app()?)?),
        };
        let fresh = cost(case, app()?, component, 10, &calls).await?;
        print(case.name, &fresh);
        if case.name == HIT {
            let stale = cost(case, app()?, component, STALE, &calls).await?;
            print("stale hit", &stale);
            calls_of_hit = fresh.calls;
        }
    }
    println!("\ncalls of a hit, without those that drop resources\n");
    for (function, times) in calls_of_hit {
        println!("{times:>3}  {function}");
    }
    Ok(())
}

/// The cost of a request.
struct Cost {
    usage: Usage,
    /// The number of calls of each host function.
    calls: BTreeMap<String, usize>,
}

fn print(name: &str, Cost { usage, calls }: &Cost) {
    let sum = |end: &str| -> usize {
        let calls = calls.iter().filter(|(function, _)| function.ends_with(end));
        calls.map(|(_, times)| times).sum()
    };
    println!(
        "| {name} | {} | {} | {} | {} | {} |",
        usage.instructions.unwrap_or_default(),
        usage.memory / 1000,
        sum(""),
        sum("bucket.get") + sum("store.get"),
        sum("bucket.set") + sum("bucket.delete") + sum("increment"),
    );
}

/// Sends two requests to a new server, `later` seconds apart. Returns the cost of the
/// second, which finds what the first one stored.
async fn cost(
    case: &Case,
    app: App,
    component: &Component,
    later: u64,
    calls: &Calls,
) -> Result<Cost> {
    let (ended, mut instances) = unbounded_channel();
    let time = Arc::new(AtomicU64::new(START));
    let clock = Arc::clone(&time);
    let config = RuntimeConfig {
        clock: Clock::new(move || Duration::from_secs(clock.load(Ordering::Relaxed))),
        hooks: Arc::new(Ended(ended)),
        ..RuntimeConfig::default()
    };
    let server = server::serve(app, component, config).await?;
    let mut paths = [case.path; 2];
    if case.is_miss() {
        paths = ["/json?ip=1.1.1.1", "/json?ip=9.9.9.9"];
    }
    server::get(server, paths[0], case.accept)?;
    instances.recv().await.context("no instance")?;
    time.fetch_add(later, Ordering::Relaxed);
    calls.take();
    server::get(server, paths[1], case.accept)?;
    let usage = instances.recv().await.context("no instance")?;
    let calls = calls.take();
    Ok(Cost { usage, calls })
}

/// Sends the usage of each instance when it has ended.
#[derive(Debug)]
struct Ended(UnboundedSender<Usage>);

impl Hooks for Ended {
    fn ended(&self, usage: Usage) {
        // An error means that the receiver was dropped.
        let _ = self.0.send(usage);
    }
}

/// Counts calls to the host. The bindings of the engine and of geo-host open a span
/// for each.
#[derive(Clone, Default)]
struct Calls(Arc<Mutex<BTreeMap<String, usize>>>);

impl Calls {
    /// Returns the calls since the last call of this method.
    fn take(&self) -> BTreeMap<String, usize> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Subscriber for Calls {
    fn enabled(&self, metadata: &Metadata) -> bool {
        metadata.is_span() && metadata.name() == "wit-bindgen import"
    }

    fn new_span(&self, span: &Attributes) -> Id {
        let mut function = Function::default();
        span.record(&mut function);
        let module = function.module.split('@').next().unwrap_or_default();
        let name = format!("{module} {}", function.name);
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *calls.entry(name).or_default() += 1;
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// The fields of a span.
#[derive(Default)]
struct Function {
    module: String,
    name: String,
}

impl Visit for Function {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "module" => self.module = value.to_owned(),
            "function" => self.name = value.to_owned(),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}
