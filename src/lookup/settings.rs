//! The operator's settings: variables, read when they are needed and checked.
//!
//! Reading a variable can cost a round trip, so no function here is called
//! twice in a request. An empty variable counts as not set. A problem names the
//! variable and never shows its value.

use super::api_key::ApiKey;
use super::decimal;
use super::origin::Origin;
use super::problem::{Kind, Problem};
use crate::host::Variables;
use std::ops::RangeInclusive;
use std::time::Duration;

/// The largest time in seconds that a variable may have.
const YEAR: u64 = 365 * 24 * 60 * 60;

/// Reads `ipify_api_key`.
pub(crate) fn api_key(variables: &dyn Variables) -> Result<ApiKey, Problem> {
    const NAME: &str = "ipify_api_key";
    let key = text(variables, NAME)?.ok_or_else(|| {
        Problem::new(
            Kind::Misconfigured,
            "The variable ipify_api_key is missing. \
             Set it to the API key of your ipify account.",
        )
    })?;
    ApiKey::parse(key).ok_or_else(|| invalid(NAME, "the API key as ipify shows it, in ASCII"))
}

/// Reads `ipify_origin`: where requests go. Empty is invalid: Spin would take
/// it for an allowed host, and refuse it.
pub(crate) fn ipify_origin(variables: &dyn Variables) -> Result<Origin, Problem> {
    const NAME: &str = "ipify_origin";
    let origin = read(variables, NAME)?;
    let origin = origin.as_deref().unwrap_or("https://geo.ipify.org");
    Origin::parse_outbound(origin.trim_ascii()).ok_or_else(|| {
        let wanted = "an origin in lower case and without a path, like https://geo.ipify.org";
        invalid(NAME, wanted)
    })
}

/// Reads `ipify_path`: the tier of ipify's API.
pub(crate) fn ipify_path(variables: &dyn Variables) -> Result<String, Problem> {
    const NAME: &str = "ipify_path";
    let path = text(variables, NAME)?.unwrap_or_else(|| "/api/v2/country,city".to_owned());
    // The characters of a path, RFC 3986, 3.3.
    let is_path = path.starts_with('/')
        && path
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@%".contains(&byte));
    if is_path {
        Ok(path)
    } else {
        let wanted = "a path without a query, like /api/v2/country,city";
        Err(invalid(NAME, wanted))
    }
}

/// Reads `timeout_ms`: the time for the whole exchange with ipify.
pub(crate) fn timeout(variables: &dyn Variables) -> Result<Duration, Problem> {
    number(variables, "timeout_ms", 3000, 1..=600_000).map(Duration::from_millis)
}

/// Reads `cache_ttl`: for how many seconds an answer is fresh; 0 turns the
/// cache off.
pub(crate) fn cache_ttl(variables: &dyn Variables) -> Result<u64, Problem> {
    number(variables, "cache_ttl", 86_400, 0..=YEAR)
}

/// Reads `cache_stale`: for how many more seconds it is given while ipify is
/// asked for a newer one, or fails.
pub(crate) fn cache_stale(variables: &dyn Variables) -> Result<u64, Problem> {
    number(variables, "cache_stale", 604_800, 0..=YEAR)
}

/// Reads `cache_slots`: how many answers are kept at most.
pub(crate) fn cache_slots(variables: &dyn Variables) -> Result<u64, Problem> {
    number(variables, "cache_slots", 65_536, 1..=1 << 24)
}

/// Reads `lookups_per_day`: how often ipify may be asked in a day (UTC); 0 is no
/// limit.
pub(crate) fn lookups_per_day(variables: &dyn Variables) -> Result<u64, Problem> {
    number(variables, "lookups_per_day", 0, 0..=1_000_000_000)
}

/// Reads a variable and trims it; `None` where it is empty or not set.
pub(crate) fn text(variables: &dyn Variables, name: &str) -> Result<Option<String>, Problem> {
    let value = read(variables, name)?.map(|value| value.trim_ascii().to_owned());
    Ok(value.filter(|value| !value.is_empty()))
}

fn read(variables: &dyn Variables, name: &str) -> Result<Option<String>, Problem> {
    variables.get(name).map_err(|cause| {
        let detail = format!(
            "The variable {name} could not be read. \
             Check where the host takes it from; the log has its reason."
        );
        Problem::new(Kind::Misconfigured, detail).because(cause)
    })
}

/// Reads a variable that is a whole number in decimal digits.
pub(crate) fn number(
    variables: &dyn Variables,
    name: &str,
    default: u64,
    allowed: RangeInclusive<u64>,
) -> Result<u64, Problem> {
    let Some(value) = text(variables, name)? else {
        return Ok(default);
    };
    decimal::parse(&value, allowed.clone()).ok_or_else(|| {
        let (least, most) = (allowed.start(), allowed.end());
        invalid(name, &format!("a whole number from {least} to {most}"))
    })
}

/// Returns the problem of a variable that has an invalid value.
pub(crate) fn invalid(name: &str, wanted: &str) -> Problem {
    Problem::new(
        Kind::Misconfigured,
        format!("The variable {name} is invalid. It has to be {wanted}."),
    )
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use anyhow::bail;

    /// Variables from a table; the value `unreadable` is an error.
    pub(crate) struct Table<'a>(pub(crate) Vec<(&'a str, &'a str)>);

    impl Variables for Table<'_> {
        fn get(&self, name: &str) -> anyhow::Result<Option<String>> {
            match self.0.iter().find(|line| line.0 == name) {
                Some((_, "unreadable")) => bail!("the vault is sealed"),
                line => Ok(line.map(|line| line.1.to_owned())),
            }
        }
    }

    #[test]
    fn defaults() {
        let none = Table(vec![]);
        assert_eq!(
            ipify_origin(&none).unwrap().to_string(),
            "https://geo.ipify.org"
        );
        assert_eq!(ipify_path(&none).unwrap(), "/api/v2/country,city");
        assert_eq!(timeout(&none).unwrap(), Duration::from_secs(3));
        assert_eq!(cache_ttl(&none).unwrap(), 86_400);
        assert_eq!(cache_stale(&none).unwrap(), 604_800);
        assert_eq!(cache_slots(&none).unwrap(), 65_536);
        assert_eq!(lookups_per_day(&none).unwrap(), 0);
        assert!(api_key(&none).is_err());
    }

    #[test]
    fn an_invalid_variable_is_named_and_not_shown() {
        type Read = fn(&dyn Variables) -> Option<Problem>;
        let readers: [(&str, Read, &[&str]); 8] = [
            (
                "ipify_api_key",
                |v| api_key(v).err(),
                &["", "  ", "clé", "two words"],
            ),
            (
                "ipify_origin",
                |v| ipify_origin(v).err(),
                &["", "geo.ipify.org", "ftp://geo.ipify.org", "https://"],
            ),
            (
                "ipify_path",
                |v| ipify_path(v).err(),
                &["api/v2", "/api/v2?a=1", "/api/v2#here", "/api v2", "/ápi"],
            ),
            (
                "timeout_ms",
                |v| timeout(v).err(),
                &["0", "3s", "+3", "600001", "99999999999999999999"],
            ),
            (
                "cache_ttl",
                |v| cache_ttl(v).err(),
                &["1.5", "31536001", "-1"],
            ),
            ("cache_stale", |v| cache_stale(v).err(), &["-1", "one"]),
            ("cache_slots", |v| cache_slots(v).err(), &["0", "16777217"]),
            (
                "lookups_per_day",
                |v| lookups_per_day(v).err(),
                &["-1", "unlimited", "1000000001"],
            ),
        ];
        for (name, read, values) in readers {
            for value in values.iter().chain(&["<Élbonia>", "unreadable"]) {
                let problem = read(&Table(vec![(name, value)]))
                    .unwrap_or_else(|| panic!("{name} = {value:?} was accepted"));
                assert_eq!(problem.kind, Kind::Misconfigured);
                assert!(problem.detail.contains(name), "{}", problem.detail);
                assert!(!problem.detail.contains("lbonia"), "{}", problem.detail);
                assert_eq!(problem.cause.is_some(), *value == "unreadable");
            }
        }
    }
}
