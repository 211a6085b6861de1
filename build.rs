//! Takes the spaces out of the OpenAPI description, which are for its authors.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=src/http/openapi.json");
    let json = std::fs::read_to_string("src/http/openapi.json").expect("src/http/openapi.json");
    let folder = std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    std::fs::write(Path::new(&folder).join("openapi.json"), minified(&json)).expect("OUT_DIR");
}

/// JSON without the spaces outside of its strings.
fn minified(json: &str) -> String {
    let (mut in_string, mut is_escaped) = (false, false);
    json.chars()
        .filter(|&char| {
            let is_kept = in_string || !char.is_ascii_whitespace();
            in_string ^= char == '"' && !is_escaped;
            is_escaped = char == '\\' && !is_escaped;
            is_kept
        })
        .collect()
}
