//! What the cache did for an answer.

/// What the cache did, in the terms of `Cache-Status` (RFC 9211).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// There is no cache, or it is turned off.
    Bypass,
    /// A fresh answer was kept.
    Hit {
        /// For how many more seconds it is fresh.
        ttl: u64,
    },
    /// No answer was kept, so ipify was asked.
    Miss {
        /// Whether its answer is now kept.
        stored: bool,
    },
    /// The answer that was kept is no longer fresh, so ipify was asked.
    Stale {
        /// Whether its answer is now kept.
        stored: bool,
    },
    /// ipify failed, and an answer that is no longer fresh stands in
    /// (stale-if-error, RFC 5861).
    StaleIfError {
        /// Since how many seconds it is no longer fresh.
        overdue: u64,
    },
}
