//! The headers that Spin adds to a request, in Spin's order.
//!
//! Spin appends: a client that sends a header of the same name comes first.
//! See `compute_default_headers` in Spin's `crates/trigger-http/src/headers.rs`.

use http::request::Parts;
use http::{HeaderValue, header};
use std::net::SocketAddr;

/// The part of the path that a route leaves to the component: all that a
/// trailing wildcard stands for. `None` where the route does not match.
pub fn path_info<'a>(route: &str, path: &'a str) -> Option<&'a str> {
    match route.strip_suffix("/...") {
        Some(base) => path
            .strip_prefix(base)
            .filter(|rest| rest.is_empty() || rest.starts_with('/')),
        None => (path == route).then_some(""),
    }
}

/// Adds Spin's headers to a request that came from `client`.
pub fn append(request: &mut Parts, route: &str, path_info: &str, client: SocketAddr) {
    let host = request.headers.get(header::HOST);
    let host = host
        .and_then(|host| host.to_str().ok())
        .unwrap_or("localhost");
    let path = request
        .uri
        .path_and_query()
        .map_or("/", |path| path.as_str());
    let lines = [
        ("spin-path-info", path_info.to_owned()),
        ("spin-full-url", format!("http://{host}{path}")),
        ("spin-matched-route", route.to_owned()),
        ("spin-base-path", "/".to_owned()),
        ("spin-raw-component-route", route.to_owned()),
        (
            "spin-component-route",
            route.strip_suffix("/...").unwrap_or(route).to_owned(),
        ),
        ("spin-client-addr", client.to_string()),
    ];
    // It is about the connection to the server, not about the request.
    request.headers.remove(header::CONNECTION);
    for (name, value) in lines {
        if let Ok(value) = HeaderValue::from_str(&value) {
            request.headers.append(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_match_as_in_spin() {
        for (route, path, expected) in [
            ("/...", "/", Some("/")),
            ("/...", "/a/b", Some("/a/b")),
            ("/geo/...", "/geo", Some("")),
            ("/geo/...", "/geo/ip", Some("/ip")),
            ("/geo/...", "/geology", None),
            ("/geo", "/geo", Some("")),
            ("/geo", "/geo/", None),
        ] {
            assert_eq!(path_info(route, path), expected, "{route} {path}");
        }
    }

    #[test]
    fn spins_own_comes_last() {
        let request = http::Request::get("/json?ip=8.8.8.8")
            .header("host", "elbonia.example")
            .header("connection", "keep-alive")
            .header("spin-client-addr", "6.6.6.6:6");
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        append(&mut parts, "/...", "/json", ([127, 0, 0, 1], 5000).into());
        let lines: Vec<_> = parts.headers.get_all("spin-client-addr").iter().collect();
        assert_eq!(lines, ["6.6.6.6:6", "127.0.0.1:5000"]);
        let url = &parts.headers["spin-full-url"];
        assert_eq!(url, "http://elbonia.example/json?ip=8.8.8.8");
        assert_eq!(parts.headers["spin-path-info"], "/json");
        assert!(!parts.headers.contains_key("connection"));
    }
}
