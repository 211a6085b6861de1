//! The load generator, [oha](https://github.com/hatoo/oha).

use crate::case::Case;
use crate::server::{CLIENT, root};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

/// The version that is installed if oha is missing.
const VERSION: &str = "1.16.0";

/// The path of the program.
pub struct Oha(PathBuf);

/// The result of a measurement.
pub struct Measured {
    pub per_second: f64,
    /// In milliseconds.
    pub p50: f64,
    pub p99: f64,
}

impl Oha {
    /// Returns the oha on the path, or installs one into `target/tools`, which takes
    /// some minutes the first time.
    pub fn find() -> Result<Self> {
        if Command::new("oha").arg("--version").output().is_ok() {
            return Ok(Self("oha".into()));
        }
        let tools = root().join("target/tools");
        let status = Command::new("cargo")
            .args(["install", "oha", "--locked", "--quiet"])
            .args(["--version", VERSION, "--root"])
            .arg(&tools)
            .status()?;
        ensure!(status.success(), "oha was not installed");
        Ok(Self(tools.join("bin/oha")))
    }

    /// Sends the requests of a case, as fast as they are answered, or at `rate` a
    /// second. Latency is then measured from the time at which a request was due, to
    /// correct for coordinated omission.
    pub fn run(
        &self,
        case: &Case,
        address: SocketAddr,
        connections: usize,
        seconds: f64,
        rate: Option<f64>,
    ) -> Result<Measured> {
        let mut oha = Command::new(&self.0);
        oha.args(["--no-tui", "--output-format", "json"])
            .arg(format!("-z{:.0}ms", seconds * 1000.0))
            .arg(format!("-c{connections}"))
            .arg(format!("-HAccept: {}", case.accept))
            .arg(format!("-H{}: {}", CLIENT.0, CLIENT.1));
        if case.is_miss() || case.is_of_many() {
            oha.arg("--rand-regex-url");
        }
        if let Some(rate) = rate {
            oha.args(["-q", &format!("{rate:.0}"), "--latency-correction"]);
        }
        let output = oha.arg(format!("http://{address}{}", case.path)).output()?;
        let error = String::from_utf8_lossy(&output.stderr);
        let json: Value = serde_json::from_slice(&output.stdout).context(error.into_owned())?;
        let statuses = json["statusCodeDistribution"].as_object();
        let statuses = statuses.context("oha counted no statuses")?;
        let name = case.name;
        ensure!(statuses.keys().eq(["200"]), "{name}: {statuses:?}");
        let errors = json["errorDistribution"].as_object();
        // Requests in flight at the end are not errors.
        let mut errors = errors.into_iter().flat_map(|errors| errors.keys());
        let error = errors.find(|error| *error != "aborted due to deadline");
        ensure!(error.is_none(), "{name}: {error:?}");
        let figure = |group: &str, name: &str| json[group][name].as_f64().unwrap_or(f64::NAN);
        Ok(Measured {
            per_second: figure("summary", "requestsPerSec"),
            p50: 1000.0 * figure("latencyPercentiles", "p50"),
            p99: 1000.0 * figure("latencyPercentiles", "p99"),
        })
    }
}
