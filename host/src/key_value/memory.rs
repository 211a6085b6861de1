//! Key-value stores in memory.

use crate::key_value::{Backend, sum};
use anyhow::Result;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Stores in memory, which are lost when the process ends.
#[derive(Default)]
pub struct Memory(Mutex<BTreeMap<(String, String), Vec<u8>>>);

impl Memory {
    fn values(&self) -> MutexGuard<'_, BTreeMap<(String, String), Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backend for Memory {
    fn get(&self, store: &str, key: &str) -> Result<Option<Vec<u8>>> {
        let place = (store.to_owned(), key.to_owned());
        Ok(self.values().get(&place).cloned())
    }

    fn set(&self, store: &str, key: &str, value: &[u8]) -> Result<()> {
        let place = (store.to_owned(), key.to_owned());
        self.values().insert(place, value.to_owned());
        Ok(())
    }

    fn delete(&self, store: &str, key: &str) -> Result<()> {
        self.values().remove(&(store.to_owned(), key.to_owned()));
        Ok(())
    }

    fn increment(&self, store: &str, key: &str, delta: i64) -> Result<i64> {
        let place = (store.to_owned(), key.to_owned());
        let mut values = self.values();
        let sum = sum(values.get(&place).map(Vec::as_slice), delta)?;
        values.insert(place, sum.to_le_bytes().to_vec());
        Ok(sum)
    }

    fn keys(&self, store: &str) -> Result<Vec<String>> {
        let values = self.values();
        let places = values.keys().filter(|place| place.0 == store);
        Ok(places.map(|place| place.1.clone()).collect())
    }
}
