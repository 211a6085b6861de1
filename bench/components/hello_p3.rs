//! Answers every request with the same text, as a component of WASI 0.3.

use spin_sdk::wasip3::exports::http::handler::Guest;
use spin_sdk::wasip3::http::types::{ErrorCode, Fields, Request, Response};
use spin_sdk::wasip3::{http, spawn, wit_future, wit_stream};

http::service::export!(Component);

struct Component;

impl Guest for Component {
    async fn handle(_: Request) -> Result<Response, ErrorCode> {
        let content = b"ok\n".to_vec();
        let headers = Fields::new();
        let length = content.len().to_string();
        headers.append("content-type", b"text/plain").unwrap();
        headers.append("content-length", length.as_bytes()).unwrap();
        let (mut body, contents) = wit_stream::new();
        let (_, trailers) = wit_future::new(|| Ok(None));
        let (response, _) = Response::new(headers, Some(contents), trailers);
        spawn(async move { drop(body.write_all(content).await) });
        Ok(response)
    }
}
