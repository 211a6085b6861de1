//! The circuit breaker: after a failure, ipify is not asked for a while. All
//! instances share its state through the store.
//!
//! Without a state, the circuit is closed. It is open until a time, and half-open
//! after it: one request tries again.

use super::in_flight::{Held, Lease};
use super::ipify::Endpoint;
use super::store::{self, Store};
use crate::decimal;
use crate::problem::{Kind, Problem};
use crate::runtime::Runtime;
use anyhow::anyhow;
use std::time::Duration;

/// For how many seconds the circuit is open at most. After the first failure it
/// is 1 s, and after each further one twice as long.
const MAX_OPEN: u64 = 60;

/// For how many seconds it is open at most where ipify asks for that with
/// `Retry-After`.
const MAX_RETRY_AFTER: u64 = 3600;

/// The kinds of problems that open the circuit.
const OUTAGES: [Kind; 5] = [
    Kind::UpstreamRefused,
    Kind::UpstreamInvalid,
    Kind::UpstreamUnreachable,
    Kind::UpstreamBusy,
    Kind::UpstreamTimeout,
];

/// The circuit breaker of an endpoint.
pub(super) struct Breaker<R> {
    store: Store<R>,
    /// The key of its state.
    key: String,
    /// `timeout_ms`
    timeout: Duration,
}

/// Permission to ask ipify.
pub(super) struct Permit<R: Runtime> {
    /// How often ipify has failed in a row before.
    failures: u64,
    /// Held by the one request that a half-open circuit lets through.
    trial: Option<Lease<R>>,
}

/// What the store has while ipify fails.
struct State {
    /// How often ipify has failed in a row.
    failures: u64,
    /// Until when the circuit is open, in milliseconds since 1970.
    until: u64,
    /// The last failure.
    kind: Kind,
    detail: String,
}

impl<R: Runtime> Breaker<R> {
    /// Creates the circuit breaker of an endpoint.
    pub(super) fn new(endpoint: &Endpoint, timeout: Duration, store: Store<R>) -> Self {
        let key = format!("geo:breaker:{}", store::hash(&endpoint.to_string()));
        Self {
            store,
            key,
            timeout,
        }
    }

    /// Checks whether the circuit is open.
    ///
    /// # Errors
    ///
    /// The last failure, where it is.
    pub(super) async fn check(&self) -> Result<(), Problem> {
        let now = store::milliseconds(self.store.runtime.now());
        match self.state().await {
            Some(state) if state.is_open(now) => Err(state.problem(now)),
            _ => Ok(()),
        }
    }

    /// Lets a request through where the circuit is closed, and one where it is
    /// half-open.
    ///
    /// # Errors
    ///
    /// The last failure, where it does not let the request through.
    pub(super) async fn admit(&self) -> Result<Permit<R>, Problem> {
        let now = store::milliseconds(self.store.runtime.now());
        let Some(state) = self.state().await else {
            return Ok(Permit {
                failures: 0,
                trial: None,
            });
        };
        if state.is_open(now) {
            return Err(state.problem(now));
        }
        match self.lease().await {
            Err(_) => Err(state.problem(now)),
            Ok(lease) => Ok(Permit {
                failures: state.failures,
                trial: Some(lease),
            }),
        }
    }

    /// Records the outcome of a request that was let through: closes the
    /// circuit where ipify answered, and opens it where the next request is
    /// likely to fail too. Where this request opens it because ipify has refused the
    /// API key, `explain` may return a better detail of the problem.
    pub(super) async fn record(
        &self,
        permit: Permit<R>,
        problem: Option<&mut Problem>,
        explain: impl AsyncFnOnce() -> Option<&'static str>,
    ) {
        let Permit { failures, trial } = permit;
        let lease = match problem {
            None if failures > 0 => {
                self.store.delete(&self.key).await;
                trial
            }
            Some(problem) if problem.is_outage => {
                self.open(failures, trial, problem, explain).await
            }
            _ => trial,
        };
        if let Some(lease) = lease {
            lease.release().await;
        }
    }

    /// Opens the circuit. Of requests that were in flight together, the first failure
    /// counts. Returns the lease that has to be released.
    async fn open(
        &self,
        failures: u64,
        trial: Option<Lease<R>>,
        problem: &mut Problem,
        explain: impl AsyncFnOnce() -> Option<&'static str>,
    ) -> Option<Lease<R>> {
        let lease = match trial {
            Some(lease) => lease,
            None => {
                let lease = self.lease().await.ok()?;
                if self.check().await.is_err() {
                    return Some(lease);
                }
                lease
            }
        };
        self.set(failures, problem).await;
        if problem.kind == Kind::UpstreamRefused
            && let Some(detail) = explain().await
        {
            problem.detail = detail.into();
            self.set(failures, problem).await;
        }
        Some(lease)
    }

    /// Takes the lease of the one request that changes the state.
    async fn lease(&self) -> Result<Lease<R>, Held<R>> {
        Lease::acquire(&self.key, self.timeout, &self.store).await
    }

    async fn set(&self, failures: u64, problem: &Problem) {
        let seconds = match problem.retry_after {
            Some(seconds) => seconds.clamp(1, MAX_RETRY_AFTER),
            None => MAX_OPEN.min(1 << failures.min(6)),
        };
        let now = store::milliseconds(self.store.runtime.now());
        let (failures, kind) = (failures.saturating_add(1), problem.kind.slug());
        let text = format!("{failures}\n{kind}\n{}", problem.detail);
        let value = store::encode(now + seconds * 1000, &text);
        self.store.set(&self.key, &value).await;
    }

    async fn state(&self) -> Option<State> {
        State::decode(&self.store.get(&self.key).await?)
    }
}

impl State {
    fn decode(bytes: &[u8]) -> Option<Self> {
        let (until, text) = store::decode(bytes)?;
        let (failures, text) = text.split_once('\n')?;
        let (slug, detail) = text.split_once('\n')?;
        Some(Self {
            failures: decimal::parse(failures)?,
            until,
            kind: OUTAGES.into_iter().find(|kind| kind.slug() == slug)?,
            detail: detail.to_owned(),
        })
    }

    fn is_open(&self, now: u64) -> bool {
        // Where it is later than a circuit can be open, the clock was wrong
        // when it was written.
        (1..=MAX_RETRY_AFTER * 1000).contains(&self.until.saturating_sub(now))
    }

    fn problem(self, now: u64) -> Problem {
        let left = self.until.saturating_sub(now).div_ceil(1000).max(1);
        let cause = match self.failures {
            1 => anyhow!("circuit breaker open after 1 failure"),
            failures => anyhow!("circuit breaker open after {failures} failures"),
        };
        let mut problem = Problem::new(self.kind, self.detail).because(cause);
        problem.retry_after = Some(left);
        problem
    }
}
