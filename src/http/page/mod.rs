//! The page that people see: HTML without scripts, which loads nothing.

use super::problem::Problem;
use super::request::Request;
use super::value::Value;
use crate::lookup::{Answer, Status};
use askama::Template;

/// Allows nothing but the page's own style. (The empty icon keeps browsers from
/// asking for one.)
pub(crate) const CONTENT_SECURITY_POLICY: &str = concat!(
    "default-src 'none'; img-src data:; style-src '",
    env!("STYLE_HASH"), // see build.rs
    "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
);

const STYLE: &str = include_str!("style.css");

/// The outline of the land, with one degree to the unit and south down: from
/// Natural Earth, public domain.
const WORLD: &str = include_str!("world.path");

#[derive(Template)]
#[template(path = "answer.html")]
struct AnswerPage {
    ip: String,
    /// City, region and country.
    place: Option<String>,
    coordinates: Option<Coordinates>,
    /// Terms and what there is to say of them, before the coordinates.
    network: [(&'static str, Option<String>); 2],
    /// The same, after the coordinates.
    locality: [(&'static str, Option<String>); 2],
    /// Where geo was asked.
    base_url: String,
    is_kept: bool,
}

/// Coordinates in degrees, in ipify's digits.
struct Coordinates {
    lat: String,
    lng: String,
    /// The latitude on the map, where south is positive.
    y: String,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    title: &'a str,
    detail: &'a str,
    status: u16,
}

/// Returns the page of an answer.
pub(crate) fn answer(answer: &Answer, request: &Request) -> String {
    let value = |value: Value| value.of(&answer.record).map(without_bidi_controls);
    let joined = |values: &[Value]| {
        let present = values.iter().filter_map(|of| value(*of));
        present.reduce(|joined, value| format!("{joined}, {value}"))
    };
    let coordinates = value(Value::Lat)
        .zip(value(Value::Lng))
        .map(|(lat, lng)| Coordinates {
            y: negated(&lat),
            lat,
            lng,
        });
    rendered(&AnswerPage {
        ip: answer.record.ip.to_string(),
        place: joined(&[Value::City, Value::Region, Value::Country]),
        coordinates,
        network: [
            ("ISP", value(Value::Isp)),
            ("Network", joined(&[Value::AsName, Value::Asn])),
        ],
        locality: [
            ("Postal code", value(Value::PostalCode)),
            ("Time zone", value(Value::Timezone)),
        ],
        base_url: request.base_url(),
        is_kept: answer.status != Status::Bypass,
    })
}

/// Returns the page of a problem.
pub(crate) fn problem(problem: &Problem) -> String {
    rendered(&ProblemPage {
        title: problem.title,
        detail: &problem.detail,
        status: problem.status,
    })
}

fn rendered(page: &impl Template) -> String {
    // Writing to a string does not fail.
    page.render().unwrap_or_default()
}

/// Changes the sign of a number in digits.
fn negated(digits: &str) -> String {
    match digits.strip_prefix('-') {
        Some(positive) => positive.to_owned(),
        None => format!("-{digits}"),
    }
}

/// Removes what would change the direction of the text after it.
fn without_bidi_controls(text: String) -> String {
    let is_control = |char| matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.replace(is_control, "")
}
