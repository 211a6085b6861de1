//! geo in front of an application: tells it where its visitor is, in headers of the
//! request, and applies country rules.

mod headers;
mod rules;

pub use headers::own;

use crate::address;
use crate::http::{Request, Response, client};
use crate::lookup::{After, Asked, CacheStatus, Lookup, Miss, Outcome, Record, Stale};
use crate::problem::{Kind, Problem};
use crate::runtime::Runtime;
use crate::settings;
use std::net::IpAddr;
use std::time::Duration;

/// How far the client of a request is known without a request to ipify.
pub enum Progress<R> {
    /// No location is needed for this path.
    Skipped,
    /// What is known, and what is left to do when the request was passed on.
    Located(Location, Option<After<R>>),
    /// ipify has to be asked.
    Missed {
        /// Asks it.
        miss: Miss<R>,
        /// The client's address.
        client: Option<IpAddr>,
        /// How long the request may wait for that.
        wait: Duration,
    },
}

/// Where a client is.
pub struct Location {
    /// How it is known, or why it is not: the value of `geo-status`.
    status: &'static str,
    /// The client's address; `None` where that is not known, or not public.
    client: Option<IpAddr>,
    record: Option<Record>,
}

/// What becomes of a request.
pub enum Verdict {
    /// It is passed on with these headers.
    Pass(Vec<(&'static str, String)>),
    /// It is answered.
    Block(Response),
}

/// Looks for what is known about the client of a request. What goes wrong is logged,
/// and its location is then unknown.
pub async fn locate<R: Runtime>(request: &Request<'_>, runtime: &R) -> Progress<R> {
    if rules::is_skipped(request.path, runtime) {
        return Progress::Skipped;
    }
    let (client, lookup, wait) = match prepare(request, runtime) {
        Ok(Some(prepared)) => prepared,
        Ok(None) => return Progress::Located(Location::without("unknown", None), None),
        Err(problem) => {
            let outcome = Outcome::from(problem);
            let (location, _) = Location::of(outcome, None, runtime);
            return Progress::Located(location, None);
        }
    };
    match lookup.find(Stale::WhileRevalidate).await {
        Ok(outcome) => {
            let (location, after) = Location::of(outcome, client, runtime);
            Progress::Located(location, after)
        }
        Err(miss) => Progress::Missed { miss, client, wait },
    }
}

/// What a lookup takes; `None` where the client is not known.
type Prepared<R> = Option<(Option<IpAddr>, Lookup<R>, Duration)>;

fn prepare<R: Runtime>(request: &Request, runtime: &R) -> Result<Prepared<R>, Problem> {
    let Some(client) = client::address(request.headers, runtime)? else {
        return Ok(None);
    };
    // One of geo's own network is where geo is.
    let client = Some(client).filter(|client| !address::is_local(*client));
    let lookup = Lookup::new(client, Asked::Client, runtime)?;
    Ok(Some((client, lookup, settings::GEO_WAIT_MS.read(runtime)?)))
}

impl Location {
    /// The location of a client that ipify is being asked about.
    pub fn pending(client: Option<IpAddr>) -> Self {
        Self::without("pending", client)
    }

    fn without(status: &'static str, client: Option<IpAddr>) -> Self {
        Self {
            status,
            client,
            record: None,
        }
    }

    /// Returns what a lookup found, and what it left to do. Logs why it found nothing,
    /// where that is the operator's concern.
    pub fn of<R: Runtime>(
        outcome: Outcome<R>,
        client: Option<IpAddr>,
        runtime: &R,
    ) -> (Self, Option<After<R>>) {
        if let Some(line) = outcome.line {
            line.write(None, runtime);
        }
        let location = match outcome.result {
            Ok(answer) => Self {
                status: match outcome.cache_status {
                    Some(CacheStatus::Hit { ttl }) if ttl <= 0 => "stale",
                    Some(CacheStatus::Hit { .. }) => "hit",
                    _ => "miss",
                },
                client: Some(answer.record.ip),
                record: Some(answer.record),
            },
            Err(problem) => {
                let status = match (problem.kind, outcome.cache_status) {
                    (Kind::InvalidAddress | Kind::SpecialAddress, _) => "unknown",
                    (Kind::BudgetSpent, _) => "budget-spent",
                    (_, Some(CacheStatus::CircuitOpen)) => "resting",
                    _ => "error",
                };
                if status != "unknown" {
                    problem.log(runtime);
                }
                Self::without(status, client)
            }
        };
        (location, outcome.after)
    }
}

/// Decides about a request by what is known of its client.
pub fn decide<R: Runtime>(request: &Request, location: &Location, runtime: &R) -> Verdict {
    let values = location.record.as_ref().map(Record::values);
    let country = values.as_ref().and_then(|values| values.by_name("country"));
    if let Some(blocked) = rules::check(country.as_deref(), request, runtime) {
        return Verdict::Block(blocked);
    }
    let lines = headers::lines(location.status, location.client, values.as_ref(), runtime);
    Verdict::Pass(lines)
}
