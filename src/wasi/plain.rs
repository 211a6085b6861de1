//! What any host of `wasi:http/proxy` offers: environment variables, and no
//! store.

use crate::host;
use std::convert::Infallible;
use std::env::{self, VarError};

/// The environment: a variable's name in capitals.
pub(super) struct Variables;

impl host::Variables for Variables {
    fn get(&self, name: &str) -> anyhow::Result<Option<String>> {
        match env::var(name.to_ascii_uppercase()) {
            Ok(value) => Ok(Some(value)),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => anyhow::bail!("its value is not UTF-8"),
        }
    }
}

/// The interface does not tell who the client is.
pub(super) const CLIENT_ADDRESS_HEADER: Option<&str> = None;

/// Returns the store: nothing outlives a request here.
pub(super) fn store() -> Option<NoStore> {
    None
}

/// The store that a plain host does not have.
pub(super) struct NoStore(Infallible);

impl host::Store for NoStore {
    fn get(&self, _: &str) -> anyhow::Result<Option<Vec<u8>>> {
        match self.0 {}
    }

    fn set(&self, _: &str, _: &[u8]) -> anyhow::Result<()> {
        match self.0 {}
    }

    fn delete(&self, _: &str) -> anyhow::Result<()> {
        match self.0 {}
    }
}
