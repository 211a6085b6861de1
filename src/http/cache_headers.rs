//! What the cache did, as headers.

use super::response::Response;
use crate::lookup::Status;

/// Adds the headers of an answer that is fresh for some more seconds.
pub(crate) fn add(response: &mut Response, status: Status, fresh_for: u64) {
    // Private: the answer is about whoever asks.
    response.header("cache-control", format!("private, max-age={fresh_for}"));
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
