//! CORS: which web pages may read the answers ([Fetch standard]).
//!
//! [Fetch standard]: https://fetch.spec.whatwg.org/#http-cors-protocol

use super::request::Request;
use super::response::Response;
use super::route::METHODS;
use crate::origin::{AllowedOrigins, Origin};

/// Adds the headers that tell a browser whether the page may read a
/// response.
pub(crate) fn apply(allowed: &AllowedOrigins, request: &Request, response: &mut Response) {
    const ALLOW: &str = "access-control-allow-origin";
    const EXPOSE: &str = "access-control-expose-headers";
    const EXPOSED: &str = "cache-status, retry-after";
    match allowed {
        AllowedOrigins::Any => {
            response.header(ALLOW, "*");
            response.header(EXPOSE, EXPOSED);
        }
        AllowedOrigins::Only(origins) => {
            let asking = match request.headers.get("origin").as_slice() {
                [origin] => std::str::from_utf8(origin).ok().and_then(Origin::parse),
                _ => None,
            };
            if let Some(origin) = asking.filter(|origin| origins.contains(origin)) {
                response.header(ALLOW, origin.to_string());
                response.header(EXPOSE, EXPOSED);
            }
            response.header("vary", "origin");
        }
    }
}

/// Returns the response to a preflight. A page that may read answers may send any
/// header.
pub(crate) fn preflight() -> Response {
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
    use crate::http::request::tests::get;

    /// Returns the headers for a page of `origin` where `cors_origin` is
    /// `setting`.
    fn headers(setting: &str, origin: Option<&str>) -> Vec<String> {
        let allowed = AllowedOrigins::parse(setting).unwrap();
        let headers: Vec<_> = origin
            .map(|origin| ("origin", origin))
            .into_iter()
            .collect();
        let mut response = Response::empty(204);
        apply(&allowed, &get("/", &headers.as_slice()), &mut response);
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
        let expose = || "access-control-expose-headers: cache-status, retry-after".to_owned();
        let vary = || "vary: origin".to_owned();
        for (setting, origin, expected) in [
            ("*", None, vec![allow("*"), expose()]),
            ("*", Some(elbonia), vec![allow("*"), expose()]),
            (list, Some(elbonia), vec![allow(elbonia), expose(), vary()]),
            (
                list,
                Some("http://localhost:8080"),
                vec![allow("http://localhost:8080"), expose(), vary()],
            ),
            (list, Some("http://elbonia.example"), vec![vary()]),
            (list, Some("https://elbonia.example:8443"), vec![vary()]),
            (list, Some("null"), vec![vary()]),
            (list, None, vec![vary()]),
        ] {
            assert_eq!(headers(setting, origin), expected, "{setting} {origin:?}");
        }
    }
}
