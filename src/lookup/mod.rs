//! What is known of an address: from the cache, or else from ipify.
//!
//! A [`Lookup`] reads the cache and then does one of three things. A fresh
//! answer is returned. A stale one is returned too, and replaced after the
//! response (stale-while-revalidate, RFC 5861). Otherwise it is a miss, and
//! [`Miss::ask`] asks ipify: one of the requests that miss at the same time takes a
//! lease and asks, and the others wait for its answer in the cache.
//!
//! An instance that answers many requests also remembers recent answers, so that it
//! seldom reads the cache.

mod breaker;
mod budget;
mod cache;
mod cache_status;
mod in_flight;
mod ipify;
mod json;
mod log;
mod memory;
mod record;
mod store;

pub use cache_status::CacheStatus;
pub use log::{Asked, Line};
pub use record::{Record, Values};

use crate::address;
use crate::problem::{Kind, Problem};
use crate::runtime::Runtime;
use crate::settings::{self, Log};
use breaker::Breaker;
use cache::{Cache, Cached, Found};
use in_flight::{Held, Lease};
use ipify::{Access, Endpoint};
use std::cell::Cell;
use std::net::IpAddr;
use std::time::Duration;
use store::Store;

/// For how many seconds an answer about geo's own address is fresh at most: a
/// laptop moves.
const MAX_OWN_TTL: u64 = 3600;

/// How long a request that waits for another one's answer sleeps before it looks
/// again: at first this long, and then twice as long each time, up to
/// [`MAX_PAUSE`].
const MIN_PAUSE: Duration = Duration::from_millis(10);
const MAX_PAUSE: Duration = Duration::from_millis(160);

/// The lookup of one address, or of the public address of geo itself.
pub struct Lookup<R> {
    endpoint: Endpoint,
    address: Option<IpAddr>,
    /// `cache_ttl`
    cache_ttl: u64,
    store: Store<R>,
    /// `None` where nothing is cached.
    cache: Option<Cache<R>>,
    /// What the log says is asked, where it has a line for each lookup.
    asked: Option<Asked>,
    /// How long the exchange with ipify took, where there was one.
    exchange: Cell<Option<Duration>>,
}

/// A lookup for which ipify has to be asked.
pub struct Miss<R> {
    after: After<R>,
    /// A stale answer.
    cached: Option<Cached>,
    /// Whether that may be served where ipify fails.
    may_serve: bool,
}

/// What came of a lookup.
pub struct Outcome<R> {
    /// The answer, or the problem that prevented one.
    pub result: Result<Answer, Problem>,
    /// What the cache did, where it came to that.
    pub cache_status: Option<CacheStatus>,
    /// What the log says, where it has a line for each lookup.
    pub line: Option<Line>,
    /// What is left to do when the response was sent.
    pub after: Option<After<R>>,
}

/// What is known of an address.
#[derive(Debug)]
pub struct Answer {
    /// What ipify says.
    pub record: Record,
    /// How old that is, in seconds.
    pub age: u64,
    /// For how many more seconds it is fresh.
    pub fresh_for: u64,
}

/// When a stale answer is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stale {
    /// At once; [`After::run`] asks ipify for a newer one.
    WhileRevalidate,
    /// Where ipify fails.
    IfError,
}

/// What a lookup leaves to do when the response was sent.
pub struct After<R> {
    lookup: Lookup<R>,
    found: Found,
    /// After how many seconds an answer is deleted.
    retention: u64,
    /// Whether the answer that was served is to be replaced by a newer one.
    refresh: bool,
    /// Whether ipify has given an answer; then a part of the cache is swept.
    sweep: bool,
}

/// What a lookup does once it has read the cache.
enum Plan {
    /// Serves the cached answer.
    Fresh(Cached),
    /// Serves the cached answer, and asks ipify for a newer one afterwards.
    ServeStale { cached: Cached, retention: u64 },
    /// Asks ipify. Where that fails, the cached answer is served if it may be.
    Fetch {
        cached: Option<Cached>,
        may_serve: bool,
        retention: u64,
    },
}

/// ipify's answer.
enum Fetched {
    /// To this request.
    New { record: Record, stored: bool },
    /// To another request, out of the cache.
    Shared(Cached),
}

/// Why there is no answer of ipify.
struct Failed {
    problem: Problem,
    /// Whether ipify was not asked because it failed before.
    is_circuit_open: bool,
}

/// ipify, with what keeps geo from asking it too often.
struct Upstream<R> {
    access: Access,
    breaker: Breaker<R>,
    /// `lookups_per_day`
    limit: u64,
}

impl<R: Runtime> Lookup<R> {
    /// Prepares the lookup of an address; without one, of geo's own.
    ///
    /// # Errors
    ///
    /// [`Kind::SpecialAddress`] and [`Kind::Misconfigured`].
    pub fn new(address: Option<IpAddr>, asked: Asked, runtime: &R) -> Result<Self, Problem> {
        if address.is_some_and(address::is_special) {
            return Err(Problem::new(
                Kind::SpecialAddress,
                "This address is reserved (private, loopback, documentation, multicast, ...), \
                 not public.",
            ));
        }
        let endpoint = Endpoint::load(runtime)?;
        let cache_ttl = settings::CACHE_TTL.read(runtime)?;
        let is_logged = settings::LOG.read(runtime)? == Log::Lookups;
        let store = Store::new(runtime.clone());
        let cache = if R::HAS_STORE && cache_ttl > 0 {
            Some(Cache::new(&endpoint, address, store.clone())?)
        } else {
            None
        };
        Ok(Self {
            endpoint,
            address,
            cache_ttl,
            store,
            cache,
            asked: is_logged.then_some(asked),
            exchange: Cell::default(),
        })
    }

    /// Returns the answer, and what is left to do when the response was sent.
    pub async fn answer(self, stale: Stale) -> Outcome<R> {
        match self.find(stale).await {
            Ok(outcome) => outcome,
            Err(miss) => miss.ask().await,
        }
    }

    /// Looks for an answer that needs no request to ipify.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub async fn find(self, stale: Stale) -> Result<Outcome<R>, Miss<R>> {
        let Some(cache) = &self.cache else {
            return Err(Miss {
                after: After::new(self, Found::from(None), 0),
                cached: None,
                may_serve: false,
            });
        };
        let recalled = cache.recall();
        let is_fresh = recalled
            .as_ref()
            .is_some_and(|cached| self.is_fresh(cached));
        let mut found = if is_fresh || Held::<R>::here(cache.key()).is_some() {
            Found::from(recalled)
        } else {
            cache.find().await
        };
        match self.plan(found.cached.take(), stale) {
            Err(problem) => Ok(Outcome::new(Err(problem), None)),
            Ok(Plan::Fresh(cached)) => Ok(self.serve(cached).logged(&self)),
            Ok(Plan::ServeStale { cached, retention }) => {
                let mut outcome = self.serve(cached).logged(&self);
                outcome.after = Some(After {
                    refresh: true,
                    ..After::new(self, found, retention)
                });
                Ok(outcome)
            }
            Ok(Plan::Fetch {
                cached,
                may_serve,
                retention,
            }) => Err(Miss {
                after: After::new(self, found, retention),
                cached,
                may_serve,
            }),
        }
    }

    /// Decides what to do about what the cache has.
    fn plan(&self, cached: Option<Cached>, stale: Stale) -> Result<Plan, Problem> {
        let cached = match cached {
            Some(cached) if self.is_fresh(&cached) => return Ok(Plan::Fresh(cached)),
            cached => cached,
        };
        // Read before ipify is asked, so that no credit is spent on an answer
        // that an invalid setting would lose.
        let cache_stale = settings::CACHE_STALE.read(&self.store.runtime)?;
        let retention = self.cache_ttl + cache_stale;
        let may_serve = |cached: &Cached| cached.age < self.ttl() + cache_stale;
        Ok(match cached {
            Some(cached) if stale == Stale::WhileRevalidate && may_serve(&cached) => {
                Plan::ServeStale { cached, retention }
            }
            cached => Plan::Fetch {
                may_serve: cached.as_ref().is_some_and(may_serve),
                cached,
                retention,
            },
        })
    }

    /// Asks ipify, or waits for its answer to another request.
    async fn fetch(&self, cache: &Cache<R>, found: &mut Found) -> Result<Fetched, Failed> {
        let upstream = self.upstream()?;
        let lease = match self.acquire(&upstream, cache).await? {
            Ok(lease) => Some(lease),
            Err(held) => match self.wait(&held, &upstream, cache, found).await {
                Some(cached) => return Ok(Fetched::Shared(cached)),
                // The other request got no answer. Those that waited for it do
                // not wait for each other, too.
                None => None,
            },
        };
        self.ask_and_store(&upstream, lease, cache, found).await
    }

    /// Takes the lease of the address, or returns that of another request. Fails where
    /// the circuit breaker is open.
    async fn acquire(
        &self,
        upstream: &Upstream<R>,
        cache: &Cache<R>,
    ) -> Result<Result<Lease<R>, Held<R>>, Failed> {
        if let Some(held) = Held::here(cache.key()) {
            return Ok(Err(held));
        }
        upstream.breaker.check().await.map_err(circuit_open)?;
        Ok(Lease::acquire(cache.key(), upstream.access.timeout, &self.store).await)
    }

    /// Waits until another request has stored its answer, or has ended without
    /// one.
    async fn wait(
        &self,
        held: &Held<R>,
        upstream: &Upstream<R>,
        cache: &Cache<R>,
        found: &mut Found,
    ) -> Option<Cached> {
        let runtime = &self.store.runtime;
        let begin = runtime.elapsed();
        let mut pause = MIN_PAUSE;
        // The bound is for a store or a clock that is wrong: neither must fail a
        // request.
        let limit = 2 * upstream.access.timeout;
        while !held.has_ended().await && runtime.elapsed() - begin < limit {
            runtime.sleep(pause).await;
            pause = MAX_PAUSE.min(2 * pause);
            *found = match held {
                Held::Here(_) => Found::from(cache.recall()),
                Held::Elsewhere { .. } => cache.find().await,
            };
            if let Some(cached) = self.take_fresh(found) {
                return Some(cached);
            }
        }
        None
    }

    /// Asks ipify, unless another request is asking it already. Returns whether
    /// it gave a new answer.
    async fn refresh(&self, cache: &Cache<R>, found: &mut Found) -> Result<bool, Failed> {
        let upstream = self.upstream()?;
        let Ok(lease) = self.acquire(&upstream, cache).await? else {
            return Ok(false);
        };
        let fetched = self.ask_and_store(&upstream, Some(lease), cache, found);
        Ok(matches!(fetched.await?, Fetched::New { .. }))
    }

    /// Asks ipify, stores its answer and releases the lease.
    async fn ask_and_store(
        &self,
        upstream: &Upstream<R>,
        lease: Option<Lease<R>>,
        cache: &Cache<R>,
        found: &mut Found,
    ) -> Result<Fetched, Failed> {
        // Another request may have stored an answer just before this one took
        // the lease.
        *found = cache.find().await;
        let fetched = match self.take_fresh(found) {
            Some(cached) => Ok(Fetched::Shared(cached)),
            None => match self.ask(upstream).await {
                Ok(record) => {
                    let stored = cache.store(found, &record).await;
                    Ok(Fetched::New { record, stored })
                }
                Err(failed) => Err(failed),
            },
        };
        if let Some(lease) = lease {
            lease.release().await;
        }
        fetched
    }

    /// Asks ipify, if the circuit breaker and the budget allow it.
    async fn ask(&self, upstream: &Upstream<R>) -> Result<Record, Failed> {
        let (access, runtime) = (&upstream.access, &self.store.runtime);
        let permit = upstream.breaker.admit().await.map_err(circuit_open)?;
        let begin = runtime.elapsed();
        let elapsed = || runtime.elapsed().saturating_sub(begin);
        let mut result = match budget::spend(upstream.limit, &self.store).await {
            Ok(()) => {
                let result = self.endpoint.ask(access, self.address, runtime).await;
                self.exchange.set(Some(elapsed()));
                result
            }
            Err(spent) => Err(spent),
        };
        let explain = async || {
            // Within the same deadline.
            let left = access.timeout.saturating_sub(elapsed());
            self.endpoint.explain_refusal(access, left, runtime).await
        };
        let problem = result.as_mut().err();
        upstream.breaker.record(permit, problem, explain).await;
        Ok(result?)
    }

    async fn answer_uncached(&self) -> Outcome<R> {
        let result = match self.upstream() {
            Ok(upstream) => self.ask(&upstream).await,
            Err(problem) => Err(problem.into()),
        };
        match result {
            Ok(record) => self.fresh(record, CacheStatus::Bypass),
            Err(failed) => failed.outcome(CacheStatus::Bypass),
        }
    }

    /// Reads the settings that only a request to ipify needs.
    fn upstream(&self) -> Result<Upstream<R>, Problem> {
        let limit = settings::LOOKUPS_PER_DAY.read(&self.store.runtime)?;
        let access = Access::load(&self.store.runtime)?;
        let breaker = Breaker::new(&self.endpoint, access.timeout, self.store.clone());
        Ok(Upstream {
            access,
            breaker,
            limit,
        })
    }

    /// For how many seconds an answer is fresh.
    fn ttl(&self) -> u64 {
        match self.address {
            Some(_) => self.cache_ttl,
            None => self.cache_ttl.min(MAX_OWN_TTL),
        }
    }

    fn is_fresh(&self, cached: &Cached) -> bool {
        cached.age < self.ttl()
    }

    /// Takes the cached answer, if it is fresh.
    fn take_fresh(&self, found: &mut Found) -> Option<Cached> {
        found.cached.take().filter(|cached| self.is_fresh(cached))
    }

    /// The outcome where a new answer is served.
    fn fresh(&self, record: Record, status: CacheStatus) -> Outcome<R> {
        let answer = Answer {
            record,
            age: 0,
            fresh_for: self.ttl(),
        };
        Outcome::new(Ok(answer), Some(status))
    }

    /// The outcome where a cached answer is served.
    fn serve(&self, Cached { record, age }: Cached) -> Outcome<R> {
        let answer = Answer {
            record,
            age,
            fresh_for: self.ttl().saturating_sub(age),
        };
        // Both are below some hundred years.
        let ttl = self.ttl() as i64 - age as i64;
        Outcome::new(Ok(answer), Some(CacheStatus::Hit { ttl }))
    }
}

impl<R: Runtime> Miss<R> {
    /// Asks ipify. Where that fails, the answer is a stale one if it may be served.
    pub async fn ask(self) -> Outcome<R> {
        let Self {
            mut after,
            cached,
            may_serve,
        } = self;
        let lookup = &after.lookup;
        let Some(cache) = &lookup.cache else {
            return lookup.answer_uncached().await.logged(lookup);
        };
        let was_cached = cached.is_some();
        let status = |stored| {
            if was_cached {
                CacheStatus::Stale { stored }
            } else {
                CacheStatus::Miss { stored }
            }
        };
        let mut outcome = match lookup.fetch(cache, &mut after.found).await {
            Ok(Fetched::New { record, stored }) => {
                after.sweep = true;
                lookup.fresh(record, status(stored))
            }
            Ok(Fetched::Shared(cached)) => {
                let mut outcome = lookup.serve(cached);
                outcome.cache_status = Some(CacheStatus::Collapsed);
                outcome
            }
            Err(failed) => {
                let is_servable = may_serve || failed.problem.kind == Kind::BudgetSpent;
                match cached.filter(|_| is_servable) {
                    Some(cached) => {
                        after.found.exempt_slot();
                        failed.problem.log(&lookup.store.runtime);
                        lookup.serve(cached)
                    }
                    None => failed.outcome(status(false)),
                }
            }
        };
        outcome = outcome.logged(lookup);
        outcome.after = Some(after);
        outcome
    }
}

impl<R> Outcome<R> {
    fn new(result: Result<Answer, Problem>, cache_status: Option<CacheStatus>) -> Self {
        Self {
            result,
            cache_status,
            line: None,
            after: None,
        }
    }

    /// Adds the line of the log.
    fn logged(mut self, lookup: &Lookup<R>) -> Self {
        let exchange = lookup.exchange.get();
        self.line = lookup
            .asked
            .map(|asked| Line::new(asked, self.cache_status, exchange));
        self
    }
}

/// What comes of a lookup that could not begin.
impl<R> From<Problem> for Outcome<R> {
    fn from(problem: Problem) -> Self {
        Self::new(Err(problem), None)
    }
}

impl<R: Runtime> After<R> {
    /// The least that is left to do: expired answers are deleted.
    fn new(lookup: Lookup<R>, found: Found, retention: u64) -> Self {
        Self {
            lookup,
            found,
            retention,
            refresh: false,
            sweep: false,
        }
    }

    /// Replaces the answer that was served, where it was stale, and deletes
    /// expired ones.
    pub async fn run(self) {
        let Self {
            lookup, mut found, ..
        } = self;
        let Some(cache) = &lookup.cache else { return };
        let mut sweep = self.sweep;
        if self.refresh {
            match lookup.refresh(cache, &mut found).await {
                Ok(is_new) => sweep = is_new,
                // These were logged when ipify failed, or are no failure.
                Err(failed) if failed.is_circuit_open => {}
                Err(failed) if failed.problem.kind == Kind::BudgetSpent => {}
                Err(failed) => failed.problem.log(&lookup.store.runtime),
            }
            let exchange = lookup.exchange.get();
            if lookup.asked.is_some() && exchange.is_some() {
                Line::new(Asked::Refresh, None, exchange).write(None, &lookup.store.runtime);
            }
        }
        cache.evict_expired(&found, self.retention).await;
        if sweep {
            cache.sweep(self.retention).await;
        }
    }
}

impl Failed {
    /// The outcome where no answer is served. `status` is what the cache did
    /// before ipify failed.
    fn outcome<R>(self, status: CacheStatus) -> Outcome<R> {
        let status = match self.problem.kind {
            _ if self.is_circuit_open => CacheStatus::CircuitOpen,
            Kind::BudgetSpent => CacheStatus::BudgetSpent,
            _ => status,
        };
        Outcome::new(Err(self.problem), Some(status))
    }
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self {
            problem,
            is_circuit_open: false,
        }
    }
}

fn circuit_open(problem: Problem) -> Failed {
    Failed {
        problem,
        is_circuit_open: true,
    }
}

/// Checks that the store works.
///
/// # Errors
///
/// [`Kind::Misconfigured`] if not.
pub async fn check_store<R: Runtime>(runtime: &R) -> Result<(), Problem> {
    if R::HAS_STORE
        && let Err(cause) = runtime.get("geo:0").await
    {
        let detail = "The key-value store failed. Check key_value_stores in the manifest and \
                      the store itself; the log has the reason.";
        return Err(Problem::new(Kind::Misconfigured, detail).because(cause));
    }
    Ok(())
}

/// Parses what is asked about: an address, as people and proxies write it.
///
/// # Errors
///
/// [`Kind::InvalidAddress`] if it is not an IPv4 or IPv6 address.
pub fn parse_address(text: &str) -> Result<IpAddr, Problem> {
    address::parse_node(text.as_bytes()).ok_or_else(|| {
        Problem::new(
            Kind::InvalidAddress,
            "Not a valid IP address. Examples: 8.8.8.8, 2001:4860:4860::8888.",
        )
    })
}
