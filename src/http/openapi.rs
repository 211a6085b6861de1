//! The OpenAPI 3.1 description of the interface.

use super::response::Response;

/// The description, without the white space of `openapi.json`: see `build.rs`.
const DESCRIPTION: &str = include_str!(concat!(env!("OUT_DIR"), "/openapi.json"));

/// Returns the description as a response.
pub(crate) fn respond() -> Response {
    let mut response = Response::new(200, "application/json", DESCRIPTION);
    // It changes with a release.
    response.header("cache-control", "public, max-age=3600");
    response
}
