//! `geo-host`: serves the component of a `spin.toml`.

use anyhow::Result;
use clap::Parser;
use geo_host::{App, Component, InstanceReuse, Manifest, RuntimeConfig, Server};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// Serves the component of a spin.toml on a machine without Spin
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The manifest
    #[arg(long, value_name = "FILE", default_value = "spin.toml")]
    from: PathBuf,

    /// Serve this component instead of the manifest's; if it imports nothing of
    /// Spin, the variables are in its environment
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

    /// Keep key-value stores in this folder instead of in memory
    #[cfg(feature = "state")]
    #[arg(long, value_name = "FOLDER")]
    state: Option<PathBuf>,

    #[command(flatten)]
    instance_reuse: InstanceReuse,
}

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
    let mut app = App::new(manifest, App::variable_from_environment)?;
    if let Some(component) = arguments.component {
        app.source = component;
    }
    let component = Component::load(&app)?;
    #[cfg_attr(not(feature = "state"), allow(unused_mut))]
    let mut config = RuntimeConfig {
        instance_reuse: arguments.instance_reuse,
        ..RuntimeConfig::default()
    };
    #[cfg(feature = "state")]
    if let Some(folder) = &arguments.state {
        config.key_value = std::sync::Arc::new(geo_host::Database::open(folder)?);
    }
    let server = Server::bind(arguments.listen, app, &component, config).await?;

    let stop = interrupted()?;

    // A closed output is not an error.
    let _ = writeln!(io::stdout(), "{name} is at http://{}", server.address());
    server.run(stop).await;
    Ok(())
}

/// Returns a future that is ready on Ctrl-C or when a supervisor stops the process.
/// From this call on, neither ends the process at once.
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

/// Returns a future that is ready on Ctrl-C.
#[cfg(not(unix))]
fn interrupted() -> Result<impl Future<Output = ()>> {
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}
