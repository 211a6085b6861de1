//! Keeps answers in the key-value store.
//!
//! The store has no expiry, so the cache bounds itself: it is set-associative,
//! with a fixed number of slots and four ways. A hash of the cache key chooses
//! four neighbouring slots, of which one has the entry; a new entry replaces
//! the oldest. (Direct-mapped, a hundredth of a thousand addresses would keep
//! evicting each other from 65,536 slots.)

mod entry;
mod status;

use super::ipify::{Endpoint, MAX_BODY};
use super::record::Record;
use super::store::BestEffort;
use super::{Problem, address, settings, stored};
use crate::host::{Clock, Host};
use entry::Entry;
pub(crate) use entry::Mark;
pub use status::Status;
use std::net::IpAddr;
use std::time::Duration;

/// How many slots an entry may be in.
const WAYS: u64 = 4;

/// How many slots are looked through for expired entries at each lookup.
const SWEPT: u64 = 4;

/// The longest value that geo writes is shorter, in bytes.
const MAX_VALUE: usize = MAX_BODY + 8 * 1024;

/// How far another instance's clock may be ahead, in seconds. The age of an
/// entry from a later time than that is unknown.
const MAX_SKEW: u64 = 60;

/// The cache, for one address.
pub(crate) struct Cache<'a> {
    store: BestEffort<'a>,
    /// How many slots there are.
    slots: u64,
    key: String,
    address: Option<IpAddr>,
    /// Seconds since 1970.
    now: u64,
}

/// What the cache has for an address.
pub(crate) struct Found {
    /// The answer that is kept, made one about the address.
    pub(crate) kept: Option<Kept>,
    /// The request that asks ipify about the address, or last did.
    pub(crate) mark: Option<Mark>,
    /// The slot for a new answer.
    slot: Slot,
    /// The other slots that were read, by key, and when they were written.
    others: Vec<(String, u64)>,
}

/// An answer that is kept.
pub(crate) struct Kept {
    pub(crate) record: Box<Record>,
    /// In seconds.
    pub(crate) age: u64,
}

struct Slot {
    /// Its key in the store.
    key: String,
    /// What is in it.
    value: Option<Vec<u8>>,
}

impl<'a> Cache<'a> {
    /// Opens the cache for an address, or for geo's own.
    pub(crate) fn open(
        store: BestEffort<'a>,
        endpoint: &Endpoint,
        address: Option<IpAddr>,
        host: &Host,
    ) -> Result<Self, Problem> {
        Ok(Self {
            store,
            slots: settings::cache_slots(host.variables)?,
            key: key(endpoint, address),
            address,
            now: host.clock.now().as_secs(),
        })
    }

    /// Looks for the entry of the address, and for the slot of a new one.
    pub(crate) fn find(&self) -> Found {
        let first = stored::hash(&self.key) % self.slots;
        let mut oldest: Option<(Slot, u64)> = None;
        let mut others = Vec::new();
        for way in 0..WAYS.min(self.slots) {
            let slot = self.read(first + way);
            let entry = self.entry(&slot);
            if let Some(entry) = entry.filter(|entry| entry.key == self.key) {
                return Found {
                    kept: self.kept(entry),
                    mark: entry.mark,
                    slot,
                    others: Vec::new(),
                };
            }
            // What cannot be read, or is from the future, is replaced first.
            let time = entry.map_or(0, |entry| entry.time);
            // An empty slot says nothing about the next: a store may evict.
            let (older, newer) = match oldest {
                Some(oldest) if oldest.1 <= time => (oldest, Some((slot, time))),
                newer => ((slot, time), newer),
            };
            oldest = Some(older);
            let newer = newer.filter(|(slot, _)| slot.value.is_some());
            others.extend(newer.map(|(slot, time)| (slot.key, time)));
        }
        let (slot, _) = oldest.unwrap_or_else(|| (self.read(first), 0));
        Found {
            kept: None,
            mark: None,
            slot,
            others,
        }
    }

    fn read(&self, number: u64) -> Slot {
        self.read_slot(format!("geo:{}", number % self.slots))
    }

    fn read_slot(&self, key: String) -> Slot {
        let mut value = self.store.get(&key);
        // Another program's, which an instance may not have the memory for.
        if let Some(value) = value.as_mut().filter(|value| value.len() > MAX_VALUE) {
            *value = Vec::new();
        }
        Slot { key, value }
    }

    /// The entry in a slot, if it can be read and has an age.
    fn entry<'s>(&self, slot: &'s Slot) -> Option<Entry<'s>> {
        Entry::parse(slot.value.as_deref()?).filter(|entry| entry.time <= self.now + MAX_SKEW)
    }

    /// The entry in a slot, if it is the one of the address.
    fn own<'s>(&self, slot: &'s Slot) -> Option<Entry<'s>> {
        self.entry(slot).filter(|entry| entry.key == self.key)
    }

    /// A new entry of the address.
    fn new_entry<'s>(&'s self, json: &'s str) -> Entry<'s> {
        Entry {
            time: self.now,
            mark: None,
            key: &self.key,
            json,
        }
    }

    fn kept(&self, entry: Entry) -> Option<Kept> {
        let mut record = Record::parse(entry.json.into())?;
        // A neighbour in the same /64 may have asked.
        if let Some(address) = self.address.filter(|address| *address != record.ip) {
            record.set_ip(address);
        }
        let age = self.now.saturating_sub(entry.time);
        Some(Kept { record, age })
    }

    /// Leaves a mark in the slot, beside the answer that is kept. Returns
    /// whether ipify is to be asked: not where another request was faster.
    ///
    /// The store has no atomic operations. So the slot is read once more before
    /// the mark is written; and of requests that write at the same time, each
    /// then reads the mark of whoever wrote last. The longer it waits with that,
    /// for `settling`, the fewer ask.
    pub(crate) fn claim(
        &self,
        found: &Found,
        id: u64,
        settling: Duration,
        clock: &dyn Clock,
    ) -> bool {
        let Slot { key, value } = &found.slot;
        let slot = self.read_slot(key.clone());
        if slot.value != *value && self.own(&slot).is_some() {
            return false;
        }
        let time = stored::milliseconds(clock.now());
        let mark = Some(Mark { time, id });
        let entry = self.own(&found.slot);
        let entry = entry.unwrap_or_else(|| self.new_entry(""));
        self.store.set(key, &Entry { mark, ..entry }.to_bytes());
        if !settling.is_zero() {
            clock.sleep(settling);
        }
        let slot = self.read_slot(key.clone());
        self.own(&slot).is_none_or(|entry| entry.mark == mark)
    }

    /// Ends a claim that led to no answer. What was in the slot comes back,
    /// unless it is older than `retention`, in seconds. An answer about the
    /// address keeps the mark, so that ipify is not asked again at once.
    pub(crate) fn release(&self, found: &Found, retention: u64) {
        let Slot { key, value } = &found.slot;
        let kept = self
            .entry(&found.slot)
            .filter(|entry| !self.is_expired(entry.time, retention));
        match (kept, value) {
            (Some(entry), _) if entry.key == self.key && !entry.json.is_empty() => {}
            (Some(entry), Some(value)) if entry.key != self.key => {
                self.store.set(key, value);
            }
            _ => self.store.delete(key),
        }
    }

    /// Stores an answer, unless it is about another network than was asked
    /// about. Returns whether it is stored.
    pub(crate) fn keep(&self, found: &Found, record: &Record) -> bool {
        let is_asked = |asked| address::network(asked) == address::network(record.ip);
        if !self.address.is_none_or(is_asked) {
            return false;
        }
        let entry = self.new_entry(record.json());
        self.store.set(&found.slot.key, &entry.to_bytes())
    }

    /// Deletes the entries older than `retention`, in seconds, among those that
    /// were met beside the one that was looked for.
    pub(crate) fn delete_met(&self, found: &Found, retention: u64) {
        for (key, time) in &found.others {
            if self.is_expired(*time, retention) {
                self.store.delete(key);
            }
        }
    }

    /// Looks through the next slots, and deletes what is older than
    /// `retention`, in seconds, or cannot be read. `turn` counts up: when it
    /// has counted to a fourth of the slots, all have been looked through.
    pub(crate) fn sweep(&self, turn: u64, retention: u64) {
        for number in 0..SWEPT.min(self.slots) {
            let slot = self.read(turn.wrapping_mul(SWEPT).wrapping_add(number));
            let time = self.entry(&slot).map_or(0, |entry| entry.time);
            if slot.value.is_some() && self.is_expired(time, retention) {
                self.store.delete(&slot.key);
            }
        }
    }

    fn is_expired(&self, time: u64, retention: u64) -> bool {
        self.now.saturating_sub(time) >= retention
    }
}

/// The cache key: who was asked, and about which network. An IPv6 client owns
/// its /64, and must not be able to spend credits by walking through it.
fn key(endpoint: &Endpoint, address: Option<IpAddr>) -> String {
    match address.map(address::network) {
        Some(network) => format!("{endpoint} {network}"),
        None => format!("{endpoint} self"),
    }
}
