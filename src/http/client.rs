//! The client's address, from the one header that can be believed.

use crate::address;
use crate::problem::{Kind, Problem};
use crate::runtime::{Headers, Runtime};
use crate::settings;
use std::net::IpAddr;

/// Returns the client's address; `None` where it is unknown.
///
/// # Errors
///
/// [`Kind::InvalidAddress`] where the header that the operator chose has no
/// single address: better no answer than one about another client.
/// [`Kind::Misconfigured`] where a variable is invalid.
pub(crate) fn address<R: Runtime>(
    headers: &dyn Headers,
    runtime: &R,
) -> Result<Option<IpAddr>, Problem> {
    if let Some(name) = settings::CLIENT_IP_HEADER.read(runtime)? {
        let lines = headers.get(&name);
        return match (name.as_str(), lines.as_slice()) {
            (_, []) => Ok(None),
            ("forwarded", lines) => {
                let hops = settings::TRUSTED_HOPS.read(runtime)?.max(1);
                let nodes = forwarded_for(lines).filter(|nodes| !nodes.is_empty());
                let nodes = nodes.ok_or_else(invalid)?;
                let node = nodes.iter().rev().nth(hops as usize - 1);
                node.map(trusted).transpose()
            }
            // IPv6 addresses have a port behind them and no brackets around.
            ("cloudfront-viewer-address", [value]) => {
                let colon = value.iter().rposition(|byte| *byte == b':');
                trusted(&value[..colon.ok_or_else(invalid)?]).map(Some)
            }
            (_, [value]) => trusted(value).map(Some),
            _ => Err(invalid()),
        };
    }
    match settings::TRUSTED_HOPS.read(runtime)? {
        // Spin appends its own line after those of the client, which may be
        // forged.
        0 if R::HAS_SPIN_HEADERS => {
            let value = headers.get("spin-client-addr").pop();
            Ok(value.and_then(|value| address::parse_node(&value)))
        }
        0 => Ok(None),
        // A client can forge what is left of the lines that proxies appended.
        hops => headers
            .get("x-forwarded-for")
            .iter()
            .rev()
            .flat_map(|line| line.rsplit(|byte| *byte == b','))
            // Empty list elements do not count (RFC 9110, 5.6.1.2).
            .filter(|element| !element.trim_ascii().is_empty())
            .nth(hops as usize - 1)
            .map(trusted)
            .transpose(),
    }
}

/// Returns the values of `for` in the lines of `Forwarded` (RFC 7239, 4), in their
/// order. `None` where a quote of a line has no end: what a proxy appended to it may
/// then be a part of what a client has sent.
fn forwarded_for(lines: &[Vec<u8>]) -> Option<Vec<&str>> {
    let mut nodes = Vec::new();
    for line in lines {
        let mut is_quoted = false;
        let parameters = std::str::from_utf8(line).ok()?.split(|char| {
            is_quoted ^= char == '"';
            matches!(char, ',' | ';') && !is_quoted
        });
        for parameter in parameters {
            if let Some((name, value)) = parameter.split_once('=')
                && name.trim_ascii().eq_ignore_ascii_case("for")
            {
                let value = value.trim_ascii();
                let quoted = value
                    .strip_prefix('"')
                    .and_then(|value| value.strip_suffix('"'));
                nodes.push(quoted.unwrap_or(value));
            }
        }
        if is_quoted {
            return None;
        }
    }
    Some(nodes)
}

fn trusted(value: impl AsRef<[u8]>) -> Result<IpAddr, Problem> {
    address::parse_node(value.as_ref()).ok_or_else(invalid)
}

fn invalid() -> Problem {
    Problem::new(
        Kind::InvalidAddress,
        "The header that names the client does not hold exactly one IP address. \
         The proxy in front of geo must set it.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::tests::Variables;
    use proptest::prelude::*;

    const HEADER: Settings = &[("client_ip_header", "true-client-ip")];

    type Settings<'a> = &'a [(&'a str, &'a str)];

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
            prop_assert_eq!(found(&[], &lines), Ok("9.9.9.9".to_owned()));
        }

        #[test]
        fn forged_addresses_do_not_count(forged in value(), hops in 1_usize..4) {
            let mut line = format!("{forged}, 9.9.9.9");
            for _ in 1..hops {
                line += ", 10.0.0.1";
            }
            let lines = [("x-forwarded-for", line.as_str())];
            let hops = [("trusted_hops", &*hops.to_string())];
            prop_assert_eq!(found(&hops, &lines), Ok("9.9.9.9".to_owned()));
        }

        #[test]
        fn no_input_panics(values in prop::collection::vec(value(), 0..4), hops in 1_usize..33) {
            let lines: Vec<_> = values.iter().map(|value| ("x-forwarded-for", value.as_str())).collect();
            let _ = found(&[("trusted_hops", &hops.to_string())], &lines);
            let _ = found(&[("client_ip_header", "x-forwarded-for")], &lines);
        }
    }

    /// Returns the client's address, "unknown", or the kind of the problem.
    fn found(settings: Settings, headers: Lines) -> Result<String, &'static str> {
        match address(&headers, &Variables::new(settings)) {
            Ok(Some(address)) => Ok(address.to_string()),
            Ok(None) => Ok("unknown".to_owned()),
            Err(problem) => Err(problem.kind.slug()),
        }
    }

    const INVALID: Result<&str, &str> = Err("invalid-address");

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
            assert_eq!(found(&[], headers), Ok(expected.to_owned()));
        }
    }

    #[test]
    fn a_trusted_header_has_one_value() {
        let table: [(Lines, Result<&str, &str>); 7] = [
            (&[("true-client-ip", "9.9.9.9")], Ok("9.9.9.9")),
            (
                &[
                    ("true-client-ip", "9.9.9.9"),
                    ("spin-client-addr", "1.1.1.1:1"),
                ],
                Ok("9.9.9.9"),
            ),
            (&[("spin-client-addr", "1.1.1.1:1")], Ok("unknown")),
            (&[("true-client-ip", "")], INVALID),
            (&[("true-client-ip", "elbonia")], INVALID),
            (&[("true-client-ip", "6.6.6.6, 9.9.9.9")], INVALID),
            (
                &[("true-client-ip", "6.6.6.6"), ("true-client-ip", "9.9.9.9")],
                INVALID,
            ),
        ];
        for (headers, expected) in table {
            assert_eq!(found(HEADER, headers), expected.map(str::to_owned));
        }
    }

    #[test]
    fn forwarded_for_is_counted_from_the_right() {
        let table: [(usize, &[&str], Result<&str, &str>); 14] = [
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
            (1, &["9.9.9.9, unknown"], INVALID),
            (2, &["junk, 9.9.9.9"], INVALID),
            (1, &["[2620:fe::fe]:443"], Ok("2620:fe::fe")),
            (1, &["9.9.9.9:443"], Ok("9.9.9.9")),
        ];
        for (hops, lines, expected) in table {
            let headers: Vec<_> = lines
                .iter()
                .map(|line| ("x-forwarded-for", *line))
                .collect();
            assert_eq!(
                found(&[("trusted_hops", &hops.to_string())], &headers),
                expected.map(str::to_owned),
                "{hops} of {lines:?}"
            );
        }
    }

    #[test]
    fn cloudfront_appends_a_port() {
        let settings: Settings = &[("client_ip_header", "cloudfront-viewer-address")];
        for (value, expected) in [
            ("9.9.9.9:46532", Ok("9.9.9.9")),
            ("2620:fe::fe:46532", Ok("2620:fe::fe")),
            ("2620:fe::fe:443", Ok("2620:fe::fe")),
            ("9.9.9.9", INVALID),
            ("", INVALID),
        ] {
            let headers: Lines = &[("cloudfront-viewer-address", value)];
            assert_eq!(
                found(settings, headers),
                expected.map(str::to_owned),
                "{value}"
            );
        }
    }

    #[test]
    fn forwarded_is_counted_from_the_right() {
        let table: [(&str, &[&str], Result<&str, &str>); 19] = [
            ("0", &[], Ok("unknown")),
            ("0", &["for=9.9.9.9"], Ok("9.9.9.9")),
            ("0", &["by=10.0.0.5;for=9.9.9.9;proto=https"], Ok("9.9.9.9")),
            ("0", &["For=\"[2620:fe::fe]:4711\""], Ok("2620:fe::fe")),
            ("1", &["for=6.6.6.6, for=9.9.9.9"], Ok("9.9.9.9")),
            (
                "1",
                &["for=6.6.6.6", "for=\"9.9.9.9:80\" ; proto=http"],
                Ok("9.9.9.9"),
            ),
            ("2", &["for=9.9.9.9,for=10.0.0.1"], Ok("9.9.9.9")),
            ("2", &["for=9.9.9.9, by=_x, for=10.0.0.1"], Ok("9.9.9.9")),
            ("2", &["for=9.9.9.9"], Ok("unknown")),
            ("0", &["by=10.0.0.5"], INVALID),
            ("0", &["for=unknown"], INVALID),
            ("0", &["for=_x"], INVALID),
            ("0", &["for="], INVALID),
            // What a client sends must not swallow what the proxy appends.
            ("0", &["for=6.6.6.6;x=\", for=9.9.9.9"], INVALID),
            ("0", &["for=6.6.6.6;x=\", for=\"[2620:fe::fe]:1\""], INVALID),
            ("0", &["for=\"6.6.6.6\\\", for=9.9.9.9\""], INVALID),
            ("0", &["for=6.6.6.6;x=\"", "for=9.9.9.9"], INVALID),
            ("0", &[";;,", "for=9.9.9.9"], Ok("9.9.9.9")),
            ("0", &["elbonia", "for=9.9.9.9"], Ok("9.9.9.9")),
        ];
        for (hops, lines, expected) in table {
            let headers: Vec<_> = lines.iter().map(|line| ("forwarded", *line)).collect();
            let settings = [("client_ip_header", "Forwarded"), ("trusted_hops", hops)];
            let found = found(&settings, &headers);
            assert_eq!(found, expected.map(str::to_owned), "{hops} {lines:?}");
        }
    }
}
