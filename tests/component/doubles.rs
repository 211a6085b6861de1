//! Test doubles of the host: they record calls, and fail on request.

use crate::API_KEY;
use anyhow::{Result, bail};
use geo_host::{Backend, Hooks, Memory};
use std::fmt::Debug;
use std::sync::{Arc, Barrier, Condvar, Mutex};
use tokio::sync::watch;

/// Hooks that record reads of variables.
#[derive(Debug, Default)]
pub struct Recorder {
    variables: watch::Sender<Vec<String>>,
    sealed: Option<&'static str>,
    is_offline: bool,
}

impl Recorder {
    /// Returns hooks with which a variable cannot be read.
    pub fn sealed(name: &'static str) -> Self {
        Self {
            sealed: Some(name),
            ..Self::default()
        }
    }

    /// Returns hooks with which no request can be sent. The error has two lines
    /// and contains the URL, as that of `reqwest` does, and the API key.
    pub fn offline() -> Self {
        Self {
            is_offline: true,
            ..Self::default()
        }
    }

    /// Returns the variables that were read since the last call of this method.
    pub fn take(&self) -> Vec<String> {
        self.variables.send_replace(Vec::new())
    }

    /// Waits until a variable has been read this many times.
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
        if self.sealed == Some(name) {
            return Err("the vault is\nsealed".to_owned());
        }
        Ok(())
    }

    fn request(&self, url: &str) -> Result<(), String> {
        if self.is_offline {
            return Err(format!(
                "error sending request for url ({url}): apiKey={API_KEY}&ipAddress=: reset\nby peer"
            ));
        }
        Ok(())
    }
}

/// An operation on a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Reads a value.
    Get,
    /// Writes a value.
    Set,
    /// Deletes a value.
    Delete,
    /// Adds to a counter.
    Increment,
}

/// A store in memory that records its operations.
#[derive(Default)]
pub struct Store {
    memory: Memory,
    operations: Mutex<Vec<Operation>>,
    fails: Option<Box<Fails>>,
    returns: Option<Returns>,
    /// Where so many first operations on counters wait for each other.
    barrier: Option<(usize, Barrier)>,
    /// Whether operations wait.
    hangs: Arc<(Mutex<bool>, Condvar)>,
    increments: watch::Sender<usize>,
}

/// Whether an operation fails, given the number of operations before it.
type Fails = dyn Fn(Operation, usize) -> bool + Send + Sync;

/// The value of a key.
type Returns = fn(&str) -> Option<Vec<u8>>;

impl Store {
    /// Returns a store that fails where `fails` says so, given the operation and
    /// the number of operations before it.
    pub fn failing(fails: impl Fn(Operation, usize) -> bool + Send + Sync + 'static) -> Self {
        Self {
            fails: Some(Box::new(fails)),
            ..Self::default()
        }
    }

    /// Returns a store that reads these values, whatever is written to it.
    pub fn returning(returns: Returns) -> Self {
        Self {
            returns: Some(returns),
            ..Self::default()
        }
    }

    /// Returns a store in which the first `size` operations on counters wait for
    /// each other.
    pub fn with_barrier(size: usize) -> Self {
        Self {
            barrier: Some((size, Barrier::new(size))),
            ..Self::default()
        }
    }

    /// Makes every operation wait until what this returns is dropped.
    pub fn hang(&self) -> Hanging {
        *self.hangs.0.lock().unwrap() = true;
        Hanging(Arc::clone(&self.hangs))
    }

    /// Waits until counters were incremented so many times.
    pub async fn wait_for_increments(&self, times: usize) {
        let mut increments = self.increments.subscribe();
        increments.wait_for(|made| *made >= times).await.unwrap();
    }

    /// Returns the operations since the last call of this method.
    pub fn take(&self) -> Vec<Operation> {
        std::mem::take(&mut self.operations.lock().unwrap())
    }

    fn record(&self, operation: Operation) -> Result<()> {
        let mut operations = self.operations.lock().unwrap();
        let before = operations.len();
        operations.push(operation);
        drop(operations);
        let (hangs, changed) = &*self.hangs;
        drop(changed.wait_while(hangs.lock().unwrap(), |hangs| *hangs));
        match &self.fails {
            Some(fails) if fails(operation, before) => {
                bail!("redis://geo:S3CR3T@redis:6379 is\naway")
            }
            _ => Ok(()),
        }
    }
}

/// A store that hangs.
pub struct Hanging(Arc<(Mutex<bool>, Condvar)>);

impl Drop for Hanging {
    fn drop(&mut self) {
        let (hangs, changed) = &*self.0;
        *hangs.lock().unwrap() = false;
        changed.notify_all();
    }
}

impl Backend for Store {
    fn get(&self, store: &str, key: &str) -> Result<Option<Vec<u8>>> {
        self.record(Operation::Get)?;
        match self.returns {
            Some(returns) => Ok(returns(key)),
            None => self.memory.get(store, key),
        }
    }

    fn set(&self, store: &str, key: &str, value: &[u8]) -> Result<()> {
        self.record(Operation::Set)?;
        self.memory.set(store, key, value)
    }

    fn delete(&self, store: &str, key: &str) -> Result<()> {
        self.record(Operation::Delete)?;
        self.memory.delete(store, key)
    }

    fn increment(&self, store: &str, key: &str, delta: i64) -> Result<i64> {
        self.record(Operation::Increment)?;
        let sum = self.memory.increment(store, key, delta)?;
        let mut number = 0;
        self.increments.send_modify(|made| {
            *made += 1;
            number = *made;
        });
        if let Some((size, barrier)) = &self.barrier
            && number <= *size
        {
            barrier.wait();
        }
        Ok(sum)
    }

    fn keys(&self, store: &str) -> Result<Vec<String>> {
        self.memory.keys(store)
    }
}
