//! The address that a request asks about: the caller's, or that of `?ip=`.

use super::problem::Problem;
use super::request::Request;
use super::settings::{self, Lookup};
use crate::host::Host;
use crate::lookup::{self, address};
use std::net::IpAddr;

/// The address that a request asks about.
pub(crate) enum Requested {
    /// The caller's; `None` for the public address of geo itself, which stands
    /// for a caller who is unknown or on a private network with it.
    Callers(Option<IpAddr>),
    /// Another one.
    Other(IpAddr),
}

impl Requested {
    /// Returns the address to look up; `None` for geo's own.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Callers(address) => *address,
            Self::Other(address) => Some(*address),
        }
    }
}

/// Finds the address that a request asks about.
///
/// # Errors
///
/// 403 for `?ip=` where it is off, 400 where it is invalid; 400 for a header
/// with an invalid caller, 500 for an invalid variable.
pub(crate) fn requested(request: &Request, host: &Host) -> Result<Requested, Box<Problem>> {
    let query = request.query.unwrap_or_default();
    let mut values = form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name == "ip")
        .map(|(_, value)| value);
    let Some(value) = values.next() else {
        let caller = settings::caller(host)?.address(request.headers)?;
        let caller = caller.filter(|address| !address::is_special(*address));
        return Ok(Requested::Callers(caller));
    };
    if settings::lookup(host.variables)? == Lookup::Caller {
        return Err(Problem::lookup_disabled());
    }
    if values.next().is_some() {
        return Err(Problem::invalid_address(
            "Ask about one address at a time: give ip once.",
        ));
    }
    Ok(Requested::Other(lookup::parse_address(&value)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::request::tests::get;
    use crate::http::tests::host;

    /// Returns what is looked up for a caller at 9.9.9.9, or the status of the
    /// problem.
    fn look_up(lookup: &str, query: &str) -> Result<String, u16> {
        let variables = [("lookup", lookup), ("trusted_hops", "1")];
        let headers: &[(&str, &str)] = &[("x-forwarded-for", "9.9.9.9")];
        let url = format!("/{query}");
        host(&variables, |host| {
            let address = requested(&get(&url, &headers), host);
            let address = address.map_err(|problem| problem.status)?;
            Ok(address.address().unwrap().to_string())
        })
    }

    #[test]
    fn other_addresses() {
        for (query, any, caller) in [
            ("", Ok("9.9.9.9"), Ok("9.9.9.9")),
            ("?", Ok("9.9.9.9"), Ok("9.9.9.9")),
            ("?ipx=1.1.1.1", Ok("9.9.9.9"), Ok("9.9.9.9")),
            ("?IP=1.1.1.1", Ok("9.9.9.9"), Ok("9.9.9.9")),
            ("?ip=1.1.1.1", Ok("1.1.1.1"), Err(403)),
            ("?a=b&ip=1.1.1.1&c", Ok("1.1.1.1"), Err(403)),
            ("?ip=2620:fe::fe", Ok("2620:fe::fe"), Err(403)),
            ("?ip=2620%3Afe%3a%3afe", Ok("2620:fe::fe"), Err(403)),
            ("?ip=%31.1.1.1", Ok("1.1.1.1"), Err(403)),
            ("?%69p=1.1.1.1", Ok("1.1.1.1"), Err(403)),
            ("?%ff=1.1.1.1", Ok("9.9.9.9"), Ok("9.9.9.9")),
            ("?ip=::ffff:1.1.1.1", Ok("1.1.1.1"), Err(403)),
            ("?ip", Err(400), Err(403)),
            ("?ip=", Err(400), Err(403)),
            ("?ip=1.1.1", Err(400), Err(403)),
            ("?ip=1.1.1.1:80", Err(400), Err(403)),
            ("?ip=+1.1.1.1", Err(400), Err(403)),
            ("?ip=1.1.1.1%20", Err(400), Err(403)),
            ("?ip=1.1.1.1%", Err(400), Err(403)),
            ("?ip=1.1.1.1%2", Err(400), Err(403)),
            ("?ip=1.1.1.1%+1", Err(400), Err(403)),
            ("?ip=1.1.1.1%zz", Err(400), Err(403)),
            ("?ip=%ff", Err(400), Err(403)),
            ("?ip=elbonia.example", Err(400), Err(403)),
            ("?ip=1.1.1.1&ip=8.8.8.8", Err(400), Err(403)),
            ("?ip=127.0.0.1", Ok("127.0.0.1"), Err(403)),
        ] {
            assert_eq!(look_up("any", query), any.map(str::to_owned), "{query}");
            assert_eq!(
                look_up("caller", query),
                caller.map(str::to_owned),
                "{query}"
            );
        }
    }
}
