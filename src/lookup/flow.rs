//! The way of one lookup: the cache, ipify, and what can wait until the answer
//! was given.

use super::cache::{Cache, Found, Kept, Mark};
use super::ipify::Endpoint;
use super::record::Record;
use super::store::BestEffort;
use super::upstream::Upstream;
use super::wait::{self, Wait};
use super::{Answer, Kind, Problem, Stale, Status, address, settings};
use crate::host::{Clock, Host};
use std::cell::Cell;
use std::net::IpAddr;
use std::time::Duration;

/// For how many seconds an answer about geo's own address is fresh at most: a
/// laptop moves.
const MAX_OWN_TTL: u64 = 3600;

/// The lookup of one address, or of the public address of geo itself.
pub struct Lookup<'a> {
    host: &'a Host<'a>,
    endpoint: Endpoint,
    address: Option<IpAddr>,
    /// For how many seconds an answer is fresh.
    ttl: u64,
    /// After how many seconds an answer is deleted.
    retention: u64,
    store: BestEffort<'a>,
    cache: Option<Cache<'a>>,
    /// The answer that was given, where it is to be replaced by a newer one.
    refresh: Option<Found>,
    /// What else was met.
    met: Option<Found>,
    /// Where to look for expired answers.
    sweep: Cell<Option<u64>>,
}

/// How a request shares its lookup with others that come at the same time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sharing {
    /// A client waits for it.
    Quick,
    /// Nobody waits for it, so it makes sure that it is the only one.
    Patient,
    /// Another one has just failed.
    Not,
}

/// How long a request that nobody waits for gives others to write.
const SETTLING: Duration = Duration::from_millis(20);

/// What ipify said.
struct Asked {
    record: Box<Record>,
    /// Whether it is kept.
    stored: bool,
}

impl<'a> Lookup<'a> {
    /// Prepares the lookup of an address; without one, of geo's own.
    ///
    /// # Errors
    ///
    /// [`Kind::SpecialAddress`] and [`Kind::Misconfigured`].
    pub fn new(address: Option<IpAddr>, host: &'a Host<'a>) -> Result<Self, Problem> {
        if address.is_some_and(address::is_special) {
            return Err(Problem::new(
                Kind::SpecialAddress,
                "This address is reserved (private, loopback, documentation, multicast and so on) \
                 and has no place on the Internet.",
            ));
        }
        let endpoint = Endpoint::load(host)?;
        let ttl = settings::cache_ttl(host.variables)?;
        let store = BestEffort::new(host);
        let cache = match host.store {
            Some(_) if ttl > 0 => Some(Cache::open(store.clone(), &endpoint, address, host)?),
            _ => None,
        };
        Ok(Self {
            host,
            endpoint,
            address,
            ttl: match address {
                Some(_) => ttl,
                None => ttl.min(MAX_OWN_TTL),
            },
            retention: ttl,
            store,
            cache,
            refresh: None,
            met: None,
            sweep: Cell::new(None),
        })
    }

    /// Returns the answer. What can wait is left to [`finish`](Self::finish).
    ///
    /// # Errors
    ///
    /// See [`Kind`]. An answer that is kept stands in where ipify fails, or may
    /// not be asked.
    pub fn answer(&mut self, stale: Stale) -> Result<Answer, Problem> {
        let Some(cache) = &self.cache else {
            let record = self.ask_uncached();
            let record = record.map_err(|problem| problem.with_cache_status(Status::Bypass))?;
            return Ok(self.fresh(record, Status::Bypass));
        };
        let mut found = cache.find();
        let kept = match found.kept.take() {
            Some(kept) if kept.age < self.ttl => return Ok(self.kept(kept)),
            kept => kept,
        };
        // Before ipify is asked, so that no credit is spent on an answer that
        // an invalid setting would lose.
        let stale_for = settings::cache_stale(self.host.variables)?;
        self.retention += stale_for;
        let may_stand_in = kept
            .as_ref()
            .is_some_and(|kept| kept.age < self.ttl + stale_for);
        let kept = match (kept, stale) {
            (Some(kept), Stale::WhileRevalidate) if may_stand_in => {
                self.refresh = Some(found);
                return Ok(self.kept(kept));
            }
            (kept, _) => kept,
        };
        let asked = self.ask_or_wait(cache, &found, kept.is_some());
        self.met = Some(found);
        match (asked, kept) {
            (Err(problem), Some(kept)) if may_stand_in || problem.kind == Kind::BudgetSpent => {
                problem.log(self.host.log);
                Ok(self.kept(kept))
            }
            (asked, _) => asked,
        }
    }

    /// Does what could wait until the answer was given: asks for a newer one,
    /// and deletes expired ones.
    pub fn finish(mut self) {
        let Some(cache) = &self.cache else { return };
        if let Some(found) = self.refresh.take()
            && let Err(problem) = self.refresh(cache, &found)
            && !matches!(
                problem.cache_status,
                Some(Status::Resting | Status::BudgetSpent)
            )
        {
            problem.log(self.host.log);
        }
        if let Some(found) = &self.met {
            cache.delete_met(found, self.retention);
        }
        if let Some(turn) = self.sweep.get() {
            cache.sweep(turn, self.retention);
        }
    }

    fn refresh(&self, cache: &Cache, found: &Found) -> Result<(), Problem> {
        let upstream = self.upstream()?;
        let is_asked = |mark: Mark| wait::is_running(mark, self.host.clock, upstream.timeout());
        if !found.mark.is_some_and(is_asked) {
            self.ask(&upstream, cache, found, Sharing::Patient)?;
        }
        Ok(())
    }

    /// Asks ipify, or waits for another request that is asking it the same.
    fn ask_or_wait(&self, cache: &Cache, found: &Found, was_kept: bool) -> Result<Answer, Problem> {
        let status = |stored| match was_kept {
            true => Status::Stale { stored },
            false => Status::Miss { stored },
        };
        let asked = self.upstream().and_then(|upstream| {
            let mut wait = Wait::new(self.host.clock, upstream.timeout());
            let mut newer = None;
            loop {
                let found = newer.as_ref().unwrap_or(found);
                if !wait.is_worth_it(found.mark) {
                    let sharing = match wait.was_in_vain() {
                        true => Sharing::Not,
                        false => Sharing::Quick,
                    };
                    if let Some(asked) = self.ask(&upstream, cache, found, sharing)? {
                        return Ok(self.fresh(asked.record, status(asked.stored)));
                    }
                }
                wait.pause();
                let mut found = cache.find();
                if let Some(kept) = found.kept.take().filter(|kept| kept.age < self.ttl) {
                    let answer = self.kept(kept);
                    let status = Status::Collapsed;
                    return Ok(Answer { status, ..answer });
                }
                newer = Some(found);
            }
        });
        asked.map_err(|problem| problem.with_cache_status(status(false)))
    }

    /// Asks ipify, and keeps what it says. Returns `None` where another request
    /// is asking it the same, as far as `sharing` goes.
    fn ask(
        &self,
        upstream: &Upstream,
        cache: &Cache,
        found: &Found,
        sharing: Sharing,
    ) -> Result<Option<Asked>, Problem> {
        let id = id(self.host.clock);
        let admission = upstream.admit(id)?;
        let claim = |settling| cache.claim(found, id, settling, self.host.clock);
        let may_ask = match sharing {
            Sharing::Quick => claim(Duration::ZERO),
            Sharing::Patient => claim(SETTLING),
            Sharing::Not => true,
        };
        if !may_ask {
            return Ok(None);
        }
        let asked = upstream.count(id).and_then(|turn| {
            self.sweep.set(turn);
            upstream.ask(&admission, self.address)
        });
        let stored = asked.as_ref().is_ok_and(|record| cache.keep(found, record));
        if !stored && sharing != Sharing::Not {
            cache.release(found, self.retention);
        }
        asked.map(|record| Some(Asked { record, stored }))
    }

    fn ask_uncached(&self) -> Result<Box<Record>, Problem> {
        let upstream = self.upstream()?;
        let id = id(self.host.clock);
        let admission = upstream.admit(id)?;
        upstream.count(id)?;
        upstream.ask(&admission, self.address)
    }

    fn upstream(&self) -> Result<Upstream<'_>, Problem> {
        let counts = self.cache.is_some();
        Upstream::load(&self.endpoint, &self.store, counts, self.host)
    }

    fn fresh(&self, record: Box<Record>, status: Status) -> Answer {
        Answer {
            record,
            status,
            age: 0,
            fresh_for: self.ttl,
        }
    }

    fn kept(&self, Kept { record, age }: Kept) -> Answer {
        // Both are below some hundred years.
        let ttl = self.ttl as i64 - age as i64;
        Answer {
            record,
            status: Status::Hit { ttl },
            age,
            fresh_for: self.ttl.saturating_sub(age),
        }
    }
}

/// Returns a number that tells this request from others, as far as the clocks
/// do. It is not 0.
fn id(clock: &dyn Clock) -> u64 {
    let (now, elapsed) = (clock.now().as_nanos(), clock.elapsed().as_nanos());
    // Of the first, the last digits differ; of the second, the first ones.
    (now as u64).rotate_left(32) ^ elapsed as u64 | 1
}
