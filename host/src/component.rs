//! The component, compiled once.

use crate::app::App;
use crate::bindings::fermyon::spin::{key_value, variables};
use crate::bindings::spin::key_value::key_value as key_value_3;
use crate::bindings::spin::variables::variables as variables_3;
use crate::bindings::wasi::keyvalue::{atomics, store};
#[cfg(feature = "compose")]
use crate::composition::compose;
use crate::instance::{AppState, InstanceState, MEMORY_LIMIT};
use crate::proxy::Proxy;
use crate::service::{self, Service};
use anyhow::{Context, Result, bail};
use http::{Request, Response};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use wasmtime::component::{HasSelf, Linker};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};
use wasmtime_wasi_http::WasiBody;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p3::bindings::ServicePre;

/// The number of memories for simultaneous instances. Most components need one; a
/// component that is composed of two needs two. Further requests wait.
const MEMORIES: u32 = 256;

/// How long an instance may run, including what it does after its response. As long
/// as the default timeout of an outgoing request.
pub const CALL_LIMIT: Duration = Duration::from_secs(600);

/// A compiled component. Clones share the code.
#[derive(Clone)]
pub struct Component {
    pre: Pre,
    kind: Kind,
    permits: Arc<Semaphore>,
}

/// What instances are made from.
#[derive(Clone)]
enum Pre {
    /// WASI 0.2.
    Proxy(ProxyPre<InstanceState>),
    /// WASI 0.3.
    Service(ServicePre<InstanceState>),
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

/// The instances of a component that answer requests.
pub enum Instances {
    Proxy(Box<Proxy>),
    Service(Service),
}

impl Instances {
    /// Answers a request. An instance may go on after its response.
    pub async fn answer(&self, request: Request<WasiBody>) -> Result<Response<WasiBody>> {
        match self {
            Self::Proxy(proxy) => proxy.answer(request).await,
            Self::Service(service) => service::answer(service, request).await,
        }
    }

    /// Returns the state that they share.
    pub fn app(&self) -> &AppState {
        match self {
            Self::Proxy(proxy) => &proxy.app,
            Self::Service(service) => &service.state().app,
        }
    }
}

impl Component {
    /// Composes the component of an application with its dependencies and its
    /// middleware, and compiles it.
    ///
    /// # Errors
    ///
    /// If a file cannot be read or is not a component, or if the component cannot be
    /// composed, or imports what geo-host does not offer.
    pub fn load(app: &App) -> Result<Self> {
        Self::from_app(app, &Config::new())
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
        Self::from_app(app, &config)
    }

    /// Compiles the component in a file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is not a component, or imports what geo-host does
    /// not offer.
    pub fn compile(file: &Path) -> Result<Self> {
        Self::new(&read(file)?, file, &Config::new())
    }

    fn from_app(app: &App, config: &Config) -> Result<Self> {
        let mut bytes = read(&app.source)?;
        if !(app.dependencies.is_empty() && app.middleware.is_empty()) {
            bytes = compose(bytes, app)?;
        }
        Self::new(&bytes, &app.source, config)
    }

    fn new(bytes: &[u8], source: &Path, config: &Config) -> Result<Self> {
        Self::link(bytes, config).with_context(|| format!("{} cannot be served", source.display()))
    }

    fn link(bytes: &[u8], config: &Config) -> Result<Self> {
        let engine = engine(config.clone())?;
        let component = wasmtime::component::Component::new(&engine, bytes)?;
        let component_type = component.component_type();
        let mut imports = component_type.imports(&engine);
        let imports_spin = imports.any(|(name, _)| name.starts_with("fermyon:spin/"));
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
        wasmtime_wasi::p3::add_to_linker(&mut linker)?;
        wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
        key_value::add_to_linker::<_, HasSelf<InstanceState>>(&mut linker, |state| state)?;
        store::add_to_linker::<_, HasSelf<InstanceState>>(&mut linker, |state| state)?;
        atomics::add_to_linker::<_, HasSelf<InstanceState>>(&mut linker, |state| state)?;
        variables::add_to_linker::<_, HasSelf<InstanceState>>(&mut linker, |state| state)?;
        key_value_3::add_to_linker::<_, HasSelf<InstanceState>>(&mut linker, |state| state)?;
        variables_3::add_to_linker::<_, HasSelf<InstanceState>>(&mut linker, |state| state)?;
        let pre = linker.instantiate_pre(&component)?;
        let pre = match (ProxyPre::new(pre.clone()), ServicePre::new(pre)) {
            (Ok(_), Ok(_)) => bail!("it exports the handlers of WASI 0.2 and 0.3; Spin takes one"),
            (Err(_), Ok(service)) => Pre::Service(service),
            (proxy, Err(_)) => Pre::Proxy(proxy?),
        };
        let kind = match pre {
            Pre::Proxy(_) if !imports_spin => Kind::Plain,
            _ => Kind::Spin,
        };
        let memories = component
            .resources_required()
            .map_or(1, |r| r.num_memories.max(1));
        Ok(Self {
            pre,
            kind,
            permits: Arc::new(Semaphore::new((MEMORIES / memories) as usize)),
        })
    }

    /// Returns the kind of host that the component is built for.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns what answers requests with instances of the component.
    pub(crate) fn start(&self, app: AppState) -> Instances {
        let permits = Arc::clone(&self.permits);
        match &self.pre {
            Pre::Proxy(pre) => Instances::Proxy(Box::new(Proxy {
                pre: pre.clone(),
                kind: self.kind,
                app,
                permits,
            })),
            Pre::Service(pre) => Instances::Service(service::start(pre.clone(), app, permits)),
        }
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
fn compose(_: Vec<u8>, _: &App) -> Result<Vec<u8>> {
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
        // A call that blocks in WASI 0.3 keeps its stack while others go on.
        .total_stacks(2 * MEMORIES)
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
