//! `wasi:http/client`: the request to ipify, under one deadline.

use super::within;
use crate::runtime::{Failure, FailureKind, Get, Response};
use crate::wasi::failure::{failure, failures, nanoseconds};
use spin_sdk::wasip3::http::client;
use spin_sdk::wasip3::http::types::{self, ErrorCode, Fields, Request, RequestOptions, Scheme};
use spin_sdk::wasip3::wit_bindgen::StreamResult;
use spin_sdk::wasip3::wit_future;

/// Sends a request and reads the response: see
/// [`Runtime::fetch`](crate::runtime::Runtime::fetch).
pub(super) async fn fetch(request: &Get) -> Result<Response, Failure> {
    let exchange = async {
        match exchange(request).await {
            Err(failure) if failure.kind == FailureKind::Closed => exchange(request).await,
            exchanged => exchanged,
        }
    };
    within(request.timeout, exchange)
        .await
        .unwrap_or_else(|| Err(failure(FailureKind::Timeout, "the time is up")))
}

async fn exchange(request: &Get) -> Result<Response, Failure> {
    let outgoing = outgoing(request)
        // The settings let nothing invalid through; a host may be stricter.
        .map_err(|()| failure(FailureKind::Dns, "the host refuses the URL"))?;
    let response = client::send(outgoing).await.map_err(described)?;
    let status = response.get_status_code();
    let retry_after = response.get_headers().get("retry-after").pop();
    let body = match status {
        200..=299 => body(response, request.max_body).await?,
        _ => Vec::new(),
    };
    Ok(Response {
        status,
        retry_after: retry_after.and_then(|value| String::from_utf8(value).ok()),
        body,
    })
}

fn outgoing(request: &Get) -> Result<Request, ()> {
    let headers = Fields::new();
    let _ = headers.append("accept", b"application/json");

    // The deadline ends the exchange; these let the host give up too, where it
    // would go on for minutes by itself. A host may not support them.
    let options = RequestOptions::new();
    let timeout = Some(nanoseconds(request.timeout));
    let _ = options.set_connect_timeout(timeout);
    let _ = options.set_first_byte_timeout(timeout);
    let _ = options.set_between_bytes_timeout(timeout);

    let (_, no_trailers) = wit_future::new(|| Ok(None));
    let (outgoing, _) = Request::new(headers, None, no_trailers, Some(options));
    let scheme = if request.https {
        Scheme::Https
    } else {
        Scheme::Http
    };
    outgoing.set_scheme(Some(&scheme))?;
    outgoing.set_authority(Some(&request.authority))?;
    outgoing.set_path_with_query(Some(&request.path_with_query))?;
    Ok(outgoing)
}

/// How much room there is for what comes next, in bytes. Most bodies have less.
const CHUNK: usize = 4096;

async fn body(response: types::Response, max: usize) -> Result<Vec<u8>, Failure> {
    let (_, handled) = wit_future::new(|| Ok(()));
    let (mut stream, trailers) = types::Response::consume_body(response, handled);
    let mut bytes = Vec::new();
    loop {
        bytes.reserve(CHUNK);
        let result;
        (result, bytes) = stream.read(bytes).await;
        if bytes.len() > max {
            return Err(failure(FailureKind::TooLarge, "the body goes on"));
        }
        if !matches!(result, StreamResult::Complete(_)) {
            break;
        }
    }
    match trailers.await.map_err(described) {
        Ok(_) => Ok(bytes),
        // The host may have given up a moment before the deadline.
        Err(failure) if failure.kind == FailureKind::Timeout => Err(failure),
        Err(failure) => Err(Failure {
            kind: FailureKind::Incomplete,
            cause: failure.cause,
        }),
    }
}

failures!(ErrorCode);
