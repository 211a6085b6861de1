//! Keeps answers in the key-value store.
//!
//! The store has no expiry, so the cache bounds itself: it is set-associative,
//! with a fixed number of slots and four ways. A hash of the cache key chooses
//! four neighbouring slots, of which one has the entry; a new entry replaces
//! the oldest. (Direct-mapped, a hundredth of a thousand addresses would keep
//! evicting each other from 65,536 slots.)

mod entry;
mod status;

use super::ipify::Endpoint;
use super::record::Record;
use super::settings;
use super::{Problem, address};
use crate::host::{Host, Store};
use entry::Entry;
pub use status::Status;
use std::net::IpAddr;

/// How many slots an entry may be in.
const WAYS: u64 = 4;

/// How far another instance's clock may be ahead, in seconds. The age of an
/// entry from a later time than that is unknown.
const MAX_SKEW: u64 = 60;

/// The cache, for one address.
pub(crate) struct Cache<'a> {
    store: &'a dyn Store,
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
    /// The slot for a new answer.
    pub(crate) slot: Slot,
}

/// An answer that is kept.
pub(crate) struct Kept {
    pub(crate) record: Box<Record>,
    /// In seconds.
    pub(crate) age: u64,
}

/// The key of a slot in the store.
pub(crate) struct Slot(String);

impl<'a> Cache<'a> {
    /// Opens the cache for an address, or for geo's own.
    pub(crate) fn open(
        store: &'a dyn Store,
        endpoint: &Endpoint,
        address: Option<IpAddr>,
        host: &Host,
    ) -> Result<Self, Problem> {
        Ok(Self {
            store,
            slots: settings::cache_slots(host.variables)?,
            key: key(endpoint, address),
            address,
            now: host.clock.now(),
        })
    }

    /// Looks for the entry of the address, and for the slot of a new one.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub(crate) fn find(&self) -> anyhow::Result<Found> {
        let first = hash(&self.key) % self.slots;
        let (mut oldest, mut slot) = (u64::MAX, String::new());
        for way in 0..WAYS.min(self.slots) {
            let candidate = format!("geo:{}", (first + way) % self.slots);
            let entry = self
                .store
                .get(&candidate)?
                .and_then(|value| Entry::parse(&value))
                .filter(|entry| entry.time <= self.now + MAX_SKEW);
            // What cannot be read, or is from the future, is replaced first.
            let time = entry.as_ref().map_or(0, |entry| entry.time);
            if let Some(entry) = entry.filter(|entry| entry.key == self.key) {
                return Ok(Found {
                    kept: Some(self.kept(entry)),
                    slot: Slot(candidate),
                });
            }
            if time < oldest {
                (oldest, slot) = (time, candidate);
            }
            // An empty slot says nothing about the next: a store may evict.
        }
        Ok(Found {
            kept: None,
            slot: Slot(slot),
        })
    }

    fn kept(&self, entry: Entry) -> Kept {
        let mut record = entry.record;
        // A neighbour in the same /64 may have asked.
        if let Some(address) = self.address.filter(|address| *address != record.ip) {
            record.set_ip(address);
        }
        let age = self.now.saturating_sub(entry.time);
        Kept { record, age }
    }

    /// Stores an answer, unless it is about another network than was asked
    /// about. Returns whether it is stored.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub(crate) fn keep(&self, Slot(slot): &Slot, record: &Record) -> anyhow::Result<bool> {
        let is_asked = |asked| address::network(asked) == address::network(record.ip);
        if !self.address.is_none_or(is_asked) {
            return Ok(false);
        }
        let entry = entry::to_bytes(&self.key, self.now, record.json());
        self.store.set(slot, &entry)?;
        Ok(true)
    }
}

/// The cache key: who was asked, and about which network. An IPv6 client owns
/// its /64, and must not be able to spend credits by walking through it.
fn key(endpoint: &Endpoint, address: Option<IpAddr>) -> String {
    let Endpoint { origin, path } = endpoint;
    match address.map(address::network) {
        Some(network) => format!("{origin}{path} {network}"),
        None => format!("{origin}{path} self"),
    }
}

/// FNV-1a with 64 bits: spreads well, and is the same in every release.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test vectors of the [authors](http://www.isthe.com/chongo/tech/comp/fnv/).
    #[test]
    fn hash_is_fnv_1a() {
        for (text, expected) in [
            ("", 0xcbf2_9ce4_8422_2325),
            ("a", 0xaf63_dc4c_8601_ec8c),
            ("foobar", 0x8594_4171_f739_67e8),
        ] {
            assert_eq!(hash(text), expected, "{text}");
        }
    }
}
