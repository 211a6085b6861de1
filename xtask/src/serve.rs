//! `xtask run` and `xtask example`: serve an application on an installed Spin or on
//! geo-host.

use crate::component::{self, Build, Example};
use crate::process;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, pipe};
use std::path::Path;
use std::process::{Command, Stdio};

const API_KEY: &str = "SPIN_VARIABLE_IPIFY_API_KEY";
const ORIGIN: &str = "SPIN_VARIABLE_IPIFY_ORIGIN";

/// The oldest Spin that runs geo.
const OLDEST: (u32, u32) = (3, 6);

/// The oldest Spin that has middleware, for WASI 0.3 as geo has it.
const OLDEST_WITH_MIDDLEWARE: (u32, u32) = (4, 1);

/// Builds the component and serves it. Without `on_spin`, Spin does so where it
/// is installed, and new enough; otherwise geo-host, which is built too.
///
/// # Errors
///
/// If something does not compile, or Spin or geo-host cannot be started.
pub fn run(workspace: &Workspace, on_spin: Option<bool>) -> Result<()> {
    let manifest = workspace.root.join("spin.toml");
    serve(workspace, &manifest, Build::Spin, OLDEST, on_spin)
}

/// Builds an application in `examples/` and serves it, as [`run`] does.
///
/// # Errors
///
/// As for [`run`].
pub fn example(workspace: &Workspace, example: Example, on_spin: Option<bool>) -> Result<()> {
    let manifest = component::example(workspace, example)?;
    let oldest = match example {
        Example::Greeter => OLDEST,
        Example::Headers => OLDEST_WITH_MIDDLEWARE,
    };
    serve(workspace, &manifest, example.build(), oldest, on_spin)
}

/// Replaces this process by the server, so that signals reach it.
fn serve(
    workspace: &Workspace,
    manifest: &Path,
    geo: Build,
    oldest: (u32, u32),
    on_spin: Option<bool>,
) -> Result<()> {
    let on_spin = choose_spin(oldest, on_spin)?;
    let has_key = std::env::var(API_KEY).is_ok_and(|key| !key.is_empty());
    let mut programs = workspace.cargo();
    if on_spin {
        programs.args(["build", "--package", "stand-in"]);
    } else {
        if !workspace.program("geo-host").exists() {
            eprintln!(
                "building geo and geo-host: some minutes the first time, most of them for \
                 Wasmtime, the engine; seconds from then on"
            );
        }
        let is_example = manifest.parent() != Some(&workspace.root);
        // With the features that other crates have in the whole workspace, so
        // that `cargo test --workspace` finds the engine built.
        programs
            .args(["build", "--workspace", "--bin", "geo-host"])
            .args(["--bin", "stand-in"])
            .arg("--no-default-features");
        if has_key || is_example {
            programs.args(["--features", "geo-host/default"]);
        }
    }
    build(workspace, geo, &mut programs)?;

    let mut server = if on_spin {
        spin(workspace, manifest, has_key)
    } else {
        geo_host(workspace, manifest, has_key)
    };
    if !has_key {
        ask_stand_in(workspace, &mut server)?;
        eprintln!("no {API_KEY}: answering from a stand-in for ipify with sample data");
    }
    become_it(&mut server)
}

/// Spin. Sample data has a store of its own; real answers have `.spin`.
fn spin(workspace: &Workspace, manifest: &Path, has_key: bool) -> Command {
    let listen = std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let mut spin = Command::new("spin");
    spin.args(["up", "--listen", &listen, "--from"])
        .arg(manifest);
    if !has_key {
        let state = workspace.target.join("stand-in-state");
        spin.arg("--state-dir").arg(state);
    }
    spin
}

/// geo-host, which reads `LISTEN` itself. Sample data is not kept.
fn geo_host(workspace: &Workspace, manifest: &Path, has_key: bool) -> Command {
    let mut geo_host = Command::new(workspace.program("geo-host"));
    geo_host.arg("--from").arg(manifest);
    if has_key {
        let state = manifest.with_file_name(".geo-host");
        geo_host.arg("--state").arg(state);
    }
    geo_host
}

/// Whether to serve on Spin, unless that has been said.
fn choose_spin(oldest: (u32, u32), said: Option<bool>) -> Result<bool> {
    if said == Some(false) {
        return Ok(false);
    }
    let version = process::output(Command::new("spin").arg("--version"));
    if said == Some(true) {
        version.context("there is no Spin on the PATH: install it, or set SPIN=0")?;
        return Ok(true);
    }
    let new_enough = version
        .ok()
        .filter(|version| is_new_enough(version, oldest));
    if let Some(version) = &new_enough {
        eprintln!("{version} is installed, and serves it; with SPIN=0, geo-host does");
    }
    Ok(new_enough.is_some())
}

/// Whether the output of `spin --version` is from a Spin that runs geo.
fn is_new_enough(version: &str, oldest: (u32, u32)) -> bool {
    let numbers = version.strip_prefix("spin ").unwrap_or_default();
    let mut numbers = numbers.split('.').map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= oldest,
        _ => false,
    }
}

/// Builds the component and, at the same time, programs of the workspace, since
/// neither keeps all cores busy.
fn build(workspace: &Workspace, geo: Build, programs: &mut Command) -> Result<()> {
    std::thread::scope(|scope| {
        let component = scope.spawn(|| component::build(workspace, geo, true));
        let built = process::run(programs).context("geo-host or the stand-in was not built");
        match component.join() {
            Ok(component) => component.and(built),
            Err(_) => bail!("xtask panicked while it built the component"),
        }
    })
}

/// Starts the stand-in for ipify, and lets a server ask it. It ends with the
/// server, whose standard input is the other end of its own.
fn ask_stand_in(workspace: &Workspace, server: &mut Command) -> Result<()> {
    let (reader, writer) = pipe()?;
    let mut stand_in = Command::new(workspace.program("stand-in"));
    let stand_in = stand_in
        .arg("--until-eof")
        .stdin(reader)
        .stdout(Stdio::piped())
        .spawn()
        .context("the stand-in cannot be started")?;
    let lines = stand_in.stdout.map(|stdout| BufReader::new(stdout).lines());
    let lines = lines.into_iter().flatten().take(2);
    let lines = lines.collect::<Result<Vec<_>, _>>()?;
    let [origin, key] = lines.as_slice() else {
        bail!("the stand-in ended");
    };
    server.env(ORIGIN, origin).env(API_KEY, key).stdin(writer);
    Ok(())
}

#[cfg(unix)]
fn become_it(command: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Err(error).with_context(|| format!("{} cannot be started", command.get_program().display()))
}

/// Runs it and waits.
#[cfg(not(unix))]
fn become_it(command: &mut Command) -> Result<()> {
    process::run(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spin_runs_geo_from_3_6_on() {
        for (version, is_new) in [
            ("spin 3.6.3 (5b1a1f2 2026-04-09)", true),
            ("spin 4.0.0 (1a2b3c4 2026-04-20)", true),
            ("spin 10.1.0-pre0 (1a2b3c4 2030-01-01)", true),
            ("spin 3.5.1 (1a2b3c4 2025-12-12)", false),
            ("spin 2.9.0", false),
            ("Spin Version 6.5.2 -- 6 December 2019", false),
            ("spin", false),
            ("", false),
        ] {
            assert_eq!(is_new_enough(version, OLDEST), is_new, "{version}");
        }
    }
}
