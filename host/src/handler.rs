//! Passes a request from a connection to the component.

use crate::component::{Instances, Kind};
use crate::incoming;
use anyhow::Result;
use http::StatusCode;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::{Request, Response};
use std::net::SocketAddr;
use wasmtime_wasi_http::WasiBody;

/// A component and its route.
pub struct Handler {
    pub instances: Instances,
    pub kind: Kind,
    pub route: String,
}

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
    ) -> Result<Response<WasiBody>> {
        let (mut parts, body) = request.into_parts();
        let Some(path_info) = incoming::path_info(&self.route, parts.uri.path()) else {
            return Ok(without_body(StatusCode::NOT_FOUND));
        };
        let log = &self.instances.app().log;
        incoming::set_authority(&mut parts)
            .inspect_err(|error| log.line(format_args!("a connection was cut: {error:#}")))?;
        if self.kind == Kind::Spin {
            let appended = incoming::append_headers(&mut parts, &self.route, &path_info, client);
            if let Err(error) = appended {
                log.line(format_args!("a request was refused: {error:#}"));
                return Ok(without_body(StatusCode::INTERNAL_SERVER_ERROR));
            }
        }
        let body = body.map_err(wasmtime_wasi_http::Error::from).boxed_unsync();
        let request = Request::from_parts(parts, body);
        match self.instances.answer(request).await {
            Ok(response) => Ok(response),
            Err(error) => {
                log.line(format_args!("the component failed: {error:#}"));
                Ok(without_body(StatusCode::INTERNAL_SERVER_ERROR))
            }
        }
    }
}

/// Returns a response of the host itself, which has no body, as in Spin.
pub fn without_body(status: StatusCode) -> Response<WasiBody> {
    let body = Empty::new().map_err(|never| match never {});
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = status;
    response
}
