//! The paths and methods of the interface.

use super::accept::Form;
use super::representation::Representation;
use super::request::{Method, Request};
use crate::fields;
use crate::problem::{Kind, Problem};
use percent_encoding::percent_decode_str;

/// What a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// Where an address is: that of the path, else that of `?ip=` or the
    /// client's.
    Lookup(Representation, Option<String>),
    /// The description of the interface.
    OpenApi,
    /// Whether geo runs.
    Health,
    /// Whether geo can answer.
    Readiness,
    /// What crawlers may visit.
    Robots,
    /// Whether a web page may ask: a CORS preflight.
    Preflight,
}

/// The methods that geo answers, for `Allow`.
pub(crate) const METHODS: &str = "GET, HEAD, OPTIONS";

impl Route {
    /// Finds the route of a request.
    ///
    /// # Errors
    ///
    /// [`Kind::NotFound`] and [`Kind::MethodNotAllowed`].
    pub(crate) fn find(request: &Request) -> Result<Self, Problem> {
        if request.method == Method::Options {
            // On any path: a page may then read the 404 that follows.
            return Ok(Self::Preflight);
        }
        let route = Self::of_path(request.path, || Form::of(request));
        let route = route.ok_or_else(not_found)?;
        match request.method {
            Method::Other => Err(method_not_allowed()),
            _ => Ok(route),
        }
    }

    /// `form` is the form that the client asks for, where that matters.
    fn of_path(path: &str, form: impl FnOnce() -> Form) -> Option<Self> {
        let path = path.strip_prefix('/').unwrap_or(path);
        let path = path.strip_suffix('/').unwrap_or(path);
        Some(match path {
            "openapi.json" => Self::OpenApi,
            "healthz" => Self::Health,
            "readyz" => Self::Readiness,
            "robots.txt" => Self::Robots,
            _ => {
                let (address, what) = split_address(path);
                let representation = match what {
                    "" => form().into(),
                    "json" => Representation::Json,
                    name if address.is_none() && is_of_ipify(name) => Representation::Json,
                    name => Representation::Value(fields::find(name)?),
                };
                Self::Lookup(representation, address)
            }
        })
    }
}

/// Whether it is a path of ipify's API.
fn is_of_ipify(path: &str) -> bool {
    let tier = path.strip_prefix("api/v2/").map(percent_decode_str);
    let tier = tier.and_then(|tier| tier.decode_utf8().ok());
    path == "api/v1"
        || tier
            .is_some_and(|tier| matches!(&*tier, "country" | "country,city" | "country,city,vpn"))
}

/// Takes an address out of a path: `ADDRESS/…` or `json/ADDRESS`. Whether it is
/// one is seen later: every address starts with a digit or has a colon, and no
/// other path does.
fn split_address(path: &str) -> (Option<String>, &str) {
    let (text, what) = match path.strip_prefix("json/") {
        Some(text) => (text, "json"),
        None => path.split_once('/').unwrap_or((path, "")),
    };
    let text = percent_decode_str(text).decode_utf8_lossy();
    let has_digit = text.starts_with(|char: char| char.is_ascii_digit());
    if has_digit || text.contains(':') {
        (Some(text.into_owned()), what)
    } else {
        (None, path)
    }
}

fn not_found() -> Problem {
    Problem::new(
        Kind::NotFound,
        "There is no such path. GET / returns your location, \
         GET /openapi.json lists all paths.",
    )
}

fn method_not_allowed() -> Problem {
    Problem::new(
        Kind::MethodNotAllowed,
        "Only GET, HEAD and OPTIONS are supported.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::{FIELDS, Field};
    use proptest::prelude::*;
    use std::net::IpAddr;

    fn field(name: &str) -> &'static Field {
        fields::find(name).unwrap()
    }

    proptest! {
        #[test]
        fn every_address_is_taken_for_one(address: IpAddr) {
            let address = address.to_string();
            let route = |representation| Some(Route::Lookup(representation, Some(address.clone())));
            let plain = Route::of_path(&format!("/{address}/json"), || Form::Html);
            prop_assert_eq!(plain, route(Representation::Json));
            let encoded: String = address.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let encoded = Route::of_path(&format!("/{encoded}"), || Form::Html);
            prop_assert_eq!(encoded, route(Representation::Html));
        }

        #[test]
        fn no_path_panics(path in "[/:%0-9a-fé]{0,20}", any: String) {
            Route::of_path(&format!("/{path}"), || Form::Html);
            Route::of_path(&any, || Form::Html);
        }
    }

    #[test]
    fn paths_and_methods() {
        use Method::*;
        let route = |representation| Ok(Route::Lookup(representation, None));
        let value = |name| route(Representation::Value(field(name)));
        let table = [
            (Get, "/", route(Representation::Html)),
            (Head, "/", route(Representation::Html)),
            (Get, "/?anything=else", route(Representation::Html)),
            (Get, "/json", route(Representation::Json)),
            (Get, "/city", value("city")),
            (Head, "/as-name?x", value("as-name")),
            (Get, "/openapi.json", Ok(Route::OpenApi)),
            (Get, "/city/", value("city")),
            (Get, "", route(Representation::Html)),
            (Get, "/json/", route(Representation::Json)),
            (Get, "/?format=json", route(Representation::Json)),
            (
                Get,
                "/?format=text&format=json",
                route(Representation::Text),
            ),
            (Get, "/country_code", value("country")),
            (Get, "/postal", value("postal-code")),
            (Get, "/api/v1?apiKey=at_x", route(Representation::Json)),
            (Get, "/api/v2/country", route(Representation::Json)),
            (Get, "/api/v2/country,city", route(Representation::Json)),
            (
                Get,
                "/api/v2/country%2Ccity,vpn/",
                route(Representation::Json),
            ),
            (Get, "/api/v2/elbonia", Err("not-found")),
            (Get, "/api/v2", Err("not-found")),
            (Get, "/readyz", Ok(Route::Readiness)),
            (Get, "/robots.txt", Ok(Route::Robots)),
            (Get, "/City", Err("not-found")),
            (Other, "/city", Err("method-not-allowed")),
            (Get, "/healthz", Ok(Route::Health)),
            (Options, "/", Ok(Route::Preflight)),
            (Options, "/elbonia", Ok(Route::Preflight)),
            (Other, "/", Err("method-not-allowed")),
            (Other, "/healthz", Err("method-not-allowed")),
            (Get, "/elbonia", Err("not-found")),
            (Other, "/elbonia", Err("not-found")),
            (Get, "//city", Err("not-found")),
            (Get, "/city//", Err("not-found")),
            (Get, "/healthz/", Ok(Route::Health)),
            (Get, "/%68ealthz", Err("not-found")),
        ];
        for (method, url, expected) in table {
            let headers: &[(&str, &str)] = &[("accept", "text/html")];
            let request = Request::new(method, false, "geo.example", url, &headers);
            let found = Route::find(&request).map_err(|problem| problem.kind.slug());
            assert_eq!(found, expected, "{method:?} {url}");
        }
    }

    #[test]
    fn paths_with_an_address() {
        use Representation::{Html, Json, Value as One};
        let quad9 = Some("2620:fe::fe");
        for (path, expected) in [
            ("/9.9.9.9", Some((Html, Some("9.9.9.9")))),
            ("/9.9.9.9/json", Some((Json, Some("9.9.9.9")))),
            ("/9.9.9.9/city", Some((One(field("city")), Some("9.9.9.9")))),
            ("/%39.9.9.9", Some((Html, Some("9.9.9.9")))),
            ("/2620:fe::fe", Some((Html, quad9))),
            ("/2620%3Afe%3a%3afe", Some((Html, quad9))),
            ("/2620%3Afe::fe/ip", Some((One(field("ip")), quad9))),
            ("/::", Some((Html, Some("::")))),
            ("/fe80::1%25eth0", Some((Html, Some("fe80::1%eth0")))),
            // Taken for an address, which is then found invalid.
            ("/9.9.9", Some((Html, Some("9.9.9")))),
            ("/404.html", Some((Html, Some("404.html")))),
            ("/elbonia:80", Some((Html, Some("elbonia:80")))),
            ("/9.9.9.9%20", Some((Html, Some("9.9.9.9 ")))),
            ("/9.9.9.9+", Some((Html, Some("9.9.9.9+")))),
            ("/9.9.9.9/", Some((Html, Some("9.9.9.9")))),
            ("/9.9.9.9/json/", Some((Json, Some("9.9.9.9")))),
            (
                "/9.9.9.9/latitude",
                Some((One(field("lat")), Some("9.9.9.9"))),
            ),
            ("/json/9.9.9.9", Some((Json, Some("9.9.9.9")))),
            ("/json/2620%3Afe::fe", Some((Json, quad9))),
            ("/json/elbonia", None),
            ("/json/9.9.9.9/city", Some((Json, Some("9.9.9.9/city")))),
            ("/9.9.9.9/api/v1", None),
            ("/9.9.9.9//city", None),
            (
                "/9.9.9.9/city/",
                Some((One(field("city")), Some("9.9.9.9"))),
            ),
            ("/9.9.9.9/elbonia", None),
            ("/9.9.9.9/healthz", None),
            ("/9.9.9.9/openapi.json", None),
            ("/9.9.9.9/8.8.8.8", None),
            ("/9.9.9.9%2Fcity", Some((Html, Some("9.9.9.9/city")))),
            ("/elbonia/city", None),
            ("/city/9.9.9.9", None),
            ("/9.9.9.9%", Some((Html, Some("9.9.9.9%")))),
            ("/9.9.9.9%2", Some((Html, Some("9.9.9.9%2")))),
            ("/9.9.9.9%+1", Some((Html, Some("9.9.9.9%+1")))),
            ("/%ff::", Some((Html, Some("\u{fffd}::")))),
        ] {
            let expected = expected.map(|(representation, address)| {
                Route::Lookup(representation, address.map(str::to_owned))
            });
            assert_eq!(Route::of_path(path, || Form::Html), expected, "{path}");
        }
    }

    #[test]
    fn names_and_aliases_are_unique() {
        let mut seen = Vec::new();
        for field in &FIELDS {
            for name in field.aliases.iter().chain([&field.name]) {
                assert!(!seen.contains(name), "{name}");
                assert_eq!(fields::find(name), Some(field));
                seen.push(name);
            }
        }
        assert_eq!(fields::find("elbonia"), None);
    }
}
