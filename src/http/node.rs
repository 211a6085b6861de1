//! Addresses as proxies and servers write them into headers.

use crate::lookup::address::parse;
use crate::lookup::decimal;
use std::net::{IpAddr, Ipv6Addr};

/// Parses an address with or without port, brackets and zone id: `8.8.8.8`,
/// `8.8.8.8:443`, `2001:db8::1`, `[2001:db8::1]:443`, `fe80::1%eth0`. An
/// IPv4-mapped address is IPv4.
pub(crate) fn parse_node(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?.trim_ascii();
    let Some(bracketed) = text.strip_prefix('[') else {
        return parse(text)
            .or_else(|| parse_with_port(text))
            .or_else(|| parse_with_zone(text));
    };
    let (address, port) = bracketed.split_once(']')?;
    let is_complete = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
    parse_v6(address)
        .or_else(|| parse_with_zone(address))
        .filter(|_| is_complete)
}

fn parse_with_port(text: &str) -> Option<IpAddr> {
    // An IPv6 address with a port is in brackets.
    let (address, port) = text.split_once(':')?;
    parse(address).filter(|address| address.is_ipv4() && is_port(port))
}

fn parse_with_zone(text: &str) -> Option<IpAddr> {
    let (address, zone) = text.split_once('%')?;
    parse_v6(address).filter(|_| !zone.is_empty())
}

fn parse_v6(text: &str) -> Option<IpAddr> {
    let address: Ipv6Addr = text.parse().ok()?;
    Some(IpAddr::V6(address).to_canonical())
}

fn is_port(text: &str) -> bool {
    decimal::parse(text, 0..=u16::MAX.into()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::SocketAddr;

    proptest! {
        #[test]
        fn what_is_printed_parses_back(bits: u128, v4: bool, port: u16) {
            let address = match v4 {
                true => IpAddr::from((bits as u32).to_be_bytes()),
                false => IpAddr::from(bits.to_be_bytes()),
            };
            let with_port = SocketAddr::new(address, port).to_string();
            let canonical = Some(address.to_canonical());
            prop_assert_eq!(parse_node(address.to_string().as_bytes()), canonical);
            prop_assert_eq!(parse_node(with_port.as_bytes()), canonical);
        }

        #[test]
        fn no_input_panics(
            bytes: Vec<u8>,
            text in "[0-9a-f.:%\\[\\] ]{0,24}",
        ) {
            for input in [bytes.as_slice(), text.as_bytes()] {
                if let Some(address) = parse_node(input) {
                    prop_assert_eq!(parse(&address.to_string()), Some(address));
                }
            }
        }
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn valid_nodes() {
        for (text, expected) in [
            ("8.8.8.8", "8.8.8.8"),
            (" 8.8.8.8\t", "8.8.8.8"),
            ("8.8.8.8:1", "8.8.8.8"),
            ("8.8.8.8:65535", "8.8.8.8"),
            ("2620:fe::fe", "2620:fe::fe"),
            ("2620:FE::9", "2620:fe::9"),
            ("[2620:fe::fe]", "2620:fe::fe"),
            ("[2620:fe::fe]:443", "2620:fe::fe"),
            ("::ffff:9.9.9.9", "9.9.9.9"),
            ("::ffff:909:909", "9.9.9.9"),
            ("[::ffff:9.9.9.9]:443", "9.9.9.9"),
            ("fe80::1%eth0", "fe80::1"),
            ("[fe80::1%25]:80", "fe80::1"),
            ("::", "::"),
        ] {
            assert_eq!(parse_node(text.as_bytes()), Some(ip(expected)), "{text}");
        }
    }

    #[test]
    fn invalid_nodes() {
        for text in [
            "",
            " ",
            "unknown",
            "_hidden",
            "localhost",
            "8.8.8",
            "8.8.8.8.8",
            "8.8.8.256",
            "08.8.8.8",
            "0x8.8.8.8",
            "134744072",
            "8.8.8.8:",
            "8.8.8.8:+1",
            "8.8.8.8:65536",
            "8.8.8.8%eth0",
            "8.8.8.8, 9.9.9.9",
            "[8.8.8.8]",
            "[8.8.8.8]:80",
            "[2620:fe::fe",
            "2620:fe::fe]",
            "[2620:fe::fe]443",
            "[2620:fe::fe]:",
            "[[2620:fe::fe]]",
            "fe80::1%",
            ":80",
            "[]:80",
            "2620:fe:::fe",
            "for=8.8.8.8",
            "8.8.8.8\u{a0}",
        ] {
            assert_eq!(parse_node(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(parse_node(b"8.8.8.8\xff"), None);
    }
}
