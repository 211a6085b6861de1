//! Outgoing requests: which are allowed, and how they are sent.
//!
//! Connections, timeouts and error codes are those of Spin 4, from
//! `crates/factor-outbound-http/src/wasi.rs`, so that a component handles failures
//! here as it does there.

use crate::allowed_hosts::AllowedHosts;
use crate::hooks::Hooks;
use crate::log::Log;
use futures_util::stream;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Incoming;
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::error::Error as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

/// The default timeout of each step of an exchange.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(600);

/// How many bytes of a body the host takes at once: far fewer than the engine's default
/// of 1 MiB, so that a component cannot rely on writing a large body at once.
const CHUNK_SIZE: usize = 16 * 1024;

tokio::task_local! {
    /// The connect timeout of the request that this task sends. A connector gets only
    /// the URI.
    static CONNECT_TIMEOUT: Duration;
}

/// A client that reuses idle connections. Clones share the pool.
#[derive(Clone)]
pub struct PoolingClient(Client<Connector, WasiBody>);

#[cfg(feature = "tls")]
type Connector = hyper_rustls::HttpsConnector<TcpConnector>;
#[cfg(not(feature = "tls"))]
type Connector = TcpConnector;

impl PoolingClient {
    /// Returns a client with an empty pool.
    pub fn new() -> Self {
        #[cfg(feature = "tls")]
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(TcpConnector);
        #[cfg(not(feature = "tls"))]
        let connector = TcpConnector;
        Self(Client::builder(TokioExecutor::new()).build(connector))
    }

    /// Sends a request, on an idle connection if there is one. Redirects are not
    /// followed. A connection that ends before the response begins is
    /// [`Error::HttpProtocolError`], as in Spin.
    async fn send(
        &self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
    ) -> Result<Response<WasiBody>, Error> {
        let limit = |of: fn(RequestOptions) -> Option<Duration>| {
            options.and_then(of).unwrap_or(DEFAULT_TIMEOUT)
        };
        let sent = CONNECT_TIMEOUT.scope(
            limit(|options| options.connect_timeout),
            self.0.request(request),
        );
        let response = timeout(limit(|options| options.first_byte_timeout), sent)
            .await
            .map_err(|_| Error::ConnectionReadTimeout)?
            .map_err(from_client)?;
        let between_bytes = limit(|options| options.between_bytes_timeout);
        Ok(response.map(|body| with_timeout(body, between_bytes)))
    }
}

/// Returns a body that fails if the next frame takes longer than `limit`.
fn with_timeout(body: Incoming, limit: Duration) -> WasiBody {
    let frames = stream::unfold(Some(body), move |body| async move {
        let mut body = body?;
        match timeout(limit, body.frame()).await {
            Ok(Some(Ok(frame))) => Some((Ok(frame), Some(body))),
            Ok(Some(Err(_))) => Some((Err(Error::HttpProtocolError), None)),
            Ok(None) => None,
            Err(_) => Some((Err(Error::ConnectionReadTimeout), None)),
        }
    });
    StreamBody::new(frames).boxed_unsync()
}

/// Returns the error that the component gets.
fn from_client(error: legacy::Error) -> Error {
    if !error.is_connect() {
        return Error::HttpProtocolError;
    }
    let cause = error.source().and_then(|cause| cause.downcast_ref());
    match cause {
        Some(ConnectError::NoAddress) => Error::DnsError {
            rcode: Some("address not available".to_owned()),
            info_code: Some(0),
        },
        Some(ConnectError::Timeout) => Error::ConnectionTimeout,
        Some(ConnectError::Refused) => Error::ConnectionRefused,
        #[cfg(not(feature = "tls"))]
        Some(no_tls @ ConnectError::NoTls) => Error::InternalError(Some(no_tls.to_string())),
        None => Error::TlsProtocolError,
    }
}

/// Connects to the host of a URI within [`CONNECT_TIMEOUT`].
#[derive(Clone)]
struct TcpConnector;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
enum ConnectError {
    #[error("the host has no address")]
    NoAddress,
    #[error("connecting took too long")]
    Timeout,
    #[error("the connection was refused")]
    Refused,
    #[cfg(not(feature = "tls"))]
    #[error("geo-host was built without the feature tls")]
    NoTls,
}

impl tower_service::Service<Uri> for TcpConnector {
    type Response = TokioIo<TcpStream>;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(async move { connect(&uri).await.map(TokioIo::new) })
    }
}

async fn connect(uri: &Uri) -> Result<TcpStream, ConnectError> {
    #[cfg(not(feature = "tls"))]
    if uri.scheme_str() == Some("https") {
        return Err(ConnectError::NoTls);
    }
    let limit = CONNECT_TIMEOUT.try_get().unwrap_or(DEFAULT_TIMEOUT);
    let default_port = if uri.scheme_str() == Some("https") {
        443
    } else {
        80
    };
    let host = uri.host().unwrap_or_default();
    // An IPv6 address has brackets in a URI, but not for the resolver.
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let addresses: Vec<_> = lookup_host((host, uri.port_u16().unwrap_or(default_port)))
        .await
        .map_err(|_| ConnectError::NoAddress)?
        .collect();
    let stream = timeout(limit, TcpStream::connect(&*addresses))
        .await
        .map_err(|_| ConnectError::Timeout)?
        .map_err(|error| match error.kind() {
            io::ErrorKind::AddrNotAvailable => ConnectError::NoAddress,
            _ => ConnectError::Refused,
        })?;
    Ok(stream)
}

/// The outgoing requests of an instance.
pub struct Outbound {
    pub allowed: Arc<AllowedHosts>,
    pub client: PoolingClient,
    pub log: Log,
    pub hooks: Arc<dyn Hooks>,
}

type Exchange = Result<(Response<WasiBody>, Connection), Error>;
type Connection = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for Outbound {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Connection,
    ) -> Box<dyn Future<Output = Exchange> + Send> {
        let is_allowed = self.allowed.allow(request.uri());
        if !is_allowed {
            // Without path and query, which may contain secrets.
            self.log.line(format_args!(
                "the component may not reach {}://{}: allowed_outbound_hosts does not hold it",
                request.uri().scheme_str().unwrap_or_default(),
                request.uri().authority().map_or("", |a| a.as_str()),
            ));
        }
        let client = self.client.clone();
        let hooked = if is_allowed {
            self.hooks.request(&request.uri().to_string())
        } else {
            Ok(())
        };
        Box::new(async move {
            if !is_allowed {
                return Err(Error::HttpRequestDenied);
            }
            hooked.map_err(|reason| Error::InternalError(Some(reason)))?;
            let response = client.send(request, options).await?;
            // The pool's own task drives the connection.
            Ok((response, Box::new(async { Ok(()) }) as Connection))
        })
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        CHUNK_SIZE
    }

    fn p3_outgoing_body_chunk_size(&mut self) -> usize {
        CHUNK_SIZE
    }
}

#[cfg(test)]
mod tests;
