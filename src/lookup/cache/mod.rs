//! Not asking ipify twice.
//!
//! Answers are kept in a store that forgets nothing, so the cache bounds
//! itself: it has a fixed number of slots. A hash chooses four neighbouring
//! ones for a question; its answer lies in one of them, and a new one takes
//! the place of the oldest. (With one slot to choose from, a hundredth of a
//! thousand addresses would keep pushing each other out of 65,536.)

mod entry;
mod status;

use crate::host::{Edge, Store, StoreFailure};
use crate::lookup::problem::Problem;
use crate::lookup::settings::Settings;
use crate::lookup::{Record, ipify};
use entry::Entry;
use status::Fwd;
pub use status::Status;
use std::net::{IpAddr, Ipv6Addr};

/// How many slots a question may use.
const WAYS: u64 = 4;

/// How far a clock may be ahead of another that writes to the same store, in
/// seconds. An entry from a later time than that has no age to go by.
const SKEW: u64 = 60;

/// An answer, and how the cache came by it.
pub struct Found {
    /// What ipify knows.
    pub record: Record,
    /// How the cache came by it.
    pub status: Status,
}

/// Looks an address up, or without one the address that ipify sees by itself:
/// in the cache, or else at ipify.
///
/// # Errors
///
/// Those of [`ipify::look_up`], where no kept answer can stand in.
pub fn look_up(
    settings: &Settings,
    subject: Option<IpAddr>,
    edge: &Edge,
) -> Result<Found, Problem> {
    let ttl = settings.cache.ttl;
    let ask = |status: Status| {
        ipify::look_up(&settings.ipify, subject, edge.upstream).map_err(|problem| {
            let (name, value) = status.header(ttl);
            problem.with_header(name, value)
        })
    };
    let Some(store) = edge.store.filter(|_| ttl > 0) else {
        let status = Status::Bypass;
        return ask(status).map(|record| Found { record, status });
    };

    let cache = Cache {
        store,
        edge,
        slots: settings.cache.slots,
        question: question(settings, subject),
        subject,
        now: edge.clock.now(),
    };
    let Recalled { kept, place } = cache.recall();
    let fwd = match &kept {
        Some(Kept { age, record }) if *age < ttl => {
            return Ok(Found {
                record: record.clone(),
                status: Status::Hit { age: *age },
            });
        }
        Some(_) => Fwd::Stale,
        None => Fwd::Miss,
    };
    let is_stored = false;
    match (ask(Status::Forwarded { fwd, is_stored }), kept) {
        (Ok(record), _) => {
            let is_stored = place.is_some_and(|place| cache.keep(&place, &record));
            let status = Status::Forwarded { fwd, is_stored };
            Ok(Found { record, status })
        }
        // Stale-if-error, RFC 5861.
        (Err(problem), Some(Kept { record, age })) if age < ttl + settings.cache.stale => {
            edge.log.line(&problem.to_string());
            let status = Status::StaleIfError { age };
            Ok(Found { record, status })
        }
        (Err(problem), _) => Err(problem),
    }
}

/// What identifies an answer: who was asked, and about which network. The
/// owner of an IPv6 address has all of its /64, and must not be able to spend
/// credits by walking through it.
fn question(settings: &Settings, subject: Option<IpAddr>) -> String {
    let ipify = &settings.ipify;
    let network = match subject {
        None => "self".to_owned(),
        Some(subject) => network(subject).to_string(),
    };
    format!("{}{} {network}", ipify.origin, ipify.path)
}

/// The IPv4 address itself, or the first address of the IPv6 one's /64.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

/// The cache, as one question sees it.
struct Cache<'a> {
    store: &'a dyn Store,
    edge: &'a Edge<'a>,
    slots: u64,
    question: String,
    subject: Option<IpAddr>,
    now: u64,
}

/// What the cache knows of a question.
struct Recalled {
    kept: Option<Kept>,
    /// The key under which a new answer is to be stored; none where the store
    /// failed.
    place: Option<String>,
}

/// A kept answer, made one about the address that was asked for.
struct Kept {
    record: Record,
    /// In seconds.
    age: u64,
}

impl Cache<'_> {
    fn recall(&self) -> Recalled {
        let (entry, place) = match self.find() {
            Ok((entry, place)) => (entry, Some(place)),
            Err(failure) => {
                self.log(failure);
                (None, None)
            }
        };
        let kept = entry.map(|entry| {
            let mut record = entry.record;
            // A neighbour in the same /64 may have asked.
            if let Some(subject) = self.subject.filter(|subject| *subject != record.ip()) {
                record.set_ip(subject);
            }
            let age = self.now.saturating_sub(entry.time);
            Kept { record, age }
        });
        Recalled { kept, place }
    }

    /// Looks through the question's slots for its entry, and for the place of
    /// a new one.
    fn find(&self) -> Result<(Option<Entry>, String), StoreFailure> {
        let first = hash(&self.question) % self.slots;
        let (mut oldest, mut place) = (u64::MAX, String::new());
        for way in 0..WAYS.min(self.slots) {
            let key = format!("geo:{}", (first + way) % self.slots);
            let value = self.store.get(&key)?;
            let is_empty = value.is_none();
            let entry = value
                .and_then(|value| Entry::parse(&value))
                .filter(|entry| entry.time <= self.now + SKEW);
            if entry
                .as_ref()
                .is_some_and(|entry| entry.question == self.question)
            {
                return Ok((entry, key));
            }
            // What cannot be read, or is from the future, is the first to go.
            let time = entry.map_or(0, |entry| entry.time);
            if time < oldest {
                (oldest, place) = (time, key);
            }
            if is_empty {
                break; // They are filled in this order, and never emptied.
            }
        }
        Ok((None, place))
    }

    /// Stores an answer, unless it is about another network than was asked
    /// for. Tells whether it is stored.
    fn keep(&self, place: &str, record: &Record) -> bool {
        if self
            .subject
            .is_some_and(|subject| network(subject) != network(record.ip()))
        {
            return false;
        }
        let entry = Entry {
            question: self.question.clone(),
            time: self.now,
            record: record.clone(),
        };
        match self.store.set(place, &entry.to_bytes()) {
            Ok(()) => true,
            Err(failure) => {
                self.log(failure);
                false
            }
        }
    }

    /// At most once a request: without a place, nothing is stored.
    fn log(&self, StoreFailure(reason): StoreFailure) {
        self.edge.log.line(&format!(
            "geo: the key-value store failed, so the answer is not kept: {reason}"
        ));
    }
}

/// FNV-1a with 64 bits: spreads well, and stays the same in every release.
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

    #[test]
    fn networks() {
        for (address, expected) in [
            ("9.9.9.9", "9.9.9.9"),
            ("2620:fe::fe", "2620:fe::"),
            ("2620:fe:0:1:ffff:ffff:ffff:ffff", "2620:fe:0:1::"),
        ] {
            assert_eq!(network(address.parse().unwrap()).to_string(), expected);
        }
    }
}
