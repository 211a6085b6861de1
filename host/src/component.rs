//! The component, compiled once, and a fresh instance of it for each request.

use crate::app::App;
use crate::key_value::Stores;
use crate::log::Log;
use crate::outbound::{AllowedHosts, Outbound};
use crate::surroundings::{Clock, Surroundings};
use anyhow::{Context, Result, anyhow};
use bytes::Bytes;
use http::{Request, Response};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::{Semaphore, oneshot};
use wasmtime::component::{HasSelf, Linker, ResourceTable};
use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store, StoreLimits,
    StoreLimitsBuilder,
};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

pub mod bindings {
    #![allow(missing_docs)] // generated
    wasmtime::component::bindgen!({
        path: "wit",
        world: "spin",
        with: { "fermyon:spin/key-value.store": crate::key_value::OpenStore },
    });
}
use bindings::fermyon::spin::{key_value, variables};

/// How many requests run at the same time; more of them wait for their turn.
const INSTANCES: usize = 256;

/// What one instance may take, as on Akamai Functions.
const MEMORY: usize = 128 << 20;

/// A component in machine code. Clones share it.
#[derive(Clone)]
pub struct Component {
    pre: ProxyPre<State>,
    kind: Kind,
    turns: Arc<Semaphore>,
}

/// Which host a component is built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Spin: it takes its settings from Spin's variables, and finds Spin's
    /// headers in requests.
    Spin,
    /// Any host of `wasi:http/proxy`: it takes its settings from the
    /// environment, under the variables' names in capitals.
    Plain,
}

impl Component {
    /// Compiles the component in a file.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read, is no component, or imports what
    /// geo-host does not offer.
    pub fn compile(file: &Path) -> Result<Self> {
        let bytes = std::fs::read(file).with_context(|| {
            format!(
                "cannot read the component {}: build it with \"make build\"",
                file.display()
            )
        })?;
        Self::from_bytes(&bytes).with_context(|| format!("{} cannot be served", file.display()))
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut pool = PoolingAllocationConfig::new();
        // A component made by Rust's toolchain has three core instances.
        pool.total_component_instances(INSTANCES as u32)
            .total_core_instances(4 * INSTANCES as u32)
            .total_memories(INSTANCES as u32)
            .total_tables(2 * INSTANCES as u32)
            .total_stacks(INSTANCES as u32)
            .max_memory_size(MEMORY);
        let mut config = Config::new();
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        let engine = Engine::new(&config)?;

        let component = wasmtime::component::Component::new(&engine, bytes)?;
        let component_type = component.component_type();
        let mut imports = component_type.imports(&engine);
        let kind = match imports.any(|(name, _)| name.starts_with("fermyon:spin/")) {
            true => Kind::Spin,
            false => Kind::Plain,
        };
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
        key_value::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
        variables::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
        Ok(Self {
            pre: ProxyPre::new(linker.instantiate_pre(&component)?)?,
            kind,
            turns: Arc::new(Semaphore::new(INSTANCES)),
        })
    }

    /// Which host it is built for, as its imports tell.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Lets a fresh instance answer a request.
    ///
    /// # Errors
    ///
    /// Where the component traps, or returns without an answer.
    pub async fn answer<B>(
        &self,
        request: Request<B>,
        shared: &Shared,
    ) -> Result<Response<HyperOutgoingBody>>
    where
        B: hyper::body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<wasmtime_wasi_http::Error>,
    {
        let turn = Arc::clone(&self.turns).acquire_owned().await?;
        let mut store = Store::new(self.pre.engine(), State::new(shared, self.kind));
        store.limiter(|state| &mut state.limits);
        let (answered, answer) = oneshot::channel();
        let request = store
            .data_mut()
            .http()
            .new_incoming_request(Scheme::Http, request)?;
        let response_out = store.data_mut().http().new_response_outparam(answered)?;

        // On its own task, because the component may go on writing the body
        // after it has handed over the head.
        let pre = self.pre.clone();
        let call = tokio::spawn(async move {
            // Dropped in the other order: first the instance, then the turn.
            let _turn = turn;
            let mut store = store;
            let proxy = pre.instantiate_async(&mut store).await?;
            let handler = proxy.wasi_http_incoming_handler();
            handler.call_handle(&mut store, request, response_out).await
        });
        match answer.await {
            Ok(response) => {
                let log = shared.log.clone();
                tokio::spawn(async move {
                    if let Err(error) = ended(call).await {
                        log.line(format_args!(
                            "the component failed after its answer: {error:#}"
                        ));
                    }
                });
                response.map_err(|code: ErrorCode| anyhow!("the component gave up: {code}"))
            }
            // The other end was dropped: the call is over.
            Err(_) => {
                ended(call).await?;
                Err(anyhow!("the component returned without an answer"))
            }
        }
    }
}

async fn ended(call: tokio::task::JoinHandle<wasmtime::Result<()>>) -> Result<()> {
    Ok(call.await??)
}

/// What every instance of one application shares.
pub struct Shared {
    variables: Arc<BTreeMap<String, String>>,
    allowed_hosts: Arc<AllowedHosts>,
    stores: Stores,
    clock: Clock,
    pub log: Log,
}

impl Shared {
    pub fn new(app: App, surroundings: Surroundings) -> Self {
        Self {
            variables: Arc::new(app.variables),
            allowed_hosts: Arc::new(app.allowed_hosts),
            stores: Stores {
                granted: Arc::new(app.key_value_stores),
                backend: surroundings.key_value,
            },
            clock: surroundings.clock,
            log: surroundings.log,
        }
    }
}

/// One instance's side of the host.
pub struct State {
    pub table: ResourceTable,
    pub stores: Stores,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outbound: Outbound,
    variables: Arc<BTreeMap<String, String>>,
    limits: StoreLimits,
}

impl State {
    fn new(shared: &Shared, kind: Kind) -> Self {
        let log = &shared.log;
        // No files, no network but the allowed HTTP.
        let mut wasi = WasiCtx::builder();
        wasi.stdout(log.clone())
            .stderr(log.clone())
            .wall_clock(shared.clock.clone());
        if kind == Kind::Plain {
            for (name, value) in shared.variables.iter() {
                wasi.env(name.to_ascii_uppercase(), value);
            }
        }
        Self {
            table: ResourceTable::new(),
            stores: shared.stores.clone(),
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            outbound: Outbound {
                allowed: Arc::clone(&shared.allowed_hosts),
                log: log.clone(),
            },
            variables: Arc::clone(&shared.variables),
            limits: StoreLimitsBuilder::new().memory_size(MEMORY).build(),
        }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.outbound,
        }
    }
}

impl variables::Host for State {
    fn get(&mut self, name: String) -> Result<String, variables::Error> {
        match self.variables.get(&name) {
            Some(value) => Ok(value.clone()),
            None => Err(variables::Error::Undefined(name)),
        }
    }
}
