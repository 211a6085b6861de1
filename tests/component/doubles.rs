//! A host that records what the component does, and fails where it is asked to.

use crate::API_KEY;
use anyhow::{Result, bail};
use geo_host::{Backend, Hooks, Memory};
use std::fmt::Debug;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};
use tokio::sync::watch;

/// Hooks that record which variables are read.
#[derive(Debug, Default)]
pub struct Recorder {
    variables: watch::Sender<Vec<String>>,
    sealed: Option<&'static str>,
    is_offline: bool,
}

impl Recorder {
    /// Returns one whose vault does not give this variable.
    pub fn sealed(name: &'static str) -> Self {
        Self {
            sealed: Some(name),
            ..Self::default()
        }
    }

    /// Returns one that fails to send requests. Its words are in two lines and
    /// quote the URL, as `reqwest` does, and the key besides.
    pub fn offline() -> Self {
        Self {
            is_offline: true,
            ..Self::default()
        }
    }

    /// Returns the variables that were read since the last call.
    pub fn take(&self) -> Vec<String> {
        self.variables.send_replace(Vec::new())
    }

    /// Waits until a variable was read so many times.
    pub async fn read(&self, name: &str, times: usize) {
        let count = |reads: &Vec<String>| reads.iter().filter(|read| *read == name).count();
        let mut reads = self.variables.subscribe();
        reads.wait_for(|reads| count(reads) >= times).await.unwrap();
    }
}

impl Hooks for Recorder {
    fn variable(&self, name: &str) -> Result<(), String> {
        self.variables
            .send_modify(|reads| reads.push(name.to_owned()));
        match self.sealed == Some(name) {
            true => Err("the vault is\nsealed".to_owned()),
            false => Ok(()),
        }
    }

    fn request(&self, url: &str) -> Result<(), String> {
        match self.is_offline {
            true => Err(format!(
                "error sending request for url ({url}): apiKey={API_KEY}&ipAddress=: reset\nby peer"
            )),
            false => Ok(()),
        }
    }
}

/// What is asked of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// To read a value.
    Get,
    /// To write one.
    Set,
    /// To delete one.
    Delete,
    /// To add to a counter.
    Increment,
}

/// A store in memory that records what is asked of it.
#[derive(Default)]
pub struct Store {
    memory: Memory,
    actions: Mutex<Vec<Action>>,
    fails: Option<Box<Fails>>,
    returns: Option<Returns>,
    gathers: Option<Gathering>,
}

/// Reads of counters that go on when so many of them wait.
struct Gathering {
    size: usize,
    barrier: Barrier,
    arrived: AtomicUsize,
    gathered: watch::Sender<bool>,
}

/// Whether an action fails, before which there were so many.
type Fails = dyn Fn(Action, usize) -> bool + Send + Sync;

/// What there is for a key.
type Returns = fn(&str) -> Option<Vec<u8>>;

impl Store {
    /// Returns one that fails at these actions, before which there were so many.
    pub fn failing(fails: impl Fn(Action, usize) -> bool + Send + Sync + 'static) -> Self {
        Self {
            fails: Some(Box::new(fails)),
            ..Self::default()
        }
    }

    /// Returns one that has this for each key, whatever is written.
    pub fn returning(returns: Returns) -> Self {
        Self {
            returns: Some(returns),
            ..Self::default()
        }
    }

    /// Returns one that lets the first reads of a counter wait for each other,
    /// so many.
    pub fn with_barrier(size: usize) -> Self {
        let gathers = Some(Gathering {
            size,
            barrier: Barrier::new(size),
            arrived: AtomicUsize::new(0),
            gathered: watch::Sender::new(false),
        });
        Self {
            gathers,
            ..Self::default()
        }
    }

    /// Waits until they have.
    pub async fn barrier_passed(&self) {
        let gathering = self.gathers.as_ref().unwrap();
        let mut gathered = gathering.gathered.subscribe();
        gathered.wait_for(|gathered| *gathered).await.unwrap();
    }

    /// Returns what was asked since the last call.
    pub fn take(&self) -> Vec<Action> {
        std::mem::take(&mut self.actions.lock().unwrap())
    }

    fn record(&self, action: Action) -> Result<()> {
        let mut actions = self.actions.lock().unwrap();
        let before = actions.len();
        actions.push(action);
        match &self.fails {
            Some(fails) if fails(action, before) => {
                bail!("redis://geo:S3CR3T@redis:6379 is\naway")
            }
            _ => Ok(()),
        }
    }
}

impl Backend for Store {
    fn get(&self, store: &str, key: &str) -> Result<Option<Vec<u8>>> {
        self.record(Action::Get)?;
        match self.returns {
            Some(returns) => Ok(returns(key)),
            None => self.memory.get(store, key),
        }
    }

    fn set(&self, store: &str, key: &str, value: &[u8]) -> Result<()> {
        self.record(Action::Set)?;
        self.memory.set(store, key, value)
    }

    fn delete(&self, store: &str, key: &str) -> Result<()> {
        self.record(Action::Delete)?;
        self.memory.delete(store, key)
    }

    fn increment(&self, store: &str, key: &str, delta: i64) -> Result<i64> {
        self.record(Action::Increment)?;
        let sum = self.memory.increment(store, key, delta)?;
        if let Some(gathering) = &self.gathers
            && delta == 0
            && gathering.arrived.fetch_add(1, Ordering::Relaxed) < gathering.size
        {
            gathering.barrier.wait();
            gathering.gathered.send_replace(true);
        }
        Ok(sum)
    }

    fn keys(&self, store: &str) -> Result<Vec<String>> {
        self.memory.keys(store)
    }
}
