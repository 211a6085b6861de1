//! The platform, as the core sees it.

use super::bindings::wasi::cli::{stderr::get_stderr, stdout::get_stdout};
use super::bindings::wasi::clocks::{monotonic_clock, wall_clock};
use super::bindings::wasi::io::streams::OutputStream;
use super::client;
use super::platform::{self, KeyValue};
use crate::runtime::{Failure, Get, Response, Runtime};
use std::rc::Rc;
use std::time::Duration;

/// The platform. Every function blocks.
#[derive(Clone, Default)]
pub(super) struct Platform {
    store: Rc<KeyValue>,
}

impl Runtime for Platform {
    const HAS_SPIN_HEADERS: bool = platform::HAS_SPIN_HEADERS;
    const HAS_STORE: bool = platform::HAS_STORE;
    const HAS_MEMORY: bool = false;

    fn variable(&self, name: &str) -> anyhow::Result<Option<String>> {
        platform::variable(name)
    }

    fn now(&self) -> Duration {
        let now = wall_clock::now();
        Duration::new(now.seconds, now.nanoseconds)
    }

    fn elapsed(&self) -> Duration {
        Duration::from_nanos(monotonic_clock::now())
    }

    fn log(&self, line: &str) {
        write(&get_stderr(), line);
    }

    fn print(&self, line: &str) {
        write(&get_stdout(), line);
    }

    async fn sleep(&self, time: Duration) {
        monotonic_clock::subscribe_duration(time.as_nanos() as u64).block();
    }

    async fn fetch(&self, request: &Get) -> Result<Response, Failure> {
        client::fetch(request)
    }

    async fn get(&self, key: &str) -> anyhow::Result<Option<Vec<u8>>> {
        self.store.get(key)
    }

    async fn set(&self, key: &str, value: &[u8]) -> anyhow::Result<()> {
        self.store.set(key, value)
    }

    async fn delete(&self, key: &str) -> anyhow::Result<()> {
        self.store.delete(key)
    }

    async fn increment(&self, key: &str, delta: i64) -> anyhow::Result<i64> {
        self.store.increment(key, delta)
    }
}

/// Writes a line to one of the component's two outputs, which Spin collects, by
/// `wasi:cli` itself: the standard library's way costs 1 kB.
fn write(output: &OutputStream, line: &str) {
    // One write, so that the lines of concurrent requests do not mix, and no longer
    // than one may be. A log that cannot be written must not fail the request.
    let line = format!("{line}\n");
    for chunk in line.as_bytes().chunks(4096) {
        let _ = output.blocking_write_and_flush(chunk);
    }
}
