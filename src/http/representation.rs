//! An answer in the form that was asked for.

use super::accept::Form;
use super::address::Asked;
use super::page;
use super::problem::Problem;
use super::request::Request;
use super::response::Response;
use super::value::Value;
use crate::lookup::{Answer, View};

/// What of an answer is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Representation {
    /// ipify's JSON.
    Json,
    /// The page.
    Html,
    /// All values, a line each.
    Text,
    /// One value.
    Value(Value),
}

impl From<Form> for Representation {
    fn from(form: Form) -> Self {
        match form {
            Form::Json => Self::Json,
            Form::Html => Self::Html,
            Form::Text => Self::Text,
        }
    }
}

impl Representation {
    /// Returns the response with an answer.
    ///
    /// # Errors
    ///
    /// 404 for a value that ipify does not have.
    pub(crate) fn respond(
        self,
        answer: Answer,
        request: &Request,
        asked: &Asked,
    ) -> Result<Response, Box<Problem>> {
        Ok(match self {
            Self::Json => Response::new(200, "application/json", answer.record.into_json()),
            Self::Html => page::answer(&answer, request, asked),
            Self::Text => Response::text(200, lines(&answer.record.view())),
            Self::Value(value) => {
                let line = value.of(&answer.record.view());
                let line = line.ok_or_else(|| Problem::no_value(value.name()))?;
                Response::text(200, line + "\n")
            }
        })
    }
}

fn lines(view: &View) -> String {
    let mut lines = String::new();
    for value in Value::ALL {
        if let Some(text) = value.of(view) {
            lines += &format!("{}: {text}\n", value.name());
        }
    }
    lines
}
