//! `wasi:http/outgoing-handler`: the request to ipify, under one deadline.

use super::bindings::wasi::clocks::monotonic_clock;
use super::bindings::wasi::http::outgoing_handler;
use super::bindings::wasi::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingResponse, OutgoingRequest, RequestOptions,
    Scheme,
};
use super::bindings::wasi::io::poll::{self, Pollable};
use super::bindings::wasi::io::streams::StreamError;
use crate::runtime::{Failure, FailureKind, Get, Response};
use crate::wasi::failure::{failure, failures, nanoseconds};
use std::time::Duration;

/// Sends a request and reads the response: see
/// [`Runtime::fetch`](crate::runtime::Runtime::fetch).
pub(super) fn fetch(request: &Get) -> Result<Response, Failure> {
    let deadline = Deadline::new(request.timeout);
    let response = match deadline.exchange(request) {
        Err(failure) if failure.kind == FailureKind::Closed => deadline.exchange(request),
        exchanged => exchanged,
    }?;
    let status = response.status();
    let retry_after = response.headers().get("retry-after").pop();
    let body = match status {
        200..=299 => deadline.body(&response, request.max_body)?,
        _ => Vec::new(),
    };
    Ok(Response {
        status,
        retry_after: retry_after.and_then(|value| String::from_utf8(value).ok()),
        body,
    })
}

fn send(request: &Get) -> Result<FutureIncomingResponse, Failure> {
    let headers = Fields::new();
    let _ = headers.append("accept", b"application/json");
    let outgoing = OutgoingRequest::new(headers);
    let scheme = if request.https {
        Scheme::Https
    } else {
        Scheme::Http
    };
    let is_set = outgoing.set_scheme(Some(&scheme)).is_ok()
        && outgoing.set_authority(Some(&request.authority)).is_ok()
        && outgoing
            .set_path_with_query(Some(&request.path_with_query))
            .is_ok();
    if !is_set {
        // The settings let nothing invalid through; a host may be stricter.
        return Err(failure(FailureKind::Dns, "the host refuses the URL"));
    }

    // The deadline ends the exchange; these let the host give up too, where it
    // would go on for minutes by itself. A host may not support them.
    let options = RequestOptions::new();
    let timeout = Some(nanoseconds(request.timeout));
    let _ = options.set_connect_timeout(timeout);
    let _ = options.set_first_byte_timeout(timeout);
    let _ = options.set_between_bytes_timeout(timeout);

    outgoing_handler::handle(outgoing, Some(options)).map_err(described)
}

/// When the time for an exchange is up.
struct Deadline(Pollable);

impl Deadline {
    fn new(timeout: Duration) -> Self {
        Self(monotonic_clock::subscribe_duration(nanoseconds(timeout)))
    }

    /// Waits until `event` is ready, or the time is up.
    fn wait(&self, event: &Pollable) -> Result<(), Failure> {
        poll::poll(&[event, &self.0]);
        self.check()
    }

    fn check(&self) -> Result<(), Failure> {
        if self.0.ready() {
            return Err(failure(FailureKind::Timeout, "deadline exceeded"));
        }
        Ok(())
    }

    fn exchange(&self, request: &Get) -> Result<IncomingResponse, Failure> {
        let future = send(request)?;
        self.wait(&future.subscribe())?;
        match future.get() {
            Some(Ok(Ok(response))) => Ok(response),
            Some(Ok(Err(code))) => Err(described(code)),
            // It is ready, and taken for the first time: this cannot be.
            None | Some(Err(())) => Err(failure(FailureKind::Connection, "no response")),
        }
    }

    fn body(&self, response: &IncomingResponse, max: usize) -> Result<Vec<u8>, Failure> {
        // These fail only when called twice.
        let body = response.consume().unwrap();
        let stream = body.stream().unwrap();
        let mut bytes = Vec::new();
        loop {
            self.wait(&stream.subscribe())?;
            match stream.read((max + 1) as u64) {
                Ok(chunk) => bytes.extend(chunk),
                Err(StreamError::Closed) => return Ok(bytes),
                Err(StreamError::LastOperationFailed(error)) => {
                    // The host may have given up a moment before the deadline.
                    self.check()?;
                    let reason = error.to_debug_string();
                    return Err(failure(FailureKind::Incomplete, reason));
                }
            }
            if bytes.len() > max {
                return Err(failure(FailureKind::TooLarge, "the body is too large"));
            }
        }
    }
}

failures!(ErrorCode);
