//! The cache of answers in the key-value store.
//!
//! The store has no expiry, so the cache bounds itself: it is set-associative,
//! with a fixed number of slots and four ways. A hash of the cache key chooses
//! four neighbouring slots, of which one has the entry; a new entry replaces
//! the oldest. (Direct-mapped, a hundredth of a thousand addresses would keep
//! evicting each other from 65,536 slots.)

use super::ipify::{Endpoint, MAX_BODY};
use super::memory::{self, Remembered};
use super::record::Record;
use super::store::{self, Store};
use crate::address;
use crate::problem::Problem;
use crate::runtime::Runtime;
use crate::settings;
use std::net::IpAddr;

/// How many slots an entry may be in.
const WAYS: u64 = 4;

/// How many slots are looked through for expired entries at each lookup.
const SWEPT: u64 = 4;

/// The counter of lookups, which says which slots are swept next.
const SWEEP_KEY: &str = "geo:sweep";

/// The longest value that geo writes is shorter, in bytes.
const MAX_VALUE: usize = MAX_BODY + 8 * 1024;

/// For how many seconds an answer in memory is trusted. Then the store may have a newer
/// one.
const TRUSTED: u64 = 60;

/// How far another instance's clock may be ahead, in seconds. The age of an
/// entry from a later time than that is unknown.
const MAX_SKEW: u64 = 60;

/// The cache, for one address.
pub(super) struct Cache<R> {
    store: Store<R>,
    /// How many slots there are.
    slots: u64,
    key: String,
    address: Option<IpAddr>,
    /// How many bits of the address make the network that shares an answer.
    prefix: u32,
    /// Seconds since 1970.
    now: u64,
}

/// What the cache has for an address.
pub(super) struct Found {
    /// The cached answer, made one about the address.
    pub(super) cached: Option<Cached>,
    /// The slot for a new answer.
    slot: String,
    /// The slots that were read and have something in them, and when it was
    /// stored.
    read: Vec<(String, u64)>,
}

/// A cached answer.
pub(super) struct Cached {
    pub(super) record: Record,
    /// In seconds.
    pub(super) age: u64,
}

/// What a slot has.
struct Entry<'a> {
    /// When the answer was stored, in seconds since 1970.
    time: u64,
    /// The cache key.
    key: &'a str,
    /// ipify's answer.
    json: &'a str,
}

/// What an instance remembers, as if the cache had been read.
impl From<Option<Cached>> for Found {
    fn from(cached: Option<Cached>) -> Self {
        Self {
            cached,
            slot: String::new(),
            read: Vec::new(),
        }
    }
}

impl Found {
    /// Exempts the slot of the answer from
    /// [`evict_expired`](Cache::evict_expired).
    pub(super) fn exempt_slot(&mut self) {
        self.read.retain(|(slot, _)| *slot != self.slot);
    }
}

impl<R: Runtime> Cache<R> {
    /// Prepares the cache for an address, or for geo's own.
    pub(super) fn new(
        endpoint: &Endpoint,
        address: Option<IpAddr>,
        store: Store<R>,
    ) -> Result<Self, Problem> {
        let runtime = &store.runtime;
        let prefix = match address {
            Some(IpAddr::V4(_)) => settings::CACHE_PREFIX_V4.read(runtime)?,
            Some(IpAddr::V6(_)) => settings::CACHE_PREFIX_V6.read(runtime)?,
            None => 0,
        };
        Ok(Self {
            slots: settings::CACHE_SLOTS.read(runtime)?,
            key: key(endpoint, address, prefix),
            address,
            prefix,
            now: store.runtime.now().as_secs(),
            store,
        })
    }

    /// Returns the cache key.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Returns the answer that this instance remembers, which was read from the store a
    /// short time ago. Where the store fails, it may be older.
    pub(super) fn recall(&self) -> Option<Cached> {
        if !R::HAS_MEMORY {
            return None;
        }
        let Remembered {
            record, time, read, ..
        } = memory::recall(&self.key)?;
        // Either time may be in the future where the clock was set back.
        let is_trusted = self.now.checked_sub(read).is_some_and(|age| age < TRUSTED);
        let is_valid = time <= self.now + MAX_SKEW;
        (is_valid && (is_trusted || !self.store.is_usable())).then(|| self.cached(record, time))
    }

    fn remember(&self, record: &Record, time: u64) {
        if R::HAS_MEMORY {
            memory::remember(Remembered {
                key: self.key.clone(),
                record: record.clone(),
                time,
                read: self.now,
            });
        }
    }

    /// Looks for the answer about the address, and for the slot of a new one.
    pub(super) async fn find(&self) -> Found {
        let first = store::hash(&self.key) % self.slots;
        let mut read = Vec::new();
        let mut oldest: Option<(String, u64)> = None;
        for way in 0..WAYS.min(self.slots) {
            let slot = self.slot(first + way);
            let value = self.read(&slot).await;
            let entry = value.as_deref().and_then(|value| self.decode(value));
            // What cannot be read, or is from the future, is replaced first.
            let time = entry.as_ref().map_or(0, |entry| entry.time);
            // An empty slot says nothing about the next: a store may evict.
            if value.is_some() {
                read.push((slot.clone(), time));
            }
            if let Some(entry) = entry.filter(|entry| entry.key == self.key) {
                let record = Record::parse(entry.json.into());
                let cached = record.map(|record| {
                    self.remember(&record, time);
                    self.cached(record, time)
                });
                return Found { cached, slot, read };
            }
            if oldest.as_ref().is_none_or(|oldest| time < oldest.1) {
                oldest = Some((slot, time));
            }
        }
        Found {
            // Where the store has failed by now.
            cached: self.recall().filter(|_| !self.store.is_usable()),
            // There is at least one slot.
            slot: oldest.map_or_else(|| self.slot(first), |(slot, _)| slot),
            read,
        }
    }

    /// Stores an answer, as one about the network, unless it is about another one
    /// than was asked about. Returns whether it is stored.
    pub(super) async fn store(&self, found: &mut Found, record: &Record) -> bool {
        let mut record = record.clone();
        if let Some(asked) = self.address {
            let network = address::network(asked, self.prefix);
            if network != address::network(record.ip, self.prefix) {
                return false;
            }
            if network != record.ip {
                record.set_ip(network);
            }
        }
        self.remember(&record, self.now);
        let text = format!("{}\n{}", self.key, record.json());
        let value = store::encode(self.now, &text);
        found.exempt_slot();
        self.store.set(&found.slot, &value).await
    }

    /// Deletes the entries that are older than `retention`, in seconds, among
    /// those that were read.
    pub(super) async fn evict_expired(&self, found: &Found, retention: u64) {
        for (slot, time) in &found.read {
            if self.is_expired(*time, retention) {
                self.store.delete(slot).await;
            }
        }
    }

    /// Looks through the next slots, and deletes what is older than
    /// `retention`, in seconds, or cannot be read. After a fourth as many calls
    /// as there are slots, all have been looked through.
    pub(super) async fn sweep(&self, retention: u64) {
        let Some(count) = self.store.increment(SWEEP_KEY, 1).await else {
            return;
        };
        let first = (count as u64).wrapping_mul(SWEPT);
        for number in 0..SWEPT.min(self.slots) {
            let slot = self.slot(first.wrapping_add(number));
            if let Some(value) = self.read(&slot).await {
                let time = self.decode(&value).map_or(0, |entry| entry.time);
                if self.is_expired(time, retention) {
                    self.store.delete(&slot).await;
                }
            }
        }
    }

    /// The key in the store of a slot.
    fn slot(&self, number: u64) -> String {
        format!("geo:{}", number % self.slots)
    }

    async fn read(&self, slot: &str) -> Option<Vec<u8>> {
        let value = self.store.get(slot).await?;
        // Another program's, which may take more memory than an instance has.
        let is_too_large = value.len() > MAX_VALUE;
        Some(if is_too_large { Vec::new() } else { value })
    }

    /// The entry in a slot, if it can be read and has an age.
    fn decode<'a>(&self, value: &'a [u8]) -> Option<Entry<'a>> {
        let (time, text) = store::decode(value)?;
        let (key, json) = text.split_once('\n')?;
        (time <= self.now + MAX_SKEW).then_some(Entry { time, key, json })
    }

    fn cached(&self, mut record: Record, time: u64) -> Cached {
        // It is stored as one about the network.
        if let Some(address) = self.address.filter(|address| *address != record.ip) {
            record.set_ip(address);
        }
        let age = self.now.saturating_sub(time);
        Cached { record, age }
    }

    fn is_expired(&self, time: u64, retention: u64) -> bool {
        self.now.saturating_sub(time) >= retention
    }
}

/// The cache key: who was asked, and about which network.
fn key(endpoint: &Endpoint, address: Option<IpAddr>, prefix: u32) -> String {
    match address {
        Some(address) => {
            let network = address::network(address, prefix);
            format!("{endpoint} {network}/{prefix}")
        }
        None => format!("{endpoint} self"),
    }
}
