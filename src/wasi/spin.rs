//! What Spin offers: variables, and a key-value store with the label
//! `default`.

use super::bindings::fermyon::spin::key_value::{self, Store};
use super::bindings::fermyon::spin::variables;
use crate::host;
use anyhow::anyhow;
use std::cell::OnceCell;

/// Spin's variables.
pub(super) struct Variables;

impl host::Variables for Variables {
    fn get(&self, name: &str) -> anyhow::Result<Option<String>> {
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
}

/// The header in which Spin names the client: its address and port.
pub(super) const CLIENT_ADDRESS_HEADER: Option<&str> = Some("spin-client-addr");

/// Returns the store, which is opened when it is first used.
pub(super) fn store() -> Option<KeyValue> {
    Some(KeyValue::default())
}

/// Spin's key-value store.
#[derive(Default)]
pub(super) struct KeyValue(OnceCell<Store>);

impl KeyValue {
    fn open(&self) -> anyhow::Result<&Store> {
        if let Some(store) = self.0.get() {
            return Ok(store);
        }
        let store = Store::open("default").map_err(described)?;
        Ok(self.0.get_or_init(|| store))
    }
}

impl host::Store for KeyValue {
    fn get(&self, key: &str) -> anyhow::Result<Option<Vec<u8>>> {
        self.open()?.get(key).map_err(described)
    }

    fn set(&self, key: &str, value: &[u8]) -> anyhow::Result<()> {
        self.open()?.set(key, value).map_err(described)
    }

    fn delete(&self, key: &str) -> anyhow::Result<()> {
        self.open()?.delete(key).map_err(described)
    }
}

fn described(error: key_value::Error) -> anyhow::Error {
    use key_value::Error;
    match error {
        Error::StoreTableFull => anyhow!("too many stores are open"),
        Error::NoSuchStore => anyhow!("there is no store with the label default"),
        Error::AccessDenied => anyhow!("key_value_stores does not grant default"),
        Error::Other(reason) => anyhow!(reason),
    }
}
