//! The state of the host for an instance, and for all instances of an application.

use crate::allowed_hosts::AllowedHosts;
use crate::app::App;
use crate::bindings::fermyon::spin::variables;
use crate::clock::Clock;
use crate::component::Kind;
use crate::hooks::Hooks;
use crate::key_value::Stores;
use crate::log::Log;
use crate::outbound::{Outbound, PoolingClient};
use crate::runtime_config::RuntimeConfig;
use crate::usage::Meter;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio_util::task::TaskTracker;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

/// The memory limit of an instance, in bytes: that of Akamai Functions.
pub const MEMORY_LIMIT: usize = 128 << 20;

/// The state that all instances of an application share.
pub struct AppState {
    variables: Arc<BTreeMap<String, String>>,
    allowed_hosts: Arc<AllowedHosts>,
    client: PoolingClient,
    stores: Stores,
    clock: Clock,
    memory_limit: usize,
    hooks: Arc<dyn Hooks>,
    pub log: Log,
    /// The calls that have not ended. Some may have returned their response.
    pub calls: TaskTracker,
}

impl AppState {
    pub fn new(app: App, config: RuntimeConfig) -> Self {
        Self {
            variables: Arc::new(app.variables),
            allowed_hosts: Arc::new(app.allowed_hosts),
            client: PoolingClient::new(),
            stores: Stores {
                granted: Arc::new(app.key_value_stores),
                backend: config.key_value,
            },
            clock: config.clock,
            memory_limit: config.memory_limit,
            hooks: config.hooks,
            log: config.log,
            calls: TaskTracker::new(),
        }
    }
}

/// The state of an instance.
pub struct InstanceState {
    pub table: ResourceTable,
    pub stores: Stores,
    pub meter: Meter,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outbound: Outbound,
    variables: Arc<BTreeMap<String, String>>,
    pub hooks: Arc<dyn Hooks>,
}

impl InstanceState {
    pub fn new(app: &AppState, kind: Kind) -> Self {
        // No files, and no network except allowed HTTP requests.
        let mut wasi = WasiCtx::builder();
        wasi.stdout(app.log.clone())
            .stderr(app.log.clone())
            .wall_clock(app.clock.clone());
        if kind == Kind::Plain {
            for (name, value) in app.variables.iter() {
                wasi.env(name.to_ascii_uppercase(), value);
            }
        }
        Self {
            table: ResourceTable::new(),
            stores: app.stores.clone(),
            meter: Meter::new(app.memory_limit),
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            outbound: Outbound {
                allowed: Arc::clone(&app.allowed_hosts),
                client: app.client.clone(),
                log: app.log.clone(),
                hooks: Arc::clone(&app.hooks),
            },
            variables: Arc::clone(&app.variables),
            hooks: Arc::clone(&app.hooks),
        }
    }
}

impl WasiView for InstanceState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for InstanceState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.outbound,
        }
    }
}

impl variables::Host for InstanceState {
    async fn get(&mut self, name: String) -> Result<String, variables::Error> {
        self.hooks
            .variable(&name)
            .map_err(variables::Error::Provider)?;
        match self.variables.get(&name) {
            Some(value) => Ok(value.clone()),
            None => Err(variables::Error::Undefined(name)),
        }
    }
}
