//! What the plain Rust needs from outside: the seams between it and its host.

use crate::ipify::{Exchange, Failure, Target};
use std::time::Duration;

/// Everything a request may use of the world outside the component.
pub struct Edge<'a> {
    /// The operator's settings, by name.
    pub variables: &'a dyn Variables,
    /// The way to ipify.
    pub upstream: &'a dyn Upstream,
    /// Where the operator reads what went wrong.
    pub log: &'a dyn Log,
}

/// The operator's settings, by name: Spin's variables or the environment.
pub trait Variables {
    /// The value of a variable, `None` where it has none.
    ///
    /// # Errors
    ///
    /// Where the host cannot tell, for example because its vault is down.
    fn get(&self, name: &str) -> Result<Option<String>, Unreadable>;
}

/// The host could not read a variable. Its own words are dropped on purpose:
/// they may hold what the variable holds.
pub struct Unreadable;

/// Sends the request to ipify.
pub trait Upstream {
    /// One GET, without following redirects. `timeout` spans all of it:
    /// connect, headers and the last byte of the body. The body is read only
    /// of a 2xx answer, and never more than `max_body` bytes of it.
    ///
    /// # Errors
    ///
    /// Where no complete answer came.
    fn get(&self, target: &Target, timeout: Duration, max_body: usize)
    -> Result<Exchange, Failure>;
}

/// Where the operator reads what went wrong.
pub trait Log {
    /// Writes one line.
    fn line(&self, line: &str);
}
