//! What geo answers, for tools: OpenAPI 3.1.

use crate::http::response::Response;

/// The description; `build.rs` takes the spaces out of `openapi.json`.
const DESCRIPTION: &str = include_str!(concat!(env!("OUT_DIR"), "/openapi.json"));

/// The description as a response.
pub fn description() -> Response {
    let mut response = Response::new(200, "application/json", DESCRIPTION);
    // It changes with a release.
    response.header("cache-control", "public, max-age=3600");
    response
}
