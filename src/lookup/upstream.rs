//! ipify, with what keeps geo from asking it in vain or too often.

use super::breaker::{Admission, Breaker};
use super::ipify::{Access, Endpoint};
use super::record::Record;
use super::store::BestEffort;
use super::tally::Counter;
use super::{Problem, settings};
use crate::host::Host;
use std::net::IpAddr;
use std::time::Duration;

/// ipify, as one request may use it.
pub(crate) struct Upstream<'a> {
    host: &'a Host<'a>,
    endpoint: &'a Endpoint,
    access: Access,
    breaker: Breaker<'a>,
    counter: Counter<'a>,
}

impl<'a> Upstream<'a> {
    /// Reads the settings that only a request to ipify needs. `counts` is
    /// whether lookups are counted also where there is no limit.
    pub(crate) fn load(
        endpoint: &'a Endpoint,
        store: &BestEffort<'a>,
        counts: bool,
        host: &'a Host<'a>,
    ) -> Result<Self, Problem> {
        let limit = settings::lookups_per_day(host.variables)?;
        Ok(Self {
            host,
            endpoint,
            access: Access::load(host)?,
            breaker: Breaker::open(store.clone(), endpoint),
            counter: Counter::new(store.clone(), limit, counts),
        })
    }

    /// For how long ipify is waited for.
    pub(crate) fn timeout(&self) -> Duration {
        self.access.timeout
    }

    /// Checks that ipify may be asked now. `id` is this request's number.
    ///
    /// # Errors
    ///
    /// Why not, after how many seconds again, and [`Status::Resting`] or
    /// [`Status::BudgetSpent`].
    ///
    /// [`Status::Resting`]: super::Status::Resting
    /// [`Status::BudgetSpent`]: super::Status::BudgetSpent
    pub(crate) fn admit(&self, id: u64) -> Result<Admission, Problem> {
        self.counter.check(self.host)?;
        self.breaker.admit(self.host, id, self.access.timeout)
    }

    /// Counts a request to ipify. Returns how many were counted before, ever;
    /// `None` where they are not counted.
    ///
    /// # Errors
    ///
    /// [`Kind::BudgetSpent`](super::Kind::BudgetSpent).
    pub(crate) fn count(&self, id: u64) -> Result<Option<u64>, Problem> {
        self.counter.count(self.host, id)
    }

    /// Asks ipify about an address; without one, about geo's own.
    pub(crate) fn ask(
        &self,
        admission: &Admission,
        address: Option<IpAddr>,
    ) -> Result<Box<Record>, Problem> {
        let asked = self.endpoint.ask(&self.access, address, self.host);
        match &asked {
            Ok(_) => self.breaker.close(admission),
            Err(problem) => self.breaker.trip(admission, problem, self.host),
        }
        asked
    }
}
