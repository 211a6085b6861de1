//! `wasi:http/incoming-handler`: receives the request and sends the response.

use super::bindings::wasi::http::types::{
    Fields, IncomingRequest, Method as WasiMethod, OutgoingBody, OutgoingResponse,
    ResponseOutparam, Scheme,
};
use super::bindings::wasi::io::streams::OutputStream;
use super::runtime::Platform;
use crate::http::{self, Method, Request, Response};
use crate::runtime::Headers;

/// Answers a request, and then does what is left.
pub(super) async fn handle(
    request: &IncomingRequest,
    response_out: ResponseOutparam,
    platform: &Platform,
) {
    let method = match request.method() {
        WasiMethod::Get => Method::Get,
        WasiMethod::Head => Method::Head,
        WasiMethod::Options => Method::Options,
        _ => Method::Other,
    };
    let https = matches!(request.scheme(), Some(Scheme::Https));
    // `OPTIONS *` has no path.
    let path_with_query = request.path_with_query().unwrap_or_default();
    let authority = request.authority().unwrap_or_default();
    let headers = request.headers();
    let request = Request::new(method, https, &authority, &path_with_query, &headers);
    let (response, after) = http::answer(&request, platform).await;
    send(response, method, response_out);
    if let Some(after) = after {
        after.run().await;
    }
}

impl Headers for Fields {
    fn get(&self, name: &str) -> Vec<Vec<u8>> {
        Fields::get(self, name)
    }
}

fn send(response: Response, method: Method, response_out: ResponseOutparam) {
    let mut lines: Vec<_> = response
        .headers
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into_owned().into_bytes()))
        .collect();
    // Without content there is no `Content-Length` (RFC 9110, 8.6); that of a 304
    // would be that of a 200.
    if !matches!(response.status, 204 | 304) {
        let length = response.body.len().to_string();
        lines.push(("content-length".to_owned(), length.into_bytes()));
    }
    // One call of the host for all. It is refused where the host keeps one of
    // them to itself; the answer is worth more than its headers.
    let headers = Fields::from_list(&lines).unwrap_or_else(|_| Fields::new());

    let head = OutgoingResponse::new(headers);
    // Refused only for an invalid status code.
    let _ = head.set_status_code(response.status);
    if method == Method::Head || response.body.is_empty() {
        // The body is never taken, so its length is not held against the header.
        ResponseOutparam::set(response_out, Ok(head));
        return;
    }

    // These fail only when called twice.
    let body = head.body().unwrap();
    let stream = body.write().unwrap();
    // As much as the host takes is written before the head is handed over.
    // Then Spin sends both in one segment; else the body may wait 40 ms for the
    // acknowledgement of the head (Nagle's algorithm meets delayed ACK).
    let rest = write_at_once(&stream, &response.body);
    if rest.is_empty() {
        drop(stream);
        let _ = OutgoingBody::finish(body, None);
        ResponseOutparam::set(response_out, Ok(head));
    } else {
        ResponseOutparam::set(response_out, Ok(head));
        // A client that went away is no failure.
        let _ = write_blocking(&stream, rest);
        drop(stream);
        let _ = OutgoingBody::finish(body, None);
    }
}

/// Writes what the stream takes without waiting. Returns the rest.
fn write_at_once<'a>(stream: &OutputStream, bytes: &'a [u8]) -> &'a [u8] {
    let permitted = stream.check_write().unwrap_or(0);
    let (now, later) = bytes.split_at(bytes.len().min(permitted as usize));
    match stream.write(now) {
        Ok(()) => later,
        Err(_) => bytes,
    }
}

/// Writes all bytes, and waits until the client takes them.
fn write_blocking(stream: &OutputStream, bytes: &[u8]) -> Result<(), ()> {
    // The most that `blocking-write-and-flush` takes.
    for chunk in bytes.chunks(4096) {
        stream.blocking_write_and_flush(chunk).map_err(drop)?;
    }
    Ok(())
}
