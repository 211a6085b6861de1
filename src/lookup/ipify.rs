//! ipify's geolocation API: the request, the API key, and what a response means.
//!
//! The interface is described at <https://geo.ipify.org/docs>.

use super::json::{self, Value};
use super::record::Record;
use crate::decimal;
use crate::origin::Origin;
use crate::problem::{Kind, Problem};
use crate::runtime::{Failure, FailureKind, Get, Response, Runtime};
use crate::settings::{self, named};
use anyhow::anyhow;
use std::fmt;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

/// The largest body that is accepted, in bytes. Real ones have hundreds.
pub(super) const MAX_BODY: usize = 64 * 1024;

/// The path that returns how many credits are left.
const BALANCE_PATH: &str = "/service/account-balance";

/// What replaces the API key in a text.
const MASK: &str = "***";

/// Where ipify's API is.
pub(super) struct Endpoint {
    /// `ipify_origin`
    origin: Origin,
    /// `ipify_path`
    path: String,
}

/// Its URL.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.path)
    }
}

/// What a request to ipify takes besides the endpoint.
pub(super) struct Access {
    key: ApiKey,
    /// The time for the whole exchange.
    pub(super) timeout: Duration,
}

impl Endpoint {
    /// Reads the endpoint from the settings.
    pub(super) fn load(runtime: &impl Runtime) -> Result<Self, Problem> {
        Ok(Self {
            origin: settings::IPIFY_ORIGIN.read(runtime)?,
            path: settings::IPIFY_PATH.read(runtime)?,
        })
    }

    /// Asks ipify about an address; without one, about the address that the
    /// request comes from.
    pub(super) async fn ask<R: Runtime>(
        &self,
        access: &Access,
        address: Option<IpAddr>,
        runtime: &R,
    ) -> Result<Record, Problem> {
        match runtime.fetch(&self.request(access, address)).await {
            Ok(response) => record(response, runtime.now().as_secs()),
            Err(failure) => Err(problem(failure, &access.key)),
        }
    }

    /// Asks ipify why it refused the API key: it tells the credits that are left.
    /// Returns the detail of the problem; `None` where it cannot be known.
    ///
    /// The path is documented for ipify's other products.
    pub(super) async fn explain_refusal<R: Runtime>(
        &self,
        access: &Access,
        timeout: Duration,
        runtime: &R,
    ) -> Option<&'static str> {
        let request = Get {
            timeout,
            ..self.get(BALANCE_PATH, access)
        };
        let response = runtime.fetch(&request).await.ok()?;
        refusal(response.status, &response.body)
    }

    fn request(&self, access: &Access, address: Option<IpAddr>) -> Get {
        let mut request = self.get(&self.path, access);
        if let Some(address) = address {
            request.path_with_query += &format!("&ipAddress={address}");
        }
        request
    }

    /// A request with the API key.
    fn get(&self, path: &str, access: &Access) -> Get {
        Get {
            https: self.origin.scheme == "https",
            authority: self.origin.authority.clone(),
            path_with_query: format!("{path}?apiKey={}", access.key.encoded()),
            timeout: access.timeout,
            max_body: MAX_BODY,
        }
    }
}

impl Access {
    /// Reads the API key and the timeout from the settings.
    pub(super) fn load(runtime: &impl Runtime) -> Result<Self, Problem> {
        Ok(Self {
            key: ApiKey(settings::IPIFY_API_KEY.read(runtime)?),
            timeout: settings::TIMEOUT_MS.read(runtime)?,
        })
    }
}

/// ipify's API key. It has no `Debug` and no `Display`; it leaves only in the
/// query of the request to ipify.
struct ApiKey(String);

impl ApiKey {
    /// Returns the key, percent-encoded for a query.
    fn encoded(&self) -> String {
        form_urlencoded::byte_serialize(self.0.as_bytes()).collect()
    }

    /// Masks the key in a text that may quote the URL: as it is, percent-encoded,
    /// and whatever else is the value of `apiKey`.
    fn mask(&self, text: &str) -> String {
        let text = text.replace(&self.encoded(), MASK).replace(&self.0, MASK);
        let mut parts = text.split("apiKey=");
        let mut masked = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            // The value ends where a URL, a field of it or a quotation ends.
            let end = part.find(|char: char| char.is_whitespace() || "&#\"'<>`".contains(char));
            masked += "apiKey=";
            masked += MASK;
            masked += part.get(end.unwrap_or(part.len())..).unwrap_or_default();
        }
        masked
    }
}

/// Reads a response. `now` is in seconds since 1970.
fn record(response: Response, now: u64) -> Result<Record, Problem> {
    Err(match response.status {
        200..=299 => {
            return Record::parse(response.body).ok_or_else(|| {
                Problem::new(
                    Kind::UpstreamInvalid,
                    "ipify's response is not a JSON object with an IP address in ip. \
                     Check ipify_origin and ipify_path.",
                )
            });
        }
        300..=399 => Problem::new(
            Kind::UpstreamInvalid,
            "ipify answered with a redirect, which is not followed. \
             Check ipify_origin and ipify_path.",
        ),
        401 | 403 => outage(Problem::new(
            Kind::UpstreamRefused,
            "The API key is wrong, or its credits are used up; ipify does not say which. \
             Check ipify_api_key and the account's balance.",
        )),
        429 => {
            let mut problem = Problem::new(
                Kind::UpstreamBusy,
                "ipify received too many requests for this API key. Try again later.",
            );
            problem.retry_after = response
                .retry_after
                .and_then(|value| retry_after(&value, now));
            outage(problem)
        }
        status => {
            let detail = format!(
                "ipify answered with status {status}. \
                 Try again later; if it persists, check ipify_origin and ipify_path."
            );
            let problem = Problem::new(Kind::UpstreamInvalid, detail);
            if status >= 500 {
                outage(problem)
            } else {
                problem
            }
        }
    })
}

/// Says why ipify refused the API key, by its response about the credits.
fn refusal(status: u16, body: &[u8]) -> Option<&'static str> {
    match status {
        200..=299 if credits(body)? > 0.0 => Some(
            "The API key is valid and has credits left, but ipify refused the request. \
             Check that the account's plan includes ipify_path.",
        ),
        200..=299 => Some("The credits of the ipify account are used up. Buy more at ipify."),
        401 | 403 => Some("The API key is wrong. Check ipify_api_key."),
        _ => None,
    }
}

/// Reads how many credits are left.
fn credits(body: &[u8]) -> Option<f64> {
    let Value::Object(members) = json::parse(str::from_utf8(body).ok()?)? else {
        return None;
    };
    match json::parse(json::member(&members, "credits")?.get())? {
        Value::Number(credits) => Some(credits),
        _ => None,
    }
}

/// Marks a problem that the next request to ipify is likely to have too.
fn outage(problem: Problem) -> Problem {
    Problem {
        is_outage: true,
        ..problem
    }
}

/// Returns the problem of an exchange that failed. Its cause is free of the
/// API key, also where the platform quotes the URL.
fn problem(failure: Failure, api_key: &ApiKey) -> Problem {
    use Kind::{UpstreamInvalid, UpstreamTimeout, UpstreamUnreachable};
    let (kind, detail) = match failure.kind {
        FailureKind::Timeout => (
            UpstreamTimeout,
            concat!(
                "ipify did not answer within ",
                named!("timeout_ms"),
                ". Try again later."
            ),
        ),
        FailureKind::NotAllowed => (
            UpstreamUnreachable,
            "The host does not allow requests to ipify_origin. \
             Add it to allowed_outbound_hosts.",
        ),
        FailureKind::Dns => (
            UpstreamUnreachable,
            "The name in ipify_origin cannot be resolved. Check it and the host's DNS.",
        ),
        FailureKind::Tls => (
            UpstreamUnreachable,
            "The TLS connection to ipify_origin failed. Check ipify_origin, \
             and that the host trusts its certificate.",
        ),
        FailureKind::Connection | FailureKind::Closed => (
            UpstreamUnreachable,
            "The connection to ipify_origin failed. Try again later.",
        ),
        FailureKind::Incomplete => (
            UpstreamInvalid,
            "ipify's response is incomplete. Try again later.",
        ),
        FailureKind::TooLarge => (
            UpstreamInvalid,
            "ipify's response is larger than 64 KiB. Check ipify_origin and ipify_path.",
        ),
    };
    let cause = anyhow!(api_key.mask(&format!("{:#}", failure.cause)));
    let problem = Problem::new(kind, detail).because(cause);
    match failure.kind {
        // What the platform's policy forbids costs nothing, and a body that is
        // too large may be so for one address.
        FailureKind::NotAllowed | FailureKind::TooLarge => problem,
        _ => outage(problem),
    }
}

/// Parses `Retry-After` (RFC 9110, 10.2.3): seconds or an HTTP date. Returns
/// seconds from `now`, which is in seconds since 1970.
fn retry_after(value: &str, now: u64) -> Option<u64> {
    decimal::parse(value).or_else(|| Some(http_date(value)?.saturating_sub(now)))
}

/// Parses a date like `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7, without
/// the two obsolete forms). Returns seconds since 1970.
///
/// The crate httpdate would cost 10 kB, most of it the standard library's time
/// types.
fn http_date(value: &str) -> Option<u64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let number = |text: Option<&str>, allowed: RangeInclusive<u64>| {
        decimal::parse(text?).filter(|number| allowed.contains(number))
    };
    let mut fields = value.split([' ', ':']);
    let _weekday = fields.next()?;
    let day = number(fields.next(), 1..=31)?;
    let name = fields.next()?;
    let month = MONTHS.iter().position(|month| *month == name)? as u64;
    let year = number(fields.next(), 1970..=9999)?;
    let hour = number(fields.next(), 0..=23)?;
    let minute = number(fields.next(), 0..=59)?;
    let second = number(fields.next(), 0..=60)?;
    if fields.next() != Some("GMT") || fields.next().is_some() {
        return None;
    }
    // Years start in March here, so that a leap day is the last day of one.
    let (year, month) = match month {
        0 | 1 => (year - 1, month + 10),
        _ => (year, month - 2),
    };
    // 1970 started 719,468 days after March of the year 0.
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    Some((((days - 719_468) * 24 + hour) * 60 + minute) * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access() -> Access {
        Access {
            key: ApiKey("at_a&b".to_owned()),
            timeout: Duration::from_secs(3),
        }
    }

    #[test]
    fn the_request_has_key_and_address() {
        let endpoint = Endpoint {
            origin: Origin::parse("http://127.0.0.1:8080/").unwrap(),
            path: "/api/v1".to_owned(),
        };
        for (address, expected) in [
            (None, "/api/v1?apiKey=at_a%26b"),
            (Some("8.8.8.8"), "/api/v1?apiKey=at_a%26b&ipAddress=8.8.8.8"),
            (
                Some("2620:fe::fe"),
                "/api/v1?apiKey=at_a%26b&ipAddress=2620:fe::fe",
            ),
        ] {
            let address = address.map(|address| address.parse().unwrap());
            let request = endpoint.request(&access(), address);
            assert!(!request.https);
            assert_eq!(request.authority, "127.0.0.1:8080");
            assert_eq!(request.path_with_query, expected);
        }
    }

    #[test]
    fn the_cause_is_kept_without_the_key() {
        let failure = Failure {
            kind: FailureKind::Connection,
            cause: anyhow!("connection refused").context("GET http://a/?apiKey=at_a%26b"),
        };
        let problem = problem(failure, &access().key);
        assert_eq!(problem.kind, Kind::UpstreamUnreachable);
        assert_eq!(
            problem.cause.as_ref().unwrap().to_string(),
            "GET http://a/?apiKey=*** connection refused"
        );
    }

    #[test]
    fn the_key_is_percent_encoded() {
        for (key, expected) in [
            ("at_Ab3-.~", "at_Ab3-.%7E"),
            ("a+b/c=&d?#%", "a%2Bb%2Fc%3D%26d%3F%23%25"),
        ] {
            assert_eq!(ApiKey(key.to_owned()).encoded(), expected);
        }
    }

    #[test]
    fn the_key_is_masked() {
        let key = ApiKey("at_S+/&1".to_owned());
        for (text, expected) in [
            ("connection refused", "connection refused"),
            (
                "GET https://a/?apiKey=at_S%2B%2F%261&ipAddress=9.9.9.9: refused",
                "GET https://a/?apiKey=***&ipAddress=9.9.9.9: refused",
            ),
            (
                "\"https://a/?apiKey=at_S+/&1\"",
                "\"https://a/?apiKey=***\"",
            ),
            (
                "?apiKey=at_S%2b%2f%261 twice apiKey=x",
                "?apiKey=*** twice apiKey=***",
            ),
            ("key at_S+/&1", "key ***"),
        ] {
            assert_eq!(key.mask(text), expected);
        }
    }

    #[test]
    fn refusals() {
        for (status, body, expected) in [
            (200, r#"{"credits":0}"#, Some("used up")),
            (200, r#"{"credits":-2}"#, Some("used up")),
            (200, r#"{"plan":"free","credits":998}"#, Some("valid")),
            (401, "", Some("wrong")),
            (403, "", Some("wrong")),
            (200, r#"{"credits":"0"}"#, None),
            (200, r#"{"credits":null}"#, None),
            (200, "{}", None),
            (200, "<html>", None),
            (404, "", None),
            (500, "", None),
        ] {
            let detail = refusal(status, body.as_bytes());
            assert_eq!(detail.is_some(), expected.is_some(), "{status} {body}");
            let words = expected.unwrap_or_default();
            assert!(detail.unwrap_or_default().contains(words), "{detail:?}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        // Mon, 23 Nov 2026 10:00:00 GMT
        let now = 1_795_428_000;
        for (value, expected) in [
            ("0", Some(0)),
            ("120", Some(120)),
            ("Mon, 23 Nov 2026 10:00:07 GMT", Some(7)),
            ("Mon, 23 Nov 2026 09:59:59 GMT", Some(0)),
            ("Tue, 23 Nov 2027 10:00:00 GMT", Some(365 * 86_400)),
            ("Wed, 01 Mar 2028 10:00:00 GMT", Some(464 * 86_400)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(0)),
            ("Mon, 23 Nov 2026 10:00:00 CET", None),
            ("Mon, 23 Nov 2026 10:00:+7 GMT", None),
            ("Mon, 23 Nov 2026 10:61:00 GMT", None),
            ("Mon, 32 Nov 2026 10:00:00 GMT", None),
            ("Mon, 23 XXX 2026 10:00:00 GMT", None),
            ("Mon, 23 Nov 99999999999 10:00:00 GMT", None),
            ("Monday, 23-Nov-26 10:01:00 GMT", None),
            ("", None),
            ("+1", None),
            ("-1", None),
            ("1.5", None),
            ("99999999999999999999", None),
            ("soon", None),
        ] {
            assert_eq!(retry_after(value, now), expected, "{value:?}");
        }
    }
}
