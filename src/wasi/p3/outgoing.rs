//! The responses of the component itself.

use crate::http::{Method, Response};
use crate::runtime::Headers;
use spin_sdk::wasip3::http::types::{self, Fields};
use spin_sdk::wasip3::{spawn, wit_future, wit_stream};

impl Headers for Fields {
    fn get(&self, name: &str) -> Vec<Vec<u8>> {
        Fields::get(self, name)
    }
}

/// Returns the method, as far as geo knows it.
pub(super) fn method(method: &types::Method) -> Method {
    match method {
        types::Method::Get => Method::Get,
        types::Method::Head => Method::Head,
        types::Method::Options => Method::Options,
        _ => Method::Other,
    }
}

/// Returns the response for the host, which takes the body from it.
pub(super) fn outgoing(response: Response, method: Method) -> types::Response {
    let Response {
        status,
        headers,
        body,
    } = response;
    let mut lines: Vec<_> = headers
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into_owned().into_bytes()))
        .collect();
    // Without content there is no `Content-Length` (RFC 9110, 8.6); that of a 304
    // would be that of a 200.
    if !matches!(status, 204 | 304) {
        let length = body.len().to_string();
        lines.push(("content-length".to_owned(), length.into_bytes()));
    }
    // One call of the host for all. It is refused where the host keeps one of
    // them to itself; the answer is worth more than its headers.
    let headers = Fields::from_list(&lines).unwrap_or_else(|_| Fields::new());

    let contents = if method == Method::Head || body.is_empty() {
        None
    } else {
        let (mut writer, reader) = wit_stream::new();
        spawn(async move {
            // A client that went away is no failure.
            writer.write_all(body).await;
        });
        Some(reader)
    };
    let (_, no_trailers) = wit_future::new(|| Ok(None));
    let (outgoing, _) = types::Response::new(headers, contents, no_trailers);
    // Refused only for an invalid status code.
    let _ = outgoing.set_status_code(status);
    outgoing
}
