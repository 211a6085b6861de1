//! What Spin offers: variables, and a key-value store with the label
//! `default`.

use crate::host::{self, StoreFailure, Unreadable};
use spin_sdk::key_value::{self, Store};
use spin_sdk::variables;

/// Spin's variables.
pub struct Variables;

impl host::Variables for Variables {
    fn get(&self, name: &str) -> Result<Option<String>, Unreadable> {
        match variables::get(name) {
            Ok(value) => Ok(Some(value)),
            // A manifest older than the variable: its default holds.
            Err(variables::Error::Undefined(_)) => Ok(None),
            Err(_) => Err(Unreadable),
        }
    }
}

/// Spin's key-value store.
pub const STORE: Option<&dyn host::Store> = Some(&KeyValue);

struct KeyValue;

impl host::Store for KeyValue {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreFailure> {
        Store::open_default()
            .and_then(|store| store.get(key))
            .map_err(failure)
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreFailure> {
        Store::open_default()
            .and_then(|store| store.set(key, value))
            .map_err(failure)
    }
}

fn failure(error: key_value::Error) -> StoreFailure {
    use key_value::Error;
    StoreFailure(match error {
        Error::StoreTableFull => "too many stores are open".to_owned(),
        Error::NoSuchStore => "there is none with the label default".to_owned(),
        Error::AccessDenied => "key_value_stores does not hold default".to_owned(),
        Error::Other(reason) => reason,
    })
}
