//! `geo:lookup/lookup`: lookups for components that import geo.

use super::bindings::exports::geo::lookup::lookup::{Answer, Problem, ProblemKind};
use crate::host::Host;
use crate::lookup::{self, Details, Kind, Lookup, Stale, View};
use std::net::IpAddr;

/// Looks up an address, or geo's own.
pub(super) fn look_up(address: Option<&str>, host: &Host) -> Result<Answer, Problem> {
    let answer = address
        .map(lookup::parse_address)
        .transpose()
        .and_then(|address| look_up_parsed(address, host));
    answer.map(Answer::from).map_err(|failed| {
        // Over HTTP, the server errors: what the operator can do something about.
        if !matches!(failed.kind, Kind::InvalidAddress | Kind::SpecialAddress) {
            failed.log(host.log);
        }
        Problem::from(failed)
    })
}

/// Nothing runs after the function has returned, so ipify is asked before an
/// answer is given that is no longer fresh.
fn look_up_parsed(address: Option<IpAddr>, host: &Host) -> Result<lookup::Answer, lookup::Problem> {
    let mut lookup = Lookup::new(address, host)?;
    let answer = lookup.answer(Stale::IfError);
    lookup.finish();
    answer
}

impl From<lookup::Answer> for Answer {
    fn from(answer: lookup::Answer) -> Self {
        let View {
            ip,
            isp,
            location,
            system,
        } = answer.record.view();
        let degrees = |digits: Option<String>| lookup::number(&digits?);
        Self {
            json: answer.record.into_json(),
            address: ip.to_string(),
            isp,
            country: location.country,
            region: location.region,
            city: location.city,
            latitude: degrees(location.lat),
            longitude: degrees(location.lng),
            postal_code: location.postal_code,
            timezone: location.timezone,
            as_number: system.number.and_then(|digits| digits.parse().ok()),
            as_name: system.name,
            age: answer.age,
            further: Vec::new(),
        }
    }
}

impl From<lookup::Problem> for Problem {
    fn from(failed: lookup::Problem) -> Self {
        let Details {
            kind,
            detail,
            retry_after,
            ..
        } = failed.into_details();
        Self {
            kind: match kind {
                Kind::InvalidAddress => ProblemKind::InvalidAddress,
                Kind::SpecialAddress => ProblemKind::SpecialAddress,
                Kind::Misconfigured => ProblemKind::Misconfigured,
                Kind::UpstreamRefused => ProblemKind::UpstreamRefused,
                Kind::UpstreamInvalid => ProblemKind::UpstreamInvalid,
                Kind::UpstreamUnreachable => ProblemKind::UpstreamUnreachable,
                Kind::UpstreamBusy => ProblemKind::UpstreamBusy,
                Kind::UpstreamTimeout => ProblemKind::UpstreamTimeout,
                Kind::BudgetSpent => ProblemKind::BudgetSpent,
            },
            advice: detail.into_owned(),
            retry_after,
        }
    }
}
