//! Tests of the properties with nearly valid text.

use super::*;
use proptest::prelude::*;
use std::path::Path;

/// Generates text from valid pieces and arbitrary characters.
fn pieces(of: &'static [&'static str]) -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(of).prop_map(str::to_owned),
        1 => ".{0,8}",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Text that breaks out of HTML if it is not escaped.
const HOSTILE: &[&str] = &[
    "<script>",
    "</title>",
    "</style>",
    "<!--",
    "-->",
    "\"",
    "'",
    ">",
    "<",
    "&lt;",
    "&",
    "<svg onload=",
    "]]>",
    "<plaintext>",
    "\u{202e}",
    "\0",
    "\u{feff}",
    "javascript:",
    "//",
    "/..",
    "\\",
    "Zürich",
    " ",
];

proptest! {
    #[test]
    fn of_requests(target in pieces(&[
        "/", "json", "ip", "?", "ip=", "&", "=", "9.9.9.9", "127.0.0.1", "::1", "[", "]", "%", "%00",
        "%2e%2e", "..", "healthz", "openapi.json", "#", ";", "+", "2620:fe::fe", "::ffff:10.0.0.1",
        "/continent", "/vpn", "/domains",
    ])) {
        request(&target);
    }

    #[test]
    fn of_forwarding(lines in pieces(&[
        "x-forwarded-for: ", "spin-client-addr: ", "x-real-ip: ", "forwarded: for=", "\n", ",", "6.6.6.6",
        "10.0.0.1", "\"", "[", "]", ":80", "%eth0", "::1", "x-forwarded-proto: https", ";", " ",
        "x-forwarded-prefix: /", "spin-path-info: /", "spin-full-url: https://",
    ])) {
        forwarding(&lines);
    }

    #[test]
    fn of_negotiation(lines in pieces(&[
        "text/html", "text/plain", "application/json", "*/*", "text/*", ";", "q=", "0.5", "1.001", ",", "\n", " ",
    ])) {
        negotiation(&lines);
    }

    #[test]
    fn of_upstream(body in pieces(&[
        "{", "}", "\"ip\"", ":", ",", "\"8.8.8.8\"", "\"isp\"", "\"location\"", "[", "]", "1e999", "-0.0",
        "\"\\ud800\"", "\\", "null", " ", "\"lat\"", "\"as\"", "\"asn\"", "\u{feff}",
        "\"domains\"", "\"country\"", "\"CH\"", "\"proxy\"", "\"vpn\"", "true", "\"geonameId\"", "\"type\"",
    ])) {
        upstream(body.as_bytes());
        upstream(format!(r#"{{"ip":"8.8.8.8",{body}}}"#).as_bytes());
    }

    #[test]
    fn of_stored(value in pieces(&[
        "geo2 ", "geo3 ", "1795000000", "1794900000", "1794000000", "99999999999999999999", "\n", " ", "0",
        "https://ipify.example/api/v2/country,city 9.9.9.9/32", "{\"ip\":\"9.9.9.9\"}", "{\"ip\":\"6.6.6.6\"}",
    ])) {
        stored(value.as_bytes());
    }

    #[test]
    fn of_pages(
        authority in pieces(HOSTILE),
        lat in "-?[0-9]{1,3}(\\.[0-9]{1,6})?([eE][-+]?[0-9])?",
        values in prop::collection::vec(pieces(HOSTILE), 7),
    ) {
        page(&format!("{authority}\n{lat}\n{}", values.join("\n")));
    }
}

/// The inputs that the fuzz targets start from, and those that they found.
#[test]
fn of_the_corpora() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let targets = [
        "request",
        "forwarding",
        "negotiation",
        "upstream",
        "stored",
        "page",
    ];
    for target in targets {
        let files: Vec<_> = folder.join(target).read_dir().unwrap().collect();
        assert!(!files.is_empty(), "{target}");
        for file in files {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            match target {
                "request" => request(&text),
                "forwarding" => forwarding(&text),
                "negotiation" => negotiation(&text),
                "upstream" => upstream(&bytes),
                "stored" => stored(&bytes),
                _ => page(&text),
            }
        }
    }
}
