//! The memory of whole processes, under 256 connections.

use crate::artifacts::Artifacts;
use crate::case::{CASES, Case};
use crate::cold_start::first_byte;
use crate::load::Load;
use crate::native::Running;
use crate::progress;
use crate::table::{Section, Table, figure};
use anyhow::{Context, Result};
use serde_json::json;
use stand_in::{API_KEY, StandIn};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use tokio::runtime::Runtime;

const CONNECTIONS: usize = 256;
const SECONDS: f64 = 2.0;

/// Measures geo-host, for hits, and the native servers.
///
/// # Errors
///
/// If one does not start or answers wrongly.
pub fn measure(artifacts: &Artifacts) -> Result<Section> {
    progress::line("memory");
    let runtime = Runtime::new()?;
    let stand_in = runtime.block_on(StandIn::start())?;
    let mut table = Table::new(&["resident memory", "idle, MB", "peak, MB"]);
    let mut json = json!({});
    let mut servers = vec![("geo-host", geo_host(artifacts, &stand_in)?, case("hit")?)];
    for native in &artifacts.natives {
        let case = CASES.iter().find(|case| case.server == native.server);
        let case = case.context("no case")?;
        servers.push((case.name, native.start(&stand_in.origin())?, case));
    }
    for (name, running, case) in servers {
        first_byte(running.port)?;
        let idle = megabytes(running.child.id(), "VmRSS");
        Load {
            oha: &artifacts.oha,
            case,
            origin: &format!("http://127.0.0.1:{}", running.port),
            connections: CONNECTIONS,
            seconds: SECONDS,
            rate: None,
        }
        .run()?;
        let peak = megabytes(running.child.id(), "VmHWM");
        let show = |megabytes: Option<f64>| megabytes.map_or("?".to_owned(), figure);
        table.row([name.to_owned(), show(idle), show(peak)]);
        json[name] = json!({ "idle": idle, "peak": peak });
    }
    Ok(Section {
        title: "Memory".to_owned(),
        note: format!(
            "Of the process and its workers, after its first answer and after \
             {SECONDS} s with {CONNECTIONS} connections. geo-host answers from the cache."
        ),
        tables: vec![table],
        json,
        plots: Vec::new(),
    })
}

fn case(name: &str) -> Result<&'static Case> {
    let case = CASES.iter().find(|case| case.name == name);
    case.context("no such case")
}

fn geo_host(artifacts: &Artifacts, stand_in: &StandIn) -> Result<Running> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut command = Command::new(&artifacts.geo_host);
    command
        .arg("--from")
        .arg(artifacts.root.join("spin.toml"))
        .args(["--listen", &format!("127.0.0.1:{port}"), "--state"])
        .arg(artifacts.folder.join("state"))
        .env("SPIN_VARIABLE_IPIFY_API_KEY", API_KEY)
        .env("SPIN_VARIABLE_IPIFY_ORIGIN", stand_in.origin())
        .env("SPIN_VARIABLE_TRUSTED_HOPS", "1");
    Running::start(&mut command, port)
}

/// What Linux says of a process and its children; `None` elsewhere.
fn megabytes(process: u32, what: &str) -> Option<f64> {
    let mut kilobytes = 0.0;
    for entry in std::fs::read_dir("/proc").ok()?.flatten() {
        let Some(status) = status(&entry.path(), what) else {
            continue;
        };
        if status.process == process || status.parent == process {
            kilobytes += status.kilobytes;
        }
    }
    Some(kilobytes / 1000.0)
}

struct Status {
    process: u32,
    parent: u32,
    kilobytes: f64,
}

fn status(folder: &Path, what: &str) -> Option<Status> {
    let text = std::fs::read_to_string(folder.join("status")).ok()?;
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim_start_matches(':').split_whitespace().next()
    };
    Some(Status {
        process: value("Pid")?.parse().ok()?,
        parent: value("PPid")?.parse().ok()?,
        kilobytes: value(what)?.parse().ok()?,
    })
}
