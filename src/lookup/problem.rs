//! Why a lookup failed, and what to do about it.

use super::cache::Status;
use crate::host::Log;
use std::borrow::Cow;
use std::fmt;
use std::ops::{Deref, DerefMut};

/// A lookup that failed. Boxed, because it is rare, and large to hand on.
#[derive(Debug)]
pub struct Problem(Box<Details>);

/// What there is to say of a lookup that failed.
#[derive(Debug)]
pub struct Details {
    /// What failed.
    pub kind: Kind,
    /// What the reader can do about it. It never holds a variable's value.
    pub detail: Cow<'static, str>,
    /// After how many seconds another try makes sense, where that is known.
    pub retry_after: Option<u64>,
    /// What the cache had to say, where it was asked.
    pub cache_status: Option<Status>,
    /// What the host says about it: for the log, not for the client.
    pub cause: Option<anyhow::Error>,
    /// Whether the next request to ipify is likely to fail too.
    pub is_outage: bool,
}

/// The kinds of failed lookups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What is asked about is not an IP address.
    InvalidAddress,
    /// The address is a special-purpose one, and nobody's on the Internet.
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
}

impl Kind {
    /// The kinds that are failures of ipify.
    pub(crate) const OUTAGES: [Self; 5] = [
        Self::UpstreamRefused,
        Self::UpstreamInvalid,
        Self::UpstreamUnreachable,
        Self::UpstreamBusy,
        Self::UpstreamTimeout,
    ];

    /// Returns the last part of the problem type's URI.
    pub fn slug(self) -> &'static str {
        match self {
            Self::InvalidAddress => "invalid-address",
            Self::SpecialAddress => "special-address",
            Self::Misconfigured => "misconfigured",
            Self::UpstreamRefused => "upstream-refused",
            Self::UpstreamInvalid => "upstream-invalid",
            Self::UpstreamUnreachable => "upstream-unreachable",
            Self::UpstreamBusy => "upstream-busy",
            Self::UpstreamTimeout => "upstream-timeout",
            Self::BudgetSpent => "budget-spent",
        }
    }
}

impl Problem {
    /// Creates a problem with a detail that tells its reader what to do.
    pub(crate) fn new(kind: Kind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Details {
            kind,
            detail: detail.into(),
            retry_after: None,
            cache_status: None,
            cause: None,
            is_outage: false,
        }))
    }

    /// Returns the details.
    pub fn into_details(self) -> Details {
        *self.0
    }

    /// Writes the problem to the log.
    pub(crate) fn log(&self, log: &dyn Log) {
        self::log(log, self, self.cause.as_ref());
    }

    /// Adds what the host says about it.
    pub(crate) fn because(mut self, cause: anyhow::Error) -> Self {
        self.cause = Some(cause);
        self
    }

    /// Adds what the cache did, unless that is known.
    pub(crate) fn with_cache_status(mut self, status: Status) -> Self {
        self.cache_status.get_or_insert(status);
        self
    }

    /// Sets whether the next request to ipify is likely to fail too.
    pub(crate) fn with_outage(mut self, is_outage: bool) -> Self {
        self.is_outage = is_outage;
        self
    }
}

impl Deref for Problem {
    type Target = Details;

    fn deref(&self) -> &Details {
        &self.0
    }
}

impl DerefMut for Problem {
    fn deref_mut(&mut self) -> &mut Details {
        &mut self.0
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: {}", self.kind.slug(), self.detail)
    }
}

/// Writes a line to the log, with what the host says about it.
pub(crate) fn log(log: &dyn Log, line: impl fmt::Display, cause: Option<&anyhow::Error>) {
    log.line(&match cause {
        Some(cause) => format!("geo: {line} {}", printable(&format!("{cause:#}"))),
        None => format!("geo: {line}"),
    });
}

/// The longest text of a host that is logged, in characters.
const MAX_CAUSE: usize = 1000;

/// Makes a text of the host fit for a line of the log: without line breaks and
/// other control characters, without the user name and password of a URL (a
/// store's, for example), and not endless.
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
        let (url, rest) = url.split_at(end.unwrap_or(url.len()));
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
    use anyhow::{Context, anyhow};
    use std::cell::RefCell;

    #[derive(Default)]
    struct Lines(RefCell<Vec<String>>);

    impl Log for Lines {
        fn line(&self, line: &str) {
            self.0.borrow_mut().push(line.to_owned());
        }
    }

    #[test]
    fn the_log_has_the_chain_of_causes() {
        let cause = Err::<(), _>(anyhow!("connection refused"))
            .context("no connection")
            .unwrap_err();
        let lines = Lines::default();
        log(&lines, "503 upstream-unreachable: Wait.", Some(&cause));
        log(&lines, "500 misconfigured: Set it.", None);
        assert_eq!(
            *lines.0.borrow(),
            [
                "geo: 503 upstream-unreachable: Wait. no connection: connection refused",
                "geo: 500 misconfigured: Set it.",
            ]
        );
    }

    #[test]
    fn foreign_text_is_one_line_without_passwords() {
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
