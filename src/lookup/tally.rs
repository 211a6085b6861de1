//! Counts lookups: `lookups_per_day`, and where the cache is to be swept next.

use super::cache::Status;
use super::problem::{Kind, Problem};
use super::store::BestEffort;
use super::stored::{self, milliseconds};
use crate::host::Host;
use std::time::Duration;

const KEY: &str = "geo:lookups";
const DAY: u64 = 24 * 60 * 60;

/// How long a request waits for others that may be writing at the same time.
const SETTLING: Duration = Duration::from_millis(10);

/// How many requests the store remembers.
const REMEMBERED: usize = 32;

/// For how long a request tries to be counted.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the store has.
#[derive(Default)]
struct Tally {
    /// The day (UTC) that is counted, in days since 1970.
    day: u64,
    /// How often ipify was asked on that day.
    today: u64,
    /// How often it was ever asked.
    total: u64,
    /// When a request was counted last, in milliseconds since 1970.
    time: u64,
    /// The requests that were counted last, of which the last is the first.
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
    /// The store has no atomic operations, so a request may overwrite what
    /// another has just counted. Where there is a limit, each looks after a
    /// while whether it is still counted, and tries again if not; and before,
    /// it leaves others the time to look (Fischer's algorithm). A request that
    /// is not counted in the end asks all the same.
    ///
    /// # Errors
    ///
    /// [`Kind::BudgetSpent`] if no lookup is left.
    pub(crate) fn count(&self, host: &Host, id: u64) -> Result<Option<u64>, Problem> {
        if self.limit == 0 && !self.counts {
            return Ok(None);
        }
        let begin = host.clock.elapsed();
        let is_patient = || host.clock.elapsed() - begin < PATIENCE;
        let mut waited_for = None;
        loop {
            let mut tally = self.read(host);
            let now = milliseconds(host.clock.now());
            if self.limit > 0 {
                tally.check(self.limit, host)?;
                let last = tally.recent.first().copied();
                let is_new = Duration::from_millis(now.abs_diff(tally.time)) < 2 * SETTLING;
                if is_new && last != waited_for && is_patient() {
                    waited_for = last;
                    host.clock.sleep(2 * SETTLING);
                    continue;
                }
            }
            let before = Some(tally.total);
            tally.today += 1;
            tally.total = tally.total.wrapping_add(1);
            tally.time = now;
            // Without a limit, nobody looks who was counted.
            tally.recent.truncate(REMEMBERED - 1);
            if self.limit > 0 {
                tally.recent.insert(0, id);
            }
            let is_set = self.store.set(KEY, &tally.to_bytes());
            if self.limit == 0 || !is_set {
                return Ok(before);
            }
            host.clock.sleep(SETTLING);
            let is_counted = self.read(host).recent.contains(&id);
            if is_counted || !is_patient() {
                return Ok(before);
            }
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
        let (&[day, today, total, time], recent) = numbers.split_first_chunk()?;
        Some(Self {
            day,
            today,
            total,
            time,
            recent: recent.to_vec(),
        })
    }

    fn to_bytes(&self) -> Vec<u8> {
        let numbers = [self.day, self.today, self.total, self.time];
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
