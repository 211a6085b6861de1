//! Points at which a test can watch the host, or make it fail.

use crate::usage::Usage;
use std::fmt::Debug;

/// Is called when the host does something for the component. The methods do
/// nothing unless they are overridden.
pub trait Hooks: Debug + Send + Sync {
    /// Is called before a variable is read.
    ///
    /// # Errors
    ///
    /// The component is told that the variable's provider failed, for this
    /// reason.
    fn variable(&self, _name: &str) -> Result<(), String> {
        Ok(())
    }

    /// Is called before an allowed request is sent.
    ///
    /// # Errors
    ///
    /// The component is told that the host failed, for this reason.
    fn request(&self, _url: &str) -> Result<(), String> {
        Ok(())
    }

    /// Is called when an instance has ended, which may be after its answer.
    fn ended(&self, _usage: Usage) {}
}

/// Hooks that do nothing.
#[derive(Debug)]
pub struct NoHooks;

impl Hooks for NoHooks {}
