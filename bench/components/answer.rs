// Sends a whole body before the head, as geo's src/wasi/p2/incoming.rs does.

use bindings::wasi::http::types::{Fields, OutgoingBody, OutgoingResponse, ResponseOutparam};

fn answer(response_out: ResponseOutparam, content_type: &str, content: &[u8]) {
    let headers = Fields::new();
    let length = content.len().to_string();
    headers.append("content-type", content_type.as_bytes()).unwrap();
    headers.append("content-length", length.as_bytes()).unwrap();
    let head = OutgoingResponse::new(headers);
    let body = head.body().unwrap();
    let stream = body.write().unwrap();
    stream.check_write().unwrap();
    stream.write(content).unwrap();
    drop(stream);
    OutgoingBody::finish(body, None).unwrap();
    ResponseOutparam::set(response_out, Ok(head));
}
