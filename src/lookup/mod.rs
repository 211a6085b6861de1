//! What is known of an address: from the cache, or else from ipify.

pub(crate) mod address;
mod api_key;
mod breaker;
mod cache;
pub(crate) mod decimal;
mod flow;
mod ipify;
mod json;
pub(crate) mod origin;
pub(crate) mod problem;
mod record;
mod retry_after;
pub(crate) mod settings;
mod store;
mod stored;
mod tally;
mod upstream;
mod wait;

pub use cache::Status;
pub use flow::Lookup;
pub use json::number;
pub use problem::{Details, Kind, Problem};
pub use record::{AutonomousSystem, Location, Record, View};
use std::net::IpAddr;

/// What is known of an address.
#[derive(Debug)]
pub struct Answer {
    /// What ipify says.
    pub record: Box<Record>,
    /// What the cache did.
    pub status: Status,
    /// How old the record is, in seconds.
    pub age: u64,
    /// For how many more seconds it is fresh.
    pub fresh_for: u64,
}

/// Parses what is asked about.
///
/// # Errors
///
/// [`Kind::InvalidAddress`] if it is not an IPv4 or IPv6 address.
pub fn parse_address(text: &str) -> Result<IpAddr, Problem> {
    address::parse(text).ok_or_else(|| {
        Problem::new(
            Kind::InvalidAddress,
            "What is asked for is not an IP address. \
             One looks like 8.8.8.8 or 2001:4860:4860::8888.",
        )
    })
}

/// When an answer that is no longer fresh is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stale {
    /// At once; ipify is asked by [`Lookup::finish`] (stale-while-revalidate,
    /// RFC 5861).
    WhileRevalidate,
    /// Where ipify fails (stale-if-error).
    IfError,
}
