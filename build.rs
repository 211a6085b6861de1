//! Prepares what the component embeds: the OpenAPI description in three parts, its
//! ETag, and the hash of the page's style for `Content-Security-Policy`.

#[path = "src/fields.rs"]
#[allow(dead_code, missing_docs)] // only names and labels are used here
mod fields;

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine};
use fields::FIELDS;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::error::Error;
use std::path::Path;
use std::{env, fs};

const OPENAPI: &str = "src/http/openapi.json";
const STYLE: &str = "src/http/page/style.css";

/// The path in the description that stands for the path of every value.
const VALUE: &str = "/NAME";

fn main() -> Result<(), Box<dyn Error>> {
    for path in [OPENAPI, STYLE, "src/fields.rs"] {
        println!("cargo::rerun-if-changed={path}");
    }
    openapi()?;
    // In the form of CSP Level 3, section 2.3.1.
    let hash = BASE64_STANDARD.encode(Sha256::digest(fs::read(STYLE)?));
    println!("cargo::rustc-env=STYLE_HASH=sha256-{hash}");
    Ok(())
}

/// Splits the description at the path of a value, which the component repeats, and
/// lists the names that the path of a value of another address may have.
fn openapi() -> Result<(), Box<dyn Error>> {
    let mut openapi: Value = serde_json::from_str(&fs::read_to_string(OPENAPI)?)?;
    let names: Vec<_> = FIELDS.iter().map(|field| field.name).collect();
    openapi["components"]["parameters"]["value"]["schema"]["enum"] = json!(names);
    let value = format!("\"{VALUE}\":{},", openapi["paths"][VALUE]);
    let openapi = openapi.to_string();
    let (before, after) = openapi
        .split_once(&value)
        .ok_or("another path has to follow")?;
    let folder = env::var("OUT_DIR")?;
    for (name, text) in [("before", before), ("value", &value), ("after", after)] {
        fs::write(Path::new(&folder).join(format!("openapi-{name}")), text)?;
    }
    // The names and labels of the values make up what is not in it.
    let mut hash = Sha256::new_with_prefix(&openapi);
    for field in &FIELDS {
        hash.update(field.name);
        hash.update(field.label);
    }
    let hash = BASE64_URL_SAFE_NO_PAD.encode(hash.finalize());
    println!("cargo::rustc-env=OPENAPI_ETAG=\"{}\"", &hash[..16]);
    Ok(())
}
