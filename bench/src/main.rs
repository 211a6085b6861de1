//! `make bench`: the speed and cost of geo, compared with baselines. `make size` shows
//! its size.
//!
//! Figures that depend on the load of the machine are measured in rounds of all cases,
//! so that their ratios are reliable. The others are counted: instructions, calls to
//! the host, reads of the store.

mod case;
mod cost;
mod load;
mod oha;
mod server;
mod start;

use anyhow::Result;
use clap::{Parser, ValueEnum};
use std::path::PathBuf;

/// Measures the speed and cost of geo
#[derive(Parser)]
#[command(name = "bench")]
struct Arguments {
    /// What to measure; everything by default
    parts: Vec<Part>,

    /// How many times the throughput of each case is measured
    #[arg(long, default_value_t = 3)]
    rounds: usize,

    /// How long one measurement takes
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0)]
    seconds: f64,

    /// How many connections send requests
    #[arg(long, value_name = "NUMBER", default_value_t = 16)]
    connections: usize,

    /// Measure the load on this Spin instead of on geo-host, and nothing else
    #[arg(long, value_name = "PROGRAM")]
    spin: Option<PathBuf>,
}

/// A part of the measurements.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Time from process start to first byte, and memory
    Start,
    /// Throughput and latency
    Load,
    /// Instructions, memory and calls to the host for one request
    Cost,
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = Arguments::parse();
    if arguments.spin.is_some() {
        arguments.parts = vec![Part::Load];
    } else if arguments.parts.is_empty() {
        arguments.parts = vec![Part::Start, Part::Load, Part::Cost];
    }
    server::build_components()?;
    println!("Measured on {}.", machine());
    if arguments.parts.contains(&Part::Start) {
        start::measure().await?;
    }
    if arguments.parts.contains(&Part::Load) {
        load::measure(&arguments).await?;
    }
    // Last, because counting calls slows down what follows.
    if arguments.parts.contains(&Part::Cost) {
        cost::measure().await?;
    }
    Ok(())
}

/// Describes the machine of the measurements.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let mut lines = info.lines();
    let model = lines.find(|line| line.starts_with("model name"));
    let model = model.and_then(|line| line.split(": ").nth(1));
    let model = model.unwrap_or(std::env::consts::ARCH);
    format!("{model}, {cores} cores, {}", std::env::consts::OS)
}

/// Returns the median.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
