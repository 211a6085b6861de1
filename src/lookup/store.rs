//! The key-value store, as far as it works, and the encoding of what is in it.

use crate::decimal;
use crate::problem;
use crate::runtime::Runtime;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

/// A store whose failure fails no lookup: after the first one, it counts as
/// empty. A store that is out of reach may take seconds to fail, so the same
/// request does not try it again. Clones share this.
#[derive(Clone)]
pub(super) struct Store<R> {
    pub(super) runtime: R,
    is_usable: Rc<Cell<bool>>,
}

impl<R: Runtime> Store<R> {
    /// Returns the platform's store; where it has none, one that is empty.
    pub(super) fn new(runtime: R) -> Self {
        let is_usable = Rc::new(Cell::new(runtime.is_store_available()));
        Self { runtime, is_usable }
    }

    /// Returns whether the store has worked so far.
    pub(super) fn is_usable(&self) -> bool {
        self.is_usable.get()
    }

    /// Returns the value of a key, `None` where it has none.
    pub(super) async fn get(&self, key: &str) -> Option<Vec<u8>> {
        if !self.is_usable.get() {
            return None;
        }
        self.check(self.runtime.get(key).await).flatten()
    }

    /// Sets the value of a key. Returns whether it is set.
    pub(super) async fn set(&self, key: &str, value: &[u8]) -> bool {
        self.is_usable.get() && self.check(self.runtime.set(key, value).await).is_some()
    }

    /// Deletes a key, if it is there.
    pub(super) async fn delete(&self, key: &str) {
        if self.is_usable.get() {
            self.check(self.runtime.delete(key).await);
        }
    }

    /// Adds to a counter, and returns the sum; `None` where the store fails.
    pub(super) async fn increment(&self, key: &str, delta: i64) -> Option<i64> {
        if !self.is_usable.get() {
            return None;
        }
        self.check(self.runtime.increment(key, delta).await)
    }

    fn check<T>(&self, result: anyhow::Result<T>) -> Option<T> {
        let log_failure = |cause: &anyhow::Error| {
            self.is_usable.set(false);
            let line = "the key-value store failed, and was not used any further:";
            problem::log(&self.runtime, line, Some(cause));
        };
        result.inspect_err(log_failure).ok()
    }
}

/// The first word of an encoded value. Another encoding has another one.
const VERSION: &str = "geo3";

/// Encodes a time and a text: a line of [`VERSION`], a checksum and the time, and
/// then the text. (JSON by serde's derive would cost 16 kB.)
pub(super) fn encode(time: u64, text: &str) -> Vec<u8> {
    let rest = format!("{time}\n{text}");
    format!("{VERSION} {} {rest}", hash(&rest)).into_bytes()
}

/// Decodes what [`encode`] returned, and nothing else.
pub(super) fn decode(bytes: &[u8]) -> Option<(u64, &str)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (version, text) = text.split_once(' ')?;
    let (checksum, rest) = text.split_once(' ')?;
    if version != VERSION || checksum != hash(rest).to_string() {
        return None;
    }
    let (time, text) = rest.split_once('\n')?;
    Some((decimal::parse(time)?, text))
}

/// Returns a time in milliseconds.
pub(super) fn milliseconds(time: Duration) -> u64 {
    // Below some hundred years.
    time.as_millis() as u64
}

/// FNV-1a with 64 bits: spreads well, and is the same in every release.
pub(super) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_values_decode() {
        let entry = "https://geo.ipify.org 8.8.8.8\n{\"lat\":37.405990}";
        for time in [0, 1_795_000_000, u64::MAX] {
            for text in ["", "\n\n", entry] {
                assert_eq!(decode(&encode(time, text)), Some((time, text)));
            }
        }
    }

    #[test]
    fn any_damage_is_noticed() {
        let bytes = encode(1_795_000_000, "8.8.8.8\n{\"lat\":37.405990}");
        for length in 0..bytes.len() {
            assert_eq!(decode(&bytes[..length]), None, "cut at {length}");
        }
        for place in 0..bytes.len() {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[place] ^= 1 << bit;
                assert_eq!(decode(&damaged), None, "bit {bit} of {place}");
            }
        }
        assert_eq!(decode(b"another program's value"), None);
    }

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
