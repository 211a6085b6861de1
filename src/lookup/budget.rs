//! The budget of a day: `lookups_per_day`.

use super::store::Store;
use crate::problem::{Kind, Problem};
use crate::runtime::Runtime;
use crate::settings::named;
use std::ops::RangeInclusive;

const DAY: u64 = 24 * 60 * 60;

/// How many days back the first lookup of a day deletes counters. Yesterday's
/// stays: the clock of another instance may be behind.
const DELETED: RangeInclusive<u64> = 2..=31;

/// Counts a lookup that is about to be made. `limit` is how many a day (UTC) may
/// have; 0 is no limit. Where the store fails, a lookup is not counted.
///
/// # Errors
///
/// [`Kind::BudgetSpent`] if the limit is reached.
pub(super) async fn spend<R: Runtime>(limit: u64, store: &Store<R>) -> Result<(), Problem> {
    if limit == 0 {
        return Ok(());
    }
    let now = store.runtime.now().as_secs();
    let today = now / DAY;
    let count = store.increment(&key(today), 1).await;
    if count == Some(1) {
        for days in DELETED {
            store.delete(&key(today.saturating_sub(days))).await;
        }
    }
    if count.is_none_or(|count| count <= limit as i64) {
        return Ok(());
    }
    let mut problem = Problem::new(
        Kind::BudgetSpent,
        concat!(
            "The limit set by ",
            named!("lookups_per_day"),
            " is reached. Try again after midnight UTC."
        ),
    );
    problem.retry_after = Some((today + 1) * DAY - now);
    Err(problem)
}

fn key(day: u64) -> String {
    format!("geo:lookups:{day}")
}
