//! `wasi:http/outgoing-handler`: the one request to ipify, under one deadline.

use super::bindings::wasi::clocks::monotonic_clock;
use super::bindings::wasi::http::outgoing_handler;
use super::bindings::wasi::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingResponse, OutgoingRequest, RequestOptions,
    Scheme,
};
use super::bindings::wasi::io::poll::{self, Pollable};
use super::bindings::wasi::io::streams::StreamError;
use crate::host::Upstream;
use crate::lookup::ipify::{Exchange, Failure, Target};
use std::time::Duration;

pub struct Http;

impl Upstream for Http {
    fn get(
        &self,
        target: &Target,
        timeout: Duration,
        max_body: usize,
    ) -> Result<Exchange, Failure> {
        let deadline = Deadline::new(timeout);
        let future = send(target, timeout)?;
        let response = deadline.response(&future)?;
        let status = response.status();
        let retry_after = response.headers().get("retry-after").pop();
        let body = match status {
            200..=299 => deadline.body(&response, max_body)?,
            _ => Vec::new(),
        };
        Ok(Exchange {
            status,
            retry_after: retry_after.and_then(|value| String::from_utf8(value).ok()),
            body,
        })
    }
}

fn send(target: &Target, timeout: Duration) -> Result<FutureIncomingResponse, Failure> {
    let headers = Fields::new();
    let _ = headers.append("accept", b"application/json");
    let request = OutgoingRequest::new(headers);
    let scheme = if target.https {
        Scheme::Https
    } else {
        Scheme::Http
    };
    let is_set = request.set_scheme(Some(&scheme)).is_ok()
        && request.set_authority(Some(&target.authority)).is_ok()
        && request
            .set_path_with_query(Some(&target.path_with_query))
            .is_ok();
    if !is_set {
        // The settings let nothing malformed through; the host may know better.
        return Err(Failure::Dns);
    }

    // The deadline below ends the exchange; these let the host give up too,
    // where it would go on for minutes by itself. A host may not know them.
    let options = RequestOptions::new();
    let nanoseconds = Some(timeout.as_nanos() as u64);
    let _ = options.set_connect_timeout(nanoseconds);
    let _ = options.set_first_byte_timeout(nanoseconds);
    let _ = options.set_between_bytes_timeout(nanoseconds);

    outgoing_handler::handle(request, Some(options)).map_err(failure)
}

/// The end of the time for an exchange.
struct Deadline(Pollable);

impl Deadline {
    fn new(timeout: Duration) -> Self {
        Self(monotonic_clock::subscribe_duration(
            timeout.as_nanos() as u64
        ))
    }

    /// Waits until `event` is ready, or the time is up.
    fn wait(&self, event: &Pollable) -> Result<(), Failure> {
        poll::poll(&[event, &self.0]);
        self.check()
    }

    fn check(&self) -> Result<(), Failure> {
        if self.0.ready() {
            Err(Failure::Timeout)
        } else {
            Ok(())
        }
    }

    fn response(&self, future: &FutureIncomingResponse) -> Result<IncomingResponse, Failure> {
        self.wait(&future.subscribe())?;
        match future.get() {
            Some(Ok(Ok(response))) => Ok(response),
            Some(Ok(Err(code))) => Err(failure(code)),
            // Ready without a response, or taken before: neither can be.
            None | Some(Err(())) => Err(Failure::Connection),
        }
    }

    fn body(&self, response: &IncomingResponse, max: usize) -> Result<Vec<u8>, Failure> {
        // Neither can be taken twice, and this is the first time.
        let body = response.consume().unwrap();
        let stream = body.stream().unwrap();
        let mut bytes = Vec::new();
        loop {
            self.wait(&stream.subscribe())?;
            match stream.read((max + 1) as u64) {
                Ok(chunk) => bytes.extend(chunk),
                Err(StreamError::Closed) => return Ok(bytes),
                Err(StreamError::LastOperationFailed(_)) => {
                    // The host may have given up a moment before the deadline.
                    self.check()?;
                    return Err(Failure::Incomplete);
                }
            }
            if bytes.len() > max {
                return Err(Failure::TooLarge);
            }
        }
    }
}

fn failure(code: ErrorCode) -> Failure {
    use ErrorCode::*;
    match code {
        DnsTimeout
        | ConnectionTimeout
        | ConnectionReadTimeout
        | ConnectionWriteTimeout
        | HttpResponseTimeout => Failure::Timeout,
        HttpRequestDenied | DestinationIpProhibited => Failure::NotAllowed,
        DnsError(_) | DestinationNotFound => Failure::Dns,
        TlsProtocolError | TlsCertificateError | TlsAlertReceived(_) => Failure::Tls,
        _ => Failure::Connection,
    }
}
