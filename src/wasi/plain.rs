//! What any host of `wasi:http/proxy` offers: the environment, and no store.

use crate::host::{self, Unreadable};
use std::env::{self, VarError};

/// The environment: a variable's name in capitals.
pub struct Variables;

impl host::Variables for Variables {
    fn get(&self, name: &str) -> Result<Option<String>, Unreadable> {
        match env::var(name.to_ascii_uppercase()) {
            Ok(value) => Ok(Some(value)),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => Err(Unreadable),
        }
    }
}

/// Nothing outlives a request.
pub const STORE: Option<&dyn host::Store> = None;
