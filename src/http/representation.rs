//! An answer in the form that was asked for.

use crate::http::accept::Form;
use crate::http::page;
use crate::http::response::Response;
use crate::http::value;
use crate::lookup::Record;
use crate::lookup::problem::{Kind, Problem};

/// What of an answer was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// All of it, in the form that the client prefers.
    Negotiated,
    /// All of it, in JSON.
    Json,
    /// One value, by its name in [`value::NAMES`].
    Value(&'static str),
}

const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

/// Renders an answer. `authority` is where geo was asked, `is_kept` whether
/// the answer is kept.
///
/// # Errors
///
/// 404 for a value that ipify does not have.
pub fn of(
    record: Record,
    view: View,
    form: Form,
    authority: &str,
    is_kept: bool,
) -> Result<Response, Problem> {
    Ok(match (view, form) {
        (View::Json, _) | (View::Negotiated, Form::Json) => {
            Response::new(200, "application/json", record.into_json())
        }
        (View::Negotiated, Form::Html) => html(200, page::lookup(&record, authority, is_kept)),
        (View::Negotiated, Form::Text) => {
            let mut text = String::new();
            for name in value::NAMES {
                if let Some(value) = value::of(&record, name) {
                    text += &format!("{name}: {value}\n");
                }
            }
            Response::new(200, TEXT, text)
        }
        (View::Value(name), _) => match value::of(&record, name) {
            Some(value) => Response::new(200, TEXT, value + "\n"),
            None => {
                return Err(Problem::new(
                    Kind::NoValue,
                    format!("ipify knows no {name} of this address."),
                ));
            }
        },
    })
}

/// Renders a problem.
pub fn of_problem(problem: Problem, form: Form) -> Response {
    let mut response = match form {
        Form::Json => Response::new(
            problem.status(),
            "application/problem+json",
            problem.to_json(),
        ),
        Form::Html => html(problem.status(), page::problem(&problem)),
        Form::Text => {
            let text = format!("{}: {}\n", problem.title(), problem.detail);
            Response::new(problem.status(), TEXT, text)
        }
    };
    response.header("cache-control", "no-store");
    for (name, value) in problem.headers {
        response.header(name, value);
    }
    response
}

fn html(status: u16, page: String) -> Response {
    let mut response = Response::new(status, HTML, page);
    response.header("content-security-policy", page::CONTENT_SECURITY_POLICY);
    response.header("referrer-policy", "no-referrer");
    response
}
