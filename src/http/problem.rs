//! Failures as HTTP responses: problem details (RFC 9457).

use super::accept::Form;
use super::cache_headers;
use super::page;
use super::response::Response;
use super::route::METHODS;
use crate::host::Log;
use crate::lookup::{self, Kind, Status, problem};
use serde::Serialize;
use std::borrow::Cow;
use std::fmt;

/// A request that failed. Handed on in a box, because it is rare and large.
#[derive(Debug)]
pub(crate) struct Problem {
    /// The status code.
    pub(crate) status: u16,
    /// The last part of the type's URI.
    pub(crate) slug: &'static str,
    /// What the type means.
    pub(crate) title: &'static str,
    /// What the reader can do about it.
    pub(crate) detail: Cow<'static, str>,
    retry_after: Option<u64>,
    cache_status: Option<Status>,
    cause: Option<anyhow::Error>,
    /// What the form beside it holds, where the page has one.
    pub(crate) form: Option<String>,
}

/// The members of a problem details object.
#[derive(Serialize)]
struct ProblemDetails<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
}

impl Problem {
    fn new(
        status: u16,
        slug: &'static str,
        title: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Box<Self> {
        Box::new(Self {
            status,
            slug,
            title,
            detail: detail.into(),
            retry_after: None,
            cache_status: None,
            cause: None,
            form: None,
        })
    }

    /// The path is unknown.
    pub(crate) fn not_found() -> Box<Self> {
        let detail = "There is nothing at this path. GET / tells where you are, \
                      GET /openapi.json what else there is.";
        Self::new(404, "not-found", "No such path", detail)
    }

    /// ipify has no such value for the address.
    pub(crate) fn no_value(name: &str) -> Box<Self> {
        let detail = format!(
            "There is no {name} for this address. The JSON has all that ipify knows of it."
        );
        Self::new(404, "no-value", "No such value", detail)
    }

    /// The path is known, the method is not.
    pub(crate) fn method_not_allowed() -> Box<Self> {
        let detail = "Use GET or HEAD: geo only answers questions.";
        Self::new(405, "method-not-allowed", "Method not allowed", detail)
    }

    /// Lookups of other addresses than the caller's are off.
    pub(crate) fn lookup_disabled() -> Box<Self> {
        let detail = "This geo only tells where its caller is: ask without an address. \
                      Whoever runs it can set the variable lookup to any.";
        Self::new(403, "lookup-disabled", "Only your own address", detail)
    }

    /// What should be an IP address is invalid.
    pub(crate) fn invalid_address(detail: &'static str) -> Box<Self> {
        lookup::Problem::new(Kind::InvalidAddress, detail).into()
    }

    /// Adds what the cache did.
    pub(crate) fn with_cache_status(mut self: Box<Self>, status: Status) -> Box<Self> {
        self.cache_status = Some(status);
        self
    }

    /// Adds the form for another address, which holds what was asked about.
    pub(crate) fn beside(mut self: Box<Self>, form: Option<String>) -> Box<Self> {
        self.form = form;
        self
    }

    /// Writes a failure that is the operator's concern to the log.
    pub(crate) fn log(&self, log: &dyn Log) {
        if self.status >= 500 {
            problem::log(log, self, self.cause.as_ref());
        }
    }

    /// Returns the response in the form that the client prefers.
    pub(crate) fn to_response(&self, form: Form) -> Response {
        let status = self.status;
        let mut response = match form {
            Form::Json => Response::new(status, "application/problem+json", self.to_json()),
            Form::Html => page::problem(self),
            Form::Text => Response::text(status, format!("{}: {}\n", self.title, self.detail)),
        };
        response.header("cache-control", "no-store");
        if status == 405 {
            response.header("allow", METHODS);
        }
        if let Some(seconds) = self.retry_after {
            response.header("retry-after", seconds.to_string());
        }
        if let Some(status) = self.cache_status {
            response.header("cache-status", cache_headers::cache_status(status));
        }
        response
    }

    fn to_json(&self) -> Vec<u8> {
        let details = ProblemDetails {
            r#type: format!("urn:problem-type:geo:{}", self.slug),
            title: self.title,
            status: self.status,
            detail: &self.detail,
        };
        // Strings and a number are always serializable.
        serde_json::to_vec(&details).unwrap_or_default()
    }
}

impl From<lookup::Problem> for Box<Problem> {
    fn from(problem: lookup::Problem) -> Self {
        let problem = problem.into_details();
        let (status, title) = match problem.kind {
            Kind::InvalidAddress => (400, "Not an IP address"),
            Kind::SpecialAddress => (422, "Not a public address"),
            Kind::Misconfigured => (500, "geo is misconfigured"),
            Kind::UpstreamRefused => (502, "ipify refused the API key"),
            Kind::UpstreamInvalid => (502, "ipify's answer is unusable"),
            Kind::UpstreamUnreachable => (503, "ipify is out of reach"),
            Kind::UpstreamBusy => (503, "ipify is busy"),
            Kind::UpstreamTimeout => (504, "ipify took too long"),
            Kind::BudgetSpent => (503, "Today's lookups are used up"),
        };
        Box::new(Problem {
            status,
            slug: problem.kind.slug(),
            title,
            detail: problem.detail,
            retry_after: problem.retry_after,
            cache_status: problem.cache_status,
            cause: problem.cause,
            form: None,
        })
    }
}

/// The line of the log.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} {}: {}", self.status, self.slug, self.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_json_with_the_members_of_rfc_9457() {
        let problem = lookup::Problem::new(Kind::UpstreamRefused, "Say \"please\",\nor \\.");
        assert_eq!(
            String::from_utf8(<Box<Problem>>::from(problem).to_json()).unwrap(),
            concat!(
                r#"{"type":"urn:problem-type:geo:upstream-refused","#,
                r#""title":"ipify refused the API key","status":502,"#,
                r#""detail":"Say \"please\",\nor \\."}"#
            )
        );
    }
}
