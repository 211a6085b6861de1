//! The form of what geo has in the key-value store.
//!
//! A line of `geo2`, a checksum and numbers; then text. A later form starts with
//! another word than `geo2`; what cannot be parsed counts as missing. (JSON by
//! serde's derive would cost 16 kB, and could not hold ipify's untouched.)

use super::decimal;
use std::fmt::Write;
use std::time::Duration;

const VERSION: &str = "geo2";

/// Returns the value to store.
pub(crate) fn to_bytes(numbers: &[u64], text: &str) -> Vec<u8> {
    let mut rest = String::new();
    for number in numbers {
        // Writing to a string does not fail.
        let _ = write!(rest, " {number}");
    }
    rest.push('\n');
    rest += text;
    format!("{VERSION} {}{rest}", hash(&rest)).into_bytes()
}

/// Parses what [`to_bytes`] returned, and nothing else.
pub(crate) fn parse(bytes: &[u8]) -> Option<(Vec<u64>, &str)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let text = text.strip_prefix(VERSION)?.strip_prefix(' ')?;
    let (checksum, rest) = text.split_at_checked(text.find([' ', '\n'])?)?;
    if checksum != hash(rest).to_string() {
        return None;
    }
    let (numbers, text) = rest.split_once('\n')?;
    let numbers = numbers.split(' ').skip(1);
    let numbers: Option<_> = numbers
        .map(|text| decimal::parse(text, 0..=u64::MAX))
        .collect();
    Some((numbers?, text))
}

/// Returns a time as it is stored, where seconds are too coarse.
pub(crate) fn milliseconds(time: Duration) -> u64 {
    // Below some hundred years.
    time.as_millis() as u64
}

/// FNV-1a with 64 bits: spreads well, and is the same in every release.
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_as_it_was() {
        for (numbers, text) in [
            (&[][..], ""),
            (&[0], "{\"ip\":\"8.8.8.8\",\n\"lat\":37.405990}"),
            (&[1, u64::MAX], "\n\n"),
        ] {
            let bytes = to_bytes(numbers, text);
            assert_eq!(parse(&bytes), Some((numbers.to_vec(), text)));
        }
    }

    #[test]
    fn any_damage_is_noticed() {
        let bytes = to_bytes(&[1_795_000_000, 0], "8.8.8.8\n{\"lat\":37.405990}");
        for length in 0..bytes.len() {
            assert_eq!(parse(&bytes[..length]), None, "cut at {length}");
        }
        for place in 0..bytes.len() {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[place] ^= 1 << bit;
                assert_eq!(parse(&damaged), None, "bit {bit} of {place}");
            }
        }
        assert_eq!(parse(b"another program's value"), None);
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
