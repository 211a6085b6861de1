//! Why a request failed, and what to do about it.

use crate::runtime::Runtime;
use std::borrow::Cow;
use std::fmt;

/// A request that failed.
#[derive(Debug)]
pub struct Problem {
    /// What failed.
    pub kind: Kind,
    /// What the reader can do about it. It never holds a variable's value.
    pub detail: Cow<'static, str>,
    /// After how many seconds another try makes sense, where that is known.
    pub retry_after: Option<u64>,
    /// What the platform says about it: for the log, not for the client.
    pub cause: Option<anyhow::Error>,
    /// Whether ipify failed in a way that the next request is likely to meet
    /// too.
    pub(crate) is_outage: bool,
}

/// What can fail. Its status and title are in `http/problem.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The path is unknown.
    NotFound,
    /// The path is known, the method is not.
    MethodNotAllowed,
    /// Another address than the client's is asked about, which the operator
    /// does not allow.
    LookupDisabled,
    /// Another address than the client's is asked about, without a valid token.
    TokenRequired,
    /// ipify has no such value for the address.
    NoValue,
    /// A parameter asks for what another service does, and geo does not.
    UnsupportedParameter,
    /// What is asked about is not an IP address.
    InvalidAddress,
    /// The address is a special-purpose one, which has no place on the
    /// Internet.
    SpecialAddress,
    /// A variable is missing, invalid or could not be read.
    Misconfigured,
    /// ipify refused the API key: it is wrong, or its credits are used up.
    UpstreamRefused,
    /// ipify's response cannot be used.
    UpstreamInvalid,
    /// There is no connection to ipify.
    UpstreamUnreachable,
    /// ipify limits the rate of requests.
    UpstreamBusy,
    /// ipify took longer than `timeout_ms`.
    UpstreamTimeout,
    /// The lookups of the day are used up.
    BudgetSpent,
    /// The operator does not admit clients in this country, to the application
    /// behind the middleware.
    CountryBlocked,
}

impl Kind {
    /// Returns the last part of the problem type's URI.
    pub fn slug(self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::LookupDisabled => "lookup-disabled",
            Self::TokenRequired => "token-required",
            Self::NoValue => "no-value",
            Self::UnsupportedParameter => "unsupported-parameter",
            Self::InvalidAddress => "invalid-address",
            Self::SpecialAddress => "special-address",
            Self::Misconfigured => "misconfigured",
            Self::UpstreamRefused => "upstream-refused",
            Self::UpstreamInvalid => "upstream-invalid",
            Self::UpstreamUnreachable => "upstream-unreachable",
            Self::UpstreamBusy => "upstream-busy",
            Self::UpstreamTimeout => "upstream-timeout",
            Self::BudgetSpent => "budget-spent",
            Self::CountryBlocked => "country-blocked",
        }
    }
}

impl Problem {
    /// Creates a problem with a detail that tells its reader what to do.
    pub(crate) fn new(kind: Kind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            retry_after: None,
            cause: None,
            is_outage: false,
        }
    }

    /// Adds what the platform says about it.
    pub(crate) fn because(mut self, cause: anyhow::Error) -> Self {
        self.cause = Some(cause);
        self
    }

    /// Writes the problem to the log.
    pub(crate) fn log(&self, runtime: &impl Runtime) {
        log(runtime, self, self.cause.as_ref());
    }
}

/// The line of the log.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: {}", self.kind.slug(), self.detail)
    }
}

/// Writes a line to the log, with what the platform says about it.
pub(crate) fn log(runtime: &impl Runtime, line: impl fmt::Display, cause: Option<&anyhow::Error>) {
    runtime.log(&match cause {
        Some(cause) => format!("geo: {line} {}", printable(&format!("{cause:#}"))),
        None => format!("geo: {line}"),
    });
}

/// The longest cause that is logged, in characters.
const MAX_CAUSE: usize = 1000;

/// Makes a cause fit for a line of the log: without control characters such as
/// line breaks, without the user name and password of a URL (a store's, for
/// example), and cut off at [`MAX_CAUSE`].
fn printable(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char })
        .take(MAX_CAUSE)
        .collect();
    let mut urls = text.split("://");
    let mut printable = urls.next().unwrap_or_default().to_owned();
    for url in urls {
        printable += "://";
        let end = url.find(|char: char| char.is_whitespace() || "\"'<>`".contains(char));
        let (url, rest) = url
            .split_at_checked(end.unwrap_or(url.len()))
            .unwrap_or_default();
        match url.rsplit_once('@') {
            Some((_user, host)) => {
                printable += "***@";
                printable += host;
            }
            None => printable += url,
        }
        printable += rest;
    }
    printable
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::tests::Variables;
    use anyhow::{Context, anyhow};

    #[test]
    fn the_log_has_the_chain_of_causes() {
        let cause = Err::<(), _>(anyhow!("connection refused"))
            .context("no connection")
            .unwrap_err();
        let runtime = Variables::default();
        log(&runtime, "503 upstream-unreachable: Wait.", Some(&cause));
        log(&runtime, "500 misconfigured: Set it.", None);
        assert_eq!(
            *runtime.log.borrow(),
            [
                "geo: 503 upstream-unreachable: Wait. no connection: connection refused",
                "geo: 500 misconfigured: Set it.",
            ]
        );
    }

    #[test]
    fn a_cause_is_one_line_without_passwords() {
        for (text, expected) in [
            ("no such store", "no such store"),
            ("line\r\nbreak\u{1b}[0m", "line  break [0m"),
            (
                "redis://user:pass@redis:6379/0 is away",
                "redis://***@redis:6379/0 is away",
            ),
            (
                "'redis://:p@ss/word@redis', https://a/b",
                "'redis://***@redis', https://a/b",
            ),
        ] {
            assert_eq!(printable(text), expected);
        }
        assert_eq!(printable(&"é".repeat(2000)).chars().count(), MAX_CAUSE);
    }
}
