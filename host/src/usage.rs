//! What an instance took of the machine.

use crate::instance::InstanceState;
use wasmtime::{ResourceLimiter, Result, Store, StoreLimits, StoreLimitsBuilder};

/// What an instance took until it ended.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// How many instructions of the component ran, as the engine counts them
    /// (fuel); `None` where it does not. It does in a component that was loaded
    /// by [`Component::load_metered`](crate::Component::load_metered).
    pub instructions: Option<u64>,
    /// The bytes of its memories, which never shrink.
    pub memory: usize,
}

/// All the fuel that an instance can be given, so that it never runs out.
const FUEL: u64 = u64::MAX;

impl Usage {
    /// Lets an instance begin.
    pub fn begin(store: &mut Store<InstanceState>) {
        // Fails where the engine does not count.
        let _ = store.set_fuel(FUEL);
    }

    /// What an instance has taken.
    pub fn of(store: &Store<InstanceState>) -> Self {
        Self {
            instructions: store.get_fuel().ok().map(|left| FUEL - left),
            memory: store.data().meter.memory,
        }
    }
}

/// Limits the memory of an instance, and counts it.
pub struct Meter {
    limits: StoreLimits,
    memory: usize,
}

impl Meter {
    /// `limit` is in bytes.
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
