//! Which paths and methods there are.

use crate::http::representation::View;
use crate::http::request::{Method, Request};
use crate::http::value;
use crate::lookup::problem::{Kind, Problem};

/// What a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Route {
    /// Where is the caller, or another address?
    Lookup(View),
    /// What does geo answer?
    OpenApi,
    /// Does geo run?
    Health,
    /// May a browser's script ask? (The CORS preflight of the Fetch standard.)
    Preflight,
}

/// The methods that geo answers, for `Allow`.
pub const METHODS: &str = "GET, HEAD, OPTIONS";

/// Finds the route of a request.
///
/// # Errors
///
/// 404 for an unknown path, 405 for a method that geo does not answer.
pub fn of(request: &Request) -> Result<Route, Problem> {
    if request.method == Method::Options {
        // On any path: a browser's script may then read the 404 that follows.
        return Ok(Route::Preflight);
    }
    let route = match request.path {
        "/" => Route::Lookup(View::Negotiated),
        "/json" => Route::Lookup(View::Json),
        "/openapi.json" => Route::OpenApi,
        "/healthz" => Route::Health,
        path => match value::NAMES
            .iter()
            .find(|name| path.strip_prefix('/') == Some(name))
        {
            Some(name) => Route::Lookup(View::Value(name)),
            None => {
                return Err(Problem::new(
                    Kind::NotFound,
                    "There is nothing at this path. GET / tells where you are, \
                     GET /openapi.json what else there is.",
                ));
            }
        },
    };
    match request.method {
        Method::Other => Err(Problem::new(
            Kind::MethodNotAllowed,
            "Use GET or HEAD: geo only answers questions.",
        )
        .with_header("allow", METHODS.to_owned())),
        _ => Ok(route),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_methods() {
        use Method::*;
        let table = [
            (Get, "/", Ok(Route::Lookup(View::Negotiated))),
            (Head, "/", Ok(Route::Lookup(View::Negotiated))),
            (Get, "/?anything=else", Ok(Route::Lookup(View::Negotiated))),
            (Get, "/json", Ok(Route::Lookup(View::Json))),
            (Get, "/city", Ok(Route::Lookup(View::Value("city")))),
            (
                Head,
                "/as-name?x",
                Ok(Route::Lookup(View::Value("as-name"))),
            ),
            (Get, "/openapi.json", Ok(Route::OpenApi)),
            (Get, "/city/", Err(Kind::NotFound)),
            (Get, "city", Err(Kind::NotFound)),
            (Get, "/City", Err(Kind::NotFound)),
            (Other, "/city", Err(Kind::MethodNotAllowed)),
            (Get, "/healthz", Ok(Route::Health)),
            (Options, "/", Ok(Route::Preflight)),
            (Options, "/elbonia", Ok(Route::Preflight)),
            (Other, "/", Err(Kind::MethodNotAllowed)),
            (Other, "/healthz", Err(Kind::MethodNotAllowed)),
            (Get, "/elbonia", Err(Kind::NotFound)),
            (Other, "/elbonia", Err(Kind::NotFound)),
            (Get, "//", Err(Kind::NotFound)),
            (Get, "/healthz/", Err(Kind::NotFound)),
            (Get, "/%68ealthz", Err(Kind::NotFound)),
            (Get, "", Err(Kind::NotFound)),
        ];
        for (method, url, expected) in table {
            let headers: &[(&str, &str)] = &[];
            let found = of(&Request::new(method, "geo.example", url, &headers));
            assert_eq!(found.map_err(|p| p.kind), expected, "{method:?} {url}");
        }
    }
}
