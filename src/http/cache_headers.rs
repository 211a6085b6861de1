//! What the cache did, as headers.

use super::response::Response;
use crate::lookup::Status;

/// Adds the headers of an answer that a client may keep for `max_age` seconds.
/// There is no `Age`: geo is the origin of its answers, and a client would
/// count the age twice (RFC 9111, 4.2).
pub(crate) fn add(response: &mut Response, status: Status, max_age: u64) {
    // Private: the answer is about whoever asks.
    response.header("cache-control", format!("private, max-age={max_age}"));
    response.header("cache-status", cache_status(status));
}

/// Returns the value of `Cache-Status` (RFC 9211).
pub(crate) fn cache_status(status: Status) -> String {
    let (fwd, stored) = match status {
        Status::Bypass => ("bypass", false),
        Status::Hit { ttl } => return format!("geo; hit; ttl={ttl}"),
        Status::Miss { stored } => ("miss", stored),
        Status::Stale { stored } => ("stale", stored),
        Status::StaleIfError { overdue } => {
            return format!("geo; fwd=stale; ttl=-{overdue}; detail=stale-if-error");
        }
    };
    let stored = if stored { "; stored" } else { "" };
    format!("geo; fwd={fwd}{stored}")
}
