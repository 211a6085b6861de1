//! `allowed_outbound_hosts`: the hosts that a component may send requests to.

use anyhow::{Context, Result, bail, ensure};
use http::Uri;

/// The hosts that a manifest allows, in [Spin's notation][hosts]
/// `scheme://host[:port]`. Each part may be `*`, and a host may start with
/// `*.`. geo-host has no other application to call, so `self` is not known.
///
/// [hosts]: https://spinframework.dev/v3/http-outbound
#[derive(Debug, Default)]
pub struct AllowedHosts(Vec<AllowedHost>);

#[derive(Debug)]
struct AllowedHost {
    scheme: String,
    host: String,
    /// `None` is any port.
    port: Option<u16>,
}

impl AllowedHosts {
    /// Parses the hosts of a manifest, with all templates expanded.
    pub fn parse(hosts: Vec<String>) -> Result<Self> {
        hosts
            .iter()
            .map(|host| AllowedHost::parse(host.trim()).with_context(|| format!("{host:?}")))
            .collect::<Result<_>>()
            .map(Self)
    }

    /// Whether a request may be sent to this URI.
    pub fn allow(&self, uri: &Uri) -> bool {
        let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) else {
            return false;
        };
        let port = uri.port_u16().or_else(|| default_port(scheme));
        self.0.iter().any(|allowed| {
            (allowed.scheme == "*" || allowed.scheme == scheme)
                && allowed.has_host(&host.to_ascii_lowercase())
                && (allowed.port.is_none() || allowed.port == port)
        })
    }
}

impl AllowedHost {
    fn parse(text: &str) -> Result<Self> {
        let Some((scheme, authority)) = text.split_once("://") else {
            bail!("it has no scheme: write it like https://example.com");
        };
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        ensure!(
            !authority.contains('/'),
            "it has a path: end it after the host"
        );
        // The colons in [::1] do not precede a port.
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (authority, None),
        };
        ensure!(!host.is_empty(), "it has no host");
        let is_pattern = |host: &str| host == "*" || !host.trim_start_matches("*.").contains('*');
        ensure!(
            is_pattern(host),
            "* can only replace all of a host or its first labels"
        );
        let port = match port {
            Some("*") => None,
            Some(port) => Some(port.parse().context("the port is not a number")?),
            None => {
                Some(default_port(scheme).context("without a port, it has to be http or https")?)
            }
        };
        Ok(Self {
            scheme: scheme.to_owned(),
            host: host.to_ascii_lowercase(),
            port,
        })
    }

    fn has_host(&self, host: &str) -> bool {
        match self.host.strip_prefix('*') {
            Some("") => true,
            Some(suffix) => host.ends_with(suffix),
            None => host == self.host,
        }
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allow(host: &str, url: &str) -> bool {
        let hosts = AllowedHosts::parse(vec![host.to_owned()]).unwrap();
        hosts.allow(&url.parse().unwrap())
    }

    #[test]
    fn only_allowed_hosts_match() {
        for (host, url, allowed) in [
            (
                "https://geo.ipify.org",
                "https://geo.ipify.org/api?a=b",
                true,
            ),
            ("https://geo.ipify.org/", "https://geo.ipify.org/", true),
            ("https://geo.ipify.org", "https://GEO.ipify.org:443/", true),
            ("https://geo.ipify.org", "http://geo.ipify.org/", false),
            (
                "https://geo.ipify.org",
                "https://geo.ipify.org:8443/",
                false,
            ),
            ("https://geo.ipify.org", "https://ipify.org/", false),
            (
                "https://geo.ipify.org",
                "https://geo.ipify.org.example/",
                false,
            ),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/", true),
            ("http://127.0.0.1:8080", "http://127.0.0.1/", false),
            ("http://127.0.0.1:*", "http://127.0.0.1:1/", true),
            ("http://[::1]:8080", "http://[::1]:8080/", true),
            ("http://[::1]", "http://[::1]/", true),
            ("https://*.ipify.org", "https://geo.ipify.org/", true),
            ("https://*.ipify.org", "https://ipify.org/", false),
            ("https://*.ipify.org", "https://notipify.org/", false),
            ("*://*:*", "http://elbonia.example:1/", true),
        ] {
            assert_eq!(allow(host, url), allowed, "{host} {url}");
        }
    }

    #[test]
    fn invalid_hosts_are_refused() {
        for host in [
            "",
            "*",
            "geo.ipify.org",
            "https://",
            "https://a/b",
            "https://a:b",
            "https://a*",
            "ftp://a",
            "https://:443",
        ] {
            assert!(
                AllowedHosts::parse(vec![host.to_owned()]).is_err(),
                "{host}"
            );
        }
        assert!(
            !AllowedHosts::parse(vec![])
                .unwrap()
                .allow(&"https://a".parse().unwrap())
        );
    }
}
