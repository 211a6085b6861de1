//! The seam between the core (`lookup` and `http`) and what it runs on: one
//! trait, and the types that cross it.

#![expect(
    async_fn_in_trait,
    reason = "a component has one thread, so no future has to be Send"
)]

use std::time::Duration;

/// What the core needs of the platform that it runs on.
///
/// A clone is another handle to the same platform.
///
/// The functions that may wait are async. The WASI 0.2 builds block inside
/// them.
pub trait Runtime: Clone {
    /// Whether the platform appends Spin's headers to a request:
    /// `spin-client-addr`, `spin-path-info` and `spin-full-url`. The last one of
    /// a name is the platform's; a client may send others before it.
    const HAS_SPIN_HEADERS: bool;

    /// Whether there is a key-value store. Without one, nothing is cached and
    /// nothing is counted.
    const HAS_STORE: bool;

    /// Whether an instance of the component answers one request after another, so
    /// that the next one finds what is in its memory.
    const HAS_MEMORY: bool;

    /// Returns the value of a variable, one of the operator's settings; `None`
    /// where it has none.
    ///
    /// # Errors
    ///
    /// If the platform cannot read it, for example because its vault is down.
    fn variable(&self, name: &str) -> anyhow::Result<Option<String>>;

    /// Returns the time since 1970-01-01 00:00 UTC, without leap seconds.
    fn now(&self) -> Duration;

    /// Returns the time since some moment, which is the same for all of a
    /// request. It never goes back.
    fn elapsed(&self) -> Duration;

    /// Writes one line to the operator's log.
    fn log(&self, line: &str);

    /// Writes one line to the standard output.
    fn print(&self, line: &str);

    /// Waits.
    async fn sleep(&self, time: Duration);

    /// Sends a GET request and reads the response. Redirects are not followed.
    /// The request is sent once more where the connection ended before any byte
    /// of a response, as a pooled connection does that the server had closed.
    ///
    /// # Errors
    ///
    /// If no complete response came within the limits of the request.
    async fn fetch(&self, request: &Get) -> Result<Response, Failure>;

    /// Returns whether the store may be used now. It may not for a while after it has
    /// taken too long.
    fn is_store_available(&self) -> bool {
        Self::HAS_STORE
    }

    /// Returns the value of a key in the store, `None` where it has none.
    ///
    /// # Errors
    ///
    /// If the store fails, or the platform does not grant it.
    async fn get(&self, key: &str) -> anyhow::Result<Option<Vec<u8>>>;

    /// Sets the value of a key in the store.
    ///
    /// # Errors
    ///
    /// If the store fails, or the platform does not grant it.
    async fn set(&self, key: &str, value: &[u8]) -> anyhow::Result<()>;

    /// Deletes a key of the store, if it is there.
    ///
    /// # Errors
    ///
    /// If the store fails, or the platform does not grant it.
    async fn delete(&self, key: &str) -> anyhow::Result<()>;

    /// Adds to a counter in the store, atomically, and returns the sum. A
    /// counter that is not there is 0. Its key is never used with
    /// [`get`](Self::get) and [`set`](Self::set): stores encode counters in
    /// ways of their own.
    ///
    /// # Errors
    ///
    /// If the store fails, or the platform does not grant it. The number may
    /// have been added all the same.
    async fn increment(&self, key: &str, delta: i64) -> anyhow::Result<i64>;
}

/// A GET request. It may hold the API key, so it has no `Debug`.
pub struct Get {
    /// Whether the connection uses TLS.
    pub https: bool,
    /// The host, with the port where it is not the scheme's own.
    pub authority: String,
    /// The path and the query.
    pub path_with_query: String,
    /// The time for the whole exchange: connect, headers and the last byte of
    /// the body.
    pub timeout: Duration,
    /// The largest body that is accepted, in bytes.
    pub max_body: usize,
}

/// A response to a [`Get`].
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The `Retry-After` header, if it is text.
    pub retry_after: Option<String>,
    /// The body of a 2xx response; empty for other statuses.
    pub body: Vec<u8>,
}

/// An exchange that failed.
#[derive(Debug)]
pub struct Failure {
    /// What failed, as far as geo tells failures apart.
    pub kind: FailureKind,
    /// What the platform says about it. It may quote the URL, and so the API
    /// key.
    pub cause: anyhow::Error,
}

/// The ways in which an exchange can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The time was up.
    Timeout,
    /// The platform's policy forbids the request.
    NotAllowed,
    /// The name could not be resolved.
    Dns,
    /// The TLS handshake failed, or the certificate is not trusted.
    Tls,
    /// There was no connection.
    Connection,
    /// The connection ended before any byte of a response.
    Closed,
    /// The connection was lost inside the body.
    Incomplete,
    /// The body is larger than [`Get::max_body`].
    TooLarge,
}

/// The headers of an incoming request. They are read by name, so that a
/// request with a hundred of them costs no more than one with two.
pub trait Headers {
    /// Returns the values of every line of that name, in order. They need not
    /// be text. `name` is in lower case.
    fn get(&self, name: &str) -> Vec<Vec<u8>>;
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use anyhow::bail;
    use std::cell::RefCell;
    use std::rc::Rc;

    /// A platform that has variables and a log, and nothing else. The value
    /// `unreadable` is an error.
    #[derive(Clone, Default)]
    pub(crate) struct Variables<'a> {
        pub(crate) values: &'a [(&'a str, &'a str)],
        pub(crate) log: Rc<RefCell<Vec<String>>>,
    }

    impl<'a> Variables<'a> {
        pub(crate) fn new(values: &'a [(&'a str, &'a str)]) -> Self {
            let log = Rc::default();
            Self { values, log }
        }
    }

    impl Runtime for Variables<'_> {
        const HAS_SPIN_HEADERS: bool = true;
        const HAS_STORE: bool = false;
        const HAS_MEMORY: bool = false;

        fn variable(&self, name: &str) -> anyhow::Result<Option<String>> {
            match self.values.iter().find(|line| line.0 == name) {
                Some((_, "unreadable")) => bail!("the vault is sealed"),
                line => Ok(line.map(|line| line.1.to_owned())),
            }
        }

        fn now(&self) -> Duration {
            Duration::ZERO
        }

        fn elapsed(&self) -> Duration {
            Duration::ZERO
        }

        fn log(&self, line: &str) {
            self.log.borrow_mut().push(line.to_owned());
        }

        fn print(&self, line: &str) {
            self.log(line);
        }

        async fn sleep(&self, _: Duration) {}

        async fn fetch(&self, _: &Get) -> Result<Response, Failure> {
            unreachable!("no test here sends a request")
        }

        async fn get(&self, _: &str) -> anyhow::Result<Option<Vec<u8>>> {
            bail!("there is no store")
        }

        async fn set(&self, _: &str, _: &[u8]) -> anyhow::Result<()> {
            bail!("there is no store")
        }

        async fn delete(&self, _: &str) -> anyhow::Result<()> {
            bail!("there is no store")
        }

        async fn increment(&self, _: &str, _: i64) -> anyhow::Result<i64> {
            bail!("there is no store")
        }
    }
}
