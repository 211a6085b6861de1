//! Who is asking: the address that may be believed, and no other.

use crate::http::request::Headers;
use crate::lookup::address;
use crate::lookup::problem::{Kind, Problem};
use std::net::IpAddr;

/// Where the caller's address is read from. Only the operator knows what
/// stands in front of geo, so only the operator chooses.
#[derive(Debug, PartialEq, Eq)]
pub enum Source {
    /// The single value of this header, which a proxy sets or overwrites.
    Header(String),
    /// `X-Forwarded-For`, where this many proxies, counted from geo, each add
    /// one address on the right. All that is left of them can be forged.
    ForwardedFor {
        /// At least 1.
        hops: usize,
    },
    /// The other end of the connection, as Spin saw it.
    Spin,
    /// Nothing tells: the plain WASI interface has no word for it.
    Nothing,
}

/// The caller's address, or `None` where it is unknown.
///
/// # Errors
///
/// 400 where the header that the operator trusts is there but holds no
/// address: better no answer than one about somebody else.
pub fn address(headers: &dyn Headers, source: &Source) -> Result<Option<IpAddr>, Problem> {
    match source {
        Source::Header(name) => match headers.get(name).as_slice() {
            [] => Ok(None),
            [value] => believed(value).map(Some),
            _ => Err(malformed()),
        },
        Source::ForwardedFor { hops } => headers
            .get("x-forwarded-for")
            .iter()
            .rev()
            .flat_map(|line| line.rsplit(|byte| *byte == b','))
            // RFC 9110, 5.6.1.2: empty list elements do not count.
            .filter(|element| !element.trim_ascii().is_empty())
            .nth(hops - 1)
            .map(believed)
            .transpose(),
        // Spin appends its own after what the client sent: the first lines
        // may be forged, the last may not.
        Source::Spin => Ok(headers
            .get("spin-client-addr")
            .last()
            .and_then(|value| address::parse_node(value))),
        Source::Nothing => Ok(None),
    }
}

fn believed(value: impl AsRef<[u8]>) -> Result<IpAddr, Problem> {
    address::parse_node(value.as_ref()).ok_or_else(malformed)
}

fn malformed() -> Problem {
    Problem::new(
        Kind::InvalidAddress,
        "The header that tells geo who is asking does not hold one IP address. \
         The proxy in front of geo has to set it.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Lines<'a> = &'a [(&'a str, &'a str)];

    /// What may be in a header, and a bit more.
    fn value() -> impl Strategy<Value = String> {
        prop_oneof![
            "[0-9a-f.:%, \\[\\]]{0,40}",
            ".{0,20}",
            Just("6.6.6.6".to_owned())
        ]
    }

    proptest! {
        #[test]
        fn no_header_of_a_client_changes_what_spin_says(
            lines in prop::collection::vec(
                (
                    prop::sample::select(vec![
                        "spin-client-addr", "x-forwarded-for", "forwarded", "x-real-ip",
                        "true-client-ip", "cf-connecting-ip",
                    ]),
                    value(),
                ),
                0..8,
            ),
        ) {
            let mut lines: Vec<_> = lines.iter().map(|line| (line.0, line.1.as_str())).collect();
            lines.push(("spin-client-addr", "9.9.9.9:5000"));
            prop_assert_eq!(found(&Source::Spin, &lines), Ok("9.9.9.9".to_owned()));
            prop_assert_eq!(found(&Source::Nothing, &lines), Ok("unknown".to_owned()));
        }

        #[test]
        fn what_a_client_forges_stays_left_of_the_proxy(forged in value(), hops in 1_usize..4) {
            let mut line = format!("{forged}, 9.9.9.9");
            for _ in 1..hops {
                line += ", 10.0.0.1";
            }
            let source = Source::ForwardedFor { hops };
            let lines = [("x-forwarded-for", line.as_str())];
            prop_assert_eq!(found(&source, &lines), Ok("9.9.9.9".to_owned()));
        }

        #[test]
        fn no_input_panics(values in prop::collection::vec(value(), 0..4), hops in 1_usize..33) {
            let lines: Vec<_> = values.iter().map(|value| ("x-forwarded-for", value.as_str())).collect();
            let _ = found(&Source::ForwardedFor { hops }, &lines);
            let _ = found(&Source::Header("x-forwarded-for".to_owned()), &lines);
        }
    }

    fn found(source: &Source, headers: Lines) -> Result<String, u16> {
        match address(&headers, source) {
            Ok(Some(address)) => Ok(address.to_string()),
            Ok(None) => Ok("unknown".to_owned()),
            Err(problem) => Err(problem.status()),
        }
    }

    #[test]
    fn the_last_spin_client_addr_is_spins() {
        let table: [(Lines, &str); 5] = [
            (&[], "unknown"),
            (&[("spin-client-addr", "9.9.9.9:5000")], "9.9.9.9"),
            (
                &[
                    ("spin-client-addr", "6.6.6.6:1"),
                    ("spin-client-addr", "[2620:fe::fe]:5000"),
                ],
                "2620:fe::fe",
            ),
            (
                &[
                    ("x-forwarded-for", "6.6.6.6"),
                    ("forwarded", "for=6.6.6.6"),
                    ("x-real-ip", "6.6.6.6"),
                    ("spin-client-addr", "9.9.9.9:5000"),
                ],
                "9.9.9.9",
            ),
            (&[("spin-client-addr", "elbonia")], "unknown"),
        ];
        for (headers, expected) in table {
            assert_eq!(found(&Source::Spin, headers), Ok(expected.to_owned()));
            assert_eq!(found(&Source::Nothing, headers), Ok("unknown".to_owned()));
        }
    }

    #[test]
    fn a_trusted_header_has_one_value() {
        let table: [(Lines, Result<&str, u16>); 7] = [
            (&[("true-client-ip", "9.9.9.9")], Ok("9.9.9.9")),
            (
                &[
                    ("true-client-ip", "9.9.9.9"),
                    ("spin-client-addr", "1.1.1.1:1"),
                ],
                Ok("9.9.9.9"),
            ),
            (&[("spin-client-addr", "1.1.1.1:1")], Ok("unknown")),
            (&[("true-client-ip", "")], Err(400)),
            (&[("true-client-ip", "elbonia")], Err(400)),
            (&[("true-client-ip", "6.6.6.6, 9.9.9.9")], Err(400)),
            (
                &[("true-client-ip", "6.6.6.6"), ("true-client-ip", "9.9.9.9")],
                Err(400),
            ),
        ];
        let source = Source::Header("true-client-ip".to_owned());
        for (headers, expected) in table {
            assert_eq!(found(&source, headers), expected.map(str::to_owned));
        }
    }

    #[test]
    fn forwarded_for_is_counted_from_the_right() {
        let table: [(usize, &[&str], Result<&str, u16>); 14] = [
            (1, &[], Ok("unknown")),
            (1, &["9.9.9.9"], Ok("9.9.9.9")),
            (1, &["6.6.6.6, 9.9.9.9"], Ok("9.9.9.9")),
            (1, &["junk, 9.9.9.9"], Ok("9.9.9.9")),
            (1, &["6.6.6.6", "9.9.9.9"], Ok("9.9.9.9")),
            (2, &["6.6.6.6, 9.9.9.9", "10.0.0.1"], Ok("9.9.9.9")),
            (2, &["6.6.6.6", "9.9.9.9,10.0.0.1"], Ok("9.9.9.9")),
            (2, &["9.9.9.9"], Ok("unknown")),
            (1, &["9.9.9.9, , ,"], Ok("9.9.9.9")),
            (2, &["9.9.9.9, ", "", " , 10.0.0.1"], Ok("9.9.9.9")),
            (1, &["9.9.9.9, unknown"], Err(400)),
            (2, &["junk, 9.9.9.9"], Err(400)),
            (1, &["[2620:fe::fe]:443"], Ok("2620:fe::fe")),
            (1, &["9.9.9.9:443"], Ok("9.9.9.9")),
        ];
        for (hops, lines, expected) in table {
            let headers: Vec<_> = lines
                .iter()
                .map(|line| ("x-forwarded-for", *line))
                .collect();
            let source = Source::ForwardedFor { hops };
            assert_eq!(
                found(&source, &headers),
                expected.map(str::to_owned),
                "{hops} of {lines:?}"
            );
        }
    }
}
