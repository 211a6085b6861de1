//! The paths and methods of the interface.

use super::accept::Form;
use super::representation::Representation;
use super::request::{Method, Request};
use crate::fields::FIELDS;
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
        let route = Self::of_path(request.path, || Form::preferred(request.headers));
        let route = route.ok_or_else(not_found)?;
        match request.method {
            Method::Other => Err(method_not_allowed()),
            _ => Ok(route),
        }
    }

    /// `preferred` is the form that the client prefers, where that matters.
    fn of_path(path: &str, preferred: impl FnOnce() -> Form) -> Option<Self> {
        let path = path.strip_prefix('/')?;
        Some(match path {
            "openapi.json" => Self::OpenApi,
            "healthz" => Self::Health,
            _ if path.ends_with('/') => return None,
            _ => {
                let (address, what) = split_address(path);
                let representation = match what {
                    "" => preferred().into(),
                    "json" => Representation::Json,
                    name => {
                        let field = FIELDS.iter().find(|field| field.name == name);
                        Representation::Value(field?)
                    }
                };
                Self::Lookup(representation, address)
            }
        })
    }
}

/// Takes an address off the front of a path. Whether it is one is seen later:
/// every address starts with a digit or has a colon, and no other path does.
fn split_address(path: &str) -> (Option<String>, &str) {
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    let text = percent_decode_str(first).decode_utf8_lossy();
    let starts_with_digit = text.starts_with(|char: char| char.is_ascii_digit());
    if starts_with_digit || text.contains(':') {
        (Some(text.into_owned()), rest)
    } else {
        (None, path)
    }
}

fn not_found() -> Problem {
    Problem::new(
        Kind::NotFound,
        "There is nothing at this path. GET / tells where you are, \
         GET /openapi.json what else there is.",
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
    use crate::fields::Field;
    use proptest::prelude::*;
    use std::net::IpAddr;

    fn field(name: &str) -> &'static Field {
        FIELDS.iter().find(|field| field.name == name).unwrap()
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
            (Get, "/city/", Err("not-found")),
            (Get, "city", Err("not-found")),
            (Get, "/City", Err("not-found")),
            (Other, "/city", Err("method-not-allowed")),
            (Get, "/healthz", Ok(Route::Health)),
            (Options, "/", Ok(Route::Preflight)),
            (Options, "/elbonia", Ok(Route::Preflight)),
            (Other, "/", Err("method-not-allowed")),
            (Other, "/healthz", Err("method-not-allowed")),
            (Get, "/elbonia", Err("not-found")),
            (Other, "/elbonia", Err("not-found")),
            (Get, "//", Err("not-found")),
            (Get, "/healthz/", Err("not-found")),
            (Get, "/%68ealthz", Err("not-found")),
            (Get, "", Err("not-found")),
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
            ("/9.9.9.9/", None),
            ("/9.9.9.9//city", None),
            ("/9.9.9.9/city/", None),
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
}
