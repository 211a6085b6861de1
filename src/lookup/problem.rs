//! What geo answers when it cannot answer: problem details, RFC 9457.

use std::fmt;

/// One failure, as its reader sees it.
///
/// Its text is geo's own: nothing of the request or of a variable's value, and
/// of ipify's answer only a status code and a checked `Retry-After`. So it can
/// neither leak a secret nor need escaping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What kind of failure it is.
    pub kind: Kind,
    /// What the reader can do about it.
    pub detail: String,
    /// Header lines that go with it.
    pub headers: Vec<(&'static str, String)>,
}

/// The kinds of failure there are. Each has a `type` URI that stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The address asked for, or a header that should hold one, is none.
    InvalidAddress,
    /// Asking about other addresses is off.
    LookupDisabled,
    /// Unknown path.
    NotFound,
    /// ipify has no such value for the address.
    NoValue,
    /// Known path, wrong method.
    MethodNotAllowed,
    /// The address asked for is nobody's public one.
    SpecialAddress,
    /// A variable is missing or malformed.
    Misconfigured,
    /// ipify did not accept the key: a wrong one, or one without credits.
    UpstreamRefused,
    /// ipify's answer was not one.
    UpstreamInvalid,
    /// No connection to ipify.
    UpstreamUnreachable,
    /// ipify asks to slow down.
    UpstreamBusy,
    /// ipify took too long.
    UpstreamTimeout,
}

impl Kind {
    /// Status code, last part of the `type` URI, and `title`.
    fn facts(self) -> (u16, &'static str, &'static str) {
        match self {
            Kind::InvalidAddress => (400, "invalid-address", "Not an IP address"),
            Kind::LookupDisabled => (403, "lookup-disabled", "Only your own address"),
            Kind::NotFound => (404, "not-found", "No such path"),
            Kind::NoValue => (404, "no-value", "No such value"),
            Kind::MethodNotAllowed => (405, "method-not-allowed", "Method not allowed"),
            Kind::SpecialAddress => (422, "special-address", "Not a public address"),
            Kind::Misconfigured => (500, "misconfigured", "geo is misconfigured"),
            Kind::UpstreamRefused => (502, "upstream-refused", "ipify refused the API key"),
            Kind::UpstreamInvalid => (502, "upstream-invalid", "ipify's answer is unusable"),
            Kind::UpstreamUnreachable => (503, "upstream-unreachable", "ipify is out of reach"),
            Kind::UpstreamBusy => (503, "upstream-busy", "ipify is busy"),
            Kind::UpstreamTimeout => (504, "upstream-timeout", "ipify took too long"),
        }
    }
}

impl Problem {
    /// A problem whose `detail` tells its reader what to do.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        debug_assert!(
            !detail.contains(['"', '\\', '\n']),
            "needs escaping: {detail}"
        );
        Self {
            kind,
            detail,
            headers: Vec::new(),
        }
    }

    /// Adds a header line.
    pub fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The HTTP status code.
    pub fn status(&self) -> u16 {
        self.kind.facts().0
    }

    /// What it is, in a few words.
    pub fn title(&self) -> &'static str {
        self.kind.facts().2
    }

    /// The problem details object of RFC 9457.
    pub fn to_json(&self) -> String {
        let (status, slug, title) = self.kind.facts();
        let detail = &self.detail;
        format!(
            r#"{{"type":"urn:problem-type:geo:{slug}","title":"{title}","status":{status},"detail":"{detail}"}}"#
        )
    }

    /// Whether the operator should read of it, not only the client.
    pub fn is_for_the_operator(&self) -> bool {
        self.status() >= 500
    }
}

/// One line for the log.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let (status, slug, _) = self.kind.facts();
        write!(f, "geo: {status} {slug}: {}", self.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_json_with_the_members_of_rfc_9457() {
        assert_eq!(
            Problem::new(Kind::UpstreamRefused, "Do this.").to_json(),
            r#"{"type":"urn:problem-type:geo:upstream-refused","title":"ipify refused the API key","status":502,"detail":"Do this."}"#
        );
    }

    #[test]
    fn only_server_errors_are_logged() {
        for (kind, logged) in [
            (Kind::NotFound, false),
            (Kind::Misconfigured, true),
            (Kind::UpstreamTimeout, true),
        ] {
            assert_eq!(Problem::new(kind, "").is_for_the_operator(), logged);
        }
        assert_eq!(
            Problem::new(Kind::UpstreamTimeout, "Wait.").to_string(),
            "geo: 504 upstream-timeout: Wait."
        );
    }
}
