//! Spin's key-value stores: `fermyon:spin/key-value`, and `spin:key-value` and
//! `wasi:keyvalue` on the same stores.

#[cfg(feature = "state")]
mod database;
mod memory;

#[cfg(feature = "state")]
pub use database::Database;
pub use memory::Memory;

use crate::bindings::fermyon::spin::key_value::{Error, Host, HostStore};
use crate::bindings::spin::key_value::key_value as v3;
use crate::bindings::wasi::keyvalue::atomics::{self, Cas, HostCas};
use crate::bindings::wasi::keyvalue::store as keyvalue;
use crate::instance::InstanceState;
use anyhow::{Context, Result};
use std::sync::Arc;
use tokio::task::spawn_blocking;
use wasmtime::component::{Accessor, FutureReader, HasSelf, Resource, StreamReader};

/// The storage of key-value stores, which have labels. Its methods may block.
pub trait Backend: Send + Sync {
    /// Returns the value of a key, if there is one.
    ///
    /// # Errors
    ///
    /// If the backend fails.
    fn get(&self, store: &str, key: &str) -> Result<Option<Vec<u8>>>;

    /// Sets the value of a key.
    ///
    /// # Errors
    ///
    /// If the backend fails.
    fn set(&self, store: &str, key: &str, value: &[u8]) -> Result<()>;

    /// Deletes a key, if it exists.
    ///
    /// # Errors
    ///
    /// If the backend fails.
    fn delete(&self, store: &str, key: &str) -> Result<()>;

    /// Adds to a counter atomically, and returns the sum. A missing counter is 0.
    /// Its value is 8 bytes, little-endian.
    ///
    /// # Errors
    ///
    /// If the backend fails, or the value is not a counter.
    fn increment(&self, store: &str, key: &str, delta: i64) -> Result<i64>;

    /// Returns all keys of a store.
    ///
    /// # Errors
    ///
    /// If the backend fails.
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
    fn open_store(&mut self, label: String) -> Result<Resource<OpenStore>, Error> {
        if !self.stores.granted.contains(&label) {
            return Err(Error::AccessDenied);
        }
        self.table.push(OpenStore { label }).map_err(other)
    }

    /// Runs an action on an opened store, on a thread where it may block. Other
    /// requests go on meanwhile, and so does a response that this instance has
    /// returned just before.
    fn with_store<T, A>(
        &self,
        store: Resource<OpenStore>,
        action: A,
    ) -> impl Future<Output = Result<T, Error>> + Send + use<T, A>
    where
        T: Send + 'static,
        A: FnOnce(&dyn Backend, &str) -> Result<T> + Send + 'static,
    {
        let opened = self.table.get(&store).map(|store| store.label.clone());
        let backend = Arc::clone(&self.stores.backend);
        async move {
            let label = opened.map_err(other)?;
            let done = spawn_blocking(move || action(backend.as_ref(), &label));
            done.await.map_err(other)?.map_err(other)
        }
    }
}

impl Host for InstanceState {}

impl HostStore for InstanceState {
    async fn open(&mut self, label: String) -> Result<Resource<OpenStore>, Error> {
        self.open_store(label)
    }

    async fn get(
        &mut self,
        store: Resource<OpenStore>,
        key: String,
    ) -> Result<Option<Vec<u8>>, Error> {
        self.with_store(store, move |backend, label| backend.get(label, &key))
            .await
    }

    async fn set(
        &mut self,
        store: Resource<OpenStore>,
        key: String,
        value: Vec<u8>,
    ) -> Result<(), Error> {
        self.with_store(store, move |backend, label| {
            backend.set(label, &key, &value)
        })
        .await
    }

    async fn delete(&mut self, store: Resource<OpenStore>, key: String) -> Result<(), Error> {
        self.with_store(store, move |backend, label| backend.delete(label, &key))
            .await
    }

    async fn exists(&mut self, store: Resource<OpenStore>, key: String) -> Result<bool, Error> {
        Ok(self.get(store, key).await?.is_some())
    }

    async fn get_keys(&mut self, store: Resource<OpenStore>) -> Result<Vec<String>, Error> {
        self.with_store(store, |backend, label| backend.keys(label))
            .await
    }

    async fn drop(&mut self, store: Resource<OpenStore>) -> wasmtime::Result<()> {
        self.table.delete(store)?;
        Ok(())
    }
}

fn other(error: impl std::fmt::Display) -> Error {
    Error::Other(format!("{error:#}"))
}

impl From<Error> for v3::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::StoreTableFull => Self::StoreTableFull,
            Error::NoSuchStore => Self::NoSuchStore,
            Error::AccessDenied => Self::AccessDenied,
            Error::Other(reason) => Self::Other(reason),
        }
    }
}

impl v3::Host for InstanceState {}

impl v3::HostStore for InstanceState {
    async fn drop(&mut self, store: Resource<OpenStore>) -> wasmtime::Result<()> {
        HostStore::drop(self, store).await
    }
}

/// The instance answers other requests while a store does something.
impl<U: Send> v3::HostStoreWithStore<U> for HasSelf<InstanceState> {
    async fn open(
        accessor: &Accessor<U, Self>,
        label: String,
    ) -> Result<Resource<OpenStore>, v3::Error> {
        Ok(accessor.with(|mut access| access.get().open_store(label))?)
    }

    async fn get(
        accessor: &Accessor<U, Self>,
        store: Resource<OpenStore>,
        key: String,
    ) -> Result<Option<Vec<u8>>, v3::Error> {
        Ok(with_store(accessor, store, move |backend, label| {
            backend.get(label, &key)
        })
        .await?)
    }

    async fn set(
        accessor: &Accessor<U, Self>,
        store: Resource<OpenStore>,
        key: String,
        value: Vec<u8>,
    ) -> Result<(), v3::Error> {
        let set = move |backend: &dyn Backend, label: &str| backend.set(label, &key, &value);
        Ok(with_store(accessor, store, set).await?)
    }

    async fn delete(
        accessor: &Accessor<U, Self>,
        store: Resource<OpenStore>,
        key: String,
    ) -> Result<(), v3::Error> {
        let delete = move |backend: &dyn Backend, label: &str| backend.delete(label, &key);
        Ok(with_store(accessor, store, delete).await?)
    }

    async fn exists(
        accessor: &Accessor<U, Self>,
        store: Resource<OpenStore>,
        key: String,
    ) -> Result<bool, v3::Error> {
        Ok(Self::get(accessor, store, key).await?.is_some())
    }

    async fn get_keys(
        accessor: &Accessor<U, Self>,
        store: Resource<OpenStore>,
    ) -> wasmtime::Result<(StreamReader<String>, FutureReader<Result<(), v3::Error>>)> {
        let keys = with_store(accessor, store, |backend, label| backend.keys(label)).await;
        let (keys, end) = match keys {
            Ok(keys) => (keys, Ok(())),
            Err(error) => (Vec::new(), Err(error.into())),
        };
        accessor.with(|mut access| {
            let keys = StreamReader::new(&mut access, keys)?;
            let end = FutureReader::new(&mut access, async { wasmtime::error::Ok(end) })?;
            Ok((keys, end))
        })
    }
}

async fn with_store<U, T: Send + 'static>(
    accessor: &Accessor<U, HasSelf<InstanceState>>,
    store: Resource<OpenStore>,
    action: impl FnOnce(&dyn Backend, &str) -> Result<T> + Send + 'static,
) -> Result<T, Error> {
    let done = accessor.with(|mut access| access.get().with_store(store, action));
    done.await
}

/// Adds to the value of a counter.
fn sum(value: Option<&[u8]>, delta: i64) -> Result<i64> {
    let count = match value {
        Some(bytes) => i64::from_le_bytes(bytes.try_into().context("the value is no counter")?),
        None => 0,
    };
    count.checked_add(delta).context("the counter overflows")
}

impl From<Error> for keyvalue::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::StoreTableFull => Self::Other("too many stores are open".to_owned()),
            Error::NoSuchStore => Self::NoSuchStore,
            Error::AccessDenied => Self::AccessDenied,
            Error::Other(reason) => Self::Other(reason),
        }
    }
}

impl keyvalue::Host for InstanceState {
    async fn open(&mut self, label: String) -> Result<Resource<OpenStore>, keyvalue::Error> {
        Ok(HostStore::open(self, label).await?)
    }
}

impl keyvalue::HostBucket for InstanceState {
    async fn get(
        &mut self,
        bucket: Resource<OpenStore>,
        key: String,
    ) -> Result<Option<Vec<u8>>, keyvalue::Error> {
        Ok(HostStore::get(self, bucket, key).await?)
    }

    async fn set(
        &mut self,
        bucket: Resource<OpenStore>,
        key: String,
        value: Vec<u8>,
    ) -> Result<(), keyvalue::Error> {
        Ok(HostStore::set(self, bucket, key, value).await?)
    }

    async fn delete(
        &mut self,
        bucket: Resource<OpenStore>,
        key: String,
    ) -> Result<(), keyvalue::Error> {
        Ok(HostStore::delete(self, bucket, key).await?)
    }

    async fn exists(
        &mut self,
        bucket: Resource<OpenStore>,
        key: String,
    ) -> Result<bool, keyvalue::Error> {
        Ok(HostStore::exists(self, bucket, key).await?)
    }

    async fn list_keys(
        &mut self,
        bucket: Resource<OpenStore>,
        _cursor: Option<String>,
    ) -> Result<keyvalue::KeyResponse, keyvalue::Error> {
        let keys = HostStore::get_keys(self, bucket).await?;
        Ok(keyvalue::KeyResponse { keys, cursor: None })
    }

    async fn drop(&mut self, bucket: Resource<OpenStore>) -> wasmtime::Result<()> {
        HostStore::drop(self, bucket).await
    }
}

impl atomics::Host for InstanceState {
    async fn increment(
        &mut self,
        bucket: Resource<OpenStore>,
        key: String,
        delta: i64,
    ) -> Result<i64, keyvalue::Error> {
        let sum = self.with_store(bucket, move |backend, label| {
            backend.increment(label, &key, delta)
        });
        Ok(sum.await?)
    }

    async fn swap(
        &mut self,
        _cas: Resource<Cas>,
        _value: Vec<u8>,
    ) -> Result<(), atomics::CasError> {
        Err(atomics::CasError::StoreError(no_cas()))
    }
}

/// geo-host does not offer compare-and-swap, which is not exclusive in Spin's default
/// store.
impl HostCas for InstanceState {
    async fn new(
        &mut self,
        _bucket: Resource<OpenStore>,
        _key: String,
    ) -> Result<Resource<Cas>, keyvalue::Error> {
        Err(no_cas())
    }

    async fn current(&mut self, _cas: Resource<Cas>) -> Result<Option<Vec<u8>>, keyvalue::Error> {
        Err(no_cas())
    }

    async fn drop(&mut self, _cas: Resource<Cas>) -> wasmtime::Result<()> {
        Ok(())
    }
}

fn no_cas() -> keyvalue::Error {
    keyvalue::Error::Other("geo-host has no compare-and-swap".to_owned())
}

#[cfg(all(test, feature = "state"))]
mod tests {
    use super::*;

    #[test]
    fn both_backends_store_values() {
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
            for (delta, sum) in [(0, 0), (5, 5), (-7, -2), (i64::MAX, i64::MAX - 2)] {
                assert_eq!(backend.increment("default", "n", delta).unwrap(), sum);
            }
            assert!(backend.increment("default", "n", 3).is_err());
            assert!(backend.increment("default", "b", 1).is_err());
            assert_eq!(backend.increment("default", "n", 1).unwrap(), i64::MAX - 1);
        }
    }

    #[test]
    fn a_database_persists() {
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
