//! IP addresses: how they are written in headers, and which ones are nobody's
//! public address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Reads an address as proxies and servers write it into headers: `8.8.8.8`,
/// `8.8.8.8:443`, `2001:db8::1`, `[2001:db8::1]:443`, `fe80::1%eth0`. Port,
/// brackets and zone id are taken off; an IPv4-mapped address is IPv4.
pub fn parse_node(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?.trim_ascii();
    if let Some(bracketed) = text.strip_prefix('[') {
        let (address, rest) = bracketed.split_once(']')?;
        let is_port = rest.strip_prefix(':').is_some_and(is_port);
        return parse_v6_with_zone(address).filter(|_| rest.is_empty() || is_port);
    }
    match text.split_once(':') {
        // An IPv6 address has at least two colons, IPv4 with a port has one.
        Some((address, port)) if !port.contains(':') => {
            parse(address).filter(|address| address.is_ipv4() && is_port(port))
        }
        Some(_) => parse_v6_with_zone(text),
        None => parse(text),
    }
}

/// Reads an address that stands alone. An IPv4-mapped address is IPv4.
pub fn parse(text: &str) -> Option<IpAddr> {
    text.parse()
        .ok()
        .map(|address: IpAddr| address.to_canonical())
}

/// Whether it is an IPv6 address, without a zone id.
pub fn is_v6(text: &str) -> bool {
    text.parse::<Ipv6Addr>().is_ok()
}

/// Whether it is a port: `parse` alone would take a plus sign.
pub fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

fn parse_v6_with_zone(text: &str) -> Option<IpAddr> {
    let address = match text.split_once('%') {
        Some((_, "")) => return None,
        Some((address, _zone)) => address,
        None => text,
    };
    let address: Ipv6Addr = address.parse().ok()?;
    Some(IpAddr::V6(address).to_canonical())
}

/// Whether nobody on the Internet can be found under this address: loopback,
/// private, link-local, documentation, multicast and so on.
///
/// The blocks are all those of IANA's [IPv4][v4] and [IPv6][v6] special-purpose
/// address registries, also the few that are routed (anycast services, relays),
/// because no visitor comes from them; then multicast, and of IPv6 all that is
/// outside 2000::/3, the only part [given out as global unicast][unicast].
///
/// [v4]: https://www.iana.org/assignments/iana-ipv4-special-registry
/// [v6]: https://www.iana.org/assignments/iana-ipv6-special-registry
/// [unicast]: https://www.iana.org/assignments/ipv6-address-space
pub fn is_special(address: IpAddr) -> bool {
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

    proptest! {
        #[test]
        fn what_is_printed_parses_back(bits: u128, v4: bool, port: u16) {
            let address = match v4 {
                true => IpAddr::V4(Ipv4Addr::from_bits(bits as u32)),
                false => IpAddr::V6(Ipv6Addr::from_bits(bits)),
            };
            let node = std::net::SocketAddr::new(address, port).to_string();
            let canonical = Some(address.to_canonical());
            prop_assert_eq!(parse(&address.to_string()), canonical);
            prop_assert_eq!(parse_node(address.to_string().as_bytes()), canonical);
            prop_assert_eq!(parse_node(node.as_bytes()), canonical);
            is_special(address);
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
    fn nodes_are_read_as_proxies_write_them() {
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
    fn junk_is_not_an_address() {
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
}
