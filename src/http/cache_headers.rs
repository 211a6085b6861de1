//! What the cache did, as headers.

use super::response::Response;
use crate::lookup::CacheStatus;

/// Adds the headers of an answer that a client may keep for `max_age` seconds.
/// There is no `Age`: geo is the origin of its answers, and a client would
/// count the age twice (RFC 9111, 4.2).
pub(crate) fn add(response: &mut Response, status: Option<CacheStatus>, max_age: u64) {
    // Private: the answer is about the client.
    response.header("cache-control", format!("private, max-age={max_age}"));
    if let Some(status) = status {
        response.header("cache-status", cache_status(status));
    }
}

/// Returns the value of `Cache-Status` (RFC 9211).
pub(crate) fn cache_status(status: CacheStatus) -> String {
    let (fwd, stored) = match status {
        CacheStatus::Bypass => ("bypass", false),
        CacheStatus::Hit { ttl } => return format!("geo; hit; ttl={ttl}"),
        CacheStatus::Miss { stored } => ("miss", stored),
        CacheStatus::Collapsed => ("miss; collapsed", false),
        CacheStatus::Stale { stored } => ("stale", stored),
        // Not forwarded, so without fwd.
        CacheStatus::CircuitOpen => return "geo; detail=resting".to_owned(),
        CacheStatus::BudgetSpent => return "geo; detail=budget-spent".to_owned(),
    };
    let stored = if stored { "; stored" } else { "" };
    format!("geo; fwd={fwd}{stored}")
}
