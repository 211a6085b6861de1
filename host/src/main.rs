//! `geo-host`: serves the component of a `spin.toml`.

use anyhow::{Result, bail};
use clap::Parser;
use geo_host::{App, Component, Database, Manifest, RuntimeConfig, Server};
use stand_in::{self, StandIn};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// Serves the component of a spin.toml on a machine without Spin
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The manifest
    #[arg(long, value_name = "FILE", default_value = "spin.toml")]
    from: PathBuf,

    /// Another component than the manifest's: one that imports nothing of Spin
    /// gets the variables in its environment
    #[arg(long, value_name = "FILE")]
    component: Option<PathBuf>,

    /// The address to listen on
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        env = "LISTEN",
        default_value = "127.0.0.1:3000"
    )]
    listen: SocketAddr,

    /// Keep key-value stores in this folder
    ///
    /// By default it is .geo-host beside the manifest. Answers of the stand-in
    /// for ipify are not kept.
    #[arg(long, value_name = "FOLDER")]
    state: Option<PathBuf>,
}

/// The variable of geo, and of what is built on it, without whose value the
/// stand-in for ipify answers.
const API_KEY: &str = "ipify_api_key";

#[tokio::main]
async fn main() -> ExitCode {
    match serve(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("geo-host: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(arguments: Arguments) -> Result<()> {
    let manifest = Manifest::read(&arguments.from)?;
    let name = manifest.name.clone();
    let stand_in = match needs_key(&manifest) {
        true => Some(StandIn::start().await?),
        false => None,
    };
    let mut app = App::new(manifest, |name| match (&stand_in, name) {
        (Some(stand_in), "ipify_origin") => Some(stand_in.origin()),
        (Some(_), API_KEY) => Some(stand_in::API_KEY.to_owned()),
        _ => App::variable_from_environment(name),
    })?;
    if let Some(component) = arguments.component {
        app.source = component;
    }
    let component = Component::load(&app)?;
    let state = match (arguments.state, &stand_in) {
        (Some(_), Some(_)) => bail!("--state is for real answers: set SPIN_VARIABLE_IPIFY_API_KEY"),
        (None, Some(_)) => None,
        (Some(folder), None) => Some(folder),
        (None, None) => Some(arguments.from.with_file_name(".geo-host")),
    };
    let mut config = RuntimeConfig::default();
    let state = state.filter(|_| app.has_key_value_stores());
    if let Some(folder) = &state {
        config.key_value = Arc::new(Database::open(folder)?);
    }
    let server = Server::bind(arguments.listen, app, &component, config).await?;

    let stop = interrupted()?;

    println!("{name} is at http://{}", server.address());
    if stand_in.is_some() {
        println!(
            "no SPIN_VARIABLE_IPIFY_API_KEY: \
             answering from a stand-in for ipify with sample data"
        );
    }
    if let Some(folder) = &state {
        println!("what it stores is kept in {}", folder.display());
    }
    server.run(stop).await;
    Ok(())
}

/// Whether an application wants an API key of ipify, and there is none.
fn needs_key(manifest: &Manifest) -> bool {
    let key = App::variable_from_environment(API_KEY);
    manifest.variables.contains_key(API_KEY) && key.is_none_or(|key| key.is_empty())
}

/// Ready when the user presses Ctrl-C or a supervisor asks to stop. From the
/// call on, neither ends the process at once.
#[cfg(unix)]
fn interrupted() -> Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ready when the user presses Ctrl-C.
#[cfg(not(unix))]
fn interrupted() -> Result<impl Future<Output = ()>> {
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}
