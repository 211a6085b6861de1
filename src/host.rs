//! What geo needs of the host that it runs on: the seam between the plain
//! Rust of `lookup` and `http` on one side, and `wasi` or a test on the other.
//!
//! It has the types that cross the seam too, and imports nothing from either
//! side.

use std::time::Duration;

/// The host, as one request sees it.
pub struct Host<'a> {
    /// The operator's settings.
    pub variables: &'a dyn Variables,
    /// The HTTP client.
    pub client: &'a dyn Client,
    /// The key-value store; `None` where the host has none.
    pub store: Option<&'a dyn Store>,
    /// The clocks.
    pub clock: &'a dyn Clock,
    /// The operator's log.
    pub log: &'a dyn Log,
    /// The request header in which the host itself names the client; `None`
    /// where it does not.
    pub client_address_header: Option<&'static str>,
}

/// The operator's settings, by name: Spin's variables or the environment.
pub trait Variables {
    /// Returns the value of a variable, `None` where it has none.
    ///
    /// # Errors
    ///
    /// If the host cannot read it, for example because its vault is down.
    fn get(&self, name: &str) -> anyhow::Result<Option<String>>;
}

/// An HTTP client.
pub trait Client {
    /// Sends a GET request and reads the response. Redirects are not followed.
    /// The request is sent once more where the connection ended before any byte
    /// of a response, as a pooled connection does that the server had closed.
    ///
    /// # Errors
    ///
    /// If no complete response came within the limits of the request.
    fn get(&self, request: &Get) -> Result<Response, Failure>;
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
    /// What the host says about it. It may quote the URL, and so the API key.
    pub cause: anyhow::Error,
}

/// The ways in which an exchange can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The time was up.
    Timeout,
    /// The host's policy forbids the request.
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

/// A key-value store that outlives requests: Spin's.
pub trait Store {
    /// Returns the value of a key, `None` where it has none.
    ///
    /// # Errors
    ///
    /// If the store fails, or the host does not grant it.
    fn get(&self, key: &str) -> anyhow::Result<Option<Vec<u8>>>;

    /// Sets the value of a key.
    ///
    /// # Errors
    ///
    /// If the store fails, or the host does not grant it.
    fn set(&self, key: &str, value: &[u8]) -> anyhow::Result<()>;

    /// Deletes a key, if it is there.
    ///
    /// # Errors
    ///
    /// If the store fails, or the host does not grant it.
    fn delete(&self, key: &str) -> anyhow::Result<()>;
}

/// The clocks.
pub trait Clock {
    /// Returns the time since 1970-01-01 00:00 UTC, without leap seconds.
    fn now(&self) -> Duration;

    /// Returns the time since some moment, which is the same for all of a
    /// request. It never goes back.
    fn elapsed(&self) -> Duration;

    /// Waits.
    fn sleep(&self, time: Duration);
}

/// The operator's log.
pub trait Log {
    /// Writes one line.
    fn line(&self, line: &str);
}

/// The headers of an incoming request. They are read by name, so that a
/// request with a hundred of them costs no more than one with two.
pub trait Headers {
    /// Returns the values of every line of that name, in order. They need not
    /// be text. `name` is in lower case.
    fn get(&self, name: &str) -> Vec<Vec<u8>>;
}
