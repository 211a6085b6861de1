//! The page that people see: HTML without scripts, which loads nothing.

mod map;

use super::request::Request;
use super::response::Response;
use crate::country::Country;
use crate::lookup::{CacheStatus, Record};
use askama::Template;
use map::Pin;

/// Allows nothing but the page's own style. (The empty icon keeps browsers from
/// asking for one.) The target of forms is appended.
const CONTENT_SECURITY_POLICY: &str = concat!(
    "default-src 'none'; img-src data:; style-src '",
    env!("STYLE_HASH"), // see build.rs
    "'; base-uri 'none'; frame-ancestors 'none'; form-action "
);

const STYLE: &str = include_str!("style.css");

#[derive(Template)]
#[template(path = "answer.html")]
struct AnswerPage<'a> {
    /// The path of geo's root, without a slash at its end.
    root: String,
    ip: String,
    /// The country's flag.
    flag: Option<String>,
    /// City, region and country.
    place: Option<String>,
    pin: Option<Pin>,
    /// Terms and what there is to say of them.
    facts: [(&'static str, Option<String>); 10],
    /// The URL of all about the address, up to its last part.
    url: String,
    is_cached: bool,
    form: Option<&'a str>,
    is_invalid: bool,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    /// The path of geo's root, without a slash at its end.
    root: String,
    title: &'a str,
    detail: &'a str,
    status: u16,
    /// What the form for another address holds, where there is one.
    form: Option<&'a str>,
    /// Whether the problem is what the form holds.
    is_invalid: bool,
}

/// What a page takes besides the answer.
pub(crate) struct Page<'a> {
    pub(crate) request: &'a Request<'a>,
    /// What the form for another address holds, where there is one.
    pub(crate) form: Option<&'a str>,
    /// Whether it is about another address than the client's.
    pub(crate) is_other: bool,
}

/// Returns the page of an answer.
pub(crate) fn answer(record: &Record, cache_status: Option<CacheStatus>, page: Page) -> Response {
    let values = record.values();
    let value = |name| {
        let text = without_bidi_controls(values.by_name(name)?);
        (!text.trim_ascii().is_empty()).then_some(text)
    };
    let yes_or_no = |name| {
        let word = if value(name)? == "true" { "yes" } else { "no" };
        Some(word.to_owned())
    };
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
    let (code, name) = (value("country"), value("country-name"));
    let flag = values.country().map(Country::flag);
    let country = name.clone().or_else(|| code.clone());
    let ip = record.ip.to_string();
    let mut url = page.request.base_url();
    if page.is_other {
        url = format!("{url}/{ip}");
    }
    let form = page.form;
    let page = AnswerPage {
        root: page.request.root(),
        flag,
        place: joined(&[value("city"), value("region"), country]),
        pin: value("lat")
            .zip(value("lng"))
            .and_then(|(lat, lng)| Pin::at(lat, lng)),
        facts: [
            ("Country", joined(&[name, code])),
            ("ISP", value("isp")),
            (
                "Network",
                joined(&[value("as-name"), value("asn"), value("as-route")]),
            ),
            ("Network type", value("as-type")),
            ("Coordinates", value("coordinates")),
            ("Postal code", value("postal-code")),
            ("Time zone", value("timezone")),
            ("Proxy", yes_or_no("proxy")),
            ("VPN", yes_or_no("vpn")),
            ("Tor exit", yes_or_no("tor")),
        ],
        ip,
        url,
        is_cached: matches!(
            cache_status,
            Some(
                CacheStatus::Hit { .. }
                    | CacheStatus::Collapsed
                    | CacheStatus::Miss { stored: true }
                    | CacheStatus::Stale { stored: true }
            )
        ),
        form,
        is_invalid: false,
    };
    response(200, &page, form.is_some())
}

/// Returns the page of a problem. `form` is what the form for another address
/// holds, where there is one.
pub(crate) fn problem(
    status: u16,
    title: &'static str,
    detail: &str,
    form: Option<&str>,
    request: &Request,
) -> Response {
    let page = ProblemPage {
        root: request.root(),
        title,
        detail,
        status,
        form,
        is_invalid: matches!(status, 400 | 422) && form != Some(""),
    };
    response(status, &page, form.is_some())
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
