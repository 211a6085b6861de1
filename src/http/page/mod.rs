//! The page that people see: HTML without scripts, which loads nothing.

mod map;

use super::address::Asked;
use super::country;
use super::problem::Problem;
use super::request::Request;
use super::response::Response;
use super::value::Value;
use crate::lookup::{Answer, Status};
use askama::Template;
use map::Pin;

/// Allows nothing but the page's own style. (The empty icon keeps browsers from
/// asking for one.) Where forms may be sent to is added.
const CONTENT_SECURITY_POLICY: &str = concat!(
    "default-src 'none'; img-src data:; style-src '",
    env!("STYLE_HASH"), // see build.rs
    "'; base-uri 'none'; frame-ancestors 'none'; form-action "
);

const STYLE: &str = include_str!("style.css");

#[derive(Template)]
#[template(path = "answer.html")]
struct AnswerPage {
    ip: String,
    /// The country's flag.
    flag: Option<String>,
    /// City, region and country.
    place: Option<String>,
    pin: Option<Pin>,
    /// Terms and what there is to say of them.
    facts: [(&'static str, Option<String>); 6],
    /// Where geo was asked, up to what was asked for.
    url: String,
    is_kept: bool,
    form: Option<String>,
    is_invalid: bool,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    title: &'a str,
    detail: &'a str,
    status: u16,
    /// What the form for another address holds, where there is one.
    form: Option<&'a str>,
    /// Whether the problem is what the form holds.
    is_invalid: bool,
}

/// Returns the page of an answer.
pub(crate) fn answer(answer: &Answer, request: &Request, asked: &Asked) -> Response {
    let view = answer.record.view();
    let shown = |text: String| {
        let text = without_bidi_controls(text);
        (!text.trim_ascii().is_empty()).then_some(text)
    };
    let value = |value: Value| shown(value.of(&view)?);
    let joined = |texts: &[Option<String>]| {
        let mut joined = String::new();
        for text in texts.iter().flatten() {
            // Cities are in regions and countries of the same name.
            if joined != *text {
                joined += if joined.is_empty() { "" } else { ", " };
                joined += text;
            }
        }
        (!joined.is_empty()).then_some(joined)
    };
    let code = view.location.country.clone().and_then(shown);
    let name = code.as_deref().and_then(country::name).map(str::to_owned);
    let flag = name.as_ref().and(code.as_deref()).and_then(country::flag);
    let country = name.clone().or_else(|| code.clone());
    let ip = view.ip.to_string();
    let mut url = request.base_url();
    if asked.about_another() {
        url = format!("{url}/{ip}");
    }
    let page = AnswerPage {
        flag,
        place: joined(&[value(Value::City), value(Value::Region), country]),
        pin: value(Value::Lat)
            .zip(value(Value::Lng))
            .and_then(|(lat, lng)| Pin::at(lat, lng)),
        facts: [
            ("Country", joined(&[name, code])),
            ("ISP", value(Value::Isp)),
            (
                "Network",
                joined(&[value(Value::AsName), value(Value::Asn)]),
            ),
            ("Coordinates", value(Value::Coordinates)),
            ("Postal code", value(Value::PostalCode)),
            ("Time zone", value(Value::Timezone)),
        ],
        ip,
        url,
        is_kept: matches!(
            answer.status,
            Status::Hit { .. }
                | Status::Collapsed
                | Status::Miss { stored: true }
                | Status::Stale { stored: true }
        ),
        form: asked.form(),
        is_invalid: false,
    };
    response(200, &page, page.form.is_some())
}

/// Returns the page of a problem.
pub(crate) fn problem(problem: &Problem) -> Response {
    let form = problem.form.as_deref();
    let page = ProblemPage {
        title: problem.title,
        detail: &problem.detail,
        status: problem.status,
        form,
        is_invalid: matches!(problem.status, 400 | 422) && form != Some(""),
    };
    response(problem.status, &page, form.is_some())
}

fn response(status: u16, page: &impl Template, has_form: bool) -> Response {
    // Writing to a string does not fail.
    let html = page.render().unwrap_or_default();
    let mut response = Response::new(status, "text/html; charset=utf-8", html);
    let form_action = if has_form { "'self'" } else { "'none'" };
    response.header(
        "content-security-policy",
        format!("{CONTENT_SECURITY_POLICY}{form_action}"),
    );
    response.header("referrer-policy", "no-referrer");
    response
}

/// Removes what would change the direction of the text after it.
fn without_bidi_controls(text: String) -> String {
    let is_control = |char| matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.replace(is_control, "")
}
