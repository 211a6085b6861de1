//! Counts lookups: `lookups_per_day`, and where the cache is to be swept next.

use super::cache::Status;
use super::problem::{Kind, Problem};
use super::store::BestEffort;
use super::stored;
use crate::host::Host;
use std::time::Duration;

const KEY: &str = "geo:lookups";
const DAY: u64 = 24 * 60 * 60;

/// How many requests the store remembers, to tell which of them it has counted.
const REMEMBERED: usize = 32;

/// How often a request tries to be counted.
const ATTEMPTS: u64 = 16;

/// What the store has.
#[derive(Default)]
struct Tally {
    /// The day (UTC) that is counted, in days since 1970.
    day: u64,
    /// How often ipify was asked on that day.
    today: u64,
    /// How often it was ever asked.
    total: u64,
    /// The requests that were counted last.
    recent: Vec<u64>,
}

/// Counts lookups.
pub(crate) struct Counter<'a> {
    store: BestEffort<'a>,
    /// How many a day may have; 0 is no limit.
    limit: u64,
    /// Whether they are counted also where there is no limit.
    counts: bool,
}

impl<'a> Counter<'a> {
    /// Creates a counter with a limit for a day; 0 is none. `counts` is whether
    /// lookups are counted all the same.
    pub(crate) fn new(store: BestEffort<'a>, limit: u64, counts: bool) -> Self {
        Self {
            store,
            limit,
            counts,
        }
    }

    /// Checks that a lookup is left.
    ///
    /// # Errors
    ///
    /// [`Kind::BudgetSpent`] if none is.
    pub(crate) fn check(&self, host: &Host) -> Result<(), Problem> {
        match self.limit {
            0 => Ok(()),
            limit => self.read(host).check(limit, host),
        }
    }

    /// Counts a lookup. Returns how many were counted before, ever; `None`
    /// where they are not counted.
    ///
    /// The store has no atomic operations, so two requests may write the same
    /// number. Where there is a limit, each looks whether it was counted, and
    /// tries again if another has overwritten it.
    ///
    /// # Errors
    ///
    /// [`Kind::BudgetSpent`] if no lookup is left.
    pub(crate) fn count(&self, host: &Host, id: u64) -> Result<Option<u64>, Problem> {
        if self.limit == 0 && !self.counts {
            return Ok(None);
        }
        let mut attempt = 0;
        loop {
            let mut tally = self.read(host);
            let before = tally.total;
            // Another request may have counted on from what this one wrote.
            if attempt > 0 && (tally.recent.contains(&id) || attempt == ATTEMPTS) {
                return Ok(Some(before));
            }
            if self.limit > 0 {
                tally.check(self.limit, host)?;
            }
            tally.today += 1;
            tally.total = tally.total.wrapping_add(1);
            tally.recent.insert(0, id);
            tally.recent.truncate(REMEMBERED);
            let is_set = self.store.set(KEY, &tally.to_bytes());
            if self.limit == 0 || !is_set {
                return Ok(Some(before));
            }
            attempt += 1;
            // Those that meet are not to meet again.
            let pause = (attempt - 1) * (id % 8);
            host.clock.sleep(Duration::from_millis(pause));
        }
    }

    fn read(&self, host: &Host) -> Tally {
        let value = self.store.get(KEY);
        let tally = value.and_then(|value| Tally::parse(&value));
        let mut tally: Tally = tally.unwrap_or_default();
        let today = host.clock.now().as_secs() / DAY;
        // Around midnight, another instance's clock may be ahead. By more than
        // a day, it was wrong.
        if today > tally.day || tally.day > today + 1 {
            (tally.day, tally.today) = (today, 0);
        }
        tally
    }
}

impl Tally {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let (numbers, _) = stored::parse(bytes)?;
        let (&[day, today, total], recent) = numbers.split_first_chunk()?;
        Some(Self {
            day,
            today,
            total,
            recent: recent.to_vec(),
        })
    }

    fn to_bytes(&self) -> Vec<u8> {
        let numbers = [self.day, self.today, self.total];
        stored::to_bytes(&[&numbers, &self.recent[..]].concat(), "")
    }

    fn check(&self, limit: u64, host: &Host) -> Result<(), Problem> {
        if self.today < limit {
            return Ok(());
        }
        let mut problem = Problem::new(
            Kind::BudgetSpent,
            "The lookups that the variable lookups_per_day allows for today are used up. \
             Try again after midnight UTC.",
        );
        let midnight = (self.day + 1) * DAY;
        problem.retry_after = Some(midnight.saturating_sub(host.clock.now().as_secs()));
        Err(problem.with_cache_status(Status::BudgetSpent))
    }
}
