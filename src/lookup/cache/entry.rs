//! The form in which an answer is stored.
//!
//! A line of `geo1`, checksum and time; a line with the cache key; ipify's
//! JSON. A later form starts with another word than `geo1`; a value that
//! cannot be parsed counts as missing.

use super::hash;
use crate::lookup::Record;

/// A stored answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The cache key.
    pub(super) key: String,
    /// When it was stored, in seconds since 1970.
    pub(super) time: u64,
    /// The answer.
    pub(super) record: Box<Record>,
}

const VERSION: &str = "geo1";

impl Entry {
    /// Parses what [`to_bytes`] returned, and nothing else.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (checksum, rest) = text
            .strip_prefix(VERSION)?
            .strip_prefix(' ')?
            .split_once(' ')?;
        if checksum != hash(rest).to_string() {
            return None;
        }
        let (time, rest) = rest.split_once('\n')?;
        let (key, json) = rest.split_once('\n')?;
        Some(Self {
            key: key.to_owned(),
            time: time.parse().ok()?,
            record: Record::parse(json.into())?,
        })
    }
}

/// Returns the value to store for an answer.
pub(super) fn to_bytes(key: &str, time: u64, json: &str) -> Vec<u8> {
    let rest = format!("{time}\n{key}\n{json}");
    format!("{VERSION} {} {rest}", hash(&rest)).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "https://geo.ipify.org/api/v2/country,city 8.8.8.8";
    const TIME: u64 = 1_795_000_000;
    const JSON: &str = "{\"ip\":\"8.8.8.8\",\n\"lat\":37.405990}";

    #[test]
    fn comes_back_as_it_was() {
        let entry = Entry {
            key: KEY.to_owned(),
            time: TIME,
            record: Record::parse(JSON.into()).unwrap(),
        };
        assert_eq!(Entry::parse(&to_bytes(KEY, TIME, JSON)), Some(entry));
    }

    #[test]
    fn any_damage_is_noticed() {
        let bytes = to_bytes(KEY, TIME, JSON);
        for length in 0..bytes.len() {
            assert_eq!(Entry::parse(&bytes[..length]), None, "cut at {length}");
        }
        for place in 0..bytes.len() {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[place] ^= 1 << bit;
                assert_eq!(Entry::parse(&damaged), None, "bit {bit} of {place}");
            }
        }
        assert_eq!(Entry::parse(b"another program's value"), None);
    }
}
