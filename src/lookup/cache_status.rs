//! What the cache did.

use std::fmt;

/// What the cache did, in the terms of `Cache-Status` (RFC 9211).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheStatus {
    /// There is no cache, or it is turned off.
    Bypass,
    /// There was an answer.
    Hit {
        /// For how many more seconds it is fresh. Negative where it is stale.
        ttl: i64,
    },
    /// There was none, so ipify was asked.
    Miss {
        /// Whether its answer is now stored.
        stored: bool,
    },
    /// There was none, and another request had already asked ipify.
    Collapsed,
    /// There was one that is too old to be served, so ipify was asked.
    Stale {
        /// Whether its answer is now stored.
        stored: bool,
    },
    /// ipify was not asked, because the circuit breaker is open.
    CircuitOpen,
    /// ipify was not asked, because the lookups of the day are used up.
    BudgetSpent,
}

/// The value of the header.
impl fmt::Display for CacheStatus {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let (fwd, stored) = match self {
            Self::Bypass => ("bypass", false),
            Self::Hit { ttl } => return write!(f, "geo; hit; ttl={ttl}"),
            Self::Miss { stored } => ("miss", *stored),
            Self::Collapsed => ("miss; collapsed", false),
            Self::Stale { stored } => ("stale", *stored),
            // Not forwarded, so without fwd.
            Self::CircuitOpen => return f.write_str("geo; detail=resting"),
            Self::BudgetSpent => return f.write_str("geo; detail=budget-spent"),
        };
        let stored = if stored { "; stored" } else { "" };
        write!(f, "geo; fwd={fwd}{stored}")
    }
}
