//! The country rules, and the paths that they do not apply to.

use crate::http::{Request, Response, problem};
use crate::problem::{Kind, Problem};
use crate::runtime::Runtime;
use crate::settings::{
    GEO_ALLOW_COUNTRIES, GEO_BLOCK_COUNTRIES, GEO_BLOCKED_STATUS, GEO_SKIP_PATHS,
    GEO_UNKNOWN_COUNTRY,
};

/// Returns whether a path is one of `geo_skip_paths`, or below one that ends with a
/// slash.
///
/// A path that an application may take for another one, because of its dots,
/// backslashes, empty segments or escapes, is none: the rules apply to it.
pub(super) fn is_skipped<R: Runtime>(path: &str, runtime: &R) -> bool {
    let is_plain = !path.contains("//")
        && !path.contains(['%', '\\', ';'])
        && !path.split('/').any(|segment| matches!(segment, "." | ".."));
    let paths = GEO_SKIP_PATHS.read(runtime).unwrap_or_default();
    let is_in = |skipped: &String| match skipped.strip_suffix('/') {
        Some(_) => path.starts_with(skipped.as_str()),
        None => path == skipped,
    };
    is_plain && paths.iter().any(is_in)
}

/// Returns the response to a client whose country is not admitted.
pub(super) fn check<R: Runtime>(
    country: Option<&str>,
    request: &Request,
    runtime: &R,
) -> Option<Response> {
    let is_admitted = is_admitted(country, runtime).unwrap_or_else(|problem| {
        problem.log(runtime);
        // What is known is of no use then.
        is_unknown_admitted(runtime)
    });
    if is_admitted {
        return None;
    }
    let detail = "The operator of this service does not offer it where you are.";
    let blocked = Problem::new(Kind::CountryBlocked, detail);
    let status = GEO_BLOCKED_STATUS.read(runtime).unwrap_or(403);
    Some(problem::plain(status, &blocked, request))
}

fn is_admitted<R: Runtime>(country: Option<&str>, runtime: &R) -> Result<bool, Problem> {
    let allowed = GEO_ALLOW_COUNTRIES.read(runtime)?;
    let blocked = GEO_BLOCK_COUNTRIES.read(runtime)?;
    if !allowed.is_empty() && !blocked.is_empty() {
        return Err(Problem::new(
            Kind::Misconfigured,
            "The variables geo_allow_countries and geo_block_countries are both set. \
             Set one of them.",
        ));
    }
    let Some(country) = country else {
        return GEO_UNKNOWN_COUNTRY.read(runtime);
    };
    let is_in = |codes: &[String]| codes.iter().any(|code| code == country);
    Ok(!is_in(&blocked) && (allowed.is_empty() || is_in(&allowed)))
}

fn is_unknown_admitted<R: Runtime>(runtime: &R) -> bool {
    GEO_UNKNOWN_COUNTRY.read(runtime).unwrap_or(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::tests::Variables;

    #[test]
    fn rules() {
        for (settings, swiss, german, unknown) in [
            (&[][..], true, true, true),
            (&[("geo_allow_countries", "ch, at")], true, false, true),
            (&[("geo_block_countries", "DE")], true, false, true),
            (&[("geo_unknown_country", "block")], true, true, false),
            (
                &[
                    ("geo_block_countries", "DE"),
                    ("geo_unknown_country", "block"),
                ],
                true,
                false,
                false,
            ),
            // Invalid: the country is as good as unknown.
            (&[("geo_block_countries", "UK")], true, true, true),
            (
                &[
                    ("geo_allow_countries", "CH"),
                    ("geo_block_countries", "DE"),
                    ("geo_unknown_country", "block"),
                ],
                false,
                false,
                false,
            ),
        ] {
            let runtime = Variables::new(settings);
            let is_admitted = |country| {
                is_admitted(country, &runtime).unwrap_or_else(|_| is_unknown_admitted(&runtime))
            };
            let found = [Some("CH"), Some("DE"), None].map(is_admitted);
            assert_eq!(found, [swiss, german, unknown], "{settings:?}");
        }
    }

    #[test]
    fn only_plain_paths_are_skipped() {
        let runtime = Variables::new(&[("geo_skip_paths", "/.well-known/, /healthz")]);
        for (path, expected) in [
            ("/.well-known/acme", true),
            ("/.well-known/", true),
            ("/healthz", true),
            ("/.well-known", false),
            ("/healthz/", false),
            ("/healthzz", false),
            ("/", false),
            ("/.well-known/../admin", false),
            ("/.well-known/./a", false),
            ("/.well-known/%2e%2e/admin", false),
            ("/.well-known/..\\admin", false),
            ("/.well-known//admin", false),
            ("/.well-known/..;/admin", false),
        ] {
            assert_eq!(is_skipped(path, &runtime), expected, "{path}");
        }
    }
}
