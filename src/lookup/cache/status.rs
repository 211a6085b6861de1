//! What the cache did for an answer.

/// What the cache did, in the terms of `Cache-Status` (RFC 9211).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// There is no cache, or it is turned off.
    Bypass,
    /// An answer was kept.
    Hit {
        /// For how many more seconds it is fresh. Negative where it is not.
        ttl: i64,
    },
    /// No answer was kept, so ipify was asked.
    Miss {
        /// Whether its answer is now kept.
        stored: bool,
    },
    /// No answer was kept, and another request had already asked ipify.
    Collapsed,
    /// The answer that was kept is too old to be given, so ipify was asked.
    Stale {
        /// Whether its answer is now kept.
        stored: bool,
    },
    /// ipify was not asked, because it failed before.
    Resting,
    /// ipify was not asked, because the lookups of the day are used up.
    BudgetSpent,
}
