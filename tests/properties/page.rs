//! The page, parsed as a browser does.

use crate::check;
use crate::runtime::TestRuntime;
use geo::http::Method;
use geo::lookup::Record;
use html5ever::tendril::TendrilSink;
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use serde_json::{Value, json};

/// Values on the page add no element, no attribute and no link: a parser finds those
/// that it finds with harmless values in their place. The lines are the host in the
/// request, a latitude, and texts of ipify.
pub fn page(values: &str) {
    let mut lines = values.split('\n');
    let mut next = || lines.next().unwrap_or_default();
    // No host of geo accepts control characters.
    let authority = &next().replace(char::is_control, "");
    let lat = next();
    let json = json!({
        "ip": "8.8.8.8",
        "isp": next(),
        "location": {
            "lat": serde_json::from_str(lat).unwrap_or(Value::Null),
            "lng": 7,
            "country": next(),
            "region": next(),
            "city": next(),
            "postalCode": next(),
            "timezone": next(),
        },
        "as": { "asn": 7, "name": next() },
    });
    let hostile = json.to_string().into_bytes();
    let Some(record) = Record::parse(hostile.clone()) else {
        panic!("it is an answer: {json}");
    };
    assert_eq!(
        elements(&hostile, authority),
        elements(&harmless(&record), "x")
    );
}

/// Returns an answer with harmless values in place of those of the record.
fn harmless(record: &Record) -> Vec<u8> {
    // A value of direction controls only is not shown.
    let is_hidden = |char| matches!(char, ' ' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_shown = |text: &&String| !text.chars().all(is_hidden);
    let values = record.values();
    let text = |name| {
        let text = values.by_name(name);
        let text = text.as_ref().filter(is_shown);
        text.map_or(Value::Null, |_| "x".into())
    };
    let number = |name| values.by_name(name).map_or(Value::Null, |_| 1.into());
    // An invalid latitude is not on the map, and only a country code has a flag.
    let is_latitude = |digits: &str| {
        let is_plain = !digits.contains(['e', 'E']);
        is_plain && digits.parse::<f64>().is_ok_and(|lat| lat.abs() <= 90.0)
    };
    let lat = values
        .by_name("lat")
        .map(|lat| is_latitude(&lat).then_some(1));
    let is_code = |code: &str| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase());
    let country = match values.by_name("country") {
        Some(code) if is_code(&code) => code.into(),
        _ => text("country"),
    };
    let json = json!({
        "ip": record.ip.to_string(),
        "isp": text("isp"),
        "location": {
            "country": country,
            "region": text("region"),
            "city": text("city"),
            "lat": lat.map(|lat| lat.unwrap_or(91)),
            "lng": number("lng"),
            "postalCode": text("postal-code"),
            "timezone": text("timezone"),
        },
        "as": { "asn": number("asn"), "name": text("as-name") },
    });
    json.to_string().into()
}

/// Returns the elements of the page in order, with depth, name and attributes. Values
/// of attributes are included where the template has them.
fn elements(body: &[u8], authority: &str) -> Vec<String> {
    let runtime = TestRuntime::with(&[("cache_ttl", "0")]).with_body(body);
    // What may be a host may be a prefix, too.
    let headers = [
        ("accept".to_owned(), b"text/html".to_vec()),
        ("x-forwarded-prefix".to_owned(), authority.into()),
    ];
    let response = runtime.answer_at(authority, Method::Get, "/", &headers);
    check(&runtime, &response);
    assert_eq!(response.status, 200);
    let document = parse_document(RcDom::default(), ParseOpts::default())
        .from_utf8()
        .one(&*response.body);
    let mut elements = Vec::new();
    collect(&document.document, 0, &mut elements);
    elements
}

fn is_of_a_number(char: char) -> bool {
    char.is_ascii_digit() || "-. ".contains(char)
}

fn collect(node: &Handle, depth: usize, elements: &mut Vec<String>) {
    match &node.data {
        NodeData::Element { name, attrs, .. } => {
            let attributes: Vec<_> = attrs
                .borrow()
                .iter()
                .map(|attribute| {
                    let name = &*attribute.name.local;
                    let value = &*attribute.value;
                    match name {
                        "cx" | "cy" | "viewBox" | "x" => {
                            assert!(value.chars().all(is_of_a_number), "{name}={value}");
                            name.to_owned()
                        }
                        // The map is too long for a message.
                        "d" if value.len() > 1000 => format!("map of {} bytes", value.len()),
                        "d" if value.ends_with("h80v40h-80z") => {
                            let corner = value.trim_start_matches('M');
                            let corner = corner.trim_end_matches("h80v40h-80z");
                            assert!(corner.chars().all(is_of_a_number), "{name}={value}");
                            name.to_owned()
                        }
                        "href" if value.starts_with("https://www.openstreetmap.org/?mlat=") => {
                            name.to_owned()
                        }
                        "action" | "href" if value.starts_with('/') => {
                            assert!(!value.starts_with("//"), "{name}={value}");
                            assert!(!value.contains(['\\', '?', '#']), "{name}={value}");
                            name.to_owned()
                        }
                        _ => format!("{name}={value}"),
                    }
                })
                .collect();
            elements.push(format!("{depth} {} {attributes:?}", name.local));
        }
        NodeData::Comment { contents } => elements.push(format!("{depth} comment {contents}")),
        NodeData::ProcessingInstruction { .. } => elements.push("processing instruction".into()),
        NodeData::Document | NodeData::Doctype { .. } | NodeData::Text { .. } => {}
    }
    for child in node.children.borrow().iter() {
        collect(child, depth + 1, elements);
    }
}
