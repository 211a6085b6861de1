//! The form in which an answer is kept.
//!
//! A line of `geo1`, checksum and time, one that names what the answer is to,
//! and ipify's JSON. A later form has another word than `geo1`; whatever cannot
//! be read is as good as not there.

use super::hash;
use crate::lookup::Record;

/// A kept answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is the answer to.
    pub question: String,
    /// When it came, in seconds since 1970.
    pub time: u64,
    /// The answer.
    pub record: Record,
}

const VERSION: &str = "geo1";

impl Entry {
    /// Reads what [`Entry::to_bytes`] wrote, and nothing else.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (checksum, rest) = text
            .strip_prefix(VERSION)?
            .strip_prefix(' ')?
            .split_once(' ')?;
        if checksum != hash(rest).to_string() {
            return None;
        }
        let (time, rest) = rest.split_once('\n')?;
        let (question, json) = rest.split_once('\n')?;
        Some(Self {
            question: question.to_owned(),
            time: time.parse().ok()?,
            record: Record::parse(json.into())?,
        })
    }

    /// What is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        let rest = format!("{}\n{}\n{}", self.time, self.question, self.record.json());
        format!("{VERSION} {} {rest}", hash(&rest)).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry {
            question: "https://geo.ipify.org/api/v2/country,city 8.8.8.8".to_owned(),
            time: 1_795_000_000,
            record: Record::parse(b"{\"ip\":\"8.8.8.8\",\n\"lat\":37.405990}".to_vec()).unwrap(),
        }
    }

    #[test]
    fn comes_back_as_it_was() {
        assert_eq!(Entry::parse(&entry().to_bytes()), Some(entry()));
    }

    #[test]
    fn any_damage_is_noticed() {
        let bytes = entry().to_bytes();
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
