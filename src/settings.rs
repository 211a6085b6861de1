//! The operator's settings: the table of variables, each with its default and
//! its reader.
//!
//! Reading a variable can cost a round trip, so no request reads one twice, and
//! none that it does not need. An empty variable has its default. A problem
//! names the variable and never shows its value.

use crate::country::Country;
use crate::decimal;
use crate::origin::{AllowedOrigins, Origin};
use crate::problem::{Kind, Problem};
use crate::runtime::Runtime;
use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::time::Duration;

/// A variable.
pub struct Setting<T: 'static> {
    /// Its name.
    pub name: &'static str,
    /// Its value where it is not set.
    pub default: &'static str,
    /// Parses a value, or says what it has to be.
    parse: fn(&str) -> Result<T, Wanted>,
}

/// What a variable has to be, as the end of a sentence.
type Wanted = Cow<'static, str>;

/// The name of a variable that is only geo's. The middleware shares the variables of
/// an application, where these names start with `geo_`.
#[cfg(feature = "middleware")]
macro_rules! named {
    ($name:literal) => {
        concat!("geo_", $name)
    };
}

/// The name of a variable that is only geo's.
#[cfg(not(feature = "middleware"))]
macro_rules! named {
    ($name:literal) => {
        $name
    };
}

pub(crate) use named;

macro_rules! settings {
    ($table:ident; $($(#[$doc:meta])* $constant:ident: $type:ty = ($name:expr, $default:literal, $parse:expr);)*) => {
        $($(#[$doc])* pub const $constant: Setting<$type> = Setting {
            name: $name,
            default: $default,
            parse: $parse,
        };)*

        /// Variables: their names and their defaults.
        pub const $table: &[(&str, &str)] = &[$(($name, $default)),*];
    };
}

settings! {
    SETTINGS;

    /// The API key of the ipify account: the one secret.
    IPIFY_API_KEY: String = ("ipify_api_key", "", api_key);
    /// Where requests go.
    IPIFY_ORIGIN: Origin = ("ipify_origin", "https://geo.ipify.org", outbound_origin);
    /// The tier of ipify's API.
    IPIFY_PATH: String = ("ipify_path", "/api/v2/country,city", path);
    /// Whose address may be asked about.
    LOOKUP: Lookup = (named!("lookup"), "caller", lookup);
    /// What a request for another address needs, where [`LOOKUP`] is `token`.
    LOOKUP_TOKEN: String = (named!("lookup_token"), "", token);
    /// How often ipify may be asked in a day (UTC); 0 is no limit.
    LOOKUPS_PER_DAY: u64 = (named!("lookups_per_day"), "0", number::<0, 1_000_000_000>);
    /// The header, in lower case, whose single value is the client's address.
    CLIENT_IP_HEADER: Option<String> = (named!("client_ip_header"), "", header_name);
    /// How many proxies append to `X-Forwarded-For`; 0 is not to read it.
    TRUSTED_HOPS: u64 = (named!("trusted_hops"), "0", number::<0, 32>);
    /// The time for the whole exchange with ipify.
    TIMEOUT_MS: Duration = (named!("timeout_ms"), "3000", milliseconds);
    /// For how many seconds an answer is fresh; 0 turns the cache off.
    CACHE_TTL: u64 = (named!("cache_ttl"), "86400", number::<0, YEAR>);
    /// For how many more seconds it is served stale.
    CACHE_STALE: u64 = (named!("cache_stale"), "604800", number::<0, YEAR>);
    /// How many answers are cached at most.
    CACHE_SLOTS: u64 = (named!("cache_slots"), "65536", number::<1, 16_777_216>);
    /// How many bits of an IPv4 address make the network that shares an answer.
    CACHE_PREFIX_V4: u32 = (named!("cache_prefix_v4"), "32", prefix::<8, 32>);
    /// The same for IPv6. A client owns its /64, and must not be able to spend
    /// credits by walking through it.
    CACHE_PREFIX_V6: u32 = (named!("cache_prefix_v6"), "64", prefix::<32, 64>);
    /// The pages that may read answers.
    CORS_ORIGIN: AllowedOrigins = (named!("cors_origin"), "*", allowed_origins);
    /// Whether each lookup is logged, besides errors.
    LOG: Log = (named!("log"), "errors", log);
}

settings! {
    MIDDLEWARE_SETTINGS;

    /// How long a request of a new client may wait for ipify.
    GEO_WAIT_MS: Duration = ("geo_wait_ms", "1000", wait);
    /// The names of the headers.
    GEO_HEADERS: Names = ("geo_headers", "geo", names_of_headers);
    /// The countries that may use the application; empty for all.
    GEO_ALLOW_COUNTRIES: Vec<String> = ("geo_allow_countries", "", countries);
    /// The countries that may not.
    GEO_BLOCK_COUNTRIES: Vec<String> = ("geo_block_countries", "", countries);
    /// Whether a client may whose country is not known.
    GEO_UNKNOWN_COUNTRY: bool = ("geo_unknown_country", "allow", allow_or_block);
    /// The status of the answer to a client that may not.
    GEO_BLOCKED_STATUS: u16 = ("geo_blocked_status", "403", blocked_status);
    /// The paths that need neither a location nor a rule.
    GEO_SKIP_PATHS: Vec<String> = ("geo_skip_paths", "/.well-known/", paths);
}

/// Returns the names of the variables that this build reads.
pub fn names() -> impl Iterator<Item = &'static str> {
    let middleware = cfg!(feature = "middleware").then_some(MIDDLEWARE_SETTINGS);
    let settings = middleware.into_iter().flatten().chain(SETTINGS);
    settings.map(|setting| setting.0)
}

/// Checks all variables of the server but the one that has been read.
///
/// # Errors
///
/// [`Kind::Misconfigured`] for the first that is missing, invalid or cannot be read.
pub fn check_others(read: &str, runtime: &impl Runtime) -> Result<(), Problem> {
    macro_rules! check {
        ($($setting:ident)*) => {
            $(if $setting.name != read {
                $setting.read(runtime)?;
            })*
        };
    }
    if LOOKUP.read(runtime)? == Lookup::Token {
        LOOKUP_TOKEN.read(runtime)?;
    }
    check!(IPIFY_API_KEY IPIFY_ORIGIN IPIFY_PATH LOOKUPS_PER_DAY CLIENT_IP_HEADER);
    check!(TRUSTED_HOPS TIMEOUT_MS CACHE_TTL CACHE_STALE CACHE_SLOTS CACHE_PREFIX_V4);
    check!(CACHE_PREFIX_V6 CORS_ORIGIN LOG);
    Ok(())
}

/// The names of the headers that the middleware sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// `geo-country` and so on.
    Geo,
    /// Those of Cloudflare.
    Cloudflare,
    /// Those of Vercel.
    Vercel,
}

/// The largest time that a variable may have, in seconds.
const YEAR: u64 = 365 * 24 * 60 * 60;

/// Whose address may be asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Only the client's own.
    Caller,
    /// Any address.
    Any,
    /// Any address, in a request that has the token.
    Token,
}

/// What is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Log {
    /// What is the operator's concern.
    Errors,
    /// That, and a line for each lookup.
    Lookups,
}

impl<T> Setting<T> {
    /// Reads the variable.
    ///
    /// # Errors
    ///
    /// [`Kind::Misconfigured`] if it is missing, invalid or cannot be read.
    pub fn read(&self, runtime: &impl Runtime) -> Result<T, Problem> {
        let value = value(self.name, self.default, runtime)?;
        (self.parse)(&value).map_err(|wanted| invalid(self.name, value.is_empty(), wanted))
    }
}

/// Returns the value of a variable, or its default, without white space around it.
fn value(name: &str, default: &str, runtime: &impl Runtime) -> Result<String, Problem> {
    let value = runtime.variable(name);
    let value = value.map_err(|cause| unreadable(name, cause))?;
    Ok(match value.as_deref().map(str::trim_ascii) {
        // Spin takes an empty origin for an allowed host, so it has to be an
        // error here.
        Some("") if name == IPIFY_ORIGIN.name => String::new(),
        None | Some("") => default.to_owned(),
        Some(value) => value.to_owned(),
    })
}

#[cold]
#[inline(never)]
fn unreadable(name: &str, cause: anyhow::Error) -> Problem {
    let detail = format!(
        "The variable {name} could not be read. \
         Check its source; the log has the reason."
    );
    Problem::new(Kind::Misconfigured, detail).because(cause)
}

#[cold]
#[inline(never)]
fn invalid(name: &str, is_missing: bool, wanted: Wanted) -> Problem {
    let fault = if is_missing { "missing" } else { "invalid" };
    let detail = format!("The variable {name} is {fault}. It must be {wanted}.");
    Problem::new(Kind::Misconfigured, detail)
}

fn number<const MIN: u64, const MAX: u64>(text: &str) -> Result<u64, Wanted> {
    in_range(text, MIN..=MAX)
}

fn in_range(text: &str, range: RangeInclusive<u64>) -> Result<u64, Wanted> {
    let number = decimal::parse(text).filter(|number| range.contains(number));
    number.ok_or_else(|| {
        let (min, max) = (range.start(), range.end());
        format!("a whole number from {min} to {max}").into()
    })
}

fn prefix<const MIN: u64, const MAX: u64>(text: &str) -> Result<u32, Wanted> {
    number::<MIN, MAX>(text).map(|prefix| prefix as u32)
}

fn milliseconds(text: &str) -> Result<Duration, Wanted> {
    number::<1, 600_000>(text).map(Duration::from_millis)
}

fn api_key(text: &str) -> Result<String, Wanted> {
    if text.len() > 1 && text.starts_with(['"', '\'']) && text.ends_with(['"', '\'']) {
        return Err("the API key without quotes".into());
    }
    let is_key = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    is_key
        .then(|| text.to_owned())
        .ok_or("the API key of your ipify account, in ASCII".into())
}

fn outbound_origin(text: &str) -> Result<Origin, Wanted> {
    let wanted = "an origin in lower case and without a path, like https://geo.ipify.org";
    Origin::parse_outbound(text).ok_or(wanted.into())
}

fn path(text: &str) -> Result<String, Wanted> {
    // The characters of a path (RFC 3986, 3.3).
    let is_path = text.starts_with('/')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@%".contains(&byte));
    is_path
        .then(|| text.to_owned())
        .ok_or("a path without a query, like /api/v2/country,city".into())
}

fn lookup(text: &str) -> Result<Lookup, Wanted> {
    match text {
        "caller" => Ok(Lookup::Caller),
        "any" => Ok(Lookup::Any),
        "token" => Ok(Lookup::Token),
        _ => Err("caller, any or token".into()),
    }
}

fn token(text: &str) -> Result<String, Wanted> {
    let is_token = text.len() >= 16 && text.bytes().all(|byte| byte.is_ascii_graphic());
    let wanted = "at least 16 characters of ASCII without spaces";
    is_token.then(|| text.to_owned()).ok_or(wanted.into())
}

fn log(text: &str) -> Result<Log, Wanted> {
    match text {
        "errors" => Ok(Log::Errors),
        "lookups" => Ok(Log::Lookups),
        _ => Err("errors or lookups".into()),
    }
}

fn header_name(text: &str) -> Result<Option<String>, Wanted> {
    // The characters of a token (RFC 9110, 5.6.2).
    let is_token = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
    if is_token {
        Ok(Some(text.to_ascii_lowercase()).filter(|name| !name.is_empty()))
    } else {
        Err("a header name like true-client-ip".into())
    }
}

fn allowed_origins(text: &str) -> Result<AllowedOrigins, Wanted> {
    let wanted = "* or a comma-separated list of origins like https://example.com or \
                  https://*.example.com";
    AllowedOrigins::parse(text).ok_or(wanted.into())
}

fn wait(text: &str) -> Result<Duration, Wanted> {
    number::<0, 600_000>(text).map(Duration::from_millis)
}

fn names_of_headers(text: &str) -> Result<Names, Wanted> {
    match text {
        "geo" => Ok(Names::Geo),
        "cloudflare" => Ok(Names::Cloudflare),
        "vercel" => Ok(Names::Vercel),
        _ => Err("geo, cloudflare or vercel".into()),
    }
}

fn countries(text: &str) -> Result<Vec<String>, Wanted> {
    let codes: Vec<_> = list(text).map(str::to_ascii_uppercase).collect();
    let are_known = codes.iter().all(|code| Country::find(code).is_some());
    let wanted = "a list of ISO 3166-1 codes like CH or GB, with commas between";
    are_known.then_some(codes).ok_or(wanted.into())
}

fn allow_or_block(text: &str) -> Result<bool, Wanted> {
    match text {
        "allow" => Ok(true),
        "block" => Ok(false),
        _ => Err("allow or block".into()),
    }
}

fn blocked_status(text: &str) -> Result<u16, Wanted> {
    match text {
        "403" => Ok(403),
        "451" => Ok(451),
        _ => Err("403 or 451".into()),
    }
}

fn paths(text: &str) -> Result<Vec<String>, Wanted> {
    let paths: Vec<_> = list(text).map(str::to_owned).collect();
    let are_paths = paths.iter().all(|path| path.starts_with('/'));
    let wanted = "a list of paths like /.well-known/ or /healthz, with commas between";
    are_paths.then_some(paths).ok_or(wanted.into())
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    let elements = text.split(',').map(str::trim_ascii);
    elements.filter(|element| !element.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::tests::Variables;

    #[test]
    fn defaults() {
        let unset = Variables::default();
        assert_eq!(
            IPIFY_ORIGIN.read(&unset).unwrap().to_string(),
            "https://geo.ipify.org"
        );
        assert_eq!(IPIFY_PATH.read(&unset).unwrap(), "/api/v2/country,city");
        assert_eq!(LOOKUP.read(&unset).unwrap(), Lookup::Caller);
        assert_eq!(LOOKUPS_PER_DAY.read(&unset).unwrap(), 0);
        assert_eq!(CLIENT_IP_HEADER.read(&unset).unwrap(), None);
        assert_eq!(TRUSTED_HOPS.read(&unset).unwrap(), 0);
        assert_eq!(TIMEOUT_MS.read(&unset).unwrap(), Duration::from_secs(3));
        assert_eq!(CACHE_TTL.read(&unset).unwrap(), 86_400);
        assert_eq!(CACHE_STALE.read(&unset).unwrap(), 604_800);
        assert_eq!(CACHE_SLOTS.read(&unset).unwrap(), 65_536);
        assert_eq!(CACHE_PREFIX_V4.read(&unset).unwrap(), 32);
        assert_eq!(CACHE_PREFIX_V6.read(&unset).unwrap(), 64);
        assert_eq!(CORS_ORIGIN.read(&unset).unwrap(), AllowedOrigins::Any);
        assert_eq!(LOG.read(&unset).unwrap(), Log::Errors);
        for required in [&IPIFY_API_KEY, &LOOKUP_TOKEN] {
            let problem = required.read(&unset).unwrap_err();
            assert!(problem.detail.contains("is missing"), "{}", problem.detail);
        }
    }

    #[test]
    fn values() {
        let variables = Variables::new(&[
            ("client_ip_header", "True-Client-IP"),
            ("cache_ttl", " 0\n"),
            ("ipify_api_key", "at_key\r\n"),
            ("cache_slots", ""),
            ("lookup", "any"),
        ]);
        let header = CLIENT_IP_HEADER.read(&variables).unwrap();
        assert_eq!(header.as_deref(), Some("true-client-ip"));
        assert_eq!(CACHE_TTL.read(&variables).unwrap(), 0);
        assert_eq!(IPIFY_API_KEY.read(&variables).unwrap(), "at_key");
        assert_eq!(CACHE_SLOTS.read(&variables).unwrap(), 65_536);
        assert_eq!(LOOKUP.read(&variables).unwrap(), Lookup::Any);
    }

    fn rejects<T>(setting: &Setting<T>, values: &[&str]) {
        let name = setting.name;
        for value in values.iter().chain(&["<Élbonia>", "unreadable"]) {
            let problem = setting.read(&Variables::new(&[(name, value)])).err();
            let problem = problem.unwrap_or_else(|| panic!("{name} = {value:?} was accepted"));
            assert_eq!(problem.kind, Kind::Misconfigured);
            assert!(problem.detail.contains(name), "{}", problem.detail);
            assert!(!problem.detail.contains("lbonia"), "{}", problem.detail);
            assert_eq!(problem.cause.is_some(), *value == "unreadable");
        }
    }

    #[test]
    fn an_invalid_variable_is_named_and_not_shown() {
        rejects(
            &IPIFY_API_KEY,
            &["", "  ", "clé", "two words", "\"at_key\"", "'at_key'"],
        );
        rejects(
            &IPIFY_ORIGIN,
            &["", "geo.ipify.org", "ftp://geo.ipify.org", "https://"],
        );
        rejects(
            &IPIFY_PATH,
            &["api/v2", "/api/v2?a=1", "/api/v2#here", "/api v2", "/ápi"],
        );
        rejects(&LOOKUP, &["everyone", "ANY"]);
        rejects(&LOOKUP_TOKEN, &["fifteen-chars-x", "two words of a token"]);
        rejects(&LOG, &["all", "lookup"]);
        rejects(&LOOKUPS_PER_DAY, &["-1", "unlimited", "1000000001"]);
        rejects(&CLIENT_IP_HEADER, &["true client ip", "x-real-ip:"]);
        rejects(&TRUSTED_HOPS, &["-1", "+1", "33", "one"]);
        rejects(
            &TIMEOUT_MS,
            &["0", "3s", "+3", "600001", "99999999999999999999"],
        );
        rejects(&CACHE_TTL, &["1.5", "31536001", "-1"]);
        rejects(&CACHE_STALE, &["-1", "one"]);
        rejects(&CACHE_SLOTS, &["0", "16777217"]);
        rejects(&CACHE_PREFIX_V4, &["7", "33", "/24"]);
        rejects(&CACHE_PREFIX_V6, &["31", "65", "128"]);
        rejects(&GEO_WAIT_MS, &["-1", "1s"]);
        rejects(&GEO_HEADERS, &["cf", "geo,vercel"]);
        rejects(&GEO_ALLOW_COUNTRIES, &["UK", "CH DE", "*", "CHE"]);
        rejects(&GEO_BLOCK_COUNTRIES, &["ZZ", "CH;DE"]);
        rejects(&GEO_UNKNOWN_COUNTRY, &["yes"]);
        rejects(&GEO_BLOCKED_STATUS, &["404", "0403"]);
        rejects(&GEO_SKIP_PATHS, &["healthz", "/a,b"]);
        rejects(
            &CORS_ORIGIN,
            &["elbonia.example", "https://a/b", "https://a:0443"],
        );
    }
}
