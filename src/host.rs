//! What the plain Rust needs from outside: the seams between it and its host.

use crate::lookup::ipify::{Exchange, Failure, Target};
use std::time::Duration;

/// Everything a request may use of the world outside the component.
pub struct Edge<'a> {
    /// The operator's settings, by name.
    pub variables: &'a dyn Variables,
    /// The way to ipify.
    pub upstream: &'a dyn Upstream,
    /// Where answers are kept; `None` where the host keeps nothing.
    pub store: Option<&'a dyn Store>,
    /// The time.
    pub clock: &'a dyn Clock,
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

/// Keeps values by key, over requests: Spin's key-value store.
pub trait Store {
    /// The value of a key, if there is one.
    ///
    /// # Errors
    ///
    /// Where the store fails, or there is none.
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreFailure>;

    /// Gives a key a value, over the one that it had.
    ///
    /// # Errors
    ///
    /// Where the store fails, or there is none.
    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreFailure>;
}

/// The store failed, in the host's words.
pub struct StoreFailure(pub String);

/// Tells the time.
pub trait Clock {
    /// Seconds since 1970-01-01 00:00 UTC, without leap seconds.
    fn now(&self) -> u64;
}

/// Where the operator reads what went wrong.
pub trait Log {
    /// Writes one line.
    fn line(&self, line: &str);
}
