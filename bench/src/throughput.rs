//! Throughput and latency over loopback, with connections that are kept open.

use crate::arguments::Arguments;
use crate::artifacts::{Artifacts, BARE};
use crate::case::{CASES, Case, STALE, Server};
use crate::cold_start::first_byte;
use crate::load::{Load, Measured};
use crate::native::Running;
use crate::table::{Section, Table, figure, grouped, median};
use crate::{host, plot, progress, spin};
use anyhow::{Context, Result};
use geo_host::{Clock, Component, RuntimeConfig};
use serde_json::json;
use stand_in::{Fault, StandIn};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};
use tokio::runtime::Runtime;

const CONNECTIONS: [usize; 3] = [1, 16, 256];

/// How long the slow upstream takes, in milliseconds.
const SLOW: u64 = 100;

/// How much faster than time goes the clock of the geo whose answers are never
/// fresh: an answer of the slow upstream is older than a second when it is kept.
const HASTE: f64 = 20.0;

/// What is measured: a case, and how long the upstream takes.
struct Run<'a> {
    case: &'a Case,
    delay: u64,
    origin: String,
}

/// What listens, and ends with this value.
#[derive(Default)]
pub struct Listening {
    /// Where, by server and by how long its upstream takes.
    pub origins: BTreeMap<(Server, u64), String>,
    /// Servers that are processes.
    pub processes: Vec<Running>,
    stand_ins: Vec<StandIn>,
}

/// Measures geo, the bare components and the native servers, on geo-host.
///
/// # Errors
///
/// If one does not start, or answers wrongly.
pub fn on_geo_host(arguments: &Arguments, artifacts: &Artifacts) -> Result<Section> {
    let runtime = Runtime::new()?;
    let mut listening = Listening::default();
    runtime.block_on(start(&mut listening, artifacts))?;
    measure("geo-host", arguments, artifacts, &listening)
}

/// Measures geo and the bare components, on a real Spin.
///
/// # Errors
///
/// If one does not start, or answers wrongly.
pub fn on_spin(program: &Path, arguments: &Arguments, artifacts: &Artifacts) -> Result<Section> {
    let runtime = Runtime::new()?;
    let mut listening = Listening::default();
    for delay in [0, SLOW] {
        let stand_in = runtime.block_on(stand_in(delay))?;
        spin::start(&mut listening, program, artifacts, &stand_in, delay)?;
        listening.stand_ins.push(stand_in);
    }
    measure("Spin", arguments, artifacts, &listening)
}

async fn stand_in(delay: u64) -> Result<StandIn> {
    let stand_in = StandIn::start().await?;
    if delay > 0 {
        stand_in.set_fault(Fault::Delay(Duration::from_millis(delay)));
    }
    Ok(stand_in)
}

async fn start(listening: &mut Listening, artifacts: &Artifacts) -> Result<()> {
    let fast = stand_in(0).await?;
    let slow = stand_in(SLOW).await?;
    for (server, name) in BARE {
        let app = || host::app(&artifacts.manifest(name), &fast, &[]);
        let component = Component::load(&app()?)?;
        let address = host::start(app()?, &component, RuntimeConfig::default()).await?;
        let origin = format!("http://{address}");
        listening.origins.insert((server, 0), origin);
    }
    let manifest = artifacts.root.join("spin.toml");
    let component = Component::load(&host::app(&manifest, &fast, &[])?)?;
    for (server, stand_in, delay) in [
        (Server::Geo, &fast, 0),
        (Server::Geo, &slow, SLOW),
        (Server::StaleGeo, &slow, SLOW),
    ] {
        let mut config = RuntimeConfig::default();
        let mut variables = &[][..];
        if server == Server::StaleGeo {
            config.clock = hasty_clock();
            variables = &STALE;
        }
        let app = host::app(&manifest, stand_in, variables)?;
        let address = host::start(app, &component, config).await?;
        let origin = format!("http://{address}");
        listening.origins.insert((server, delay), origin);
    }
    for native in &artifacts.natives {
        for (stand_in, delay) in [(&fast, 0), (&slow, SLOW)] {
            let running = native.start(&stand_in.origin())?;
            let origin = format!("http://127.0.0.1:{}", running.port);
            listening.origins.insert((native.server, delay), origin);
            listening.processes.push(running);
        }
    }
    listening.stand_ins.extend([fast, slow]);
    Ok(())
}

fn hasty_clock() -> Clock {
    let start = Instant::now();
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let since_1970 = since_1970.unwrap_or_default();
    Clock::new(move || since_1970 + start.elapsed().mul_f64(HASTE))
}

/// The figures of one run with one number of connections.
#[derive(Default)]
struct Figures {
    /// Requests a second, by round.
    throughput: Vec<f64>,
    /// At half of that.
    latency: Option<Measured>,
}

fn measure(
    host: &str,
    arguments: &Arguments,
    artifacts: &Artifacts,
    listening: &Listening,
) -> Result<Section> {
    let runs = runs(listening);
    for run in &runs {
        let port = run
            .origin
            .rsplit_once(':')
            .and_then(|(_, port)| port.parse().ok());
        first_byte(port.context("no port")?)?;
    }
    let load = |run: &Run, connections, rate| {
        Load {
            oha: &artifacts.oha,
            case: run.case,
            origin: &run.origin,
            connections,
            // The rarest percentile needs more requests than their number does.
            seconds: match rate {
                Some(_) => 2.0 * arguments.seconds,
                None => arguments.seconds,
            },
            rate,
        }
        .run()
    };
    let mut sections = Vec::new();
    let mut json = json!({});
    let mut curves = Vec::new();
    for connections in CONNECTIONS {
        let mut figures: Vec<_> = runs.iter().map(|_| Figures::default()).collect();
        for round in 1..=arguments.rounds {
            progress::line(&format!(
                "throughput on {host}: connections: {connections}, round {round} of {}",
                arguments.rounds
            ));
            for (run, figures) in runs.iter().zip(&mut figures) {
                progress::step(run.case.name);
                figures
                    .throughput
                    .push(load(run, connections, None)?.per_second);
            }
        }
        progress::line(&format!("latency on {host}: connections: {connections}"));
        for (run, figures) in runs.iter().zip(&mut figures) {
            progress::step(run.case.name);
            let rate = (median(&figures.throughput) / 2.0).max(1.0);
            figures.latency = Some(load(run, connections, Some(rate))?);
        }
        progress::step("");
        let (table, values) = tabulate(connections, &runs, &figures);
        sections.push(table);
        json[connections.to_string()] = values;
        if connections == 16 {
            curves = runs
                .iter()
                .zip(&figures)
                .filter(|(run, _)| run.delay == SLOW && !run.case.server.is_native())
                .filter_map(|(run, figures)| Some((run.case.name, figures.latency?)))
                .collect();
        }
    }
    let plots = match host {
        "geo-host" => vec![("latency.svg", plot::latency(SLOW, &curves)?)],
        _ => Vec::new(),
    };
    Ok(Section {
        title: format!("Throughput and latency on {host}"),
        note: format!(
            "Requests a second: the median of {} rounds of {} s, in which all cases take turns; the \
             ratio is the median of the rounds', with the least and the most. Latency in ms, in twice \
             that time at half of that rate, and corrected for coordinated omission; a percentile is left out \
             where fewer than ten requests are beyond it.",
            arguments.rounds, arguments.seconds
        ),
        tables: sections,
        json,
        plots,
    })
}

/// Everything to measure, in the order of the turns.
fn runs(listening: &Listening) -> Vec<Run<'_>> {
    let mut runs = Vec::new();
    for delay in [0, SLOW] {
        for case in &CASES {
            let is_measured = if delay == 0 {
                case.at_0_ms
            } else {
                case.at_100_ms
            };
            let origin = listening.origins.get(&(case.server, delay));
            if let Some(origin) = origin.filter(|_| is_measured) {
                let origin = origin.clone();
                runs.push(Run {
                    case,
                    delay,
                    origin,
                });
            }
        }
    }
    runs
}

fn tabulate(connections: usize, runs: &[Run], figures: &[Figures]) -> (Table, serde_json::Value) {
    let title = match connections {
        1 => "1 connection".to_owned(),
        many => format!("{many} connections"),
    };
    let header = [
        &title,
        "upstream, ms",
        "requests/s",
        "ratio",
        "p50",
        "p99",
        "p99.9",
    ];
    let mut table = Table::new(&header);
    let mut json = Vec::new();
    for (run, own) in runs.iter().zip(figures) {
        let floor = run.case.floor.and_then(|floor| {
            let with = |delay| {
                let mut pairs = runs.iter().zip(figures);
                pairs.find(|(run, _)| run.case.name == floor && run.delay == delay)
            };
            with(run.delay).or_else(|| with(0))
        });
        let ratios: Vec<_> = floor
            .iter()
            .flat_map(|(_, floor)| own.throughput.iter().zip(&floor.throughput))
            .map(|(own, floor)| own / floor)
            .collect();
        let name = run.case.floor.unwrap_or_default();
        let ratio = match ratios.is_empty() {
            true => String::new(),
            false => format!(
                "{:.2} × {name} ({:.2} to {:.2})",
                median(&ratios),
                ratios.iter().copied().fold(f64::INFINITY, f64::min),
                ratios.iter().copied().fold(0.0, f64::max),
            ),
        };
        let latency = own.latency;
        let percentile = |value: fn(Measured) -> f64, one_in: u64| match latency {
            Some(latency) if latency.requests >= 10 * one_in => figure(value(latency)),
            _ => String::new(),
        };
        let throughput = median(&own.throughput);
        table.row([
            run.case.name.to_owned(),
            run.delay.to_string(),
            grouped(throughput.round() as u64),
            ratio,
            percentile(|latency| latency.p50, 1),
            percentile(|latency| latency.p99, 100),
            percentile(|latency| latency.p999, 1000),
        ]);
        json.push(json!({
            "case": run.case.name, "upstream": run.delay, "throughput": own.throughput,
            "ratios": ratios, "floor": run.case.floor, "latency": latency,
        }));
    }
    (table, json.into())
}
