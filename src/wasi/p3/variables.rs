//! The variables, all of which are read at once, and kept for a while.

use super::within;
use crate::settings;
use anyhow::anyhow;
use futures_util::stream::{FuturesUnordered, StreamExt};
use spin_sdk::variables::{self, Error};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

/// After how long they are read again.
const MAX_AGE: Duration = Duration::from_secs(10);

/// How long they may take to be read again. Then the old ones are kept.
const PATIENCE: Duration = Duration::from_millis(500);

thread_local! {
    static KEPT: RefCell<Option<Rc<Variables>>> = const { RefCell::new(None) };
}

/// The values of all variables at some time.
pub(super) struct Variables {
    values: Vec<(&'static str, Value)>,
    /// When they were read, or began to be read again, since 1970.
    time: Cell<Duration>,
}

/// A value, or why it cannot be read.
type Value = Result<Option<String>, String>;

impl Variables {
    /// Returns variables that are recent. `now` is the time since 1970.
    pub(super) async fn recent(now: Duration) -> Rc<Self> {
        let Some(kept) = KEPT.with_borrow(Option::clone) else {
            return Self::read(now).await.kept();
        };
        let age = now.checked_sub(kept.time.get());
        if age.is_some_and(|age| age < MAX_AGE) {
            return kept;
        }
        // Other requests keep the old ones meanwhile.
        kept.time.set(now);
        match within(PATIENCE, Self::read(now)).await {
            Some(read) if read.is_complete() => read.kept(),
            _ => kept,
        }
    }

    async fn read(now: Duration) -> Self {
        let values: FuturesUnordered<_> = settings::names()
            .map(async |name| {
                let value = match variables::get(name).await {
                    Ok(value) => Ok(Some(value)),
                    // A manifest older than the variable: its default holds.
                    Err(Error::Undefined(_)) => Ok(None),
                    Err(Error::InvalidName(reason)) => Err(format!("invalid name: {reason}")),
                    Err(Error::Provider(reason) | Error::Other(reason)) => Err(reason),
                };
                (name, value)
            })
            .collect();
        Self {
            values: values.collect().await,
            time: Cell::new(now),
        }
    }

    /// Keeps the variables for the next requests, if all could be read.
    fn kept(self) -> Rc<Self> {
        let variables = Rc::new(self);
        if variables.is_complete() {
            KEPT.set(Some(Rc::clone(&variables)));
        }
        variables
    }

    fn is_complete(&self) -> bool {
        self.values.iter().all(|(_, value)| value.is_ok())
    }

    /// Returns the value of a variable.
    pub(super) fn get(&self, name: &str) -> anyhow::Result<Option<String>> {
        let value = self.values.iter().find(|value| value.0 == name);
        let (_, value) = value.ok_or_else(|| anyhow!("no such variable"))?;
        value.clone().map_err(|reason| anyhow!(reason))
    }
}
