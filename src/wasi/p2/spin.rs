//! What Spin offers: variables, and a key-value store with the label
//! `default`.

#[cfg(not(feature = "atomics"))]
use super::bindings::fermyon::spin::key_value::{Error, Store};
use super::bindings::fermyon::spin::variables;
#[cfg(feature = "atomics")]
use super::bindings::wasi::keyvalue::atomics;
#[cfg(feature = "atomics")]
use super::bindings::wasi::keyvalue::store::{self, Bucket as Store, Error};
use anyhow::anyhow;
use std::cell::OnceCell;

/// Spin tells who the client is and where geo is mounted.
pub(super) const HAS_SPIN_HEADERS: bool = true;

/// There is a store, where the manifest grants it.
pub(super) const HAS_STORE: bool = true;

/// Reads a variable of the application.
pub(super) fn variable(name: &str) -> anyhow::Result<Option<String>> {
    match variables::get(name) {
        Ok(value) => Ok(Some(value)),
        // A manifest older than the variable: its default holds.
        Err(variables::Error::Undefined(_)) => Ok(None),
        Err(variables::Error::InvalidName(reason)) => Err(anyhow!("invalid name: {reason}")),
        Err(variables::Error::Provider(reason) | variables::Error::Other(reason)) => {
            Err(anyhow!(reason))
        }
    }
}

/// The label of the store.
const LABEL: &str = "default";

/// Spin's key-value store, opened when it is first used.
#[derive(Default)]
pub(super) struct KeyValue(OnceCell<Store>);

impl KeyValue {
    fn store(&self) -> anyhow::Result<&Store> {
        if let Some(store) = self.0.get() {
            return Ok(store);
        }
        let store = open().map_err(described)?;
        Ok(self.0.get_or_init(|| store))
    }

    pub(super) fn get(&self, key: &str) -> anyhow::Result<Option<Vec<u8>>> {
        self.store()?.get(key).map_err(described)
    }

    pub(super) fn set(&self, key: &str, value: &[u8]) -> anyhow::Result<()> {
        self.store()?.set(key, value).map_err(described)
    }

    pub(super) fn delete(&self, key: &str) -> anyhow::Result<()> {
        self.store()?.delete(key).map_err(described)
    }

    #[cfg(feature = "atomics")]
    pub(super) fn increment(&self, key: &str, delta: i64) -> anyhow::Result<i64> {
        atomics::increment(self.store()?, key, delta).map_err(described)
    }

    /// Reads and writes: of requests that count at the same time, some are not
    /// counted.
    #[cfg(not(feature = "atomics"))]
    pub(super) fn increment(&self, key: &str, delta: i64) -> anyhow::Result<i64> {
        let value = self.get(key)?.unwrap_or_default();
        let digits = std::str::from_utf8(&value).unwrap_or_default();
        let sum = digits.parse().unwrap_or(0_i64).wrapping_add(delta);
        self.set(key, sum.to_string().as_bytes())?;
        Ok(sum)
    }
}

fn described(error: Error) -> anyhow::Error {
    match error {
        #[cfg(not(feature = "atomics"))]
        Error::StoreTableFull => anyhow!("too many stores are open"),
        Error::NoSuchStore => anyhow!("there is no store with the label {LABEL}"),
        Error::AccessDenied => anyhow!("key_value_stores does not grant {LABEL}"),
        Error::Other(reason) => anyhow!(reason),
    }
}

#[cfg(feature = "atomics")]
fn open() -> Result<Store, Error> {
    store::open(LABEL)
}

#[cfg(not(feature = "atomics"))]
fn open() -> Result<Store, Error> {
    Store::open(LABEL)
}
