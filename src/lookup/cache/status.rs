//! What the cache did, as `Cache-Status` (RFC 9211) tells it.

/// How the cache came by an answer. Ages are in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// There is no cache.
    Bypass,
    /// A fresh answer was kept.
    Hit {
        /// Less than `cache_ttl`.
        age: u64,
    },
    /// ipify was asked.
    Forwarded {
        /// Why.
        fwd: Fwd,
        /// Whether its answer is now kept.
        is_stored: bool,
    },
    /// ipify failed, and an answer that is no longer fresh stands in for it.
    StaleIfError {
        /// At least `cache_ttl`.
        age: u64,
    },
}

/// Why ipify was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fwd {
    /// Nothing was kept.
    Miss,
    /// What was kept is no longer fresh.
    Stale,
}

impl Status {
    /// How old the answer is, where it was kept.
    pub fn age(self) -> Option<u64> {
        match self {
            Status::Hit { age } | Status::StaleIfError { age } => Some(age),
            Status::Bypass | Status::Forwarded { .. } => None,
        }
    }

    /// For how many more seconds the answer is fresh, where answers are for
    /// `ttl` seconds.
    pub fn freshness(self, ttl: u64) -> u64 {
        ttl.saturating_sub(self.age().unwrap_or(0))
    }

    /// The header, where answers are fresh for `ttl` seconds.
    pub fn header(self, ttl: u64) -> (&'static str, String) {
        let value = match self {
            Status::Bypass => "geo; fwd=bypass".to_owned(),
            Status::Hit { age } => format!("geo; hit; ttl={}", ttl - age),
            Status::Forwarded { fwd, is_stored } => {
                let fwd = match fwd {
                    Fwd::Miss => "miss",
                    Fwd::Stale => "stale",
                };
                let stored = if is_stored { "; stored" } else { "" };
                format!("geo; fwd={fwd}{stored}")
            }
            Status::StaleIfError { age } => {
                format!("geo; fwd=stale; ttl=-{}; detail=stale-if-error", age - ttl)
            }
        };
        ("cache-status", value)
    }
}
