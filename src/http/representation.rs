//! An answer in the form that was asked for.

use super::accept::Form;
use super::page::{self, Page};
use super::response::Response;
use crate::fields::{FIELDS, Field};
use crate::lookup::{Answer, CacheStatus, Record};
use crate::problem::{Kind, Problem};

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
    Value(&'static Field),
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
    /// [`Kind::NoValue`] for a value that ipify does not have.
    pub(crate) fn respond(
        self,
        answer: Answer,
        cache_status: Option<CacheStatus>,
        page: Page,
    ) -> Result<Response, Problem> {
        Ok(match self {
            Self::Json => Response::new(200, "application/json", answer.record.into_json()),
            Self::Html => page::answer(&answer.record, cache_status, page),
            Self::Text => Response::text(200, lines(&answer.record)),
            Self::Value(field) => {
                let value = answer.record.values().get(field);
                Response::text(200, value.ok_or_else(|| no_value(field.name))? + "\n")
            }
        })
    }
}

fn lines(record: &Record) -> String {
    let values = record.values();
    let mut lines = String::new();
    for field in &FIELDS {
        if let Some(value) = values.get(field) {
            lines += &format!("{}: {value}\n", field.name);
        }
    }
    lines
}

fn no_value(name: &str) -> Problem {
    let detail =
        format!("ipify has no {name} for this address. The JSON has everything it returned.");
    Problem::new(Kind::NoValue, detail)
}
