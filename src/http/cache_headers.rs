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
        Status::Collapsed => ("miss; collapsed", false),
        Status::Stale { stored } => ("stale", stored),
        // Not forwarded, so without fwd.
        Status::Resting => return "geo; detail=resting".to_owned(),
        Status::BudgetSpent => return "geo; detail=budget-spent".to_owned(),
    };
    let stored = if stored { "; stored" } else { "" };
    format!("geo; fwd={fwd}{stored}")
}
