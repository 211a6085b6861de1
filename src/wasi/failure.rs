//! What is said about exchanges that failed. `ErrorCode` is one type in WASI 0.2 and
//! another in WASI 0.3, with the same names.

use crate::runtime::{Failure, FailureKind};
use anyhow::anyhow;
use std::time::Duration;

pub(super) fn nanoseconds(duration: Duration) -> u64 {
    // `timeout_ms` is far below 584 years.
    duration.as_nanos() as u64
}

pub(super) fn failure(kind: FailureKind, reason: impl Into<String>) -> Failure {
    Failure {
        kind,
        cause: anyhow!(reason.into()),
    }
}

/// Defines the function that describes the error codes which a request of geo can meet.
/// (Their `Debug` would cost 7 kB.)
macro_rules! failures {
    ($ErrorCode:ident) => {
        fn described(code: $ErrorCode) -> Failure {
            use $ErrorCode::*;
            let (kind, reason) = match code {
                DnsTimeout => (FailureKind::Timeout, "DNS timeout"),
                ConnectionTimeout => (FailureKind::Timeout, "connection timeout"),
                ConnectionReadTimeout => (FailureKind::Timeout, "read timeout"),
                ConnectionWriteTimeout => (FailureKind::Timeout, "write timeout"),
                HttpResponseTimeout => (FailureKind::Timeout, "response timeout"),
                HttpRequestDenied => (FailureKind::NotAllowed, "request denied"),
                DestinationIpProhibited => (FailureKind::NotAllowed, "IP address prohibited"),
                DnsError(_) => (FailureKind::Dns, "DNS error"),
                DestinationNotFound => (FailureKind::Dns, "destination not found"),
                TlsProtocolError => (FailureKind::Tls, "TLS protocol error"),
                TlsCertificateError => (FailureKind::Tls, "TLS certificate error"),
                TlsAlertReceived(_) => (FailureKind::Tls, "TLS alert received"),
                DestinationUnavailable => (FailureKind::Connection, "destination unavailable"),
                DestinationIpUnroutable => (FailureKind::Connection, "IP address unroutable"),
                ConnectionRefused => (FailureKind::Connection, "connection refused"),
                ConnectionTerminated => (FailureKind::Closed, "connection terminated"),
                ConnectionLimitReached => (FailureKind::Connection, "connection limit reached"),
                // Spin has one code, whether nothing came or what is not HTTP.
                HttpProtocolError => (FailureKind::Closed, "HTTP protocol error"),
                HttpResponseIncomplete => (FailureKind::Closed, "response incomplete"),
                InternalError(Some(reason)) => return failure(FailureKind::Connection, reason),
                _ => (FailureKind::Connection, "the host failed"),
            };
            failure(kind, reason)
        }
    };
}

pub(super) use failures;
