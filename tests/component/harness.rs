//! Starts geo with a stand-in for ipify, and speaks HTTP to it.
//!
//! When a [`Geo`] is dropped, everything it sent and logged is searched for the
//! API key.

mod doubles;

pub use doubles::{Hanging, Operation, Recorder, Store};

use bytes::Bytes;
use geo_host::{
    App, Backend, Calls, Clock, Component, Hooks, InstanceReuse, Log, Manifest, Memory,
    RuntimeConfig, Server,
};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use stand_in::{Fault, StandIn};
use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::io::InspectReader;

/// The API key of the tests, with characters that have to be percent-encoded.
pub const API_KEY: &str = "at_S3CR3T+/=&%?#key";

/// The memory limit of an instance, in bytes: enough for every answer.
pub const MEMORY_LIMIT: usize = 4 << 20;

/// The time at which geo starts, in seconds since 1970.
const START: u64 = 1_795_000_000;

/// The part of [`API_KEY`] that no encoding changes. It must appear in no
/// response and in no log.
const SECRET: &str = "S3CR3T";

/// How geo is started, where that differs from the defaults.
#[derive(Default)]
pub struct Setup<'a> {
    /// Variables and their values.
    pub variables: &'a [(&'a str, &'a str)],
    /// The manifest of an application other than geo, relative to the repository.
    pub application: Option<&'a str>,
    /// A change to the manifest.
    pub manifest: Option<fn(&mut Manifest)>,
    /// The backend of the key-value stores, instead of a new one in memory.
    pub key_value: Option<Arc<dyn Backend>>,
    /// Whether the component reads the system's clock, instead of one that only
    /// [`Geo::set_time`] moves.
    pub has_system_clock: bool,
    /// How many requests an instance serves, if it is one of WASI 0.3.
    pub instance_reuse: Option<InstanceReuse>,
    /// Hooks into the host.
    pub hooks: Option<Arc<dyn Hooks>>,
    /// A memory limit, in bytes, that is too small for some answers. Only then
    /// may the component fail.
    pub memory_limit: Option<usize>,
}

/// An instance for each request, as the builds for WASI 0.2 have it.
pub const ONE_REQUEST: InstanceReuse = InstanceReuse {
    max_instance_reuse_count: 1,
    max_instance_concurrent_reuse_count: 1,
    idle_instance_timeout: Duration::ZERO,
};

/// A running geo. Dropping it checks that the API key was not exposed.
pub struct Geo {
    address: SocketAddr,
    /// The stand-in for ipify.
    pub stand_in: StandIn,
    /// The backend of the key-value stores.
    pub key_value: Arc<dyn Backend>,
    calls: Calls,
    time: Arc<AtomicU64>,
    received: Recording,
    log: Recording,
    may_fail: bool,
}

/// A buffer that several tasks append to.
#[derive(Clone, Default)]
struct Recording(Arc<Mutex<Vec<u8>>>);

/// A response of geo.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Geo {
    /// Starts geo with its default settings.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// Starts geo with these variables.
    pub async fn with(variables: &[(&str, &str)]) -> Self {
        Self::set_up(Setup {
            variables,
            ..Setup::default()
        })
        .await
    }

    /// Starts geo with these variables, and with an instance for each request, so that
    /// what changes in the store is seen at once.
    pub async fn with_new_instances(variables: &[(&str, &str)]) -> Self {
        Self::set_up(Setup {
            variables,
            instance_reuse: Some(ONE_REQUEST),
            ..Setup::default()
        })
        .await
    }

    /// Starts geo.
    ///
    /// # Panics
    ///
    /// Panics if a variable is not in the manifest. A misspelt one would set
    /// nothing, and the test would prove nothing.
    pub async fn set_up(setup: Setup<'_>) -> Self {
        let stand_in = StandIn::start_with_key(API_KEY).await.unwrap();
        let path = setup.application.unwrap_or("spin.toml");
        let mut manifest = Manifest::read(&root().join(path)).unwrap();
        for (name, _) in setup.variables {
            let is_known = manifest.variables.contains_key(*name);
            assert!(is_known, "{path} has no variable {name}");
        }
        if let Some(change) = setup.manifest {
            change(&mut manifest);
        }
        let app = App::new(manifest, |name| {
            match setup.variables.iter().find(|variable| variable.0 == name) {
                Some((_, value)) => Some(value.to_string()),
                None if name == "ipify_api_key" => Some(API_KEY.to_owned()),
                None if name == "ipify_origin" => Some(stand_in.origin()),
                None => None,
            }
        });
        let log = Recording::default();
        let time = Arc::new(AtomicU64::new(START));
        let clock = Arc::clone(&time);
        let key_value = setup
            .key_value
            .unwrap_or_else(|| Arc::new(Memory::default()));
        let memory_limit = setup.memory_limit;
        let config = RuntimeConfig {
            memory_limit: memory_limit.unwrap_or(MEMORY_LIMIT),
            log: Log::to(log.clone()),
            clock: if setup.has_system_clock {
                Clock::system()
            } else {
                Clock::new(move || Duration::from_secs(clock.load(Ordering::Relaxed)))
            },
            key_value: Arc::clone(&key_value),
            instance_reuse: setup.instance_reuse.unwrap_or_default(),
            hooks: setup.hooks.unwrap_or(RuntimeConfig::default().hooks),
        };
        let address = ([127, 0, 0, 1], 0).into();
        let app = app.unwrap();
        let component = match setup.application {
            Some(path) if setup.manifest.is_none() => application(path, &app),
            Some(_) => Component::load(&app).unwrap(),
            None => component().clone(),
        };
        let server = Server::bind(address, app, &component, config);
        let server = server.await.unwrap();
        let address = server.address();
        let calls = server.calls();
        tokio::spawn(server.run(std::future::pending()));
        Self {
            address,
            stand_in,
            key_value,
            calls,
            time,
            received: Recording::default(),
            log,
            may_fail: memory_limit.is_some(),
        }
    }

    /// Starts a second geo with the same store and the same ipify.
    pub async fn second_node(&self, variables: &[(&str, &str)]) -> Self {
        let origin = self.stand_in.origin();
        Self::set_up(Setup {
            variables: &[variables, &[("ipify_origin", &origin)]].concat(),
            key_value: Some(Arc::clone(&self.key_value)),
            ..Setup::default()
        })
        .await
    }

    /// Returns the address that geo listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Opens a connection.
    pub async fn connect(&self) -> Connection {
        let (reader, writer) = TcpStream::connect(self.address).await.unwrap().into_split();
        let received = self.received.clone();
        let reader = InspectReader::new(reader, move |bytes| received.append(bytes));
        let stream = TokioIo::new(tokio::io::join(reader, writer));
        let (sender, connection) = hyper::client::conn::http1::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        Connection(sender)
    }

    /// Sends a request on a new connection.
    pub async fn send(&self, request: http::request::Builder) -> Answer {
        self.connect().await.send(request).await
    }

    /// Sends a GET request.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path)).await
    }

    /// Sends a request with this method.
    pub async fn request(&self, method: &str, path: &str) -> Answer {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.send(Request::builder().method(method).uri(path)).await
    }

    /// Makes the stand-in respond with a fault from now on.
    pub fn set_fault(&self, fault: Fault) {
        self.stand_in.set_fault(fault);
    }

    /// Sends `GET /` for a client at `address`, as a proxy in front of geo does.
    /// Requires `trusted_hops=1`.
    pub async fn get_as(&self, address: &str) -> Answer {
        self.send(Request::get("/").header("x-forwarded-for", address))
            .await
    }

    /// Runs [`get_as`](Self::get_as) in a task.
    pub fn spawn_get_as(self: &Arc<Self>, address: &'static str) -> JoinHandle<Answer> {
        let geo = Arc::clone(self);
        tokio::spawn(async move { geo.get_as(address).await })
    }

    /// Sets the component's clock, in seconds since the start.
    pub fn set_time(&self, seconds: i64) {
        self.time
            .store(START.saturating_add_signed(seconds), Ordering::Relaxed);
    }

    /// Waits until no instance is running. An instance may go on after its
    /// response.
    pub async fn idle(&self) {
        self.calls.idle().await;
    }

    /// Returns the keys of the cache's entries.
    pub fn slots(&self) -> Vec<String> {
        let mut keys = self.key_value.keys("default").unwrap();
        keys.retain(|key| key.strip_prefix("geo:").unwrap().parse::<u64>().is_ok());
        keys
    }

    /// Deletes all keys of the store.
    pub fn clear_store(&self) {
        for key in self.key_value.keys("default").unwrap() {
            self.key_value.delete("default", &key).unwrap();
        }
    }

    /// Returns what geo and its host have logged.
    pub fn log(&self) -> String {
        self.log.text()
    }
}

impl Drop for Geo {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let (received, log) = (self.received.text(), self.log.text());
        assert!(!received.contains(SECRET), "the key was sent: {received}");
        assert!(!log.contains(SECRET), "the key was logged: {log}");
        let has_failed = log.contains("the component failed");
        assert!(self.may_fail || !has_failed, "{log}");
        assert!(!log.contains("panicked"), "{log}");
    }
}

/// An open connection to geo.
pub struct Connection(hyper::client::conn::http1::SendRequest<Full<Bytes>>);

impl Connection {
    /// Sends a request and reads the whole response.
    pub async fn send(&mut self, request: http::request::Builder) -> Answer {
        self.send_body(request, Bytes::new()).await
    }

    /// Sends a request with a body and reads the whole response.
    pub async fn send_body(
        &mut self,
        request: http::request::Builder,
        body: impl Into<Bytes>,
    ) -> Answer {
        let request = request.header("host", "geo.example");
        self.0.ready().await.unwrap();
        let response = self
            .0
            .send_request(request.body(Full::new(body.into())).unwrap());
        let (head, body) = response.await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: head.status,
            headers: head.headers,
            body,
        }
    }
}

impl Answer {
    /// Returns the body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// Returns the body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Returns the value of a header, or an empty string.
    ///
    /// # Panics
    ///
    /// Panics if the header is there twice.
    pub fn header(&self, name: &str) -> &str {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next().map_or("", |value| value.to_str().unwrap());
        assert_eq!(values.next(), None, "{name} is there twice");
        value
    }

    /// Checks that the response is a problem (RFC 9457), and returns the last
    /// part of its `type`.
    pub fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.header("cache-control"), "no-store");
        let problem = self.json();
        let members: Vec<_> = problem.as_object().unwrap().keys().collect();
        assert_eq!(members, ["detail", "status", "title", "type"]);
        assert_eq!(problem["status"], self.status.as_u16());
        assert!(!problem["title"].as_str().unwrap().is_empty());
        assert!(!problem["detail"].as_str().unwrap().is_empty());
        let kind = problem["type"].as_str().unwrap();
        let slug = kind.strip_prefix("urn:problem-type:geo:");
        slug.expect(kind).to_owned()
    }
}

impl Recording {
    fn append(&self, bytes: &[u8]) {
        self.0.lock().unwrap().extend(bytes);
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Recording {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.append(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Returns the component of an application whose manifest is not changed, compiled once
/// for all tests.
fn application(path: &str, app: &App) -> Component {
    static LOADED: Mutex<BTreeMap<String, Component>> = Mutex::new(BTreeMap::new());
    let mut loaded = LOADED.lock().unwrap();
    let entry = loaded.entry(path.to_owned());
    entry
        .or_insert_with(|| Component::load(app).unwrap())
        .clone()
}

/// Returns the built component, compiled once for all tests.
fn component() -> &'static Component {
    static COMPONENT: OnceLock<Component> = OnceLock::new();
    COMPONENT.get_or_init(|| Component::compile(&artifact()).unwrap())
}

/// Returns the file of the component that has the same features as the tests.
pub fn artifact() -> PathBuf {
    if cfg!(feature = "p3") {
        root().join("geo-p3.wasm")
    } else if cfg!(feature = "spin") {
        root().join("geo.wasm")
    } else {
        root().join("geo-plain.wasm")
    }
}

/// Returns the folder of the repository. It may have moved since the tests were
/// compiled, so the path is read from the environment.
pub fn root() -> PathBuf {
    let tests = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo test sets it");
    Path::new(&tests).join("..")
}
