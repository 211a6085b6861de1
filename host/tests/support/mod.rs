//! Small components in WAT, and a server for them.

// Each test program uses some of it.
#![allow(dead_code)]

use geo_host::{App, Backend, Component, Log, Manifest, Memory, RuntimeConfig, Server};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use wit_component::{ComponentEncoder, StringEncoding};
use wit_parser::Resolve;

/// Makes a component from a core module in WAT and the only world of a WIT package,
/// which may use `wasi:http` and `fermyon:spin`.
pub fn component(wit: &str, module: &str) -> Vec<u8> {
    let known = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit/deps");
    let mut resolve = Resolve::default();
    for package in ["io", "clocks", "http", "spin"] {
        resolve.push_dir(known.join(package)).unwrap();
    }
    let package = resolve.push_str("test.wit", wit).unwrap();
    let world = resolve.select_world(&[package], None).unwrap();
    let mut module = wat::parse_str(module).unwrap();
    wit_component::embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
        .unwrap();
    let encoder = ComponentEncoder::default().validate(true);
    encoder.module(&module).unwrap().encode().unwrap()
}

/// Returns a module in WAT, made of these imports and functions: a handler that
/// answers with the status that `$status` returns, and then calls `$afterwards`.
pub fn handler(imports: &str, functions: &str) -> String {
    format!(
        r#"(module
            (import "wasi:http/types@0.2.0" "[constructor]fields"
                (func $fields (result i32)))
            (import "wasi:http/types@0.2.0" "[constructor]outgoing-response"
                (func $response (param i32) (result i32)))
            (import "wasi:http/types@0.2.0" "[method]outgoing-response.set-status-code"
                (func $set-status (param i32 i32) (result i32)))
            (import "wasi:http/types@0.2.0" "[static]response-outparam.set"
                (func $answer (param i32 i32 i32 i32 i64 i32 i32 i32 i32)))
            {imports}
            {MEMORY}
            {functions}
            (func (export "wasi:http/incoming-handler@0.2.0#handle")
                (param $request i32) (param $out i32)
                (local $made i32)
                (local.set $made (call $response (call $fields)))
                (drop (call $set-status (local.get $made) (call $status)))
                (call $answer (local.get $out) (i32.const 0) (local.get $made)
                    (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
                    (i32.const 0))
                (call $afterwards)))"#
    )
}

/// A memory, and an allocator that never frees.
pub const MEMORY: &str = r#"
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 4096))
    (func (export "cabi_realloc")
        (param $old i32) (param $old-size i32) (param $align i32) (param $size i32)
        (result i32)
        (global.set $next (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
        (global.get $next)
        (global.set $next (i32.add (global.get $next) (local.get $size))))"#;

/// A folder with a manifest and components.
pub struct Folder(TempDir);

impl Folder {
    /// Writes a folder whose manifest names `handler.wasm`. `manifest` continues the
    /// table `[component.handler]`.
    pub fn new(handler: &[u8], manifest: &str) -> Self {
        let folder = Self(TempDir::new().unwrap());
        folder.write("handler.wasm", handler);
        let manifest = format!(
            "spin_manifest_version = 2\n\
             [application]\nname = \"test\"\n\
             [[trigger.http]]\nroute = \"/...\"\ncomponent = \"handler\"\n\
             [component.handler]\nsource = \"handler.wasm\"\n{manifest}\n"
        );
        folder.write("spin.toml", manifest.as_bytes());
        folder
    }

    /// Adds a file.
    pub fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.0.path().join(name), bytes).unwrap();
    }

    /// Returns the application of the manifest.
    pub fn app(&self) -> anyhow::Result<App> {
        let manifest = Manifest::read(&self.0.path().join("spin.toml"))?;
        App::new(manifest, |_| None)
    }
}

/// A running server.
pub struct Running {
    address: SocketAddr,
    log: Recording,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Running {
    /// Serves the application in a folder, with stores in memory.
    pub async fn start(folder: &Folder) -> Self {
        Self::with_stores(folder, Arc::new(Memory::default())).await
    }

    /// Serves the application in a folder.
    pub async fn with_stores(folder: &Folder, key_value: Arc<dyn Backend>) -> Self {
        let app = folder.app().unwrap();
        let component = Component::load(&app).unwrap();
        let log = Recording::default();
        let config = RuntimeConfig {
            log: Log::to(log.clone()),
            key_value,
            ..RuntimeConfig::default()
        };
        let address = ([127, 0, 0, 1], 0).into();
        let server = Server::bind(address, app, &component, config)
            .await
            .unwrap();
        let (stop, stopped) = oneshot::channel();
        Self {
            address: server.address(),
            log,
            stop,
            task: tokio::spawn(server.run(async { drop(stopped.await) })),
        }
    }

    /// Sends the head of a request, and reads until the connection ends.
    pub async fn send(&self, head: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(head).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap()
    }

    /// Sends a GET request and returns the status.
    pub async fn get(&self) -> u16 {
        let head = b"GET / HTTP/1.1\r\nhost: test.example\r\nconnection: close\r\n\r\n";
        let answer = self.send(head).await;
        let status = answer.split(' ').nth(1).expect(&answer);
        status.parse().unwrap()
    }

    /// Returns the log.
    pub fn log(&self) -> String {
        String::from_utf8(self.log.0.lock().unwrap().clone()).unwrap()
    }

    /// Tells the server to stop. The handle is ready when it has.
    pub fn stop(self) -> JoinHandle<()> {
        self.stop.send(()).unwrap();
        self.task
    }
}

#[derive(Clone, Default)]
struct Recording(Arc<Mutex<Vec<u8>>>);

impl Write for Recording {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
