//! The configuration of the host that is not in the manifest.

use crate::clock::Clock;
use crate::hooks::{Hooks, NoHooks};
use crate::instance::MEMORY_LIMIT;
use crate::instance_reuse::InstanceReuse;
use crate::key_value::{Backend, Memory};
use crate::log::Log;
use std::sync::Arc;

/// What Spin has in its runtime configuration and its command line.
#[derive(Clone)]
pub struct RuntimeConfig {
    /// The log of the component's output and the host's own messages.
    pub log: Log,
    /// The clock of the component.
    pub clock: Clock,
    /// The backend of key-value stores.
    pub key_value: Arc<dyn Backend>,
    /// The memory limit of an instance, in bytes.
    pub memory_limit: usize,
    /// How many requests an instance serves.
    pub instance_reuse: InstanceReuse,
    /// Hooks for tests.
    pub hooks: Arc<dyn Hooks>,
}

impl Default for RuntimeConfig {
    /// Returns a log to stderr, the system's clock, stores in memory, the memory limit
    /// of Akamai Functions, and instance reuse as in Spin.
    fn default() -> Self {
        Self {
            log: Log::stderr(),
            clock: Clock::system(),
            key_value: Arc::new(Memory::default()),
            memory_limit: MEMORY_LIMIT,
            instance_reuse: InstanceReuse::default(),
            hooks: Arc::new(NoHooks),
        }
    }
}
