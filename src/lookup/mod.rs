//! What is known of an address: from the cache, or else from ipify.

pub(crate) mod address;
mod api_key;
mod cache;
pub(crate) mod decimal;
mod ipify;
pub(crate) mod origin;
pub(crate) mod problem;
mod record;
mod retry_after;
pub(crate) mod settings;

use crate::host::Host;
pub use cache::Status;
use cache::{Cache, Found, Kept};
use ipify::{Access, Endpoint};
pub use problem::{Details, Kind, Problem};
pub use record::{AutonomousSystem, Location, Record};
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

/// For how many seconds an answer about geo's own address is fresh at most: a
/// laptop moves.
const MAX_OWN_TTL: u64 = 3600;

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

/// Looks up an address; without one, the public address of geo itself.
///
/// # Errors
///
/// See [`Kind`]. An answer that was kept stands in where ipify fails.
pub fn look_up(address: Option<IpAddr>, host: &Host) -> Result<Answer, Problem> {
    if address.is_some_and(address::is_special) {
        return Err(Problem::new(
            Kind::SpecialAddress,
            "This address is reserved (private, loopback, documentation, multicast and so on) \
             and has no place on the Internet.",
        ));
    }
    let endpoint = Endpoint::load(host)?;
    let ttl = settings::cache_ttl(host.variables)?;
    let ttl = match address {
        Some(_) => ttl,
        None => ttl.min(MAX_OWN_TTL),
    };
    let Some(store) = host.store.filter(|_| ttl > 0) else {
        let record = Access::load(host)
            .and_then(|access| endpoint.ask(&access, address, host))
            .map_err(|problem| problem.with_cache_status(Status::Bypass))?;
        return Ok(fresh(record, Status::Bypass, ttl));
    };

    let cache = Cache::open(store, &endpoint, address, host)?;
    let (kept, slot) = match cache.find() {
        Ok(Found { kept, slot }) => (kept, Some(slot)),
        Err(cause) => {
            log_store_failure(host, &cause);
            (None, None)
        }
    };
    let (kept, status): (_, fn(bool) -> Status) = match kept {
        Some(Kept { record, age }) if age < ttl => {
            let ttl = ttl - age;
            return Ok(Answer {
                record,
                status: Status::Hit { ttl },
                age,
                fresh_for: ttl,
            });
        }
        Some(kept) => (Some(kept), |stored| Status::Stale { stored }),
        None => (None, |stored| Status::Miss { stored }),
    };

    // Before ipify is asked, so that no credit is spent on an answer that an
    // invalid setting would lose.
    let stale = settings::cache_stale(host.variables)?;
    let asked = Access::load(host).and_then(|access| endpoint.ask(&access, address, host));
    let stand_in = kept.filter(|kept| kept.age < ttl + stale);
    match (asked, stand_in) {
        (Ok(record), _) => {
            let stored = slot.is_some_and(|slot| {
                cache.keep(&slot, &record).unwrap_or_else(|cause| {
                    log_store_failure(host, &cause);
                    false
                })
            });
            Ok(fresh(record, status(stored), ttl))
        }
        (Err(problem), Some(Kept { record, age })) => {
            problem.log(host.log);
            let overdue = age - ttl;
            Ok(Answer {
                record,
                status: Status::StaleIfError { overdue },
                age,
                fresh_for: 0,
            })
        }
        (Err(problem), None) => Err(problem.with_cache_status(status(false))),
    }
}

fn fresh(record: Box<Record>, status: Status, ttl: u64) -> Answer {
    Answer {
        record,
        status,
        age: 0,
        fresh_for: ttl,
    }
}

/// At most once a request: without a slot, nothing is stored.
fn log_store_failure(host: &Host, cause: &anyhow::Error) {
    let line = "the key-value store failed, so the answer is not kept:";
    problem::log(host.log, line, Some(cause));
}
