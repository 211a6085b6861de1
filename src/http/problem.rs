//! Problems as HTTP responses: problem details (RFC 9457).

use super::accept::Form;
use super::page;
use super::request::Request;
use super::response::Response;
use super::route::METHODS;
use super::token::CHALLENGE;
use crate::lookup::CacheStatus;
use crate::problem::{Kind, Problem, log};
use crate::runtime::Runtime;
use serde::Serialize;

/// The members of a problem details object.
#[derive(Serialize)]
struct Details<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
}

/// Returns the response in the form that the client prefers. Writes a problem
/// that is the operator's concern to the log. `status` is that of the kind, or
/// 503 from `/readyz`. `search` is what the page's form for another address holds,
/// where there is one.
pub(crate) fn respond(
    status: u16,
    problem: &Problem,
    cache_status: Option<CacheStatus>,
    search: Option<&str>,
    request: &Request,
    runtime: &impl Runtime,
) -> Response {
    let (_, title) = meaning(problem.kind);
    if status >= 500 {
        let line = format_args!("{status} {problem}");
        log(runtime, line, problem.cause.as_ref());
    }
    let mut response = match Form::of(request) {
        Form::Json => Response::new(status, "application/problem+json", to_json(status, problem)),
        Form::Html => page::problem(status, title, &problem.detail, search, request),
        Form::Text => Response::text(status, format!("{title}: {}\n", problem.detail)),
    };
    response.header("cache-control", "no-store");
    match status {
        401 => response.header("www-authenticate", CHALLENGE),
        405 => response.header("allow", METHODS),
        _ => {}
    }
    if let Some(seconds) = problem.retry_after {
        response.header("retry-after", seconds.to_string());
    }
    if let Some(status) = cache_status {
        response.header("cache-status", status.to_string());
    }
    response
}

/// Returns the response of an application that geo is a part of: without links, and
/// without the style of geo's pages.
pub(crate) fn plain(status: u16, problem: &Problem, request: &Request) -> Response {
    let (_, title) = meaning(problem.kind);
    let detail = &problem.detail;
    let mut response = match Form::of(request) {
        Form::Json => Response::new(status, "application/problem+json", to_json(status, problem)),
        Form::Html => {
            let page = format!(
                "<!doctype html><html lang=en><meta name=viewport content=width=device-width>\
                 <title>{title}</title><h1>{title}</h1><p>{detail}</p></html>\n"
            );
            Response::new(status, "text/html; charset=utf-8", page)
        }
        Form::Text => Response::text(status, format!("{title}: {detail}\n")),
    };
    response.header("cache-control", "no-store");
    response.header("vary", "accept");
    response
}

/// Returns the status of a kind of problem.
pub(crate) fn status(kind: Kind) -> u16 {
    meaning(kind).0
}

/// Returns the status and the title of a kind of problem.
fn meaning(kind: Kind) -> (u16, &'static str) {
    match kind {
        Kind::NotFound => (404, "Not found"),
        Kind::MethodNotAllowed => (405, "Method not allowed"),
        Kind::LookupDisabled => (403, "Other addresses are disabled"),
        Kind::TokenRequired => (401, "Token required"),
        Kind::NoValue => (404, "No such value"),
        Kind::UnsupportedParameter => (400, "Unsupported parameter"),
        Kind::InvalidAddress => (400, "Not a valid IP address"),
        Kind::SpecialAddress => (422, "Not a public address"),
        Kind::Misconfigured => (500, "geo is misconfigured"),
        Kind::UpstreamRefused => (502, "ipify refused the API key"),
        Kind::UpstreamInvalid => (502, "Invalid response from ipify"),
        Kind::UpstreamUnreachable => (503, "ipify is unreachable"),
        Kind::UpstreamBusy => (503, "ipify is busy"),
        Kind::UpstreamTimeout => (504, "ipify timed out"),
        Kind::BudgetSpent => (503, "Daily lookup limit reached"),
        Kind::CountryBlocked => (403, "Not available in your country"),
    }
}

fn to_json(status: u16, problem: &Problem) -> Vec<u8> {
    let details = Details {
        r#type: format!("urn:problem-type:geo:{}", problem.kind.slug()),
        title: meaning(problem.kind).1,
        status,
        detail: &problem.detail,
    };
    // Strings and a number are always serializable.
    serde_json::to_vec(&details).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_json_with_the_members_of_rfc_9457() {
        let problem = Problem::new(Kind::UpstreamRefused, "Say \"please\",\nor \\.");
        assert_eq!(
            String::from_utf8(to_json(502, &problem)).unwrap(),
            concat!(
                r#"{"type":"urn:problem-type:geo:upstream-refused","#,
                r#""title":"ipify refused the API key","status":502,"#,
                r#""detail":"Say \"please\",\nor \\."}"#
            )
        );
    }
}
