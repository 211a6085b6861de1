//! Prepares what the component embeds: the OpenAPI description, without white
//! space and with what it repeats stored once, its entity-tag, and the hash of
//! the page's style for its `Content-Security-Policy`.

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
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
    let openapi = openapi.to_string();
    let hash = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&openapi));
    println!("cargo::rustc-env=OPENAPI_ETAG=\"{}\"", &hash[..16]);
    let folder = env::var("OUT_DIR")?;
    fs::write(Path::new(&folder).join("openapi.txt"), shortened(openapi))?;

    // As CSP Level 3, 2.3.1 has it.
    let hash = BASE64_STANDARD.encode(Sha256::digest(fs::read(STYLE)?));
    println!("cargo::rustc-env=STYLE_HASH=sha256-{hash}");
    Ok(())
}

/// How many pieces of the description are stored once. Each is represented by
/// a control character, and those from tab on are white space.
const PIECES: u8 = 8;

/// Returns a text in which U+0001 stands for line 1, U+0002 for line 2 and so
/// on, counted from 0; a line may have those after it in it. An empty line ends
/// it. The operations repeat so much that less than half of the bytes are left.
fn shortened(mut text: String) -> String {
    assert!(text.is_ascii() && !text.contains('\n'));
    let mut pieces = Vec::new();
    for mark in (1..=PIECES).rev() {
        let piece = most_repeated(&text);
        text = text.replace(&piece, &char::from(mark).to_string());
        pieces.push(piece);
    }
    pieces.push(text);
    pieces.reverse();
    pieces.join("\n") + "\n\n"
}

/// Returns the part of a text that takes the most bytes by being repeated.
fn most_repeated(text: &str) -> String {
    let mut suffixes: Vec<_> = (0..text.len()).map(|start| &text[start..]).collect();
    suffixes.sort_unstable();
    // What is repeated begins two suffixes that are neighbours.
    let repeated: BTreeSet<_> = suffixes
        .windows(2)
        .map(|pair| {
            let (one, other) = (pair[0].bytes(), pair[1].bytes());
            let common = one.zip(other).take_while(|(one, other)| one == other);
            &pair[0][..common.count()]
        })
        .filter(|part| part.len() > 8)
        .collect();
    let saved = |part: &&str| (text.matches(part).count() - 1) * (part.len() - 1);
    repeated
        .into_iter()
        .max_by_key(saved)
        .unwrap_or_default()
        .to_owned()
}
