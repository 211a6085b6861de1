//! `make bench`: how large, how fast and how cheap geo is, beside what it can be
//! compared with.
//!
//! What can be slowed by the machine's other work is measured in turns, each
//! case once a round, so that ratios hold where absolute figures do not. What
//! need not depend on it is counted instead: instructions, host calls, lookups.

mod arguments;
mod artifacts;
mod case;
mod client;
mod cold_start;
mod credits;
mod engine;
mod fill;
mod host;
mod host_calls;
mod load;
mod machine;
mod memory;
mod native;
mod plot;
mod progress;
mod report;
mod request;
mod spin;
mod table;
mod throughput;
mod variants;

use anyhow::Result;
use arguments::Arguments;
use artifacts::Artifacts;
use clap::Parser;
use report::Report;
use std::process::ExitCode;

fn main() -> ExitCode {
    match measure(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: &Arguments) -> Result<()> {
    let artifacts = Artifacts::build(arguments)?;
    let mut report = Report::new(&artifacts);
    match &arguments.spin {
        _ if arguments.variants => report.add(variants::measure(&artifacts)?),
        Some(spin) => report.add(throughput::on_spin(spin, arguments, &artifacts)?),
        None => {
            report.add(cold_start::measure(&artifacts)?);
            report.add(engine::measure(&artifacts)?);
            report.add(memory::measure(&artifacts)?);
            report.add(throughput::on_geo_host(arguments, &artifacts)?);
            report.add(credits::measure(&artifacts)?);
            // Last, because what counts host calls slows down all that follow.
            report.add(request::measure(&artifacts)?);
            report.add(fill::measure(&artifacts)?);
        }
    }
    report.write(&arguments.plots)
}
