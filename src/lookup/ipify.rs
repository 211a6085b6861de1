//! Asking ipify, and what to make of its answer.
//!
//! The interface is that of <https://geo.ipify.org/docs>.

use super::retry_after;
use crate::host::Upstream;
use crate::lookup::Record;
use crate::lookup::problem::{Kind, Problem};
use crate::lookup::settings::Ipify;
use std::net::IpAddr;

/// The most that is read of ipify's answer, in bytes. Real ones have hundreds.
pub const MAX_BODY: usize = 64 * 1024;

/// Where a request to ipify goes. It holds the API key, so it has no `Debug`.
pub struct Target {
    /// TLS or not.
    pub https: bool,
    /// Host, and port where it is not the scheme's.
    pub authority: String,
    /// Path and query.
    pub path_with_query: String,
}

/// What came back from ipify.
pub struct Exchange {
    /// The status code.
    pub status: u16,
    /// The `Retry-After` header, if it is text.
    pub retry_after: Option<String>,
    /// The content of a 2xx answer, empty for others.
    pub body: Vec<u8>,
}

/// Why nothing usable came back from ipify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The time was up.
    Timeout,
    /// The host's policy forbids the request.
    NotAllowed,
    /// The name could not be resolved.
    Dns,
    /// TLS could not be agreed on, or the certificate is not good.
    Tls,
    /// The connection was refused, lost or cannot be.
    Connection,
    /// The body broke off.
    Incomplete,
    /// The body is larger than allowed.
    TooLarge,
}

/// Asks ipify about an address, or, without one, about the address that the
/// request comes from.
///
/// # Errors
///
/// The 502, 503 and 504 problems: see [`Kind`].
pub fn look_up(
    settings: &Ipify,
    subject: Option<IpAddr>,
    upstream: &dyn Upstream,
) -> Result<Record, Problem> {
    let exchange = upstream
        .get(&target(settings, subject), settings.timeout, MAX_BODY)
        .map_err(Problem::from)?;
    match exchange.status {
        200..=299 => Record::parse(exchange.body).ok_or_else(|| {
            Problem::new(
                Kind::UpstreamInvalid,
                "ipify's answer is not a JSON object with an IP address in ip. \
                 Check ipify_origin and ipify_path.",
            )
        }),
        300..=399 => Err(Problem::new(
            Kind::UpstreamInvalid,
            "ipify answered with a redirect, which is not followed. \
             Check ipify_origin and ipify_path.",
        )),
        401 | 403 => Err(Problem::new(
            Kind::UpstreamRefused,
            "The API key is wrong, or its credits are used up; ipify does not say which. \
             Check ipify_api_key and the account's balance.",
        )),
        429 => {
            let problem = Problem::new(
                Kind::UpstreamBusy,
                "ipify gets too many requests for this API key. Try again later.",
            );
            Err(match exchange.retry_after {
                Some(when) if retry_after::is_valid(&when) => {
                    problem.with_header("retry-after", when)
                }
                _ => problem,
            })
        }
        status => Err(Problem::new(
            Kind::UpstreamInvalid,
            format!(
                "ipify answered with status {status}. \
                 Try again later; if it stays, check ipify_origin and ipify_path."
            ),
        )),
    }
}

fn target(settings: &Ipify, subject: Option<IpAddr>) -> Target {
    let mut path_with_query = format!("{}?apiKey=", settings.path);
    settings.api_key.push_onto(&mut path_with_query);
    if let Some(address) = subject {
        path_with_query += &format!("&ipAddress={address}");
    }
    Target {
        https: settings.origin.scheme == "https",
        authority: settings.origin.authority.clone(),
        path_with_query,
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        use Kind::{UpstreamInvalid, UpstreamTimeout, UpstreamUnreachable};
        let (kind, detail) = match failure {
            Failure::Timeout => (
                UpstreamTimeout,
                "ipify's answer was not complete within timeout_ms. Try again later.",
            ),
            Failure::NotAllowed => (
                UpstreamUnreachable,
                "The host does not allow requests to ipify_origin. \
                 Put it into allowed_outbound_hosts.",
            ),
            Failure::Dns => (
                UpstreamUnreachable,
                "The name in ipify_origin cannot be resolved. Check it, and the host's DNS.",
            ),
            Failure::Tls => (
                UpstreamUnreachable,
                "No TLS connection to ipify_origin: the certificate or the protocol is not good.",
            ),
            Failure::Connection => (
                UpstreamUnreachable,
                "The connection to ipify_origin failed before an answer came. Try again later.",
            ),
            Failure::Incomplete => (
                UpstreamInvalid,
                "ipify's answer broke off. Try again later.",
            ),
            Failure::TooLarge => (
                UpstreamInvalid,
                "ipify's answer is larger than 64 KiB. Check ipify_origin and ipify_path.",
            ),
        };
        Problem::new(kind, detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lookup::settings::Settings;
    use crate::lookup::settings::tests::Table;

    #[test]
    fn the_request_holds_key_and_address() {
        let settings = Settings::load(&Table(vec![
            ("ipify_api_key", "at_a&b"),
            ("ipify_origin", "http://127.0.0.1:8080/"),
            ("ipify_path", "/api/v1"),
        ]))
        .unwrap()
        .ipify;
        for (subject, expected) in [
            (None, "/api/v1?apiKey=at_a%26b"),
            (Some("8.8.8.8"), "/api/v1?apiKey=at_a%26b&ipAddress=8.8.8.8"),
            (
                Some("2620:fe::fe"),
                "/api/v1?apiKey=at_a%26b&ipAddress=2620:fe::fe",
            ),
        ] {
            let target = target(&settings, subject.map(|ip| ip.parse().unwrap()));
            assert!(!target.https);
            assert_eq!(target.authority, "127.0.0.1:8080");
            assert_eq!(target.path_with_query, expected);
        }
    }
}
