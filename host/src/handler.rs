//! Passes a request from a connection to the component.

use crate::component::{Component, Kind};
use crate::incoming;
use crate::instance::AppState;
use anyhow::Result;
use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt, Either, Empty};
use hyper::body::Incoming;
use hyper::{Request, Response};
use std::net::SocketAddr;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

/// A component and its route.
pub struct Handler {
    pub component: Component,
    pub route: String,
    pub app: AppState,
}

/// The component's body, or none.
pub type Body = Either<HyperOutgoingBody, Empty<Bytes>>;

impl Handler {
    /// Answers a request from `client`.
    ///
    /// # Errors
    ///
    /// If the connection is to be cut without a response, which is logged.
    pub async fn answer(
        &self,
        request: Request<Incoming>,
        client: SocketAddr,
    ) -> Result<Response<Body>> {
        let (mut parts, body) = request.into_parts();
        let Some(path_info) = incoming::path_info(&self.route, parts.uri.path()) else {
            return Ok(without_body(StatusCode::NOT_FOUND));
        };
        let log = &self.app.log;
        incoming::set_authority(&mut parts)
            .inspect_err(|error| log.line(format_args!("a connection was cut: {error:#}")))?;
        if self.component.kind() == Kind::Spin {
            let appended = incoming::append_headers(&mut parts, &self.route, &path_info, client);
            if let Err(error) = appended {
                log.line(format_args!("a request was refused: {error:#}"));
                return Ok(without_body(StatusCode::INTERNAL_SERVER_ERROR));
            }
        }
        let body = body.map_err(wasmtime_wasi_http::Error::from);
        let request = Request::from_parts(parts, body);
        match self.component.answer(request, &self.app).await {
            Ok(response) => Ok(response.map(Either::Left)),
            Err(error) => {
                log.line(format_args!("the component failed: {error:#}"));
                Ok(without_body(StatusCode::INTERNAL_SERVER_ERROR))
            }
        }
    }
}

/// Returns a response of the host itself, which has no body, as in Spin.
fn without_body(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Either::Right(Empty::new()));
    *response.status_mut() = status;
    response
}
