//! The key-value store, as far as it works.

use super::problem;
use crate::host::{Host, Log, Store};
use std::cell::Cell;
use std::rc::Rc;

/// A store whose failure fails no lookup: after the first one, it counts as
/// empty. A store that is out of reach may take seconds to fail, so it is not
/// tried again in the same request. Clones share this.
#[derive(Clone)]
pub(crate) struct BestEffort<'a> {
    store: Option<&'a dyn Store>,
    log: &'a dyn Log,
    has_failed: Rc<Cell<bool>>,
}

impl<'a> BestEffort<'a> {
    /// Returns the host's store; where it has none, one that is empty.
    pub(crate) fn new(host: &'a Host) -> Self {
        Self {
            store: host.store,
            log: host.log,
            has_failed: Rc::default(),
        }
    }

    /// Returns the value of a key, `None` where it has none.
    pub(crate) fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.attempt(|store| store.get(key)).flatten()
    }

    /// Sets the value of a key. Returns whether it is set.
    pub(crate) fn set(&self, key: &str, value: &[u8]) -> bool {
        self.attempt(|store| store.set(key, value)).is_some()
    }

    /// Deletes a key, if it is there.
    pub(crate) fn delete(&self, key: &str) {
        self.attempt(|store| store.delete(key));
    }

    fn attempt<T>(&self, action: impl FnOnce(&dyn Store) -> anyhow::Result<T>) -> Option<T> {
        let store = self.store.filter(|_| !self.has_failed.get())?;
        let log_failure = |cause: &anyhow::Error| {
            self.has_failed.set(true);
            let line = "the key-value store failed, and was not used any further:";
            problem::log(self.log, line, Some(cause));
        };
        action(store).inspect_err(log_failure).ok()
    }
}
