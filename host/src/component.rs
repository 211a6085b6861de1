//! The component, compiled once, and a fresh instance of it for each request.

use crate::app::App;
use crate::bindings::fermyon::spin::{key_value, variables};
use crate::bindings::wasi::keyvalue::{atomics, store};
#[cfg(feature = "compose")]
use crate::composition::compose;
use crate::instance::{AppState, InstanceState, MEMORY_LIMIT};
use crate::manifest::Dependency;
use crate::usage::Usage;
use anyhow::{Context, Result, anyhow, bail};
use bytes::Bytes;
use http::{Request, Response};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;
use wasmtime::component::{HasSelf, Linker};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store};
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;
use wasmtime_wasi_http::{Error, WasiHttpView};

/// How many memories there are for the instances that run at the same time:
/// most components need one, one that is composed of two needs two. More
/// requests wait for their turn.
const MEMORIES: u32 = 256;

/// How long an instance may run, with all that it does after its answer: as
/// long as it may wait by default for one answer to a request of its own.
const CALL_LIMIT: Duration = Duration::from_secs(600);

/// A component in machine code. Clones share it.
#[derive(Clone)]
pub struct Component {
    pre: ProxyPre<InstanceState>,
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
    /// Composes the component of an application with its dependencies, and
    /// compiles it.
    ///
    /// # Errors
    ///
    /// Where a file cannot be read or is no component, the files do not fit
    /// together, or import what geo-host does not offer.
    pub fn load(app: &App) -> Result<Self> {
        Self::from_files(&app.source, &app.dependencies, &Config::new())
    }

    /// Like [`load`](Self::load), and counts the instructions that its instances
    /// run, for [`Hooks::ended`](crate::Hooks::ended). They run slower for it.
    ///
    /// # Errors
    ///
    /// As for [`load`](Self::load).
    pub fn load_metered(app: &App) -> Result<Self> {
        let mut config = Config::new();
        config.consume_fuel(true);
        Self::from_files(&app.source, &app.dependencies, &config)
    }

    /// Compiles the component in a file.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read, is no component, or imports what
    /// geo-host does not offer.
    pub fn compile(file: &Path) -> Result<Self> {
        Self::from_files(file, &[], &Config::new())
    }

    fn from_files(source: &Path, dependencies: &[Dependency], config: &Config) -> Result<Self> {
        let mut bytes = read(source)?;
        if !dependencies.is_empty() {
            bytes = compose(bytes, dependencies)?;
        }
        Self::new(&bytes, config).with_context(|| format!("{} cannot be served", source.display()))
    }

    fn new(bytes: &[u8], config: &Config) -> Result<Self> {
        let engine = engine(config.clone())?;
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
        key_value::add_to_linker::<_, HasSelf<InstanceState>>(&mut linker, |state| state)?;
        store::add_to_linker::<_, HasSelf<InstanceState>>(&mut linker, |state| state)?;
        atomics::add_to_linker::<_, HasSelf<InstanceState>>(&mut linker, |state| state)?;
        variables::add_to_linker::<_, HasSelf<InstanceState>>(&mut linker, |state| state)?;
        let memories = component
            .resources_required()
            .map_or(1, |r| r.num_memories.max(1));
        Ok(Self {
            pre: ProxyPre::new(linker.instantiate_pre(&component)?)?,
            kind,
            turns: Arc::new(Semaphore::new((MEMORIES / memories) as usize)),
        })
    }

    /// Which host it is built for, as its imports tell.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Lets a fresh instance answer a request. The instance may go on after
    /// that; whether it ends well is only logged.
    pub(crate) async fn answer<B>(
        &self,
        request: Request<B>,
        app: &AppState,
    ) -> Result<Response<HyperOutgoingBody>>
    where
        B: hyper::body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Error>,
    {
        let turn = Arc::clone(&self.turns).acquire_owned().await?;
        let mut store = Store::new(self.pre.engine(), InstanceState::new(app, self.kind));
        store.limiter(|state| &mut state.meter);
        Usage::begin(&mut store);
        let (answered, answer) = oneshot::channel();
        let mut http = store.data_mut().http();
        let request = http.new_incoming_request(Scheme::Http, request)?;
        let response_out = http.new_response_outparam(answered)?;

        // On its own task, because it does not end with the answer, nor with
        // the client's patience.
        let pre = self.pre.clone();
        let call = app.calls.spawn(async move {
            // Dropped in the other order: first the instance, then the turn.
            let _turn = turn;
            let mut store = store;
            let proxy = pre.instantiate_async(&mut store).await?;
            let handler = proxy.wasi_http_incoming_handler();
            let call = handler.call_handle(&mut store, request, response_out);
            let ended = timeout(CALL_LIMIT, call).await;
            store.data().hooks.ended(Usage::of(&store));
            match ended {
                Ok(ended) => Ok(ended?),
                Err(_) => bail!("it did not end within {} s", CALL_LIMIT.as_secs()),
            }
        });
        let Ok(response) = answer.await else {
            // The other end was dropped: the call is over.
            call.await??;
            bail!("it returned without an answer");
        };
        let log = app.log.clone();
        app.calls.spawn(async move {
            if let Err(error) = call.await.map_err(anyhow::Error::from).flatten() {
                log.line(format_args!(
                    "the component failed after its answer: {error:#}"
                ));
            }
        });
        response.map_err(|code| anyhow!("it gave up: {code}"))
    }
}

/// Reads the file of a component.
pub fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).with_context(|| {
        format!(
            "cannot read the component {}: build it with \"make build\"",
            file.display()
        )
    })
}

#[cfg(not(feature = "compose"))]
fn compose(_: Vec<u8>, _: &[Dependency]) -> Result<Vec<u8>> {
    bail!("geo-host was built without the feature compose")
}

/// An engine with room for as many instances as run at the same time.
fn engine(mut config: Config) -> Result<Engine> {
    let mut pool = PoolingAllocationConfig::new();
    // For each memory, a component made by Rust's toolchain has three or four
    // core instances and two tables.
    pool.total_component_instances(MEMORIES)
        .total_core_instances(4 * MEMORIES)
        .total_memories(MEMORIES)
        .total_tables(2 * MEMORIES)
        .total_stacks(MEMORIES)
        .max_memory_size(MEMORY_LIMIT)
        // As Spin does: what an instance has written is overwritten for the next
        // one. Given back to the system, it would have to be asked for again,
        // page by page, which takes longer than most requests.
        .linear_memory_keep_resident(2 << 20)
        .table_keep_resident(1 << 19);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    // By default 4 GiB of addresses are set aside for each memory, more than a
    // limit of the address space (ulimit -v) may allow.
    config.memory_reservation(MEMORY_LIMIT as u64);
    Ok(Engine::new(&config)?)
}
