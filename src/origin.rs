//! Origins: scheme, host and port (RFC 6454), and lists of them.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The scheme, host and port of a URL, in lower case.
#[derive(Debug, PartialEq, Eq)]
pub struct Origin {
    /// `https`
    pub scheme: String,
    /// `example.com`, `example.com:8443` or `[::1]:8443`; without the port
    /// where it is the scheme's own.
    pub authority: String,
}

impl Origin {
    /// Parses an origin. One slash at its end is allowed, as Spin allows it in
    /// `allowed_outbound_hosts`.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        if !is_scheme(scheme) || !is_authority(authority) {
            return None;
        }
        let scheme = scheme.to_ascii_lowercase();
        let authority = authority.to_ascii_lowercase();
        // As a browser writes it: without the scheme's own port.
        let port = match scheme.as_str() {
            "http" => ":80",
            "https" => ":443",
            _ => "",
        };
        let authority = authority
            .strip_suffix(port)
            .unwrap_or(&authority)
            .to_owned();
        Some(Self { scheme, authority })
    }

    /// Parses an origin that requests can be sent to, and that Spin takes as
    /// an allowed outbound host: it wants the scheme in lower case, and a port
    /// after an IPv6 address.
    pub fn parse_outbound(text: &str) -> Option<Self> {
        let is_taken = text.starts_with("http://") || text.starts_with("https://");
        let has_bare_v6 = text.trim_end_matches('/').ends_with(']');
        Self::parse(text).filter(|_| is_taken && !has_bare_v6)
    }
}

/// The pages that may read answers in a browser.
#[derive(Debug, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// All pages.
    Any,
    /// The pages of origins that match one of these.
    Only(Vec<OriginPattern>),
}

/// An origin, or those whose host has one label in the place of a `*`.
#[derive(Debug, PartialEq, Eq)]
pub struct OriginPattern {
    /// Without `*.`.
    origin: Origin,
    has_wildcard: bool,
}

impl AllowedOrigins {
    /// Parses `*`, or origins with commas or spaces between. The first label of
    /// a host may be `*`.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Any);
        }
        let patterns: Option<Vec<_>> = text
            .split([',', ' '])
            .filter(|pattern| !pattern.is_empty())
            .map(OriginPattern::parse)
            .collect();
        patterns
            .filter(|patterns| !patterns.is_empty())
            .map(Self::Only)
    }
}

impl OriginPattern {
    fn parse(text: &str) -> Option<Self> {
        let (origin, has_wildcard) = match text.split_once("://*.") {
            Some((scheme, domain)) => (Origin::parse(&format!("{scheme}://{domain}"))?, true),
            None => (Origin::parse(text)?, false),
        };
        Some(Self {
            origin,
            has_wildcard,
        })
    }

    /// Returns whether an origin is one of these.
    pub fn matches(&self, origin: &Origin) -> bool {
        if !self.has_wildcard {
            return self.origin == *origin;
        }
        let domain = origin.authority.split_once('.').map(|(_, domain)| domain);
        self.origin.scheme == origin.scheme && domain == Some(&*self.origin.authority)
    }
}

/// RFC 3986, 3.1.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|char: char| char.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// Whether it is a host and a port as browsers write them: without user
/// information, and without anything that would need IDNA or an escape.
fn is_authority(text: &str) -> bool {
    // The colons between brackets are those of an IPv6 address.
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let is_host = match host.strip_prefix('[').and_then(|v6| v6.strip_suffix(']')) {
        Some(v6) => v6.parse::<Ipv6Addr>().is_ok(),
        None => is_domain_or_v4(host),
    };
    is_host && port.is_none_or(is_port)
}

fn is_domain_or_v4(host: &str) -> bool {
    let mut labels = host.strip_suffix('.').unwrap_or(host).split('.');
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let ends_in_number = labels
        .clone()
        .next_back()
        .is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
    labels.all(is_label) && (!ends_in_number || host.parse::<Ipv4Addr>().is_ok())
}

/// Whether it is a port without leading zeros.
fn is_port(text: &str) -> bool {
    text.parse::<u16>()
        .is_ok_and(|port| port.to_string() == text)
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins() {
        for (text, expected) in [
            ("https://geo.ipify.org", Some("https://geo.ipify.org")),
            ("HTTPS://Geo.Ipify.org/", Some("https://geo.ipify.org")),
            ("http://127.0.0.1:8080", Some("http://127.0.0.1:8080")),
            ("http://[::1]:8080", Some("http://[::1]:8080")),
            ("capacitor://localhost", Some("capacitor://localhost")),
            ("http://[::1]", Some("http://[::1]")),
            ("https://a:443", Some("https://a")),
            ("https://a:8443", Some("https://a:8443")),
            ("https://a:80", Some("https://a:80")),
            ("http://a:80", Some("http://a")),
            ("http://[::1]:80", Some("http://[::1]")),
            ("http://[::1", None),
            ("http://[elbonia]", None),
            ("http://::1", None),
            ("http://a:", None),
            ("http://a:x", None),
            ("http://a:+80", None),
            ("http://a:65536", None),
            ("https://a:0443", None),
            ("https://...", None),
            ("https://a..b", None),
            ("https://.a", None),
            ("https://a.", Some("https://a.")),
            ("https://1.2.3", None),
            ("https://1.2.3.256", None),
            ("1http://a", None),
            ("+http://a", None),
            ("http://:80", None),
            ("https://geo.ipify.org//", None),
            ("https://geo.ipify.org/api", None),
            ("https://a@b", None),
            ("https://\u{fc}ber.example", None),
            ("://geo.ipify.org", None),
            ("geo.ipify.org", None),
            ("null", None),
            ("*", None),
        ] {
            let origin = Origin::parse(text).map(|origin| origin.to_string());
            assert_eq!(origin.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn outbound_origins() {
        for (text, valid) in [
            ("https://geo.ipify.org", true),
            ("https://Geo.Ipify.org/", true),
            ("http://127.0.0.1:8080", true),
            ("http://[::1]:80", true),
            ("http://[::1]", false),
            ("http://[::1]/", false),
            ("HTTP://geo.ipify.org", false),
            ("capacitor://localhost", false),
            ("", false),
        ] {
            assert_eq!(Origin::parse_outbound(text).is_some(), valid, "{text}");
        }
    }

    #[test]
    fn invalid_lists() {
        for text in [
            "elbonia.example",
            "https://elbonia.example/path",
            "*, https://a",
            "null",
            ",",
            "https://*",
            "https://*.",
            "https://a.*.example",
            "https://*.*.example",
        ] {
            assert_eq!(AllowedOrigins::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_wildcard_is_one_label() {
        let pattern = OriginPattern::parse("https://*.preview.example:8443").unwrap();
        for (origin, expected) in [
            ("https://a1b2.preview.example:8443", true),
            ("https://A1B2.preview.example:8443", true),
            ("http://a1b2.preview.example:8443", false),
            ("https://a1b2.preview.example", false),
            ("https://preview.example:8443", false),
            ("https://a.b.preview.example:8443", false),
            ("https://evilpreview.example:8443", false),
        ] {
            let origin = Origin::parse(origin).unwrap();
            assert_eq!(pattern.matches(&origin), expected, "{origin}");
        }
    }
}
