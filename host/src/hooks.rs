//! Hooks for tests that observe the host or make it fail.

use crate::usage::Usage;
use std::fmt::Debug;

/// Methods that the host calls when it does something for the component. By default
/// they do nothing.
pub trait Hooks: Debug + Send + Sync {
    /// Called before a variable is read.
    ///
    /// # Errors
    ///
    /// The component gets this reason as an error of the variable's provider.
    fn variable(&self, _name: &str) -> Result<(), String> {
        Ok(())
    }

    /// Called before an allowed request is sent.
    ///
    /// # Errors
    ///
    /// The component gets this reason as an internal error of the host.
    fn request(&self, _url: &str) -> Result<(), String> {
        Ok(())
    }

    /// Called when an instance has ended, which may be after its last response.
    fn ended(&self, _usage: Usage) {}
}

/// Hooks that do nothing.
#[derive(Debug)]
pub struct NoHooks;

impl Hooks for NoHooks {}
