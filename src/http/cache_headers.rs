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
        response.header("cache-status", status.to_string());
    }
}
