//! Spin's variables.

use crate::edge::{Unreadable, Variables};
use spin_sdk::variables::{self, Error};

pub struct Host;

impl Variables for Host {
    fn get(&self, name: &str) -> Result<Option<String>, Unreadable> {
        match variables::get(name) {
            Ok(value) => Ok(Some(value)),
            // A manifest older than the variable: its default holds.
            Err(Error::Undefined(_)) => Ok(None),
            Err(_) => Err(Unreadable),
        }
    }
}
