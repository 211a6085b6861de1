//! `geo-host`: serves the component of a `spin.toml`.

use anyhow::Result;
use clap::Parser;
use geo_host::stand_in::{self, StandIn};
use geo_host::{App, Component, Database, Manifest, Server, Surroundings};
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

    /// Keep key-value stores in this folder; without it they end with geo-host
    #[arg(long, value_name = "FOLDER")]
    state: Option<PathBuf>,
}

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
    let has_key = App::variable_from_environment(API_KEY).is_some_and(|key| !key.is_empty());
    let stand_in = match has_key {
        true => None,
        false => Some(StandIn::start().await?),
    };
    let app = App::new(manifest, |name| match (&stand_in, name) {
        (Some(stand_in), "ipify_origin") => Some(stand_in.origin()),
        (Some(_), API_KEY) => Some(stand_in::API_KEY.to_owned()),
        _ => App::variable_from_environment(name),
    })?;
    let source = arguments.component.as_ref().unwrap_or(&app.source);
    let component = Component::compile(source)?;
    let mut surroundings = Surroundings::default();
    if let Some(folder) = &arguments.state {
        surroundings.key_value = Arc::new(Database::open(folder)?);
    }
    let server = Server::bind(arguments.listen, app, &component, surroundings).await?;

    let stop = interrupted()?;

    println!("geo is at http://{}", server.address());
    if stand_in.is_some() {
        println!(
            "no SPIN_VARIABLE_IPIFY_API_KEY: \
             answering from a stand-in for ipify with sample data"
        );
    }
    server.run(stop).await;
    Ok(())
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
