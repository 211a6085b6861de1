//! The request to ipify's geolocation API, and what its response means.
//!
//! The interface is described at <https://geo.ipify.org/docs>.

use super::api_key::ApiKey;
use super::origin::Origin;
use super::problem::{Kind, Problem};
use super::record::Record;
use super::{retry_after, settings};
use crate::host::{Failure, FailureKind, Get, Host, Response};
use anyhow::anyhow;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

/// The largest body that is accepted, in bytes. Real ones have hundreds.
pub(crate) const MAX_BODY: usize = 64 * 1024;

/// Where ipify's API is.
pub(crate) struct Endpoint {
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
pub(crate) struct Access {
    api_key: ApiKey,
    /// The time for the whole exchange.
    pub(crate) timeout: Duration,
}

impl Endpoint {
    /// Reads the endpoint from the settings.
    pub(crate) fn load(host: &Host) -> Result<Self, Problem> {
        Ok(Self {
            origin: settings::ipify_origin(host.variables)?,
            path: settings::ipify_path(host.variables)?,
        })
    }

    /// Asks ipify about an address; without one, about the address that the
    /// request comes from.
    pub(crate) fn ask(
        &self,
        access: &Access,
        address: Option<IpAddr>,
        host: &Host,
    ) -> Result<Box<Record>, Problem> {
        let response = host.client.get(&self.request(access, address));
        let response = response.map_err(|failure| problem(failure, &access.api_key))?;
        record(response, host.clock.now().as_secs())
    }

    fn request(&self, access: &Access, address: Option<IpAddr>) -> Get {
        let mut path_with_query = format!("{}?apiKey={}", self.path, access.api_key.encoded());
        if let Some(address) = address {
            path_with_query += &format!("&ipAddress={address}");
        }
        Get {
            https: self.origin.scheme == "https",
            authority: self.origin.authority.clone(),
            path_with_query,
            timeout: access.timeout,
            max_body: MAX_BODY,
        }
    }
}

impl Access {
    /// Reads the API key and the timeout from the settings.
    pub(crate) fn load(host: &Host) -> Result<Self, Problem> {
        Ok(Self {
            api_key: settings::api_key(host.variables)?,
            timeout: settings::timeout(host.variables)?,
        })
    }
}

/// Reads a response. `now` is in seconds since 1970.
fn record(response: Response, now: u64) -> Result<Box<Record>, Problem> {
    Err(match response.status {
        200..=299 => {
            return Record::parse(response.body).ok_or_else(|| {
                Problem::new(
                    Kind::UpstreamInvalid,
                    "ipify's answer is not a JSON object with an IP address in ip. \
                     Check ipify_origin and ipify_path.",
                )
            });
        }
        300..=399 => Problem::new(
            Kind::UpstreamInvalid,
            "ipify answered with a redirect, which is not followed. \
             Check ipify_origin and ipify_path.",
        ),
        401 | 403 => Problem::new(
            Kind::UpstreamRefused,
            "The API key is wrong, or its credits are used up; ipify does not say which. \
             Check ipify_api_key and the account's balance.",
        )
        .with_outage(true),
        429 => {
            let mut problem = Problem::new(
                Kind::UpstreamBusy,
                "ipify gets too many requests for this API key. Try again later.",
            );
            problem.retry_after = response
                .retry_after
                .and_then(|value| retry_after::seconds(&value, now));
            problem.with_outage(true)
        }
        status => Problem::new(
            Kind::UpstreamInvalid,
            format!(
                "ipify answered with status {status}. \
                 Try again later; if it stays, check ipify_origin and ipify_path."
            ),
        )
        .with_outage(status >= 500),
    })
}

/// Returns the problem of an exchange that failed. Its cause is free of the
/// API key, also where the host quotes the URL.
fn problem(failure: Failure, api_key: &ApiKey) -> Problem {
    use Kind::{UpstreamInvalid, UpstreamTimeout, UpstreamUnreachable};
    let (kind, detail) = match failure.kind {
        FailureKind::Timeout => (
            UpstreamTimeout,
            "ipify's answer was not complete within timeout_ms. Try again later.",
        ),
        FailureKind::NotAllowed => (
            UpstreamUnreachable,
            "The host does not allow requests to ipify_origin. \
             Put it into allowed_outbound_hosts.",
        ),
        FailureKind::Dns => (
            UpstreamUnreachable,
            "The name in ipify_origin cannot be resolved. Check it, and the host's DNS.",
        ),
        FailureKind::Tls => (
            UpstreamUnreachable,
            "The TLS connection to ipify_origin failed. Check ipify_origin, \
             and that the host trusts its certificate.",
        ),
        FailureKind::Connection | FailureKind::Closed => (
            UpstreamUnreachable,
            "The connection to ipify_origin failed before an answer came. Try again later.",
        ),
        FailureKind::Incomplete => (
            UpstreamInvalid,
            "ipify's answer broke off. Try again later.",
        ),
        FailureKind::TooLarge => (
            UpstreamInvalid,
            "ipify's answer is larger than 64 KiB. Check ipify_origin and ipify_path.",
        ),
    };
    let cause = api_key.mask(&format!("{:#}", failure.cause));
    // What the host's policy forbids costs nothing, and a body that is too
    // large may be so for one address.
    let is_outage = !matches!(
        failure.kind,
        FailureKind::NotAllowed | FailureKind::TooLarge
    );
    Problem::new(kind, detail)
        .because(anyhow!(cause))
        .with_outage(is_outage)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access() -> Access {
        Access {
            api_key: ApiKey::parse("at_a&b".to_owned()).unwrap(),
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
        let problem = problem(failure, &access().api_key);
        assert_eq!(problem.kind, Kind::UpstreamUnreachable);
        assert_eq!(
            problem.cause.as_ref().unwrap().to_string(),
            "GET http://a/?apiKey=*** connection refused"
        );
    }
}
