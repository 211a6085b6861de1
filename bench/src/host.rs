//! geo-host in this process: a component on a free port.

use crate::case::VARIABLES;
use anyhow::Result;
use geo_host::{App, Component, Manifest, RuntimeConfig, Server};
use stand_in::{API_KEY, StandIn};
use std::net::SocketAddr;
use std::path::Path;

/// Reads an application, with geo's settings under measurement.
///
/// # Errors
///
/// If it is none.
pub fn app(manifest: &Path, stand_in: &StandIn, variables: &[(&str, &str)]) -> Result<App> {
    let origin = stand_in.origin();
    let given = [("ipify_api_key", API_KEY), ("ipify_origin", &origin)];
    let given: Vec<_> = variables.iter().chain(&VARIABLES).chain(&given).collect();
    App::new(Manifest::read(manifest)?, |name| {
        let given = given.iter().find(|variable| variable.0 == name);
        given.map(|variable| variable.1.to_owned())
    })
}

/// Starts a server on the current runtime.
///
/// # Errors
///
/// If there is no free port.
pub async fn start(app: App, component: &Component, config: RuntimeConfig) -> Result<SocketAddr> {
    let address = ([127, 0, 0, 1], 0).into();
    let server = Server::bind(address, app, component, config).await?;
    let address = server.address();
    tokio::spawn(server.run(std::future::pending()));
    Ok(address)
}
