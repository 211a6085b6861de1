//! Turns a request into what Spin passes to a component: matches the route, sets the
//! authority, and appends Spin's headers.
//!
//! Spin 4 does this in `crates/routes/src/lib.rs`, and in `server.rs` and
//! `headers.rs` of `crates/trigger-http/src`.

use anyhow::{Context, Result, bail, ensure};
use http::request::Parts;
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Uri, header};
use std::net::SocketAddr;

/// Returns the part of the path that matches the wildcard of a route, or `None` if
/// the route does not match.
///
/// Slashes at both ends of a path are ignored, and a path may lack the first one:
/// `OPTIONS *` matches `/...`.
pub fn path_info(route: &str, path: &str) -> Option<String> {
    let inner = path.trim_matches('/');
    let Some(base) = route.strip_suffix("/...") else {
        return (inner == route.trim_matches('/')).then(String::new);
    };
    let base = base.trim_matches('/');
    let rest = inner.strip_prefix(base)?;
    let rest = if base.is_empty() || rest.is_empty() {
        rest
    } else {
        rest.strip_prefix('/')?
    };
    let start = if rest.is_empty() { "" } else { "/" };
    let end = if path.ends_with('/') { "/" } else { "" };
    Some(format!("{start}{rest}{end}"))
}

/// Makes the request's URI absolute, with the authority of the `Host` header or of
/// the URI itself.
///
/// # Errors
///
/// If neither names an authority, the two differ, or the header is malformed. Spin
/// then cuts the connection without a response.
pub fn set_authority(request: &mut Parts) -> Result<()> {
    let mut uri = std::mem::take(&mut request.uri).into_parts();
    let host = request.headers.get(header::HOST).map(parse_host);
    uri.authority = match (host.transpose()?, uri.authority) {
        (Some(host), Some(authority)) => {
            ensure!(host == authority, "the Host header is not that of the URI");
            Some(host)
        }
        (None, None) => bail!("the request has no Host header"),
        (host, authority) => host.or(authority),
    };
    uri.scheme = Some(Scheme::HTTP);
    request.uri = Uri::from_parts(uri).context("the request has no path")?;
    Ok(())
}

fn parse_host(host: &HeaderValue) -> Result<Authority> {
    let host = host.to_str().context("the Host header is not ASCII")?;
    host.parse().context("the Host header is no authority")
}

/// Appends Spin's headers to a request from `client`, in Spin's order, after those of
/// the same name that the client sent.
///
/// # Errors
///
/// If the value of a header is not UTF-8. Spin then answers 500.
pub fn append_headers(
    request: &mut Parts,
    route: &str,
    path_info: &str,
    client: SocketAddr,
) -> Result<()> {
    for (name, value) in &request.headers {
        std::str::from_utf8(value.as_bytes())
            .with_context(|| format!("the header {name} is not UTF-8"))?;
    }
    let host = request.headers.get(header::HOST);
    let host = host.map_or(&b"localhost"[..], HeaderValue::as_bytes);
    let path = request.uri.path_and_query();
    let path = path.map_or("/", |path| path.as_str());
    let full_url = [b"http://", host, path.as_bytes()].concat();
    let lines = [
        ("spin-path-info", path_info.as_bytes()),
        ("spin-full-url", &full_url),
        ("spin-matched-route", without_slash(route).as_bytes()),
        ("spin-base-path", b"/"),
        ("spin-raw-component-route", route.as_bytes()),
        (
            "spin-component-route",
            route.strip_suffix("/...").unwrap_or(route).as_bytes(),
        ),
        ("spin-client-addr", client.to_string().as_bytes()),
    ]
    .map(|(name, value)| (name, HeaderValue::from_bytes(value)));
    for (name, value) in lines {
        request.headers.append(name, value?);
    }
    Ok(())
}

fn without_slash(route: &str) -> &str {
    route.strip_suffix('/').unwrap_or(route)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;
    use std::net::{IpAddr, Ipv4Addr};

    const CLIENT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 5000);

    fn parts(request: http::request::Builder) -> Parts {
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn routes_match_as_in_spin() {
        for (route, path, expected) in [
            ("/...", "/", Some("/")),
            ("/...", "/a/b", Some("/a/b")),
            ("/...", "/a/b/", Some("/a/b/")),
            ("/...", "//a", Some("/a")),
            ("/...", "*", Some("/*")),
            ("/geo/...", "/geo", Some("")),
            ("/geo/...", "/geo/", Some("/")),
            ("/geo/...", "/geo/ip", Some("/ip")),
            ("/geo/...", "/geology", None),
            ("/geo/...", "*", None),
            ("/geo", "/geo", Some("")),
            ("/geo", "/geo/", Some("")),
            ("/geo", "/geo/ip", None),
        ] {
            let found = path_info(route, path);
            assert_eq!(found.as_deref(), expected, "{route} {path}");
        }
    }

    #[test]
    fn the_authority_is_that_of_host_or_uri() {
        for (uri, host, expected) in [
            (
                "/",
                Some(&b"elbonia.example:80"[..]),
                "http://elbonia.example:80/",
            ),
            ("*", Some(b"elbonia.example"), "http://elbonia.example*"),
            ("http://elbonia.example/", None, "http://elbonia.example/"),
            (
                "http://elbonia.example/a?b",
                Some(b"elbonia.example"),
                "http://elbonia.example/a?b",
            ),
        ] {
            let mut request = Request::get(uri);
            if let Some(host) = host {
                request = request.header("host", host);
            }
            let mut parts = parts(request);
            set_authority(&mut parts).unwrap();
            assert_eq!(parts.uri.to_string(), expected);
        }
    }

    #[test]
    fn a_missing_or_invalid_authority_is_refused() {
        for (uri, host) in [
            ("/", None),
            ("/", Some(&b"\xff"[..])),
            ("/", Some("zürich.example".as_bytes())),
            ("/", Some(b"")),
            ("/", Some(b"mud mud")),
            ("http://elbonia.example/", Some(b"mud.example")),
        ] {
            let mut request = Request::get(uri);
            if let Some(host) = host {
                request = request.header("host", host);
            }
            assert!(
                set_authority(&mut parts(request)).is_err(),
                "{uri} {host:?}"
            );
        }
        let mut parts = parts(Request::connect("elbonia.example:443"));
        assert!(set_authority(&mut parts).is_err(), "CONNECT has no path");
    }

    #[test]
    fn spins_own_headers_come_last() {
        let request = Request::get("/json?ip=8.8.8.8")
            .header("host", "elbonia.example")
            .header("spin-client-addr", "6.6.6.6:6");
        let mut parts = parts(request);
        append_headers(&mut parts, "/...", "/json", CLIENT).unwrap();
        let lines: Vec<_> = parts.headers.get_all("spin-client-addr").iter().collect();
        assert_eq!(lines, ["6.6.6.6:6", "127.0.0.1:5000"]);
        let url = &parts.headers["spin-full-url"];
        assert_eq!(url, "http://elbonia.example/json?ip=8.8.8.8");
        assert_eq!(parts.headers["spin-path-info"], "/json");
    }

    #[test]
    fn a_header_has_to_be_utf_8() {
        for (value, is_good) in [(&b"\xff"[..], false), ("Zürich".as_bytes(), true)] {
            let mut parts = parts(Request::get("/").header("x-city", value));
            let appended = append_headers(&mut parts, "/...", "/", CLIENT);
            assert_eq!(appended.is_ok(), is_good, "{value:?}");
        }
    }
}
