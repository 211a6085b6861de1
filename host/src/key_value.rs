//! Spin's key-value stores: `fermyon:spin/key-value`.

mod backend;

pub use backend::{Backend, Database, Memory};

use crate::component::State;
use crate::component::bindings::fermyon::spin::key_value::{Error, Host, HostStore};
use std::sync::Arc;
use wasmtime::component::Resource;

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

impl State {
    fn store(&self, store: &Resource<OpenStore>) -> Result<(&dyn Backend, &str), Error> {
        let store = self.table.get(store).map_err(other)?;
        Ok((self.stores.backend.as_ref(), &store.label))
    }
}

impl Host for State {}

impl HostStore for State {
    fn open(&mut self, label: String) -> Result<Resource<OpenStore>, Error> {
        if !self.stores.granted.contains(&label) {
            return Err(Error::AccessDenied);
        }
        self.table.push(OpenStore { label }).map_err(other)
    }

    fn get(&mut self, store: Resource<OpenStore>, key: String) -> Result<Option<Vec<u8>>, Error> {
        let (backend, label) = self.store(&store)?;
        backend.get(label, &key).map_err(other)
    }

    fn set(
        &mut self,
        store: Resource<OpenStore>,
        key: String,
        value: Vec<u8>,
    ) -> Result<(), Error> {
        let (backend, label) = self.store(&store)?;
        backend.set(label, &key, &value).map_err(other)
    }

    fn delete(&mut self, store: Resource<OpenStore>, key: String) -> Result<(), Error> {
        let (backend, label) = self.store(&store)?;
        backend.delete(label, &key).map_err(other)
    }

    fn exists(&mut self, store: Resource<OpenStore>, key: String) -> Result<bool, Error> {
        let (backend, label) = self.store(&store)?;
        Ok(backend.get(label, &key).map_err(other)?.is_some())
    }

    fn get_keys(&mut self, store: Resource<OpenStore>) -> Result<Vec<String>, Error> {
        let (backend, label) = self.store(&store)?;
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
