//! The caller's address, from the one header that can be believed.

use super::node::parse_node;
use super::problem::Problem;
use crate::host::Headers;
use std::net::IpAddr;

/// The source of the caller's address. Only the operator knows what is in front
/// of geo, so only the operator chooses.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The single value of this header, which a proxy sets or overwrites.
    Header(String),
    /// `X-Forwarded-For`, to which this many proxies each append an address. A
    /// client can forge all that is left of them.
    ForwardedFor {
        /// At least 1.
        hops: usize,
    },
    /// The header in which the host names the client; `None` where it does
    /// not.
    Host(Option<&'static str>),
}

impl Source {
    /// Returns the caller's address; `None` where it is unknown.
    ///
    /// # Errors
    ///
    /// 400 where the header that the operator chose has no single address:
    /// better no answer than one about somebody else.
    pub(crate) fn address(&self, headers: &dyn Headers) -> Result<Option<IpAddr>, Box<Problem>> {
        match self {
            Self::Header(name) => match headers.get(name).as_slice() {
                [] => Ok(None),
                [value] => trusted(value).map(Some),
                _ => Err(invalid()),
            },
            Self::ForwardedFor { hops } => headers
                .get("x-forwarded-for")
                .iter()
                .rev()
                .flat_map(|line| line.rsplit(|byte| *byte == b','))
                // Empty list elements do not count (RFC 9110, 5.6.1.2).
                .filter(|element| !element.trim_ascii().is_empty())
                .nth(hops - 1)
                .map(trusted)
                .transpose(),
            // Spin appends its own line after those of the client, which may
            // be forged.
            Self::Host(header) => Ok(header
                .and_then(|name| headers.get(name).pop())
                .and_then(|value| parse_node(&value))),
        }
    }
}

fn trusted(value: impl AsRef<[u8]>) -> Result<IpAddr, Box<Problem>> {
    parse_node(value.as_ref()).ok_or_else(invalid)
}

fn invalid() -> Box<Problem> {
    Problem::invalid_address(
        "The header that tells geo who is asking does not hold one IP address. \
         The proxy in front of geo has to set it.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SPIN: Source = Source::Host(Some("spin-client-addr"));
    const UNKNOWN: Source = Source::Host(None);

    type Lines<'a> = &'a [(&'a str, &'a str)];

    /// Valid and invalid header values.
    fn value() -> impl Strategy<Value = String> {
        prop_oneof![
            "[0-9a-f.:%, \\[\\]]{0,40}",
            ".{0,20}",
            Just("6.6.6.6".to_owned())
        ]
    }

    proptest! {
        #[test]
        fn no_header_of_a_client_overrides_spin(
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
            prop_assert_eq!(found(&SPIN, &lines), Ok("9.9.9.9".to_owned()));
            prop_assert_eq!(found(&UNKNOWN, &lines), Ok("unknown".to_owned()));
        }

        #[test]
        fn forged_addresses_do_not_count(forged in value(), hops in 1_usize..4) {
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
        match source.address(&headers) {
            Ok(Some(address)) => Ok(address.to_string()),
            Ok(None) => Ok("unknown".to_owned()),
            Err(problem) => Err(problem.status),
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
            assert_eq!(found(&SPIN, headers), Ok(expected.to_owned()));
            assert_eq!(found(&UNKNOWN, headers), Ok("unknown".to_owned()));
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
