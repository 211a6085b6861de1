//! The line that the log has for each lookup where the variable `log` is `lookups`. It
//! has no addresses.

use super::CacheStatus;
use super::store;
use crate::runtime::Runtime;
use serde::Serialize;
use std::time::Duration;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Asked {
    /// Where the client is.
    Client,
    /// Where another address is.
    Other,
    /// The same as before: a newer answer replaces a stale one after the response.
    Refresh,
}

/// A line, without what is only known in the end.
pub struct Line {
    asked: Asked,
    cache_status: Option<CacheStatus>,
    exchange: Option<Duration>,
}

/// The members of the JSON object in a line.
#[derive(Serialize)]
struct Members {
    /// Milliseconds since 1970-01-01 00:00 UTC.
    time_ms: u64,
    asked: Asked,
    /// The status of the HTTP response.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// The value of `Cache-Status`.
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_status: Option<String>,
    /// How long the exchange with ipify took.
    #[serde(skip_serializing_if = "Option::is_none")]
    ipify_ms: Option<u64>,
}

impl Line {
    /// Creates a line. `exchange` is how long the exchange with ipify took, where there
    /// was one.
    pub(super) fn new(
        asked: Asked,
        cache_status: Option<CacheStatus>,
        exchange: Option<Duration>,
    ) -> Self {
        Self {
            asked,
            cache_status,
            exchange,
        }
    }

    /// Writes the line. `status` is that of the HTTP response, where geo sends one.
    pub fn write(self, status: Option<u16>, runtime: &impl Runtime) {
        let members = Members {
            time_ms: store::milliseconds(runtime.now()),
            asked: self.asked,
            status,
            cache_status: self.cache_status.map(|status| status.to_string()),
            ipify_ms: self.exchange.map(store::milliseconds),
        };
        // Numbers and strings are always serializable.
        runtime.print(&serde_json::to_string(&members).unwrap_or_default());
    }
}
