//! CORS: which web pages may read the answers ([Fetch standard]).
//!
//! [Fetch standard]: https://fetch.spec.whatwg.org/#http-cors-protocol

use super::request::Request;
use super::response::Response;
use super::route::METHODS;
use crate::origin::{AllowedOrigins, Origin};
use crate::runtime::Headers;

/// Adds the headers that tell a browser whether the page may read a response.
pub(crate) fn apply(allowed: &AllowedOrigins, request: &Request, response: &mut Response) {
    const ALLOW: &str = "access-control-allow-origin";
    match allowed {
        AllowedOrigins::Any => response.header(ALLOW, "*"),
        AllowedOrigins::Only(patterns) => {
            response.header("vary", "origin");
            let page = match request.headers.get("origin").as_slice() {
                [origin] => std::str::from_utf8(origin).ok().and_then(Origin::parse),
                _ => None,
            };
            let is_allowed = |page: &Origin| patterns.iter().any(|pattern| pattern.matches(page));
            let Some(page) = page.filter(is_allowed) else {
                return;
            };
            response.header(ALLOW, page.to_string());
            // A browser refuses this beside "*".
            response.header("access-control-allow-credentials", "true");
        }
    }
    let exposed = "cache-status, retry-after";
    response.header("access-control-expose-headers", exposed);
}

/// Returns the response to a preflight. A page that may read answers may send any
/// header. They are named, because `*` does not cover `Authorization`, nor any
/// header of a request with credentials.
pub(crate) fn preflight(headers: &dyn Headers) -> Response {
    let mut response = Response::empty(204);
    response.header("allow", METHODS);
    response.header("access-control-allow-methods", METHODS);
    let names = headers.get("access-control-request-headers").pop();
    let names = names.and_then(|names| String::from_utf8(names).ok());
    let is_list = |names: &String| {
        let mut bytes = names.bytes();
        bytes.all(|byte| byte.is_ascii_alphanumeric() || b"-_, ".contains(&byte))
    };
    match names.filter(is_list) {
        Some(names) => response.header("access-control-allow-headers", names),
        None => response.header("access-control-allow-headers", "*, authorization"),
    }
    response.header("access-control-max-age", "86400");
    response.header("vary", "access-control-request-headers");
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
        let credentials = || "access-control-allow-credentials: true".to_owned();
        let vary = || "vary: origin".to_owned();
        let list_of = |origin| vec![vary(), allow(origin), credentials(), expose()];
        for (setting, origin, expected) in [
            ("*", None, vec![allow("*"), expose()]),
            ("*", Some(elbonia), vec![allow("*"), expose()]),
            (list, Some(elbonia), list_of(elbonia)),
            (
                list,
                Some("http://localhost:8080"),
                list_of("http://localhost:8080"),
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
