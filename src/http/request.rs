//! The request, as far as geo looks at it.

/// A request to geo.
pub struct Request<'a> {
    /// The method.
    pub method: Method,
    /// Host and port that it was sent to, as the client wrote them.
    pub authority: &'a str,
    /// The path, still percent-encoded.
    pub path: &'a str,
    /// What follows the `?`, still percent-encoded.
    pub query: Option<&'a str>,
    /// The header lines.
    pub headers: &'a dyn Headers,
}

/// The methods that geo tells apart.
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

/// Header lines. They are asked for by name, so that a request with a hundred
/// of them costs no more than one with two.
pub trait Headers {
    /// The values of every line of that name, in order. They need not be text.
    /// `name` is in lower case.
    fn get(&self, name: &str) -> Vec<Vec<u8>>;
}

impl<'a> Request<'a> {
    /// A request for a path with an optional query, as it is on the wire.
    pub fn new(
        method: Method,
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
            authority,
            path,
            query,
            headers,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let request = Request::new(Method::Get, "geo.example", url, &headers);
            assert_eq!((request.path, request.query), (path, query), "{url}");
        }
    }
}
