//! Spin's key-value store, the one with the label `default`.

use crate::edge::{self, StoreFailure};
use spin_sdk::key_value::{Error, Store};

pub struct KeyValue;

impl edge::Store for KeyValue {
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

fn failure(error: Error) -> StoreFailure {
    StoreFailure(match error {
        Error::StoreTableFull => "too many stores are open".to_owned(),
        Error::NoSuchStore => "there is none with the label default".to_owned(),
        Error::AccessDenied => "key_value_stores does not hold default".to_owned(),
        Error::Other(reason) => reason,
    })
}
