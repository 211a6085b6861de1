//! `xtask run`: serves the component, on geo-host or on an installed Spin.

use crate::component::{self, Build};
use crate::process;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail, ensure};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const API_KEY: &str = "SPIN_VARIABLE_IPIFY_API_KEY";

/// Builds the component and geo-host, and becomes geo-host. It reads `LISTEN`
/// and `SPIN_VARIABLE_*` from the environment by itself.
///
/// # Errors
///
/// If either does not compile, or geo-host cannot be started.
pub fn on_geo_host(workspace: &Workspace) -> Result<()> {
    geo_host(workspace, &workspace.root.join("spin.toml"))
}

/// Builds the component, the application in `examples/greeter` and geo-host, and
/// becomes geo-host with that application.
///
/// # Errors
///
/// If one of them does not compile, or geo-host cannot be started.
pub fn example(workspace: &Workspace) -> Result<()> {
    geo_host(workspace, &component::greeter(workspace)?)
}

fn geo_host(workspace: &Workspace, manifest: &Path) -> Result<()> {
    let program = workspace.program("geo-host");
    if !program.exists() {
        eprintln!(
            "building geo and geo-host: some minutes the first time, most of them for Wasmtime, \
             the engine (with two cores about 3); seconds from then on"
        );
    }
    at_once(workspace, "geo-host", "geo-host")?;
    let mut geo_host = Command::new(program);
    become_it(geo_host.arg("--from").arg(manifest))
}

/// Builds the component and runs it with `spin up`. Without an API key in the
/// environment, it asks the stand-in for ipify.
///
/// # Errors
///
/// If Spin is not installed or fails, or the component does not compile.
pub fn on_spin(workspace: &Workspace) -> Result<()> {
    ensure!(
        process::succeeds(Command::new("spin").arg("--version")),
        "there is no spin on the PATH: install it, or leave SPIN=1 away to use geo-host"
    );
    let listen = std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let mut spin = Command::new("spin");
    spin.current_dir(&workspace.root)
        .args(["up", "--listen", &listen]);
    if std::env::var(API_KEY).is_ok_and(|key| !key.is_empty()) {
        component::build(workspace, Build::Spin, false)?;
        return become_it(&mut spin);
    }
    at_once(workspace, "stand-in", "stand-in")?;
    let mut stand_in = StandIn::start(workspace)?;
    println!("no {API_KEY}: answering from a stand-in for ipify with sample data");
    let [origin, key] = stand_in.lines()?;
    spin.env("SPIN_VARIABLE_IPIFY_ORIGIN", origin)
        .env(API_KEY, key);
    process::run(&mut spin)
}

/// Builds the component and a program of the workspace at the same time, since
/// neither keeps all cores busy.
fn at_once(workspace: &Workspace, package: &str, program: &str) -> Result<()> {
    std::thread::scope(|scope| {
        let component = scope.spawn(|| component::build(workspace, Build::Spin, true));
        let mut cargo = workspace.cargo();
        // With the whole workspace's features, so that `cargo test --workspace`
        // finds the engine built.
        cargo.args(["build", "--workspace", "--bin", program]);
        let built = process::run(&mut cargo).with_context(|| format!("{package} was not built"));
        match component.join() {
            Ok(component) => component.and(built),
            Err(_) => bail!("xtask panicked while it built the component"),
        }
    })
}

/// Replaces this process, so that signals reach the server.
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

/// The running stand-in, which ends with this value.
struct StandIn(Child);

impl StandIn {
    fn start(workspace: &Workspace) -> Result<Self> {
        let mut command = Command::new(workspace.program("stand-in"));
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        Ok(Self(child.context("the stand-in cannot be started")?))
    }

    /// The origin and the key that it prints.
    fn lines(&mut self) -> Result<[String; 2]> {
        let stdout = self.0.stdout.take().context("its output was read before")?;
        let mut lines = BufReader::new(stdout).lines();
        let mut line = || {
            lines
                .next()
                .context("the stand-in ended")?
                .context("the stand-in")
        };
        Ok([line()?, line()?])
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        // It may have ended by itself, with the Ctrl-C that ended Spin.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
