//! Origins: scheme, host and port, as RFC 6454 has them.

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
        let (scheme, authority) = text.split_once("://")?;
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        let is_scheme = !scheme.is_empty()
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        // No user info, and nothing that would need IDNA or an escape.
        let is_authority = !authority.is_empty()
            && authority
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte));
        (is_scheme && is_authority).then(|| Self {
            scheme: scheme.to_ascii_lowercase(),
            authority: authority.to_ascii_lowercase(),
        })
    }

    /// Whether geo can send a request there.
    pub fn is_http(&self) -> bool {
        self.scheme == "https" || self.scheme == "http"
    }
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
