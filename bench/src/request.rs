//! One request at a time: what it costs inside the engine, which does not depend
//! on what else the machine does.

use crate::artifacts::{Artifacts, BARE};
use crate::case::{CALLER, CASES, Case, STALE, Server};
use crate::client::Client;
use crate::host_calls::{Calls, HostCalls};
use crate::table::{Section, Table, grouped};
use crate::{host, progress};
use anyhow::{Context, Result};
use geo_host::{Backend, Clock, Component, Hooks, Memory, RuntimeConfig, Usage};
use serde_json::json;
use stand_in::StandIn;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What one request cost.
pub struct Cost {
    pub instructions: u64,
    /// The bytes of linear memory.
    pub memory: usize,
    pub calls: Calls,
}

/// A server whose requests are counted.
pub struct Counted {
    client: Client,
    ended: Ended,
    calls: HostCalls,
    time: Arc<AtomicU64>,
    _stand_in: StandIn,
}

/// What instances took, in the order in which they ended.
#[derive(Clone, Debug, Default)]
struct Ended(Arc<Mutex<Vec<Usage>>>);

impl Ended {
    fn take(&self) -> Option<Usage> {
        let mut ended = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ended.pop()
    }
}

impl Hooks for Ended {
    fn ended(&self, usage: Usage) {
        let mut ended = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ended.push(usage);
    }
}

/// 2026-11-23 08:26:40 UTC.
pub const START: u64 = 1_795_422_400;

impl Counted {
    /// Starts the component of a manifest on the current runtime, or another one
    /// in its place.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub async fn start(
        manifest: &Path,
        component: Option<&Path>,
        variables: &[(&str, &str)],
        store: Arc<dyn Backend>,
        calls: &HostCalls,
    ) -> Result<Self> {
        let stand_in = StandIn::start().await?;
        let app = || -> Result<_> {
            let mut app = host::app(manifest, &stand_in, variables)?;
            if let Some(component) = component {
                app.source = component.to_owned();
            }
            Ok(app)
        };
        let component = Component::load_metered(&app()?)?;
        let ended = Ended::default();
        let time = Arc::new(AtomicU64::new(START));
        let clock = Arc::clone(&time);
        let config = RuntimeConfig {
            clock: Clock::new(move || Duration::from_secs(clock.load(Ordering::Relaxed))),
            key_value: store,
            hooks: Arc::new(ended.clone()),
            ..RuntimeConfig::default()
        };
        let address = host::start(app()?, &component, config).await?;
        Ok(Self {
            client: Client::connect(address).await?,
            ended,
            calls: calls.clone(),
            time,
            _stand_in: stand_in,
        })
    }

    /// Lets a request be answered, and its instance end.
    ///
    /// # Errors
    ///
    /// If the answer has another status.
    pub async fn get(
        &mut self,
        path: &str,
        accept: &str,
        caller: &str,
        status: u16,
    ) -> Result<Cost> {
        self.calls.take();
        self.client.get(path, accept, caller, status).await?;
        let usage = loop {
            if let Some(usage) = self.ended.take() {
                break usage;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        };
        Ok(Cost {
            instructions: usage.instructions.context("nothing was counted")?,
            memory: usage.memory,
            calls: self.calls.take(),
        })
    }
}

/// Runs what counts host calls: on one thread, where the subscriber sees them.
///
/// # Errors
///
/// If it fails.
pub fn counting<T>(action: impl AsyncFnOnce(HostCalls) -> Result<T>) -> Result<T> {
    let calls = HostCalls::default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    tracing::subscriber::with_default(calls.clone(), || runtime.block_on(action(calls)))
}

/// Counts one request of each case.
///
/// # Errors
///
/// If one is not answered as it should be.
pub fn measure(artifacts: &Artifacts) -> Result<Section> {
    progress::line("one request of each case");
    let cases: Vec<_> = CASES
        .iter()
        .filter(|case| !case.server.is_native())
        .collect();
    let costs = counting(async |calls| {
        let mut costs = Vec::new();
        for case in &cases {
            costs.push(cost(artifacts, case, &calls).await?);
        }
        Ok(costs)
    })?;
    let names = cases.iter().map(|case| case.name);
    let header: Vec<_> = ["one request"].into_iter().chain(names).collect();
    let mut table = Table::new(&header);
    let row = |name: &str, value: &dyn Fn(&Cost) -> u64| {
        let values = costs.iter().map(|cost| match value(cost) {
            0 => String::new(),
            value => grouped(value),
        });
        [name.to_owned()]
            .into_iter()
            .chain(values)
            .collect::<Vec<_>>()
    };
    table.row(row("instructions", &|cost| cost.instructions));
    table.row(row("linear memory, kB", &|cost| cost.memory as u64 / 1000));
    table.row(row("host calls", &|cost| cost.calls.values().sum()));
    let functions: BTreeSet<_> = costs.iter().flat_map(|cost| cost.calls.keys()).collect();
    for function in functions {
        table.row(row(&format!("`{function}`"), &|cost| {
            cost.calls.get(function).copied().unwrap_or(0)
        }));
    }
    let json = cases.iter().zip(&costs).map(|(case, cost)| {
        json!({
            "case": case.name, "instructions": cost.instructions, "memory": cost.memory,
            "calls": cost.calls,
        })
    });
    Ok(Section {
        title: "One request".to_owned(),
        note: "Instructions of the component as Wasmtime counts them (fuel), the linear memory of \
               its instance when it ended, and its calls of the host by name, without those that \
               give resources back. A stale hit and a miss include what is done after the answer."
            .to_owned(),
        tables: vec![table],
        json: json.collect(),
        plots: Vec::new(),
    })
}

async fn cost(artifacts: &Artifacts, case: &Case, calls: &HostCalls) -> Result<Cost> {
    let bare = BARE.iter().find(|(server, _)| *server == case.server);
    let (manifest, variables) = match bare {
        Some((_, name)) => (artifacts.manifest(name), &[][..]),
        None => (
            artifacts.root.join("spin.toml"),
            match case.server {
                Server::StaleGeo => &STALE[..],
                _ => &[],
            },
        ),
    };
    let store = Arc::new(Memory::default());
    let mut counted = Counted::start(&manifest, None, variables, store, calls).await?;
    // The second request finds what the first one kept.
    let [first, second] = case.examples();
    counted
        .get(first, case.accept, CALLER.1, case.status)
        .await?;
    counted.time.fetch_add(10, Ordering::Relaxed);
    counted
        .get(second, case.accept, CALLER.1, case.status)
        .await
}

impl Case {
    /// The paths of two requests.
    pub fn examples(&self) -> [&'static str; 2] {
        match self.is_random {
            true => ["/json?ip=1.1.1.1", "/json?ip=9.9.9.9"],
            false => [self.path; 2],
        }
    }
}
