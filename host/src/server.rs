//! The server: requests in as Spin hands them on, answers out.

use crate::app::App;
use crate::component::{Component, Kind, Shared};
use crate::surroundings::Surroundings;
use crate::{serve, spin_headers};
use anyhow::{Context, Result};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use http_body_util::{BodyExt, Either, Full};
use hyper::body::Incoming;
use hyper::{Request, Response};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

/// A server that listens, and answers as soon as it runs.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    handler: Arc<Handler>,
}

struct Handler {
    component: Component,
    route: String,
    address: SocketAddr,
    shared: Shared,
}

impl Server {
    /// Listens on an address; port 0 lets the system choose one.
    ///
    /// # Errors
    ///
    /// Where the address cannot be had.
    pub async fn bind(
        address: SocketAddr,
        app: App,
        component: &Component,
        surroundings: Surroundings,
    ) -> Result<Self> {
        let listener = TcpListener::bind(address).await.with_context(|| {
            format!("cannot listen on {address}: choose another with LISTEN=address:port")
        })?;
        let address = listener.local_addr()?;
        let handler = Handler {
            component: component.clone(),
            route: app.route.clone(),
            address,
            shared: Shared::new(app, surroundings),
        };
        Ok(Self {
            listener,
            address,
            handler: Arc::new(handler),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers requests until `stop` is ready, and ends those that are open.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let handler = self.handler;
        let answer = move |request, client| {
            let handler = Arc::clone(&handler);
            async move { Ok::<_, std::convert::Infallible>(handler.answer(request, client).await) }
        };
        serve::serve(self.listener, answer, stop).await;
    }
}

type Body = Either<HyperOutgoingBody, Full<Bytes>>;

impl Handler {
    async fn answer(&self, request: Request<Incoming>, client: SocketAddr) -> Response<Body> {
        let (mut parts, body) = request.into_parts();
        let Some(path_info) = spin_headers::path_info(&self.route, parts.uri.path()) else {
            return own(StatusCode::NOT_FOUND, "geo-host: no route leads here\n");
        };
        let path_info = path_info.to_owned();
        if let Ok(host) = HeaderValue::from_str(&self.address.to_string()) {
            // HTTP/1.0 has none; a component always sees one.
            parts.headers.entry(header::HOST).or_insert(host);
        }
        if self.component.kind() == Kind::Spin {
            spin_headers::append(&mut parts, &self.route, &path_info, client);
        }
        let body = body.map_err(wasmtime_wasi_http::Error::from);
        let request = Request::from_parts(parts, body);
        match self.component.answer(request, &self.shared).await {
            Ok(response) => response.map(Either::Left),
            Err(error) => {
                self.shared.log.line(format_args!("{error:#}"));
                own(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "geo-host: the component failed; the log tells why\n",
                )
            }
        }
    }
}

/// An answer of the host itself.
fn own(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Either::Right(Full::from(text)));
    *response.status_mut() = status;
    response
}
