//! What an instance that answers many requests remembers: recent answers, and the
//! lookups in flight in it.
//!
//! It is only used where [`Runtime::HAS_MEMORY`](crate::runtime::Runtime::HAS_MEMORY)
//! says so.

use super::record::Record;
use super::store;
use crate::runtime::Runtime;
use std::cell::RefCell;
use std::marker::PhantomData;

/// How many answers are remembered at most: one for each value of a hash of their keys.
const SLOTS: usize = 1024;

/// The longest answer that is remembered, in bytes of JSON. Most have some hundred.
const MAX_LENGTH: usize = 4096;

thread_local! {
    static ANSWERS: RefCell<Vec<Option<Remembered>>> = const { RefCell::new(Vec::new()) };
    static IN_FLIGHT: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// An answer.
#[derive(Clone)]
pub(super) struct Remembered {
    /// The cache key.
    pub(super) key: String,
    pub(super) record: Record,
    /// When ipify gave it, in seconds since 1970.
    pub(super) time: u64,
    /// When it was read from the store, or written to it, in seconds since 1970.
    pub(super) read: u64,
}

/// Returns the answer for a cache key.
pub(super) fn recall(key: &str) -> Option<Remembered> {
    ANSWERS.with_borrow(|answers| {
        let answer = answers.get(slot(key))?.as_ref();
        answer.filter(|answer| answer.key == key).cloned()
    })
}

/// Remembers an answer, in place of another one in its slot.
pub(super) fn remember(answer: Remembered) {
    ANSWERS.with_borrow_mut(|answers| {
        answers.resize(SLOTS, None);
        let is_short = answer.record.json().len() <= MAX_LENGTH;
        let slot = slot(&answer.key);
        answers[slot] = is_short.then_some(answer);
    });
}

fn slot(key: &str) -> usize {
    store::hash(key) as usize % SLOTS
}

/// A lookup in flight, until it is dropped.
pub(super) struct InFlight<R: Runtime> {
    name: String,
    runtime: PhantomData<R>,
}

impl<R: Runtime> InFlight<R> {
    /// Begins a lookup; `None` where one of that name is in flight in this instance.
    pub(super) fn begin(name: &str) -> Option<Self> {
        (!Self::is_any(name)).then(|| {
            IN_FLIGHT.with_borrow_mut(|names| names.push(name.to_owned()));
            Self {
                name: name.to_owned(),
                runtime: PhantomData,
            }
        })
    }

    /// Returns whether a lookup of that name is in flight in this instance.
    pub(super) fn is_any(name: &str) -> bool {
        R::HAS_MEMORY && IN_FLIGHT.with_borrow(|names| names.iter().any(|other| other == name))
    }
}

impl<R: Runtime> Drop for InFlight<R> {
    fn drop(&mut self) {
        if R::HAS_MEMORY {
            IN_FLIGHT.with_borrow_mut(|names| names.retain(|name| *name != self.name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remember_one(key: &str, length: usize) {
        let json = format!(r#"{{"ip":"8.8.8.8","a":"{}"}}"#, "a".repeat(length - 23));
        assert_eq!(json.len(), length);
        remember(Remembered {
            key: key.to_owned(),
            record: Record::parse(json.into()).unwrap(),
            time: 0,
            read: 0,
        });
    }

    #[test]
    fn answers_are_bounded_in_number() {
        for number in 0..4 * SLOTS {
            let key = number.to_string();
            remember_one(&key, 100);
            assert!(recall(&key).is_some());
        }
        let recalled = (0..4 * SLOTS).filter(|number| recall(&number.to_string()).is_some());
        assert!((1..=SLOTS).contains(&recalled.count()));
    }

    #[test]
    fn a_long_answer_is_not_remembered() {
        remember_one("a", MAX_LENGTH);
        assert!(recall("a").is_some());
        remember_one("a", MAX_LENGTH + 1);
        assert!(recall("a").is_none());
    }
}
