//! The same components on a real Spin.

use crate::artifacts::{Artifacts, BARE, manifest};
use crate::case::{Server, VARIABLES};
use crate::native::Running;
use crate::throughput::Listening;
use anyhow::{Context, Result};
use stand_in::{API_KEY, StandIn};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

/// Starts geo, and where the upstream answers at once the bare components too.
///
/// # Errors
///
/// If one cannot be started.
pub fn start(
    listening: &mut Listening,
    program: &Path,
    artifacts: &Artifacts,
    stand_in: &StandIn,
    delay: u64,
) -> Result<()> {
    // Spin keeps its stores beside the manifest: those of a copy are new.
    let copy = artifacts.folder.join(format!("spin-{delay}"));
    let _ = std::fs::remove_dir_all(&copy);
    let file = |name: &str| -> Result<()> {
        let to = copy.join(name);
        std::fs::create_dir_all(to.parent().context("no folder")?)?;
        std::fs::copy(artifacts.root.join(name), to).with_context(|| name.to_owned())?;
        Ok(())
    };
    file("geo.wasm")?;
    file("spin.toml")?;
    let mut servers = vec![(Server::Geo, "spin.toml".to_owned())];
    for (server, name) in BARE.iter().filter(|_| delay == 0) {
        file(&manifest(name))?;
        file(&format!("bench/components/{name}/{name}.wasm"))?;
        servers.push((*server, manifest(name)));
    }
    for (server, manifest) in servers {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut spin = Command::new(program);
        spin.args([
            "up",
            "--quiet",
            "--listen",
            &format!("127.0.0.1:{port}"),
            "--from",
        ])
        .arg(copy.join(manifest))
        .env("SPIN_VARIABLE_IPIFY_API_KEY", API_KEY)
        .env("SPIN_VARIABLE_IPIFY_ORIGIN", stand_in.origin());
        for (name, value) in VARIABLES {
            spin.env(format!("SPIN_VARIABLE_{}", name.to_uppercase()), value);
        }
        listening.processes.push(Running::start(&mut spin, port)?);
        let origin = format!("http://127.0.0.1:{port}");
        listening.origins.insert((server, delay), origin);
    }
    Ok(())
}
