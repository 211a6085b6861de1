//! Prepares what the component embeds: the OpenAPI description without white
//! space, and the hash of the page's style for its `Content-Security-Policy`.

use base64::prelude::{BASE64_STANDARD, Engine};
use sha2::{Digest, Sha256};
use std::error::Error;
use std::path::Path;
use std::{env, fs};

const OPENAPI: &str = "src/http/openapi.json";
const STYLE: &str = "src/http/page/style.css";

fn main() -> Result<(), Box<dyn Error>> {
    for path in [OPENAPI, STYLE] {
        println!("cargo::rerun-if-changed={path}");
    }
    let openapi: serde_json::Value = serde_json::from_str(&fs::read_to_string(OPENAPI)?)?;
    let folder = env::var("OUT_DIR")?;
    fs::write(Path::new(&folder).join("openapi.json"), openapi.to_string())?;

    // As CSP Level 3, 2.3.1 has it.
    let hash = BASE64_STANDARD.encode(Sha256::digest(fs::read(STYLE)?));
    println!("cargo::rustc-env=STYLE_HASH=sha256-{hash}");
    Ok(())
}
