//! What a manifest leaves to the host.

use crate::clock::Clock;
use crate::hooks::{Hooks, NoHooks};
use crate::key_value::{Backend, Memory};
use crate::log::Log;
use std::sync::Arc;

/// The log, the time, and where key-value stores lie. Spin takes such things
/// from its runtime configuration.
#[derive(Clone)]
pub struct RuntimeConfig {
    /// Where the component's output and the host's own messages go.
    pub log: Log,
    /// What the component takes for the time.
    pub clock: Clock,
    /// Where key-value stores lie.
    pub key_value: Arc<dyn Backend>,
    /// What tests hook into.
    pub hooks: Arc<dyn Hooks>,
}

impl Default for RuntimeConfig {
    /// The process's stderr, the system's time, and stores in memory.
    fn default() -> Self {
        Self {
            log: Log::stderr(),
            clock: Clock::system(),
            key_value: Arc::new(Memory::default()),
            hooks: Arc::new(NoHooks),
        }
    }
}
