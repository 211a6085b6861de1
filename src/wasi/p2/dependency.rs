//! `geo:lookup/lookup`: lookups for components that import geo.

use super::bindings::exports::geo::lookup::lookup::{Answer, Problem, ProblemKind};
use super::runtime::Platform;
use crate::fields::FIELDS;
use crate::lookup::{self, Asked, Lookup, Stale};
use crate::problem::{self, Kind};

/// Looks up an address, or geo's own.
pub(super) async fn look_up(address: Option<&str>, platform: &Platform) -> Result<Answer, Problem> {
    answer(address, platform).await.map_err(|problem| {
        // Over HTTP, these are the server errors: the operator's concern.
        if !matches!(problem.kind, Kind::InvalidAddress | Kind::SpecialAddress) {
            problem.log(platform);
        }
        Problem::from(problem)
    })
}

/// Nothing runs after the function has returned, so ipify is asked before a
/// stale answer is served.
async fn answer(address: Option<&str>, platform: &Platform) -> Result<Answer, problem::Problem> {
    let address = address.map(lookup::parse_address).transpose()?;
    let asked = match address {
        Some(_) => Asked::Other,
        None => Asked::Client,
    };
    let lookup = Lookup::new(address, asked, platform)?;
    let outcome = lookup.answer(Stale::IfError).await;
    if let Some(line) = outcome.line {
        line.write(None, platform);
    }
    if let Some(after) = outcome.after {
        after.run().await;
    }
    outcome.result.map(Answer::from)
}

/// The values that the interface's record has fields for. All others are in `further`.
const IN_RECORD: [&str; 12] = [
    "ip",
    "isp",
    "country",
    "region",
    "city",
    "lat",
    "lng",
    "coordinates",
    "postal-code",
    "timezone",
    "asn",
    "as-name",
];

impl From<lookup::Answer> for Answer {
    fn from(answer: lookup::Answer) -> Self {
        let values = answer.record.values();
        let value = |name| values.by_name(name);
        let as_number = || value("asn")?.strip_prefix("AS")?.parse().ok();
        Self {
            address: answer.record.ip.to_string(),
            isp: value("isp"),
            country: value("country"),
            region: value("region"),
            city: value("city"),
            latitude: values.number("lat"),
            longitude: values.number("lng"),
            postal_code: value("postal-code"),
            timezone: value("timezone"),
            as_number: as_number(),
            as_name: value("as-name"),
            age: answer.age,
            further: FIELDS
                .iter()
                .filter(|field| !IN_RECORD.contains(&field.name))
                .filter_map(|field| Some((field.name.to_owned(), values.get(field)?)))
                .collect(),
            json: answer.record.into_json(),
        }
    }
}

impl From<problem::Problem> for Problem {
    fn from(problem: problem::Problem) -> Self {
        Self {
            kind: match problem.kind {
                Kind::InvalidAddress => ProblemKind::InvalidAddress,
                Kind::SpecialAddress => ProblemKind::SpecialAddress,
                Kind::Misconfigured => ProblemKind::Misconfigured,
                Kind::UpstreamRefused => ProblemKind::UpstreamRefused,
                Kind::UpstreamInvalid => ProblemKind::UpstreamInvalid,
                Kind::UpstreamUnreachable => ProblemKind::UpstreamUnreachable,
                Kind::UpstreamBusy => ProblemKind::UpstreamBusy,
                Kind::UpstreamTimeout => ProblemKind::UpstreamTimeout,
                Kind::BudgetSpent => ProblemKind::BudgetSpent,
                // These are HTTP's.
                Kind::NotFound
                | Kind::MethodNotAllowed
                | Kind::LookupDisabled
                | Kind::TokenRequired
                | Kind::NoValue
                | Kind::CountryBlocked
                | Kind::UnsupportedParameter => ProblemKind::Other,
            },
            advice: problem.detail.into_owned(),
            retry_after: problem.retry_after,
        }
    }
}
