//! The response, before it is sent.

use std::borrow::Cow;

/// A response of geo. Its `Content-Length` is that of `body`, also for HEAD.
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The header lines, names in lower case.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// The content.
    pub body: Vec<u8>,
}

impl Response {
    /// A response with content, which no client shall take for another type.
    pub fn new(status: u16, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        let mut response = Self {
            status,
            headers: Vec::new(),
            body: body.into(),
        };
        response.header("content-type", content_type);
        response.header("x-content-type-options", "nosniff");
        response
    }

    /// A response without content.
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// A few words that change with time.
    pub fn text(text: &'static str) -> Self {
        let mut response = Self::new(200, "text/plain; charset=utf-8", text);
        response.header("cache-control", "no-store");
        response
    }

    /// Adds a header line.
    pub fn header(&mut self, name: &'static str, value: impl Into<Cow<'static, str>>) {
        self.headers.push((name, value.into()));
    }
}
