//! The request, as far as geo reads it.

use crate::runtime::Headers;

/// A request to geo.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The method.
    pub method: Method,
    /// Whether the client's connection uses TLS, as far as the host knows.
    pub https: bool,
    /// The host and port that it was sent to, as the client wrote them.
    pub authority: &'a str,
    /// Whether Spin has appended its headers.
    is_on_spin: bool,
    /// The path below which geo is mounted, still percent-encoded; empty where
    /// that is the root.
    mount: &'a str,
    /// The path below it, still percent-encoded.
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
            is_on_spin: false,
            mount: "",
            path,
            query,
            headers,
        }
    }

    /// Returns the request as one that Spin hands on: a header says which part of
    /// the path the route leaves to geo.
    pub(crate) fn on_spin(mut self) -> Self {
        self.is_on_spin = true;
        // Spin appends its own line after those of the client, which may be
        // forged.
        let path_info = self.headers.get("spin-path-info").pop();
        let path_info = path_info.and_then(|path| String::from_utf8(path).ok());
        let mount = path_info.and_then(|path_info| self.path.strip_suffix(&path_info));
        let Some((mount, path)) = mount.and_then(|mount| self.path.split_at_checked(mount.len()))
        else {
            return self;
        };
        Self {
            mount,
            path,
            ..self
        }
    }

    /// Returns the first value of a parameter of the query.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let mut values = self.parameters().filter(|parameter| parameter.0 == name);
        values.next().map(|(_, value)| value.into_owned())
    }

    /// Returns the parameters of the query.
    pub(crate) fn parameters(&self) -> form_urlencoded::Parse<'a> {
        form_urlencoded::parse(self.query.unwrap_or_default().as_bytes())
    }

    /// Returns the path of geo's root, as the client sees it, without a slash at
    /// its end: the prefix that a proxy took off, and the path below which geo
    /// is mounted.
    pub(crate) fn root(&self) -> String {
        let forwarded = self.headers.get("x-forwarded-prefix");
        let forwarded = match forwarded.as_slice() {
            [prefix] => std::str::from_utf8(prefix).unwrap_or_default(),
            _ => "",
        };
        segments(forwarded) + &segments(self.mount)
    }

    /// Returns the URL of geo's root, as the client would write it, without a
    /// slash at its end.
    pub(crate) fn base_url(&self) -> String {
        // An absolute-form target may carry user information.
        let host = self.authority.rsplit('@').next().unwrap_or_default();
        let scheme = if self.is_https() { "https" } else { "http" };
        format!("{scheme}://{host}{}", self.root())
    }

    /// Returns whether the client's connection uses TLS: by `X-Forwarded-Proto`,
    /// whose first element is about the client, else by Spin or another host.
    fn is_https(&self) -> bool {
        match self.headers.get("x-forwarded-proto").first() {
            Some(value) => is_https(value),
            None if self.is_on_spin => {
                let url = self.headers.get("spin-full-url").pop();
                self.https || url.is_some_and(|url| is_https(&url))
            }
            None => self.https,
        }
    }
}

/// Returns whether a scheme, the first of a list of them or a URL is HTTPS.
fn is_https(value: &[u8]) -> bool {
    let scheme = value.trim_ascii_start().get(..5);
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"https"))
}

/// Returns the path of these segments, each after one slash. It is empty unless
/// all of it is made of characters that are safe in a link, so that what a client
/// forges makes no link leave the origin.
fn segments(path: &str) -> String {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~%!$()*+,;=:@".contains(&byte);
    let mut segments = String::new();
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        if matches!(segment, "." | "..") {
            return String::new();
        }
        segments.push('/');
        segments += segment;
    }
    if path.bytes().all(is_safe) {
        segments
    } else {
        String::new()
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

    /// Returns the URL of geo's root, and the path below it.
    fn mounted(https: bool, authority: &str, path: &str, headers: &[(&str, &str)]) -> [String; 2] {
        let request = Request::new(Method::Get, https, authority, path, &headers).on_spin();
        [request.base_url(), request.path.to_owned()]
    }

    #[test]
    fn schemes_and_hosts() {
        for (https, authority, headers, expected) in [
            (false, "geo.example", &[][..], "http://geo.example"),
            (true, "geo.example", &[], "https://geo.example"),
            (
                false,
                "geo.example:3000",
                &[("x-forwarded-proto", "http")],
                "http://geo.example:3000",
            ),
            (
                false,
                "geo.example",
                &[("x-forwarded-proto", "https")],
                "https://geo.example",
            ),
            (
                false,
                "geo.example",
                &[("x-forwarded-proto", "HTTPS")],
                "https://geo.example",
            ),
            (
                false,
                "geo.example",
                &[("x-forwarded-proto", "https,http")],
                "https://geo.example",
            ),
            (
                true,
                "geo.example",
                &[("x-forwarded-proto", "http, https")],
                "http://geo.example",
            ),
            (
                false,
                "geo.example",
                &[("spin-full-url", "https://geo.example/")],
                "https://geo.example",
            ),
            (
                false,
                "geo.example",
                &[
                    ("spin-full-url", "https://forged/"),
                    ("spin-full-url", "http://geo.example/"),
                ],
                "http://geo.example",
            ),
            (false, "user:pass@geo.example", &[], "http://geo.example"),
        ] {
            assert_eq!(mounted(https, authority, "/", headers)[0], expected);
        }
    }

    #[test]
    fn mounts_and_prefixes() {
        for (path, path_info, prefix, root, rest) in [
            ("/json", "/json", "", "", "/json"),
            ("/geo/json", "/json", "", "/geo", "/json"),
            ("/geo", "", "", "/geo", ""),
            ("/geo/", "/", "", "/geo", "/"),
            ("//a//geo/json", "/json", "", "/a/geo", "/json"),
            ("/a%22b/json", "/json", "", "/a%22b", "/json"),
            ("/a\"b/json", "/json", "", "", "/json"),
            ("/json", "/elbonia", "", "", "/json"),
            ("/", "/", "/geo", "/geo", "/"),
            ("/", "/", "/geo/", "/geo", "/"),
            ("/", "/", "geo", "/geo", "/"),
            ("/b/json", "/json", "/a", "/a/b", "/json"),
            ("/", "/", "//evil.example", "/evil.example", "/"),
            ("/", "/", "/\\evil.example", "", "/"),
            (
                "/",
                "/",
                "https://evil.example",
                "/https:/evil.example",
                "/",
            ),
            ("/", "/", "/../admin", "", "/"),
            ("/", "/", "/<script>", "", "/"),
            ("/", "/", "/a?b", "", "/"),
        ] {
            let headers = [
                ("spin-path-info", "/forged"),
                ("spin-path-info", path_info),
                ("x-forwarded-prefix", prefix),
            ];
            let found = mounted(false, "geo.example", path, &headers);
            let expected = [format!("http://geo.example{root}"), rest.to_owned()];
            assert_eq!(found, expected, "{path} {path_info} {prefix}");
        }
    }
}
