//! Throughput and latency over loopback, on persistent connections.

use crate::case::CASES;
use crate::oha::Oha;
use crate::server::{self, Program};
use crate::{Arguments, median};
use anyhow::Result;
use geo_host::{Component, RuntimeConfig};
use stand_in::StandIn;
use std::collections::BTreeMap;
use std::process::Command;

/// How long the cache is filled, in seconds.
const WARM_UP: f64 = 10.0;

/// Measures all cases, in rounds.
pub async fn measure(arguments: &Arguments) -> Result<()> {
    let oha = Oha::find()?;
    let stand_in = StandIn::start().await?;
    let (mut addresses, mut programs) = (BTreeMap::new(), Vec::new());
    let stores = tempfile::tempdir()?;
    for case in &CASES {
        if addresses.contains_key(&case.manifest) {
            continue;
        }
        let program = match (case.manifest, &arguments.spin) {
            (None, _) => Command::new(server::program("native")?),
            (Some(manifest), Some(spin)) => {
                let mut command = Command::new(spin);
                command.args(["up", "--quiet", "--from"]);
                command.arg(server::root().join(manifest));
                let store = stores.path().join(programs.len().to_string());
                command.arg("--state-dir").arg(store);
                command
            }
            (Some(manifest), None) => {
                let config = RuntimeConfig::default();
                let app = server::app(manifest, &stand_in)?;
                let component = Component::load(&app)?;
                let address = server::serve(app, &component, config).await?;
                addresses.insert(case.manifest, address);
                continue;
            }
        };
        let program = Program::start(program, &stand_in)?;
        addresses.insert(case.manifest, program.address);
        programs.push(program);
    }

    let (connections, seconds) = (arguments.connections, arguments.seconds);
    for case in CASES.iter().filter(|case| case.is_of_many()) {
        eprintln!("filling the cache: {}", case.name);
        oha.run(case, addresses[&case.manifest], connections, WARM_UP, None)?;
    }
    let mut throughput = BTreeMap::<_, Vec<f64>>::new();
    for round in 1..=arguments.rounds {
        eprintln!("throughput, round {round} of {}", arguments.rounds);
        for case in &CASES {
            let address = addresses[&case.manifest];
            let measured = oha.run(case, address, connections, seconds, None)?;
            let rounds = throughput.entry(case.name).or_default();
            rounds.push(measured.per_second);
        }
    }
    eprintln!("latency");
    println!(
        "\n{connections} connections, {} rounds of {seconds} s; latency in ms at half of that \
         rate, corrected for coordinated omission\n",
        arguments.rounds
    );
    println!("| | requests/s | baseline | p50 | p99 |\n|---|---:|---:|---:|---:|");
    for case in &CASES {
        let rounds = &throughput[case.name];
        let per_second = median(rounds.clone());
        let rate = Some(per_second / 2.0);
        let address = addresses[&case.manifest];
        let latency = oha.run(case, address, connections, 2.0 * seconds, rate)?;
        let baseline = match throughput.get(case.baseline) {
            Some(others) => {
                let ratios = rounds.iter().zip(others).map(|(own, other)| own / other);
                format!("{:.2} × {}", median(ratios.collect()), case.baseline)
            }
            None => String::new(),
        };
        println!(
            "| {} | {per_second:.0} | {baseline} | {:.2} | {:.1} |",
            case.name, latency.p50, latency.p99
        );
    }
    Ok(())
}
