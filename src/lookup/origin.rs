//! Origins: scheme, host and port, as RFC 6454 has them.

use crate::lookup::address;
use std::fmt;

/// Scheme, host and port of a URL, in lower case.
#[derive(Debug, PartialEq, Eq)]
pub struct Origin {
    /// `https`
    pub scheme: String,
    /// `example.com`, `example.com:8443` or `[::1]:8443`
    pub authority: String,
}

impl Origin {
    /// Reads an origin. One slash at its end is taken off, because Spin takes
    /// it off in `allowed_outbound_hosts` too.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        let authority = rest.strip_prefix("//")?;
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        let is_scheme = !scheme.is_empty()
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        if !is_scheme || !is_authority(authority) {
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

    /// Whether geo can send a request there.
    pub fn is_http(&self) -> bool {
        self.scheme == "https" || self.scheme == "http"
    }
}

/// Host and port; no user info, and nothing that would need IDNA or an escape.
fn is_authority(text: &str) -> bool {
    // The colons between brackets are those of an IPv6 address.
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let is_host = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').is_some_and(address::is_v6),
        None => {
            !host.is_empty()
                && host
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        }
    };
    is_host && port.is_none_or(address::is_port)
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
}
