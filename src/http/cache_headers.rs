//! What the cache did, as headers.

use super::response::Response;
use crate::lookup::CacheStatus;
use std::borrow::Cow;

/// Adds the headers of an answer. `max_age` is for how many seconds a client may
/// keep it; `None` where it has to ask each time: the answer about the client
/// itself depends on a connection that no cache key has. There is no `Age`: geo is
/// the origin of its answers, and a client would count the age twice (RFC 9111,
/// 4.2).
pub(crate) fn add(response: &mut Response, status: Option<CacheStatus>, max_age: Option<u64>) {
    let control: Cow<'static, str> = match max_age {
        Some(seconds) => format!("private, max-age={seconds}").into(),
        None => "private, no-cache".into(),
    };
    response.header("cache-control", control);
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
