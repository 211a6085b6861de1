//! Prepares what the component embeds: the OpenAPI description with a path for each
//! value, its ETag, and the hash of the page's style for `Content-Security-Policy`.

#[path = "src/fields.rs"]
#[allow(dead_code, missing_docs)] // only names and labels are used here
mod fields;

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine};
use fields::FIELDS;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::error::Error;
use std::path::Path;
use std::{env, fs};

const OPENAPI: &str = "src/http/openapi.json";
const STYLE: &str = "src/http/page/style.css";

fn main() -> Result<(), Box<dyn Error>> {
    for path in [OPENAPI, STYLE, "src/fields.rs"] {
        println!("cargo::rerun-if-changed={path}");
    }
    let mut openapi: Value = serde_json::from_str(&fs::read_to_string(OPENAPI)?)?;
    add_fields(&mut openapi);
    let openapi = openapi.to_string();
    let hash = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&openapi));
    println!("cargo::rustc-env=OPENAPI_ETAG=\"{}\"", &hash[..16]);
    let folder = env::var("OUT_DIR")?;
    fs::write(Path::new(&folder).join("openapi.json"), openapi)?;

    // In the form of CSP Level 3, section 2.3.1.
    let hash = BASE64_STANDARD.encode(Sha256::digest(fs::read(STYLE)?));
    println!("cargo::rustc-env=STYLE_HASH=sha256-{hash}");
    Ok(())
}

/// Adds a path for each value, after those of the JSON, and lists the names that
/// the path of a value of another address may have.
fn add_fields(openapi: &mut Value) {
    let mut paths = Map::new();
    for (path, item) in std::mem::take(openapi["paths"].as_object_mut().unwrap()) {
        let is_json = path == "/json";
        paths.insert(path, item);
        if is_json {
            for field in &FIELDS {
                paths.insert(
                    format!("/{}", field.name),
                    json!({ "get": {
                        "operationId": camel_case(field.name),
                        "summary": field.label,
                        "parameters": [{ "$ref": "#/components/parameters/ip" }],
                        "responses": {
                            "200": { "$ref": "#/components/responses/value" },
                            "4XX": { "$ref": "#/components/responses/problem" },
                            "5XX": { "$ref": "#/components/responses/problem" }
                        }
                    }}),
                );
            }
        }
    }
    openapi["paths"] = paths.into();
    let names: Vec<_> = FIELDS.iter().map(|field| field.name).collect();
    openapi["components"]["parameters"]["value"]["schema"]["enum"] = json!(names);
}

/// Returns `postalCode` for `postal-code`.
fn camel_case(name: &str) -> String {
    let mut words = name.split('-');
    let mut joined = words.next().unwrap_or_default().to_owned();
    for word in words {
        let (first, rest) = word.split_at(1);
        joined += &first.to_uppercase();
        joined += rest;
    }
    joined
}
