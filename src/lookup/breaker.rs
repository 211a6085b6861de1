//! Leaves a failing ipify alone: a circuit breaker, whose state all instances
//! share through the store.

use super::cache::Status;
use super::ipify::Endpoint;
use super::problem::{Kind, Problem};
use super::store::BestEffort;
use super::stored::{self, milliseconds};
use crate::host::Host;
use anyhow::anyhow;
use std::time::Duration;

/// The longest rest after failures in a row, in seconds. The first is 1 s, and
/// each after it twice as long.
const MAX_REST: u64 = 60;

/// The longest rest that ipify can ask for with `Retry-After`, in seconds.
const MAX_RETRY_AFTER: u64 = 3600;

/// Lets requests to ipify through, or not.
pub(crate) struct Breaker<'a> {
    store: BestEffort<'a>,
    key: String,
}

/// Leave to ask ipify.
pub(crate) struct Admission {
    /// How often ipify has failed in a row before.
    failures: u64,
}

/// What the store has while ipify fails.
struct State {
    /// How often ipify has failed in a row.
    failures: u64,
    /// Until when ipify rests, in milliseconds since 1970.
    until: u64,
    /// The request that tries again.
    trial: u64,
    /// What failed at last.
    kind: Kind,
    detail: String,
}

impl<'a> Breaker<'a> {
    /// Opens the breaker for an endpoint.
    pub(crate) fn open(store: BestEffort<'a>, endpoint: &Endpoint) -> Self {
        let key = format!("geo:breaker:{}", stored::hash(&endpoint.to_string()));
        Self { store, key }
    }

    /// Lets a request through where ipify did not fail last time. After a rest,
    /// one request is let through; until its outcome is known, for `timeout` at
    /// most, the others are not.
    ///
    /// # Errors
    ///
    /// The problem that the last request had, without asking ipify.
    pub(crate) fn admit(
        &self,
        host: &Host,
        id: u64,
        timeout: Duration,
    ) -> Result<Admission, Problem> {
        let now = milliseconds(host.clock.now());
        let Some(state) = self.read() else {
            return Ok(Admission { failures: 0 });
        };
        if state.is_resting(now) {
            return Err(state.problem(now));
        }
        let state = State {
            until: now + milliseconds(timeout),
            trial: id,
            ..state
        };
        self.write(&state);
        match self.read() {
            Some(other) if other.trial != id => Err(other.problem(now)),
            _ => Ok(Admission {
                failures: state.failures,
            }),
        }
    }

    /// ipify answered.
    pub(crate) fn close(&self, admission: &Admission) {
        if admission.failures > 0 {
            self.store.delete(&self.key);
        }
    }

    /// ipify failed: lets it rest, if the next request is likely to fail too.
    pub(crate) fn trip(&self, admission: &Admission, problem: &Problem, host: &Host) {
        if !problem.is_outage {
            return;
        }
        let now = milliseconds(host.clock.now());
        // Of requests that were under way together, the first failure counts.
        if admission.failures == 0 && self.read().is_some_and(|state| state.is_resting(now)) {
            return;
        }
        let doubled = 1 << admission.failures.min(6);
        let rest = match problem.retry_after {
            Some(seconds) => seconds.clamp(1, MAX_RETRY_AFTER),
            None => MAX_REST.min(doubled),
        };
        self.write(&State {
            failures: admission.failures.saturating_add(1),
            until: now + rest * 1000,
            trial: 0,
            kind: problem.kind,
            detail: problem.detail.to_string(),
        });
    }

    fn read(&self) -> Option<State> {
        State::parse(&self.store.get(&self.key)?)
    }

    fn write(&self, state: &State) {
        self.store.set(&self.key, &state.to_bytes());
    }
}

impl State {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let (numbers, text) = stored::parse(bytes)?;
        let [failures, until, trial] = numbers.try_into().ok()?;
        let (slug, detail) = text.split_once('\n')?;
        Some(Self {
            failures,
            until,
            trial,
            kind: Kind::OUTAGES.into_iter().find(|kind| kind.slug() == slug)?,
            detail: detail.to_owned(),
        })
    }

    fn to_bytes(&self) -> Vec<u8> {
        let text = format!("{}\n{}", self.kind.slug(), self.detail);
        stored::to_bytes(&[self.failures, self.until, self.trial], &text)
    }

    fn is_resting(&self, now: u64) -> bool {
        // Later than any rest ends: the clock was wrong when it was written.
        (1..=MAX_RETRY_AFTER * 1000).contains(&self.until.saturating_sub(now))
    }

    fn problem(self, now: u64) -> Problem {
        let left = self.until.saturating_sub(now).div_ceil(1000).max(1);
        let times = self.failures;
        let cause = anyhow!("ipify was not asked: {times} times in a row, this happened");
        let mut problem = Problem::new(self.kind, self.detail).because(cause);
        problem.retry_after = Some(left);
        problem.with_cache_status(Status::Resting)
    }
}
