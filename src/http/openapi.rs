//! The OpenAPI 3.1 description of the interface.

use super::request::Request;
use super::response::Response;
use crate::fields::FIELDS;
use crate::runtime::Headers;

/// What of the description stands before the paths of the values: see `build.rs`.
const BEFORE: &str = include_str!(concat!(env!("OUT_DIR"), "/openapi-before"));

/// The path of a value: `NAME` and `LABEL` are those of the field.
const VALUE: &str = include_str!(concat!(env!("OUT_DIR"), "/openapi-value"));

/// What stands after the paths of the values.
const AFTER: &str = include_str!(concat!(env!("OUT_DIR"), "/openapi-after"));

/// Its strong entity-tag (RFC 9110, 8.8.3), which changes with the text.
const ETAG: &str = env!("OPENAPI_ETAG");

/// Returns the description as a response: 304 for a client that has it already.
pub(crate) fn respond(request: &Request) -> Response {
    let root = request.root();
    let mut response = if !root.is_empty() {
        let mut response = Response::new(200, "application/json", description(&root));
        // A proxy says where the root is in a header, which a client can forge.
        response.header("cache-control", "no-store");
        return response;
    } else if is_current(request.headers) {
        Response::empty(304)
    } else {
        Response::new(200, "application/json", description("/"))
    };
    response.header("etag", ETAG);
    // It changes with a release. After an hour, a client asks with its tag.
    response.header("cache-control", "public, max-age=3600");
    response
}

/// Returns the description of what is below a path.
fn description(root: &str) -> String {
    let server = format!(r#""servers":[{{"url":"{root}"}}]"#);
    let mut text = BEFORE.replacen(r#""servers":[{"url":"/"}]"#, &server, 1);
    for field in &FIELDS {
        text += &VALUE
            .replace("NAME", field.name)
            .replace("LABEL", field.label);
    }
    text + AFTER
}

/// Returns whether the client has the current description: `If-None-Match`,
/// which compares weakly (RFC 9110, 13.1.2).
fn is_current(headers: &dyn Headers) -> bool {
    let lines = headers.get("if-none-match");
    // With its quotes the tag is part of no other, and `W/` stands before them.
    lines
        .iter()
        .filter_map(|line| std::str::from_utf8(line).ok())
        .any(|tags| tags.contains(ETAG) || tags.trim_ascii() == "*")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_that_have_it() {
        for (lines, expected) in [
            (&[][..], false),
            (&["*"], true),
            (&[" * "], true),
            (&["ETAG"], true),
            (&["W/ETAG"], true),
            (&[r#""old", W/"older" ,ETAG"#], true),
            (&[r#""old""#, "ETAG"], true),
            (&[r#""with,comma", ETAG"#], true),
            (&[r#""old""#], false),
            (&[r#""old", W/"older""#], false),
            (&[""], false),
            (&[",,"], false),
            (&[r#""*""#], false),
            (&["UNQUOTED"], false),
        ] {
            let unquoted = ETAG.trim_matches('"');
            let lines: Vec<_> = lines
                .iter()
                .map(|line| line.replace("ETAG", ETAG).replace("UNQUOTED", unquoted))
                .collect();
            let headers: Vec<_> = lines
                .iter()
                .map(|line| ("if-none-match", line.as_str()))
                .collect();
            assert_eq!(is_current(&headers.as_slice()), expected, "{lines:?}");
        }
    }
}
