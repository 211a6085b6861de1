//! What an application finds around it that its manifest does not say.

use crate::key_value::{Backend, Memory};
use crate::log::Log;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use wasmtime_wasi::HostWallClock;

/// The log, the time, and where key-value stores lie.
#[derive(Clone)]
pub struct Surroundings {
    /// Where the component's stderr and the host's own messages go.
    pub log: Log,
    /// What the component takes for the time.
    pub clock: Clock,
    /// Where key-value stores lie.
    pub key_value: Arc<dyn Backend>,
}

impl Default for Surroundings {
    /// The process's stderr, the system's time, and memory.
    fn default() -> Self {
        Self {
            log: Log::stderr(),
            clock: Clock::system(),
            key_value: Arc::new(Memory::default()),
        }
    }
}

/// A clock. Clones tell the same time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Duration + Send + Sync>);

impl Clock {
    /// The system's.
    pub fn system() -> Self {
        Self::new(|| {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            now.unwrap_or_default()
        })
    }

    /// One that tells the time since 1970 by a function.
    pub fn new(now: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }
}

impl HostWallClock for Clock {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }

    fn now(&self) -> Duration {
        (self.0)()
    }
}
