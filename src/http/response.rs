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
    /// Creates a response with content.
    pub(crate) fn new(status: u16, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        let mut response = Self::empty(status);
        response.body = body.into();
        response.header("content-type", content_type);
        response.header("x-content-type-options", "nosniff");
        response
    }

    /// Creates a response without content.
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Creates a response of plain text.
    pub(crate) fn text(status: u16, text: impl Into<Vec<u8>>) -> Self {
        Self::new(status, "text/plain; charset=utf-8", text)
    }

    /// Adds a header line.
    pub(crate) fn header(&mut self, name: &'static str, value: impl Into<Cow<'static, str>>) {
        self.headers.push((name, value.into()));
    }
}
