//! The time from process start to first byte, and the memory in use.

use crate::case::{CASES, GEO, HIT};
use crate::median;
use crate::oha::Oha;
use crate::server::{self, Program};
use anyhow::{Context, Result};
use stand_in::StandIn;
use std::process::Command;
use std::time::Instant;

/// The number of starts of each program.
const STARTS: usize = 7;

/// The number of simultaneous clients for the peak of memory.
const CONNECTIONS: usize = 256;

/// Measures geo-host with geo, and the native server.
pub async fn measure() -> Result<()> {
    let oha = Oha::find()?;
    let stand_in = StandIn::start().await?;
    let hit = CASES.iter().find(|case| case.name == HIT);
    let hit = hit.context("no such case")?;
    println!(
        "\nmedian of {STARTS} starts, each with a new store; memory after the first response, and \
         its peak with {CONNECTIONS} connections\n"
    );
    println!("| | process start to first byte, ms | idle, MB | peak, MB |\n|---|---:|---:|---:|");
    for name in ["geo-host", "native"] {
        eprintln!("start of {name}");
        let (mut times, mut idle, mut peak) = (Vec::new(), Vec::new(), None);
        for number in 1..=STARTS {
            let store = tempfile::tempdir()?;
            let mut command = Command::new(server::program(name)?);
            if name == "geo-host" {
                command.arg("--from").arg(server::root().join(GEO));
                command.arg("--state").arg(store.path());
            }
            let start = Instant::now();
            let program = Program::start(command, &stand_in)?;
            times.push(start.elapsed().as_secs_f64() * 1000.0);
            idle.extend(program.megabytes("VmRSS"));
            if number == STARTS {
                oha.run(hit, program.address, CONNECTIONS, 2.0, None)?;
                peak = program.megabytes("VmHWM");
            }
        }
        let peak = peak.unwrap_or(f64::NAN);
        let (time, idle) = (median(times), median(idle));
        println!("| {name} | {time:.0} | {idle:.0} | {peak:.0} |");
    }
    Ok(())
}
