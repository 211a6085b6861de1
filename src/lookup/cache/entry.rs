//! What a slot of the cache has.

use crate::lookup::stored;

/// An answer, or a place for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    /// When the answer was stored, in seconds since 1970.
    pub(super) time: u64,
    /// The request that asks ipify for a newer one, or last did.
    pub(super) mark: Option<Mark>,
    /// The cache key.
    pub(super) key: &'a str,
    /// ipify's answer; empty while it is asked for the first time.
    pub(super) json: &'a str,
}

/// What a request leaves in a slot before it asks ipify, so that others wait
/// for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// When it asked, in milliseconds since 1970.
    pub(crate) time: u64,
    /// Tells it from other requests; never 0.
    pub(crate) id: u64,
}

impl<'a> Entry<'a> {
    /// Parses what [`to_bytes`](Self::to_bytes) returned, and nothing else.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (numbers, text) = stored::parse(bytes)?;
        let [time, asked, id] = numbers.try_into().ok()?;
        let (key, json) = text.split_once('\n')?;
        Some(Self {
            time,
            mark: (id != 0).then_some(Mark { time: asked, id }),
            key,
            json,
        })
    }

    /// Returns the value to store.
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let Mark { time: asked, id } = self.mark.unwrap_or(Mark { time: 0, id: 0 });
        let text = format!("{}\n{}", self.key, self.json);
        stored::to_bytes(&[self.time, asked, id], &text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_as_it_was() {
        let entry = Entry {
            time: 1_795_000_000,
            mark: None,
            key: "https://geo.ipify.org/api/v2/country,city 8.8.8.8",
            json: "{\"ip\":\"8.8.8.8\",\n\"lat\":37.405990}",
        };
        let mark = Some(Mark {
            time: 1_795_000_000_123,
            id: u64::MAX,
        });
        let asking = Entry { mark, ..entry };
        let asking_first = Entry { json: "", ..asking };
        for entry in [entry, asking, asking_first] {
            assert_eq!(Entry::parse(&entry.to_bytes()), Some(entry));
        }
    }
}
