//! IP addresses: as text, as proxies write them, the special-purpose ones, and
//! their networks.

use crate::decimal;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Parses an address. One that embeds an IPv4 address is that address.
pub(crate) fn parse(text: &str) -> Option<IpAddr> {
    text.parse().ok().map(canonical)
}

/// Returns the IPv4 address that an IPv6 address embeds, or the address itself.
fn canonical(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    let bits = v6.to_bits();
    let v4 = match (v6.segments(), v6.to_ipv4_mapped()) {
        (_, Some(v4)) => v4,
        // NAT64, RFC 6052.
        ([0x64, 0xff9b, 0, 0, 0, 0, ..], _) => Ipv4Addr::from_bits(bits as u32),
        // 6to4, RFC 3056.
        ([0x2002, ..], _) => Ipv4Addr::from_bits((bits >> 80) as u32),
        // Teredo, RFC 4380: the client's address, with its bits inverted.
        ([0x2001, 0, ..], _) => Ipv4Addr::from_bits(!(bits as u32)),
        _ => return address,
    };
    v4.into()
}

/// Returns whether an address is one of geo's own network: loopback, private,
/// shared, link-local or unique local.
pub(crate) fn is_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let is_shared = v4.to_bits() >> 22 == 0b01_1001_0001; // 100.64.0.0/10
            v4.is_loopback() || v4.is_private() || v4.is_link_local() || is_shared
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

/// Parses an address with or without port, brackets and zone id: `8.8.8.8`,
/// `8.8.8.8:443`, `2001:db8::1`, `[2001:db8::1]:443`, `fe80::1%eth0`. One that
/// embeds an IPv4 address is that address.
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
    Some(canonical(IpAddr::V6(address)))
}

fn is_port(text: &str) -> bool {
    decimal::parse(text).is_some_and(|port| port <= u16::MAX.into())
}

/// Returns whether an address is a special-purpose one: loopback, private,
/// link-local, documentation, multicast and so on.
///
/// The blocks are those of IANA's [IPv4][v4] and [IPv6][v6] special-purpose
/// address registries, also the few that are routed (anycast services, relays),
/// because no client comes from them; then multicast, and of IPv6 all that is
/// outside 2000::/3, the only part [allocated as global unicast][unicast]. The
/// standard library's `is_global` would do, but is unstable.
///
/// [v4]: https://www.iana.org/assignments/iana-ipv4-special-registry
/// [v6]: https://www.iana.org/assignments/iana-ipv6-special-registry
/// [unicast]: https://www.iana.org/assignments/ipv6-address-space
pub(crate) fn is_special(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let bits = address.to_bits();
            SPECIAL_V4
                .iter()
                .any(|(block, prefix)| (bits ^ block.to_bits()) >> (32 - prefix) == 0)
        }
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => is_special(mapped.into()),
            None => {
                let bits = (address.to_bits() >> 64) as u64;
                bits >> 61 != 0b001
                    || SPECIAL_V6
                        .iter()
                        .any(|(block, prefix)| (bits ^ block) >> (64 - prefix) == 0)
            }
        },
    }
}

/// Returns the first address of the network of an address: it keeps the first
/// `prefix` bits.
pub(crate) fn network(address: IpAddr, prefix: u32) -> IpAddr {
    // Where the prefix is as long as the address, no bit is left for hosts.
    match address {
        IpAddr::V4(v4) => {
            let hosts = u32::MAX.checked_shr(prefix).unwrap_or(0);
            Ipv4Addr::from_bits(v4.to_bits() & !hosts).into()
        }
        IpAddr::V6(v6) => {
            let hosts = u128::MAX.checked_shr(prefix).unwrap_or(0);
            Ipv6Addr::from_bits(v6.to_bits() & !hosts).into()
        }
    }
}

const SPECIAL_V4: [(Ipv4Addr, u32); 17] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),       // this network, RFC 791
    (Ipv4Addr::new(10, 0, 0, 0), 8),      // private, RFC 1918
    (Ipv4Addr::new(100, 64, 0, 0), 10),   // shared (carrier-grade NAT), RFC 6598
    (Ipv4Addr::new(127, 0, 0, 0), 8),     // loopback, RFC 1122
    (Ipv4Addr::new(169, 254, 0, 0), 16),  // link local, RFC 3927
    (Ipv4Addr::new(172, 16, 0, 0), 12),   // private, RFC 1918
    (Ipv4Addr::new(192, 0, 0, 0), 24),    // IETF protocol assignments, RFC 6890
    (Ipv4Addr::new(192, 0, 2, 0), 24),    // documentation, RFC 5737
    (Ipv4Addr::new(192, 31, 196, 0), 24), // AS112, RFC 7535
    (Ipv4Addr::new(192, 52, 193, 0), 24), // automatic multicast tunneling, RFC 7450
    (Ipv4Addr::new(192, 88, 99, 0), 24),  // deprecated 6to4 relay, RFC 7526
    (Ipv4Addr::new(192, 168, 0, 0), 16),  // private, RFC 1918
    (Ipv4Addr::new(192, 175, 48, 0), 24), // AS112 direct delegation, RFC 7534
    (Ipv4Addr::new(198, 18, 0, 0), 15),   // benchmarking, RFC 2544
    (Ipv4Addr::new(198, 51, 100, 0), 24), // documentation, RFC 5737
    (Ipv4Addr::new(203, 0, 113, 0), 24),  // documentation, RFC 5737
    (Ipv4Addr::new(224, 0, 0, 0), 3),     // multicast, RFC 1112; reserved and broadcast
];

/// The upper half of the address is enough: no block in 2000::/3 that stands
/// alone is longer than a /64.
const SPECIAL_V6: [(u64, u32); 5] = [
    (0x2001_0000_0000_0000, 23), // IETF protocol assignments, Teredo, ORCHID, RFC 2928
    (0x2001_0db8_0000_0000, 32), // documentation, RFC 3849
    (0x2002_0000_0000_0000, 16), // 6to4, RFC 3056
    (0x2620_004f_8000_0000, 48), // AS112 direct delegation, RFC 7534
    (0x3fff_0000_0000_0000, 20), // documentation, RFC 9637
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::SocketAddr;

    proptest! {
        #[test]
        fn what_is_printed_parses_back(bits: u128, v4: bool) {
            let address = if v4 {
                IpAddr::V4(Ipv4Addr::from_bits(bits as u32))
            } else {
                IpAddr::V6(Ipv6Addr::from_bits(bits))
            };
            prop_assert_eq!(parse(&address.to_string()), Some(address.to_canonical()));
        }
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// The blocks of IANA's registries, without those inside of others.
    const REGISTERED: [&str; 25] = [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        // Multicast, reserved and broadcast, up to the end.
        "224.0.0.0/3",
        // Below and above 2000::/3, in which the others are.
        "::/3",
        "4000::/2",
        "8000::/1",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "2620:4f:8000::/48",
        "3fff::/20",
    ];

    /// The first and the last address of a block, and those next to it.
    fn edges(block: &str) -> ([IpAddr; 2], [Option<IpAddr>; 2]) {
        let (first, prefix) = block.split_once('/').unwrap();
        let prefix: u32 = prefix.parse().unwrap();
        match ip(first) {
            IpAddr::V4(first) => {
                let address = |bits| IpAddr::V4(Ipv4Addr::from_bits(bits));
                let (first, last) = (first.to_bits(), first.to_bits() | u32::MAX >> prefix);
                let outside = [first.checked_sub(1), last.checked_add(1)];
                (
                    [first, last].map(address),
                    outside.map(|bits| bits.map(address)),
                )
            }
            IpAddr::V6(first) => {
                let address = |bits| IpAddr::V6(Ipv6Addr::from_bits(bits));
                let (first, last) = (first.to_bits(), first.to_bits() | u128::MAX >> prefix);
                let outside = [first.checked_sub(1), last.checked_add(1)];
                (
                    [first, last].map(address),
                    outside.map(|bits| bits.map(address)),
                )
            }
        }
    }

    #[test]
    fn special_blocks_end_where_they_end() {
        let edges = REGISTERED.map(edges);
        let inside: Vec<IpAddr> = edges.iter().flat_map(|edges| edges.0).collect();
        for address in &inside {
            assert!(is_special(*address), "{address}");
        }
        // Next to a block is another one, or a public address.
        for address in edges.iter().flat_map(|edges| edges.1).flatten() {
            assert_eq!(is_special(address), inside.contains(&address), "{address}");
        }
    }

    #[test]
    fn special_addresses() {
        for (text, special) in [
            ("8.8.8.8", false),
            ("1.1.1.1", false),
            ("9.9.9.9", false),
            ("127.0.0.1", true),
            ("192.168.1.1", true),
            ("169.254.169.254", true),
            ("255.255.255.255", true),
            ("239.255.255.250", true),
            ("::", true),
            ("::1", true),
            ("::8.8.8.8", true),
            ("::ffff:10.0.0.1", true),
            ("::ffff:8.8.8.8", false),
            ("64:ff9b::808:808", true),
            ("64:ff9b:1::1", true),
            ("100::1", true),
            ("2001:0:5ef5::1", true),
            ("2001:20::1", true),
            ("2001:4860:4860::8888", false),
            ("2620:fe::fe", false),
            ("5f00::1", true),
            ("fc00::1", true),
            ("fdff::1", true),
            ("fe80::1", true),
            ("ff02::1", true),
        ] {
            assert_eq!(is_special(ip(text)), special, "{text}");
        }
    }

    #[test]
    fn networks() {
        for (address, prefix, expected) in [
            ("9.9.9.9", 32, "9.9.9.9"),
            ("9.9.9.9", 31, "9.9.9.8"),
            ("9.9.9.9", 24, "9.9.9.0"),
            ("9.255.255.255", 8, "9.0.0.0"),
            ("2620:fe::fe", 64, "2620:fe::"),
            ("2620:fe:0:1:ffff:ffff:ffff:ffff", 64, "2620:fe:0:1::"),
            ("2620:fe:0:ffff::", 48, "2620:fe::"),
            ("2620:fe::fe", 32, "2620:fe::"),
        ] {
            assert_eq!(network(ip(address), prefix), ip(expected));
        }
    }

    proptest! {
        #[test]
        fn printed_nodes_parse_back(bits: u128, v4: bool, port: u16) {
            let address = if v4 {
                IpAddr::from((bits as u32).to_be_bytes())
            } else {
                IpAddr::from(bits.to_be_bytes())
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
