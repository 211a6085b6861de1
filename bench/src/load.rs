//! The load generator: [oha](https://github.com/hatoo/oha).

use crate::case::{CALLER, Case};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use xtask::process;

/// What oha is to do.
pub struct Load<'a> {
    pub oha: &'a Path,
    pub case: &'a Case,
    pub origin: &'a str,
    pub connections: usize,
    pub seconds: f64,
    /// How many requests a second are sent. Latency is then measured from when
    /// a request was due, not from when a slow answer before it let it go
    /// (coordinated omission). `None` sends as many as are answered.
    pub rate: Option<f64>,
}

/// What oha measured.
#[derive(Clone, Copy, serde::Serialize)]
pub struct Measured {
    pub requests: u64,
    pub per_second: f64,
    /// In milliseconds.
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub p999: f64,
}

impl Load<'_> {
    /// Sends the requests.
    ///
    /// # Errors
    ///
    /// If an answer has another status than it should.
    pub fn run(&self) -> Result<Measured> {
        let Case { name, status, .. } = self.case;
        let mut oha = Command::new(self.oha);
        oha.args(["--no-tui", "--output-format", "json", "--redirect", "0"])
            .arg(format!("-z{}ms", (self.seconds * 1000.0).round()))
            .arg(format!("-c{}", self.connections))
            .arg(format!("-HAccept: {}", self.case.accept))
            .arg(format!("-H{}: {}", CALLER.0, CALLER.1));
        if self.case.is_random {
            oha.arg("--rand-regex-url");
        }
        if let Some(rate) = self.rate {
            oha.args(["-q", &format!("{rate:.3}"), "--latency-correction"]);
        }
        oha.arg(format!("{}{}", self.origin, self.case.path));
        let text = process::output(&mut oha)?;
        let json: Value = serde_json::from_str(&text).context("oha's output")?;
        let statuses = json["statusCodeDistribution"].as_object();
        let statuses = statuses.context("oha counted no statuses")?;
        let is_right = statuses.keys().all(|found| *found == status.to_string());
        ensure!(is_right, "{name}: {statuses:?}, not only {status}");
        let errors = json["errorDistribution"].as_object();
        let mut errors = errors.iter().flat_map(|errors| errors.keys());
        // What is under way when the time is up.
        let error = errors.find(|error| *error != "aborted due to deadline");
        ensure!(error.is_none(), "{name}: {error:?}");
        let requests = statuses.values().filter_map(Value::as_u64).sum();
        let total = json["summary"]["total"].as_f64().context("no total")?;
        let percentile = |name: &str| {
            json["latencyPercentiles"][name]
                .as_f64()
                .unwrap_or(f64::NAN)
                * 1000.0
        };
        Ok(Measured {
            requests,
            per_second: requests as f64 / total,
            p50: percentile("p50"),
            p90: percentile("p90"),
            p99: percentile("p99"),
            p999: percentile("p99.9"),
        })
    }
}
