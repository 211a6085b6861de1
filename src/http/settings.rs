//! The operator's settings of the HTTP interface: variables, read when they
//! are needed. See `lookup::settings` for the rules.

use super::caller::Source;
use super::cors;
use crate::host::{Host, Variables};
use crate::lookup::Problem;
use crate::lookup::settings::{invalid, number, text};

/// Whose address may be asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// Only the caller's own.
    Caller,
    /// Any address.
    Any,
}

/// Reads `lookup`: whose address may be asked about.
pub(crate) fn lookup(variables: &dyn Variables) -> Result<Lookup, Problem> {
    const NAME: &str = "lookup";
    match text(variables, NAME)?.as_deref() {
        None | Some("caller") => Ok(Lookup::Caller),
        Some("any") => Ok(Lookup::Any),
        Some(_) => Err(invalid(NAME, "caller or any")),
    }
}

/// Reads `client_ip_header` and `trusted_hops`: where the caller's address
/// comes from.
pub(crate) fn caller(host: &Host) -> Result<Source, Problem> {
    const HEADER: &str = "client_ip_header";
    if let Some(name) = text(host.variables, HEADER)? {
        // The characters of a token (RFC 9110, 5.6.2).
        let is_token = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
        return match is_token {
            true => Ok(Source::Header(name.to_ascii_lowercase())),
            false => Err(invalid(HEADER, "the name of a header, like true-client-ip")),
        };
    }
    Ok(match number(host.variables, "trusted_hops", 0, 0..=32)? {
        0 => Source::Host(host.client_address_header),
        hops => Source::ForwardedFor {
            hops: hops as usize,
        },
    })
}

/// Reads `cors_origin`: the pages that may read answers.
pub(crate) fn cors(variables: &dyn Variables) -> Result<cors::Policy, Problem> {
    const NAME: &str = "cors_origin";
    match text(variables, NAME)? {
        None => Ok(cors::Policy::Any),
        Some(origins) => cors::Policy::parse(&origins).ok_or_else(|| {
            let wanted = "* or a list of origins like https://example.com, with commas between";
            invalid(NAME, wanted)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::tests::host;
    use crate::lookup::Kind;

    fn caller_with(variables: &[(&str, &str)]) -> Source {
        host(variables, |host| caller(host).unwrap())
    }

    #[test]
    fn defaults() {
        host(&[], |host| {
            assert_eq!(lookup(host.variables).unwrap(), Lookup::Caller);
            assert_eq!(cors(host.variables).unwrap(), cors::Policy::Any);
        });
        let spin = Source::Host(Some("spin-client-addr"));
        assert_eq!(caller_with(&[]), spin);
    }

    #[test]
    fn sources_of_the_callers_address() {
        let hops = ("trusted_hops", "2");
        assert_eq!(caller_with(&[hops]), Source::ForwardedFor { hops: 2 });
        let header = ("client_ip_header", "True-Client-IP");
        let expected = Source::Header("true-client-ip".to_owned());
        assert_eq!(caller_with(&[header, hops]), expected);
    }

    #[test]
    fn an_invalid_variable_is_named_and_not_shown() {
        for (name, values) in [
            ("lookup", &["everyone", "ANY"][..]),
            ("client_ip_header", &["true client ip", "x-real-ip:"]),
            ("trusted_hops", &["-1", "+1", "33", "one"]),
            (
                "cors_origin",
                &["elbonia.example", "https://a/b", "https://a:0443"],
            ),
        ] {
            for value in values.iter().chain(&["<Élbonia>", "unreadable"]) {
                let problem = host(&[(name, value)], |host| match name {
                    "lookup" => lookup(host.variables).err(),
                    "cors_origin" => cors(host.variables).err(),
                    _ => caller(host).err(),
                });
                let problem = problem.unwrap_or_else(|| panic!("{name} = {value} was accepted"));
                assert_eq!(problem.kind, Kind::Misconfigured);
                assert!(problem.detail.contains(name), "{}", problem.detail);
                assert!(!problem.detail.contains("lbonia"), "{}", problem.detail);
            }
        }
    }
}
