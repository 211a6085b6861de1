//! What a manifest leaves to the host.

use crate::clock::Clock;
use crate::hooks::{Hooks, NoHooks};
use crate::instance::MEMORY_LIMIT;
use crate::key_value::{Backend, Memory};
use crate::log::Log;
use std::sync::Arc;

/// The log, the time, where key-value stores lie, and what an instance may take.
/// Spin takes such things from its runtime configuration.
#[derive(Clone)]
pub struct RuntimeConfig {
    /// Where the component's output and the host's own messages go.
    pub log: Log,
    /// What the component takes for the time.
    pub clock: Clock,
    /// Where key-value stores lie.
    pub key_value: Arc<dyn Backend>,
    /// How many bytes of memory one instance of the component may take.
    pub memory_limit: usize,
    /// What tests hook into.
    pub hooks: Arc<dyn Hooks>,
}

impl Default for RuntimeConfig {
    /// The process's stderr, the system's time, stores in memory, and as much
    /// memory for an instance as on Akamai Functions.
    fn default() -> Self {
        Self {
            log: Log::stderr(),
            clock: Clock::system(),
            key_value: Arc::new(Memory::default()),
            memory_limit: MEMORY_LIMIT,
            hooks: Arc::new(NoHooks),
        }
    }
}
