//! Shows the headers of a request, a line each. What is posted is sent back.

use spin_sdk::http::{FullBody, IntoResponse, Method, Request, Response, box_body};
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    if request.method() == Method::POST {
        return Response::new(box_body(request.into_body()));
    }
    let mut text = String::new();
    for (name, value) in request.headers() {
        text += &format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes()));
    }
    Response::new(box_body(FullBody::new(text.into())))
}
