//! Requests that reach a component, and what it may do.

mod support;

use geo_host::Backend;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::{Folder, Running, component, handler};

const WORLD: &str = "
    package test:handler;
    world handler {
        import wasi:http/types@0.2.0;
        import fermyon:spin/key-value@2.0.0;
        export wasi:http/incoming-handler@0.2.0;
    }";

/// Returns an application whose handler has these functions.
fn application(functions: &str) -> Folder {
    Folder::new(&component(WORLD, &handler("", functions)), "")
}

const NO_CONTENT: &str = "(func $status (result i32) (i32.const 204)) (func $afterwards)";

#[tokio::test]
async fn requests_that_spin_refuses() {
    let server = Running::start(&application(NO_CONTENT)).await;
    for (head, start) in [
        ("GET / HTTP/1.1\r\nhost: test.example\r\n", "HTTP/1.1 204 "),
        (
            "OPTIONS * HTTP/1.1\r\nhost: test.example\r\n",
            "HTTP/1.1 204 ",
        ),
        ("GET http://test.example/ HTTP/1.1\r\n", "HTTP/1.1 204 "),
        ("GET / HTTP/1.0\r\nhost: test.example\r\n", "HTTP/1.0 204 "),
        // These get no response.
        ("GET / HTTP/1.1\r\n", ""),
        ("GET / HTTP/1.1\r\nhost: zürich.example\r\n", ""),
        (
            "GET http://test.example/ HTTP/1.1\r\nhost: mud.example\r\n",
            "",
        ),
    ] {
        let answer = server
            .send(format!("{head}connection: close\r\n\r\n").as_bytes())
            .await;
        assert!(answer.starts_with(start), "{head}: {answer}");
        assert_eq!(answer.is_empty(), start.is_empty(), "{head}: {answer}");
    }
    let log = server.log();
    assert_eq!(log.lines().count(), 3, "{log}");
    assert!(log.contains("no Host header"), "{log}");
}

#[tokio::test]
async fn a_component_that_traps() {
    let traps = "(func $status (result i32) unreachable) (func $afterwards)";
    let server = Running::start(&application(traps)).await;
    let head = b"GET / HTTP/1.1\r\nhost: test.example\r\nconnection: close\r\n\r\n";
    let answer = server.send(head).await;
    let (head, content) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 500 "), "{answer}");
    assert_eq!(content, "");
    let log = server.log();
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.starts_with("geo-host: the component failed: "), "{log}");
    assert!(log.contains("unreachable"), "{log}");
}

/// The component counts its calls in its memory and in a global.
#[tokio::test]
async fn no_request_sees_the_memory_of_another() {
    let counts = r#"
        (global $calls (mut i32) (i32.const 0))
        (func $status (result i32)
            (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
            (i32.store (i32.const 2048) (i32.add (i32.load (i32.const 2048)) (i32.const 1)))
            (i32.add
                (i32.const 200)
                (i32.add (global.get $calls) (i32.load (i32.const 2048)))))
        (func $afterwards)"#;
    let server = Running::start(&application(counts)).await;
    // More requests than there are memories in the engine's pool.
    for _ in 0..300 {
        assert_eq!(server.get().await, 202);
    }
}

/// A store whose reads wait for the test, and that tells the test what is written.
struct Gate {
    open: Mutex<Receiver<()>>,
    stored: Sender<String>,
}

/// Much longer than a request takes on any machine.
const LONG: Duration = Duration::from_secs(60);

impl Backend for Gate {
    fn get(&self, _: &str, _: &str) -> anyhow::Result<Option<Vec<u8>>> {
        self.open.lock().unwrap().recv_timeout(LONG)?;
        Ok(None)
    }

    fn set(&self, _: &str, key: &str, _: &[u8]) -> anyhow::Result<()> {
        Ok(self.stored.send(key.to_owned())?)
    }

    fn delete(&self, _: &str, _: &str) -> anyhow::Result<()> {
        Ok(())
    }

    fn increment(&self, _: &str, _: &str, _: i64) -> anyhow::Result<i64> {
        anyhow::bail!("the component does not count")
    }

    fn keys(&self, _: &str) -> anyhow::Result<Vec<String>> {
        Ok(Vec::new())
    }
}

/// Starts a server whose component responds, waits for the gate, and then stores the
/// key `after`. Returns what opens the gate, and the stored keys.
async fn with_gate() -> (Running, Sender<()>, Receiver<String>) {
    let imports = r#"
        (import "fermyon:spin/key-value@2.0.0" "[static]store.open"
            (func $open (param i32 i32 i32)))
        (import "fermyon:spin/key-value@2.0.0" "[method]store.get"
            (func $get (param i32 i32 i32 i32)))
        (import "fermyon:spin/key-value@2.0.0" "[method]store.set"
            (func $set (param i32 i32 i32 i32 i32 i32)))"#;
    let functions = r#"
        (data (i32.const 0) "defaultgateafter")
        (func $status (result i32) (i32.const 204))
        (func $afterwards
            (local $store i32)
            (call $open (i32.const 0) (i32.const 7) (i32.const 64))
            (local.set $store (i32.load (i32.const 68)))
            (call $get (local.get $store) (i32.const 7) (i32.const 4) (i32.const 64))
            (call $set (local.get $store) (i32.const 11) (i32.const 5)
                (i32.const 0) (i32.const 0) (i32.const 64)))"#;
    let component = component(WORLD, &handler(imports, functions));
    let folder = Folder::new(&component, "key_value_stores = [\"default\"]");
    let (open, opened) = channel();
    let (stored, stored_keys) = channel();
    let gate = Gate {
        open: Mutex::new(opened),
        stored,
    };
    let server = Running::with_stores(&folder, Arc::new(gate)).await;
    (server, open, stored_keys)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_component_may_go_on_after_its_response() {
    let (server, open, stored) = with_gate().await;
    assert_eq!(server.get().await, 204);
    assert!(stored.try_recv().is_err(), "it waits");
    open.send(()).unwrap();
    assert_eq!(stored.recv_timeout(LONG).unwrap(), "after");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_server_that_stops_waits_for_running_calls() {
    let (server, open, stored) = with_gate().await;
    assert_eq!(server.get().await, 204);
    let stopped = server.stop();
    open.send(()).unwrap();
    stopped.await.unwrap();
    assert_eq!(stored.try_recv().unwrap(), "after");
}
