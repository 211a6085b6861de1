//! What any host of `wasi:http/proxy` offers: environment variables, and no
//! store.

use anyhow::bail;
use std::env::{self, VarError};

/// The interface tells neither who the client is nor where geo is mounted.
pub(super) const HAS_SPIN_HEADERS: bool = false;

/// Nothing outlives a request.
pub(super) const HAS_STORE: bool = false;

/// Reads a variable from the environment: its name in capitals.
pub(super) fn variable(name: &str) -> anyhow::Result<Option<String>> {
    match env::var(name.to_ascii_uppercase()) {
        Ok(value) => Ok(Some(value)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => bail!("its value is not UTF-8"),
    }
}

/// The store that there is not.
#[derive(Default)]
pub(super) struct KeyValue;

impl KeyValue {
    pub(super) fn get(&self, _: &str) -> anyhow::Result<Option<Vec<u8>>> {
        Ok(None)
    }

    pub(super) fn set(&self, _: &str, _: &[u8]) -> anyhow::Result<()> {
        bail!("there is no store")
    }

    pub(super) fn delete(&self, _: &str) -> anyhow::Result<()> {
        Ok(())
    }

    pub(super) fn increment(&self, _: &str, _: i64) -> anyhow::Result<i64> {
        bail!("there is no store")
    }
}
