//! What Spin offers: variables, and a key-value store with the label
//! `default`.

use super::bindings::fermyon::spin::key_value::{self, Store};
use super::bindings::fermyon::spin::variables;
use anyhow::anyhow;
use std::cell::OnceCell;

/// The header in which Spin names the client: its address and port.
pub(super) const CLIENT_ADDRESS_HEADER: Option<&str> = Some("spin-client-addr");

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
pub(super) struct KeyValue {
    store: OnceCell<Store>,
    #[cfg(feature = "atomics")]
    bucket: OnceCell<atomics::Bucket>,
}

impl KeyValue {
    pub(super) fn get(&self, key: &str) -> anyhow::Result<Option<Vec<u8>>> {
        self.store()?.get(key).map_err(described)
    }

    pub(super) fn set(&self, key: &str, value: &[u8]) -> anyhow::Result<()> {
        self.store()?.set(key, value).map_err(described)
    }

    pub(super) fn delete(&self, key: &str) -> anyhow::Result<()> {
        self.store()?.delete(key).map_err(described)
    }

    fn store(&self) -> anyhow::Result<&Store> {
        if let Some(store) = self.store.get() {
            return Ok(store);
        }
        let store = Store::open(LABEL).map_err(described)?;
        Ok(self.store.get_or_init(|| store))
    }
}

fn described(error: key_value::Error) -> anyhow::Error {
    use key_value::Error;
    match error {
        Error::StoreTableFull => anyhow!("too many stores are open"),
        Error::NoSuchStore => anyhow!("there is no store with the label {LABEL}"),
        Error::AccessDenied => anyhow!("key_value_stores does not grant {LABEL}"),
        Error::Other(reason) => anyhow!(reason),
    }
}

/// Counters, by `wasi:keyvalue/atomics`: Spin has it on the same stores.
#[cfg(feature = "atomics")]
mod atomics {
    use super::{KeyValue, LABEL};
    use crate::wasi::p2::bindings::wasi::keyvalue::atomics;
    pub(super) use crate::wasi::p2::bindings::wasi::keyvalue::store::Bucket;
    use crate::wasi::p2::bindings::wasi::keyvalue::store::{self, Error};
    use anyhow::anyhow;

    impl KeyValue {
        pub(in crate::wasi::p2) fn increment(&self, key: &str, delta: i64) -> anyhow::Result<i64> {
            atomics::increment(self.bucket()?, key, delta).map_err(described)
        }

        fn bucket(&self) -> anyhow::Result<&Bucket> {
            if let Some(bucket) = self.bucket.get() {
                return Ok(bucket);
            }
            let bucket = store::open(LABEL).map_err(described)?;
            Ok(self.bucket.get_or_init(|| bucket))
        }
    }

    fn described(error: Error) -> anyhow::Error {
        match error {
            Error::NoSuchStore => anyhow!("there is no store with the label {LABEL}"),
            Error::AccessDenied => anyhow!("key_value_stores does not grant {LABEL}"),
            Error::Other(reason) => anyhow!(reason),
        }
    }
}

/// Counters for a platform without `wasi:keyvalue/atomics`: of requests that
/// count at the same time, some are not counted.
#[cfg(not(feature = "atomics"))]
impl KeyValue {
    pub(super) fn increment(&self, key: &str, delta: i64) -> anyhow::Result<i64> {
        let value = self.get(key)?.unwrap_or_default();
        let count: i64 = std::str::from_utf8(&value)
            .ok()
            .and_then(|digits| digits.parse().ok())
            .unwrap_or_default();
        let sum = count.wrapping_add(delta);
        self.set(key, sum.to_string().as_bytes())?;
        Ok(sum)
    }
}
