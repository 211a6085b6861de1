//! The component, compiled once, with a new instance for each request.

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

/// The number of memories for simultaneous instances. Most components need one; a
/// component that is composed of two needs two. Further requests wait.
const MEMORIES: u32 = 256;

/// How long an instance may run, including what it does after its response. As long
/// as the default timeout of an outgoing request.
const CALL_LIMIT: Duration = Duration::from_secs(600);

/// A compiled component. Clones share the code.
#[derive(Clone)]
pub struct Component {
    pre: ProxyPre<InstanceState>,
    kind: Kind,
    permits: Arc<Semaphore>,
}

/// The kind of host that a component is built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Spin: settings are Spin's variables, and requests have Spin's headers.
    Spin,
    /// Any host of `wasi:http/proxy`: settings are in the environment, under the
    /// names of the variables in capitals.
    Plain,
}

impl Component {
    /// Composes the component of an application with its dependencies, and
    /// compiles it.
    ///
    /// # Errors
    ///
    /// If a file cannot be read or is not a component, or if the component cannot be
    /// composed, or imports what geo-host does not offer.
    pub fn load(app: &App) -> Result<Self> {
        Self::from_files(&app.source, &app.dependencies, &Config::new())
    }

    /// Like [`load`](Self::load), with instances that count their instructions for
    /// [`Hooks::ended`](crate::Hooks::ended), which makes them slower.
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
    /// If the file cannot be read, is not a component, or imports what geo-host does
    /// not offer.
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
        let kind = if imports.any(|(name, _)| name.starts_with("fermyon:spin/")) {
            Kind::Spin
        } else {
            Kind::Plain
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
            permits: Arc::new(Semaphore::new((MEMORIES / memories) as usize)),
        })
    }

    /// Returns the kind of host that the component is built for.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Answers a request with a new instance. The instance may go on after its
    /// response. A failure after that is only logged.
    pub(crate) async fn answer<B>(
        &self,
        request: Request<B>,
        app: &AppState,
    ) -> Result<Response<HyperOutgoingBody>>
    where
        B: hyper::body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Error>,
    {
        let permit = Arc::clone(&self.permits).acquire_owned().await?;
        let mut store = Store::new(self.pre.engine(), InstanceState::new(app, self.kind));
        store.limiter(|state| &mut state.meter);
        Usage::begin(&mut store);
        let (answered, answer) = oneshot::channel();
        let mut http = store.data_mut().http();
        let request = http.new_incoming_request(Scheme::Http, request)?;
        let response_out = http.new_response_outparam(answered)?;

        // In a task, because the call goes on after the response, and after the
        // client has disconnected.
        let pre = self.pre.clone();
        let call = app.calls.spawn(async move {
            // Locals are dropped in reverse order: the instance before the permit.
            let _permit = permit;
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
            // The sender was dropped, so the call has ended.
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

/// Returns an engine with a pool for all simultaneous instances.
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
        // As in Spin, memory is cleared for the next instance and not returned to
        // the system. Faulting it in again takes longer than most requests.
        .linear_memory_keep_resident(2 << 20)
        .table_keep_resident(1 << 19);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    // By default, the engine reserves 4 GiB of addresses for each memory, which a
    // limit of the address space (ulimit -v) may forbid.
    config.memory_reservation(MEMORY_LIMIT as u64);
    Ok(Engine::new(&config)?)
}
