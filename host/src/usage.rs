//! The resources that an instance uses.

use crate::instance::InstanceState;
use wasmtime::{ResourceLimiter, Result, Store, StoreLimits, StoreLimitsBuilder};

/// The resources that an instance used until it ended.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// The number of instructions, as the engine counts them (fuel). `None` unless
    /// the component was loaded by
    /// [`Component::load_metered`](crate::Component::load_metered).
    pub instructions: Option<u64>,
    /// The size of its memories in bytes. They never shrink.
    pub memory: usize,
}

/// The most fuel that an instance can have, so that it never runs out.
const FUEL: u64 = u64::MAX;

impl Usage {
    /// Starts counting for an instance.
    pub fn begin(store: &mut Store<InstanceState>) {
        // Fails if the engine does not count.
        let _ = store.set_fuel(FUEL);
    }

    /// Returns what an instance has used so far.
    pub fn of(store: &Store<InstanceState>) -> Self {
        Self {
            instructions: store.get_fuel().ok().map(|left| FUEL - left),
            memory: store.data().meter.memory,
        }
    }
}

/// Limits and counts the memory of an instance.
pub struct Meter {
    limits: StoreLimits,
    memory: usize,
}

impl Meter {
    /// Returns a meter with a limit in bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            limits: StoreLimitsBuilder::new().memory_size(limit).build(),
            memory: 0,
        }
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool> {
        let allowed = self.limits.memory_growing(current, desired, maximum)?;
        if allowed {
            self.memory += desired - current;
        }
        Ok(allowed)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool> {
        self.limits.table_growing(current, desired, maximum)
    }
}
