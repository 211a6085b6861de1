//! Spin's key-value stores: `fermyon:spin/key-value`.

mod database;
mod memory;

pub use database::Database;
pub use memory::Memory;

use crate::bindings::fermyon::spin::key_value::{Error, Host, HostStore};
use crate::instance::InstanceState;
use anyhow::Result;
use std::sync::Arc;
use wasmtime::component::Resource;

/// Keeps the values of stores, which are known by their labels.
pub trait Backend: Send + Sync {
    /// The value of a key, if there is one.
    ///
    /// # Errors
    ///
    /// Where the backend fails.
    fn get(&self, store: &str, key: &str) -> Result<Option<Vec<u8>>>;

    /// Gives a key a value.
    ///
    /// # Errors
    ///
    /// Where the backend fails.
    fn set(&self, store: &str, key: &str, value: &[u8]) -> Result<()>;

    /// Removes a key, if it is there.
    ///
    /// # Errors
    ///
    /// Where the backend fails.
    fn delete(&self, store: &str, key: &str) -> Result<()>;

    /// All keys of a store.
    ///
    /// # Errors
    ///
    /// Where the backend fails.
    fn keys(&self, store: &str) -> Result<Vec<String>>;
}

/// The stores that a component may open, by label.
#[derive(Clone)]
pub struct Stores {
    pub granted: Arc<Vec<String>>,
    pub backend: Arc<dyn Backend>,
}

/// A store that a component has opened.
pub struct OpenStore {
    label: String,
}

impl InstanceState {
    fn opened(&self, store: &Resource<OpenStore>) -> Result<(&dyn Backend, &str), Error> {
        let store = self.table.get(store).map_err(other)?;
        Ok((self.stores.backend.as_ref(), &store.label))
    }
}

impl Host for InstanceState {}

impl HostStore for InstanceState {
    fn open(&mut self, label: String) -> Result<Resource<OpenStore>, Error> {
        if !self.stores.granted.contains(&label) {
            return Err(Error::AccessDenied);
        }
        self.table.push(OpenStore { label }).map_err(other)
    }

    fn get(&mut self, store: Resource<OpenStore>, key: String) -> Result<Option<Vec<u8>>, Error> {
        let (backend, label) = self.opened(&store)?;
        backend.get(label, &key).map_err(other)
    }

    fn set(
        &mut self,
        store: Resource<OpenStore>,
        key: String,
        value: Vec<u8>,
    ) -> Result<(), Error> {
        let (backend, label) = self.opened(&store)?;
        backend.set(label, &key, &value).map_err(other)
    }

    fn delete(&mut self, store: Resource<OpenStore>, key: String) -> Result<(), Error> {
        let (backend, label) = self.opened(&store)?;
        backend.delete(label, &key).map_err(other)
    }

    fn exists(&mut self, store: Resource<OpenStore>, key: String) -> Result<bool, Error> {
        let (backend, label) = self.opened(&store)?;
        Ok(backend.get(label, &key).map_err(other)?.is_some())
    }

    fn get_keys(&mut self, store: Resource<OpenStore>) -> Result<Vec<String>, Error> {
        let (backend, label) = self.opened(&store)?;
        backend.keys(label).map_err(other)
    }

    fn drop(&mut self, store: Resource<OpenStore>) -> wasmtime::Result<()> {
        self.table.delete(store)?;
        Ok(())
    }
}

fn other(error: impl std::fmt::Display) -> Error {
    Error::Other(format!("{error:#}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_keep_what_they_are_given() {
        let folder = tempfile::tempdir().unwrap();
        let backends: [Box<dyn Backend>; 2] = [
            Box::new(Memory::default()),
            Box::new(Database::open(&folder.path().join("new")).unwrap()),
        ];
        for backend in backends {
            assert_eq!(backend.get("default", "a").unwrap(), None);
            assert!(backend.keys("default").unwrap().is_empty());
            backend.set("default", "b", b"1").unwrap();
            backend.set("default", "a", b"2").unwrap();
            backend.set("default", "a", b"\xff\0").unwrap();
            backend.set("other", "c", b"3").unwrap();
            backend.set("default2", "d", b"4").unwrap();
            assert_eq!(backend.get("default", "a").unwrap().unwrap(), b"\xff\0");
            assert_eq!(backend.get("other", "a").unwrap(), None);
            assert_eq!(backend.keys("default").unwrap(), ["a", "b"]);
            backend.delete("default", "a").unwrap();
            backend.delete("default", "a").unwrap();
            assert_eq!(backend.keys("default").unwrap(), ["b"]);
        }
    }

    #[test]
    fn a_database_is_there_again() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path()).unwrap();
        database.set("default", "a", b"1").unwrap();
        let second = Database::open(folder.path()).err().unwrap();
        assert!(
            format!("{second:#}").contains("key-value.redb"),
            "{second:#}"
        );
        drop(database);
        let database = Database::open(folder.path()).unwrap();
        assert_eq!(database.get("default", "a").unwrap().unwrap(), b"1");
    }
}
