//! Which web pages may read the answers: CORS, as the [Fetch] standard has it.
//!
//! [Fetch]: https://fetch.spec.whatwg.org/#http-cors-protocol

use crate::host::Variables;
use crate::http::request::Request;
use crate::http::response::Response;
use crate::http::route::METHODS;
use crate::lookup::problem::Problem;
use crate::lookup::settings::{self, Origin};

/// The pages that may read answers in a browser.
#[derive(Debug, PartialEq, Eq)]
pub enum Policy {
    /// All pages.
    Anyone,
    /// The pages of these origins.
    Only(Vec<Origin>),
}

impl Policy {
    /// Reads `cors_origin`: `*`, or origins between commas or spaces. Apart
    /// from the other settings, because a page has to be able to read the
    /// problem of another one.
    ///
    /// # Errors
    ///
    /// 500 where it is neither.
    pub fn load(variables: &dyn Variables) -> Result<Self, Problem> {
        const NAME: &str = "cors_origin";
        let Some(value) = settings::read(variables, NAME)? else {
            return Ok(Policy::Anyone);
        };
        if value == "*" {
            return Ok(Policy::Anyone);
        }
        value
            .split([',', ' '])
            .filter(|origin| !origin.is_empty())
            .map(Origin::parse)
            .collect::<Option<_>>()
            .filter(|origins: &Vec<_>| !origins.is_empty())
            .map(Policy::Only)
            .ok_or_else(|| {
                settings::malformed(
                    NAME,
                    "* or a list of origins like https://example.com, with commas between",
                )
            })
    }

    /// Says in a response whether the page that asked may read it.
    pub fn apply(&self, request: &Request, response: &mut Response) {
        const ALLOW: &str = "access-control-allow-origin";
        match self {
            Policy::Anyone => response.header(ALLOW, "*"),
            Policy::Only(origins) => {
                let asking = match request.headers.get("origin").as_slice() {
                    [origin] => std::str::from_utf8(origin).ok().and_then(Origin::parse),
                    _ => None,
                };
                if let Some(origin) = asking.filter(|origin| origins.contains(origin)) {
                    response.header(ALLOW, origin.to_string());
                }
                response.header("vary", "origin");
            }
        }
    }
}

/// The answer to a preflight: whoever may read, may send any header along.
pub fn preflight() -> Response {
    let mut response = Response::empty(204);
    response.header("allow", METHODS);
    response.header("access-control-allow-methods", METHODS);
    response.header("access-control-allow-headers", "*");
    response.header("access-control-max-age", "86400");
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::request::Method;
    use crate::lookup::settings::tests::Table;

    /// What a page of `origin` is told where `cors_origin` is `setting`.
    fn told(setting: &str, origin: Option<&str>) -> Vec<String> {
        let policy = Policy::load(&Table(vec![("cors_origin", setting)])).unwrap();
        let headers: Vec<_> = origin
            .map(|origin| ("origin", origin))
            .into_iter()
            .collect();
        let mut response = Response::empty(204);
        let headers = headers.as_slice();
        policy.apply(
            &Request::new(Method::Get, "geo.example", "/", &headers),
            &mut response,
        );
        let lines = response.headers.iter();
        lines
            .map(|(name, value)| format!("{name}: {value}"))
            .collect()
    }

    #[test]
    fn pages_that_may_read() {
        let elbonia = "https://elbonia.example";
        let list = "https://elbonia.example, http://localhost:8080";
        let allow = |origin| format!("access-control-allow-origin: {origin}");
        let vary = || "vary: origin".to_owned();
        for (setting, origin, expected) in [
            ("", None, vec![allow("*")]),
            ("*", Some(elbonia), vec![allow("*")]),
            (list, Some(elbonia), vec![allow(elbonia), vary()]),
            (
                list,
                Some("http://localhost:8080"),
                vec![allow("http://localhost:8080"), vary()],
            ),
            (list, Some("http://elbonia.example"), vec![vary()]),
            (list, Some("https://elbonia.example:8443"), vec![vary()]),
            (list, Some("null"), vec![vary()]),
            (list, None, vec![vary()]),
        ] {
            assert_eq!(told(setting, origin), expected, "{setting} {origin:?}");
        }
    }

    #[test]
    fn what_is_no_list_of_origins() {
        for setting in [
            "elbonia.example",
            "https://elbonia.example/path",
            "*, https://a",
            "null",
            ",",
        ] {
            assert!(
                Policy::load(&Table(vec![("cors_origin", setting)])).is_err(),
                "{setting}"
            );
        }
    }
}
