//! The request, as far as geo reads it.

use crate::runtime::Headers;

/// A request to geo.
pub struct Request<'a> {
    /// The method.
    pub method: Method,
    /// Whether the client's connection uses TLS, as far as the host knows.
    pub https: bool,
    /// The host and port that it was sent to, as the client wrote them.
    pub authority: &'a str,
    /// The path, still percent-encoded.
    pub path: &'a str,
    /// What follows the `?`, still percent-encoded.
    pub query: Option<&'a str>,
    /// The header lines.
    pub headers: &'a dyn Headers,
}

/// The methods that geo knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// HEAD
    Head,
    /// OPTIONS
    Options,
    /// Any other: not allowed.
    Other,
}

impl<'a> Request<'a> {
    /// Creates a request for a path with an optional query.
    pub fn new(
        method: Method,
        https: bool,
        authority: &'a str,
        path_with_query: &'a str,
        headers: &'a dyn Headers,
    ) -> Self {
        let (path, query) = match path_with_query.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (path_with_query, None),
        };
        Self {
            method,
            https,
            authority,
            path,
            query,
            headers,
        }
    }

    /// Returns the URL of geo's root, as the client would write it. A proxy
    /// that takes TLS off says so in `X-Forwarded-Proto`.
    pub(crate) fn base_url(&self) -> String {
        let forwarded = self.headers.get("x-forwarded-proto");
        let is_https = self.https || forwarded == [b"https"];
        let scheme = if is_https { "https" } else { "http" };
        // An absolute-form target may carry user information.
        let host = self.authority.rsplit('@').next().unwrap_or_default();
        format!("{scheme}://{host}")
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Returns a GET request.
    pub(crate) fn get<'a>(url: &'a str, headers: &'a dyn Headers) -> Request<'a> {
        Request::new(Method::Get, false, "geo.example", url, headers)
    }

    impl Headers for &[(&str, &str)] {
        fn get(&self, name: &str) -> Vec<Vec<u8>> {
            self.iter()
                .filter(|line| line.0 == name)
                .map(|line| line.1.as_bytes().to_vec())
                .collect()
        }
    }

    #[test]
    fn the_query_starts_at_the_first_question_mark() {
        let headers: &[(&str, &str)] = &[];
        for (url, path, query) in [
            ("/", "/", None),
            ("/?", "/", Some("")),
            ("/json?ip=8.8.8.8", "/json", Some("ip=8.8.8.8")),
            ("/?a=?", "/", Some("a=?")),
            ("", "", None),
        ] {
            let request = get(url, &headers);
            assert_eq!((request.path, request.query), (path, query), "{url}");
        }
    }

    #[test]
    fn base_urls() {
        for (https, authority, forwarded, expected) in [
            (false, "geo.example", "", "http://geo.example"),
            (true, "geo.example", "", "https://geo.example"),
            (false, "geo.example:3000", "http", "http://geo.example:3000"),
            (false, "geo.example", "https", "https://geo.example"),
            (false, "user:pass@geo.example", "", "http://geo.example"),
        ] {
            let headers: &[(&str, &str)] = &[("x-forwarded-proto", forwarded)];
            let request = Request::new(Method::Get, https, authority, "/", &headers);
            assert_eq!(request.base_url(), expected);
        }
    }
}
