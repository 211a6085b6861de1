//! The platform, as the core sees it.

use super::variables::Variables;
use super::{client, sleep, store};
use crate::runtime::{Failure, Get, Response, Runtime};
use spin_sdk::wasip3::clocks::{monotonic_clock, system_clock};
use std::io::{self, Write};
use std::rc::Rc;
use std::time::Duration;

/// The platform, for one request.
#[derive(Clone)]
pub(super) struct Platform {
    variables: Rc<Variables>,
}

impl Platform {
    /// Prepares the platform for a request.
    pub(super) async fn new() -> Self {
        let variables = Variables::recent(now()).await;
        Self { variables }
    }
}

fn now() -> Duration {
    let now = system_clock::now();
    // A clock that is set to before 1970 is as good as one that is set to it.
    Duration::new(now.seconds.max(0).unsigned_abs(), now.nanoseconds)
}

impl Runtime for Platform {
    const HAS_SPIN_HEADERS: bool = true;
    const HAS_STORE: bool = true;
    const HAS_MEMORY: bool = true;

    fn variable(&self, name: &str) -> anyhow::Result<Option<String>> {
        self.variables.get(name)
    }

    fn now(&self) -> Duration {
        now()
    }

    fn elapsed(&self) -> Duration {
        Duration::from_nanos(monotonic_clock::now())
    }

    fn log(&self, line: &str) {
        // One write, so that the lines of concurrent requests do not mix. A log that
        // cannot be written must not fail the request.
        let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
    }

    fn print(&self, line: &str) {
        let _ = io::stdout().write_all(format!("{line}\n").as_bytes());
    }

    async fn sleep(&self, time: Duration) {
        sleep(time).await;
    }

    async fn fetch(&self, request: &Get) -> Result<Response, Failure> {
        client::fetch(request).await
    }

    fn is_store_available(&self) -> bool {
        store::is_available()
    }

    async fn get(&self, key: &str) -> anyhow::Result<Option<Vec<u8>>> {
        store::get(key).await
    }

    async fn set(&self, key: &str, value: &[u8]) -> anyhow::Result<()> {
        store::set(key, value).await
    }

    async fn delete(&self, key: &str) -> anyhow::Result<()> {
        store::delete(key).await
    }

    async fn increment(&self, key: &str, delta: i64) -> anyhow::Result<i64> {
        store::increment(key, delta).await
    }
}
