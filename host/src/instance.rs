//! The state of the host for an instance, and for all instances of an application.

use crate::allowed_hosts::AllowedHosts;
use crate::app::App;
use crate::bindings::fermyon::spin::variables as v2;
use crate::bindings::spin::variables::variables as v3;
use crate::clock::Clock;
use crate::component::Kind;
use crate::hooks::Hooks;
use crate::instance_reuse::InstanceReuse;
use crate::key_value::Stores;
use crate::log::Log;
use crate::outbound::{Outbound, PoolingClient};
use crate::runtime_config::RuntimeConfig;
use crate::usage::{Meter, Usage};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio_util::task::TaskTracker;
use wasmtime::component::{Accessor, HasSelf, ResourceTable};
use wasmtime::{Engine, Store};
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
    pub instance_reuse: InstanceReuse,
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
            instance_reuse: config.instance_reuse,
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
    /// Returns a store for an instance.
    pub fn store(engine: &Engine, app: &AppState, kind: Kind) -> Store<Self> {
        let mut store = Store::new(engine, Self::new(app, kind));
        store.limiter(|state| &mut state.meter);
        Usage::begin(&mut store);
        store
    }

    fn new(app: &AppState, kind: Kind) -> Self {
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

impl InstanceState {
    fn variable(&self, name: String) -> Result<String, v2::Error> {
        self.hooks.variable(&name).map_err(v2::Error::Provider)?;
        match self.variables.get(&name) {
            Some(value) => Ok(value.clone()),
            None => Err(v2::Error::Undefined(name)),
        }
    }
}

impl v2::Host for InstanceState {
    async fn get(&mut self, name: String) -> Result<String, v2::Error> {
        self.variable(name)
    }
}

impl v3::Host for InstanceState {}

impl<T: Send> v3::HostWithStore<T> for HasSelf<InstanceState> {
    async fn get(accessor: &Accessor<T, Self>, name: String) -> Result<String, v3::Error> {
        let value = accessor.with(|mut access| access.get().variable(name));
        value.map_err(|error| match error {
            v2::Error::InvalidName(name) => v3::Error::InvalidName(name),
            v2::Error::Undefined(name) => v3::Error::Undefined(name),
            v2::Error::Provider(reason) => v3::Error::Provider(reason),
            v2::Error::Other(reason) => v3::Error::Other(reason),
        })
    }
}
