//! The operator's settings: variables, read and checked at one place; only
//! `cors_origin` is read in [`cors`](crate::http::cors).
//!
//! A variable that is empty counts as not set. A problem names the variable
//! and never shows its value.

pub use super::api_key::ApiKey;
pub use super::origin::Origin;

use crate::host::Variables;
use crate::http::caller;
use crate::lookup::problem::{Kind, Problem};
use std::ops::RangeInclusive;
use std::time::Duration;

/// What a lookup has to know.
pub struct Settings {
    /// How to ask ipify.
    pub ipify: Ipify,
    /// Whose address may be asked about.
    pub lookup: Lookup,
    /// Where the caller's address is read from.
    pub client: caller::Source,
    /// How long answers are kept.
    pub cache: Cache,
}

/// How to ask ipify.
pub struct Ipify {
    /// `ipify_api_key`
    pub api_key: ApiKey,
    /// `ipify_origin`
    pub origin: Origin,
    /// `ipify_path`
    pub path: String,
    /// `timeout_ms`, over the whole exchange.
    pub timeout: Duration,
}

/// `lookup`: whose address may be asked about.
#[derive(Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Only the caller's own.
    Caller,
    /// Any address, in `?ip=`.
    Any,
}

/// How long answers are kept. Times are in seconds.
pub struct Cache {
    /// `cache_ttl`: how long an answer is fresh; 0 keeps none.
    pub ttl: u64,
    /// `cache_stale`: how long after that it may stand in for a failing ipify.
    pub stale: u64,
    /// `cache_slots`: how many answers are kept at most.
    pub slots: u64,
}

const YEAR: u64 = 365 * 24 * 60 * 60;

impl Settings {
    /// Reads and checks the variables of a lookup.
    ///
    /// # Errors
    ///
    /// 500 that names the first variable that is missing or malformed.
    pub fn load(variables: &dyn Variables) -> Result<Self, Problem> {
        Ok(Self {
            ipify: Ipify {
                api_key: api_key(variables)?,
                origin: ipify_origin(variables)?,
                path: ipify_path(variables)?,
                timeout: Duration::from_millis(number(variables, "timeout_ms", 3000, 1..=600_000)?),
            },
            lookup: lookup(variables)?,
            client: client(variables)?,
            cache: Cache {
                ttl: number(variables, "cache_ttl", 86_400, 0..=YEAR)?,
                stale: number(variables, "cache_stale", 604_800, 0..=YEAR)?,
                slots: number(variables, "cache_slots", 65_536, 1..=1 << 24)?,
            },
        })
    }
}

/// The value of a variable without space around it; `None` where it is empty
/// or not set.
///
/// # Errors
///
/// 500 where the host cannot tell.
pub fn read(variables: &dyn Variables, name: &str) -> Result<Option<String>, Problem> {
    match variables.get(name) {
        Ok(value) => Ok(value
            .map(|value| value.trim_ascii().to_owned())
            .filter(|value| !value.is_empty())),
        Err(_) => Err(Problem::new(
            Kind::Misconfigured,
            format!("The variable {name} could not be read. Look at where the host takes it from."),
        )),
    }
}

/// The problem of a variable that is not what it should be.
pub fn malformed(name: &str, wanted: &str) -> Problem {
    Problem::new(
        Kind::Misconfigured,
        format!("The variable {name} is malformed. It has to be {wanted}."),
    )
}

fn api_key(variables: &dyn Variables) -> Result<ApiKey, Problem> {
    const NAME: &str = "ipify_api_key";
    let value = read(variables, NAME)?.ok_or_else(|| {
        Problem::new(
            Kind::Misconfigured,
            format!("The variable {NAME} is missing. Set it to the API key of your ipify account."),
        )
    })?;
    ApiKey::parse(value).ok_or_else(|| malformed(NAME, "the API key as ipify shows it, in ASCII"))
}

fn ipify_origin(variables: &dyn Variables) -> Result<Origin, Problem> {
    const NAME: &str = "ipify_origin";
    let value = read(variables, NAME)?;
    Origin::parse(value.as_deref().unwrap_or("https://geo.ipify.org"))
        .filter(Origin::is_http)
        .ok_or_else(|| malformed(NAME, "an origin without a path, like https://geo.ipify.org"))
}

fn ipify_path(variables: &dyn Variables) -> Result<String, Problem> {
    const NAME: &str = "ipify_path";
    let value = read(variables, NAME)?;
    let path = value.unwrap_or_else(|| "/api/v2/country,city".to_owned());
    let is_path = path.starts_with('/')
        && path
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@%".contains(&byte));
    if is_path {
        Ok(path)
    } else {
        Err(malformed(
            NAME,
            "a path without a query, like /api/v2/country,city",
        ))
    }
}

fn lookup(variables: &dyn Variables) -> Result<Lookup, Problem> {
    const NAME: &str = "lookup";
    match read(variables, NAME)?.as_deref() {
        None | Some("caller") => Ok(Lookup::Caller),
        Some("any") => Ok(Lookup::Any),
        Some(_) => Err(malformed(NAME, "caller or any")),
    }
}

fn client(variables: &dyn Variables) -> Result<caller::Source, Problem> {
    const HEADER: &str = "client_ip_header";
    let header = read(variables, HEADER)?;
    let hops = number(variables, "trusted_hops", 0, 0..=32)? as usize;
    match header {
        // The characters of a token, RFC 9110, 5.6.2.
        Some(name)
            if name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)) =>
        {
            Ok(caller::Source::Header(name.to_ascii_lowercase()))
        }
        Some(_) => Err(malformed(
            HEADER,
            "the name of a header, like true-client-ip",
        )),
        None if hops > 0 => Ok(caller::Source::ForwardedFor { hops }),
        None if cfg!(feature = "spin") => Ok(caller::Source::Spin),
        None => Ok(caller::Source::Nothing),
    }
}

fn number(
    variables: &dyn Variables,
    name: &str,
    default: u64,
    allowed: RangeInclusive<u64>,
) -> Result<u64, Problem> {
    let Some(value) = read(variables, name)? else {
        return Ok(default);
    };
    value
        .parse()
        .ok()
        .filter(|number| allowed.contains(number))
        .ok_or_else(|| {
            let (least, most) = (allowed.start(), allowed.end());
            malformed(name, &format!("a whole number from {least} to {most}"))
        })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::host::Unreadable;

    /// Variables from a table.
    pub struct Table<'a>(pub Vec<(&'a str, &'a str)>);

    impl Variables for Table<'_> {
        fn get(&self, name: &str) -> Result<Option<String>, Unreadable> {
            let mut values = self.0.iter().filter(|line| line.0 == name);
            match values.next_back() {
                Some((_, "unreadable")) => Err(Unreadable),
                value => Ok(value.map(|line| line.1.to_owned())),
            }
        }
    }

    const NAMES: [&str; 10] = [
        "ipify_api_key",
        "ipify_origin",
        "ipify_path",
        "lookup",
        "client_ip_header",
        "trusted_hops",
        "timeout_ms",
        "cache_ttl",
        "cache_stale",
        "cache_slots",
    ];

    fn load(name: &'static str, value: &'static str) -> Result<Settings, Problem> {
        Settings::load(&Table(vec![("ipify_api_key", "at_secret"), (name, value)]))
    }

    #[test]
    fn only_the_key_is_required() {
        let settings = load("", "").unwrap();
        assert_eq!(settings.ipify.origin.to_string(), "https://geo.ipify.org");
        assert_eq!(settings.ipify.path, "/api/v2/country,city");
        assert_eq!(settings.ipify.timeout, Duration::from_secs(3));
        assert_eq!(settings.lookup, Lookup::Caller);
        let client = match cfg!(feature = "spin") {
            true => caller::Source::Spin,
            false => caller::Source::Nothing,
        };
        assert_eq!(settings.client, client);
        assert_eq!(settings.cache.ttl, 86_400);
        assert_eq!(settings.cache.stale, 604_800);
        assert_eq!(settings.cache.slots, 65_536);
    }

    #[test]
    fn a_bad_variable_is_named() {
        for (name, value) in [
            ("ipify_api_key", ""),
            ("ipify_api_key", "  "),
            ("ipify_api_key", "clé"),
            ("ipify_api_key", "two words"),
            ("ipify_api_key", "unreadable"),
            ("ipify_origin", "geo.ipify.org"),
            ("ipify_origin", "ftp://geo.ipify.org"),
            ("ipify_origin", "https://"),
            ("ipify_origin", "https://geo.ipify.org/api"),
            ("ipify_origin", "https://geo.ipify.org?"),
            ("ipify_origin", "https://user@geo.ipify.org"),
            ("ipify_origin", "https://geo ipify.org"),
            ("ipify_origin", "unreadable"),
            ("ipify_path", "api/v2"),
            ("ipify_path", "/api/v2?escapedUnicode=1"),
            ("ipify_path", "/api/v2#here"),
            ("ipify_path", "/api v2"),
            ("ipify_path", "/ápi"),
            ("lookup", "everyone"),
            ("client_ip_header", "true client ip"),
            ("client_ip_header", "x-real-ip:"),
            ("trusted_hops", "-1"),
            ("trusted_hops", "33"),
            ("trusted_hops", "one"),
            ("timeout_ms", "0"),
            ("timeout_ms", "3s"),
            ("timeout_ms", "600001"),
            ("timeout_ms", "99999999999999999999"),
            ("cache_ttl", "1.5"),
            ("cache_ttl", "31536001"),
            ("cache_stale", "-1"),
            ("cache_slots", "0"),
            ("cache_slots", "unreadable"),
        ] {
            let problem = load(name, value).err().unwrap_or_else(|| {
                panic!("{name} = {value:?} was accepted");
            });
            assert_eq!(problem.kind, Kind::Misconfigured);
            assert!(problem.detail.contains(name), "{}", problem.detail);
        }
    }

    #[test]
    fn a_bad_value_is_never_shown() {
        for name in NAMES {
            let problem = load(name, "<Élbonia>").err().expect(name);
            assert!(!problem.detail.contains("lbonia"), "{}", problem.detail);
        }
    }

    #[test]
    fn what_stands_in_front_of_geo() {
        let source = |lines: &[(&'static str, &'static str)]| {
            let mut table = vec![("ipify_api_key", "at_secret")];
            table.extend(lines);
            Settings::load(&Table(table)).unwrap().client
        };
        assert_eq!(
            source(&[("trusted_hops", "2")]),
            caller::Source::ForwardedFor { hops: 2 }
        );
        assert_eq!(
            source(&[
                ("client_ip_header", "True-Client-IP"),
                ("trusted_hops", "2")
            ]),
            caller::Source::Header("true-client-ip".to_owned())
        );
    }
}
