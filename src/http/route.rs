//! The paths and methods of the interface.

use super::accept::Form;
use super::problem::Problem;
use super::representation::Representation;
use super::request::{Method, Request};
use super::value::Value;

/// What a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// Where an address is.
    Lookup(Representation),
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
    /// Finds the route of a request whose client prefers a form.
    ///
    /// # Errors
    ///
    /// 404 for an unknown path, 405 for a method that geo does not answer.
    pub(crate) fn find(request: &Request, preferred: Form) -> Result<Self, Box<Problem>> {
        if request.method == Method::Options {
            // On any path: a page may then read the 404 that follows.
            return Ok(Self::Preflight);
        }
        let route = match request.path {
            "/" => Self::Lookup(preferred.into()),
            "/json" => Self::Lookup(Representation::Json),
            "/openapi.json" => Self::OpenApi,
            "/healthz" => Self::Health,
            path => path
                .strip_prefix('/')
                .and_then(Value::from_name)
                .map(|value| Self::Lookup(Representation::Value(value)))
                .ok_or_else(Problem::not_found)?,
        };
        match request.method {
            Method::Other => Err(Problem::method_not_allowed()),
            _ => Ok(route),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_methods() {
        use Method::*;
        let table = [
            (Get, "/", Ok(Route::Lookup(Representation::Html))),
            (Head, "/", Ok(Route::Lookup(Representation::Html))),
            (
                Get,
                "/?anything=else",
                Ok(Route::Lookup(Representation::Html)),
            ),
            (Get, "/json", Ok(Route::Lookup(Representation::Json))),
            (
                Get,
                "/city",
                Ok(Route::Lookup(Representation::Value(Value::City))),
            ),
            (
                Head,
                "/as-name?x",
                Ok(Route::Lookup(Representation::Value(Value::AsName))),
            ),
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
            let headers: &[(&str, &str)] = &[];
            let request = Request::new(method, false, "geo.example", url, &headers);
            let found = Route::find(&request, Form::Html).map_err(|problem| problem.slug);
            assert_eq!(found, expected, "{method:?} {url}");
        }
    }
}
