//! The address that a request asks about: that of its path, that of `?ip=`, or
//! the caller's.

use super::problem::Problem;
use super::representation::Representation;
use super::request::Request;
use super::settings::{self, Lookup};
use crate::host::Host;
use crate::lookup::{self, address};
use std::net::IpAddr;

/// What a request says about the address that it asks about.
pub(crate) struct Asked {
    /// The address as it was written; without one, it is the caller's.
    address: Option<String>,
    /// Whether there is more than one.
    several: bool,
    /// Whether `lookup` is `any`, as far as this request has to know.
    any: bool,
}

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

impl Asked {
    /// Reads what a request asks about, and whether it may.
    ///
    /// # Errors
    ///
    /// 403 for another address where `lookup` is `caller`, 500 where that
    /// variable is invalid.
    pub(crate) fn read(
        request: &Request,
        in_path: Option<String>,
        representation: Representation,
        host: &Host,
    ) -> Result<Self, Box<Problem>> {
        let query = request.query.unwrap_or_default();
        let mut in_query = form_urlencoded::parse(query.as_bytes())
            .filter(|(name, _)| name == "ip")
            .map(|(_, value)| value.into_owned());
        let address = in_path.or_else(|| in_query.next());
        let several = in_query.next().is_some();
        // The page has a form for other addresses where they are allowed.
        let any = (address.is_some() || representation == Representation::Html)
            && settings::lookup(host.variables)? == Lookup::Any;
        if address.is_some() && !any {
            return Err(Problem::lookup_disabled());
        }
        Ok(Self {
            address,
            several,
            any,
        })
    }

    /// Returns whether it is another address than the caller's.
    pub(crate) fn about_another(&self) -> bool {
        self.address.is_some()
    }

    /// Returns what the page's form for another address holds: the address as
    /// it was written. `None` where there is no form.
    pub(crate) fn form(&self) -> Option<String> {
        self.any.then(|| self.address.clone().unwrap_or_default())
    }

    /// Finds the address.
    ///
    /// # Errors
    ///
    /// 400 for what is not one address, or for a header with an invalid caller;
    /// 500 for an invalid variable.
    pub(crate) fn requested(
        &self,
        request: &Request,
        host: &Host,
    ) -> Result<Requested, Box<Problem>> {
        if self.several {
            return Err(Problem::invalid_address(
                "Ask about one address at a time: in the path, or once as ?ip=.",
            ));
        }
        Ok(match &self.address {
            Some(address) => Requested::Other(lookup::parse_address(address)?),
            None => {
                let caller = settings::caller(host)?.address(request.headers)?;
                Requested::Callers(caller.filter(|address| !address::is_special(*address)))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::request::tests::get;
    use crate::http::tests::host;

    /// Returns what is looked up for a caller at 9.9.9.9, or the status of the
    /// problem.
    fn look_up(lookup: &str, in_path: Option<&str>, query: &str) -> Result<String, u16> {
        let variables = [("lookup", lookup), ("trusted_hops", "1")];
        let headers: &[(&str, &str)] = &[("x-forwarded-for", "9.9.9.9")];
        let url = format!("/{query}");
        let request = get(&url, &headers);
        let in_path = in_path.map(str::to_owned);
        host(&variables, |host| {
            Asked::read(&request, in_path, Representation::Json, host)
                .and_then(|asked| asked.requested(&request, host))
                .map(|requested| requested.address().unwrap().to_string())
                .map_err(|problem| problem.status)
        })
    }

    #[test]
    fn addresses_in_the_path() {
        for (in_path, query, any) in [
            ("1.1.1.1", "", Ok("1.1.1.1")),
            ("1.1.1.1", "?ipx=8.8.8.8", Ok("1.1.1.1")),
            ("::ffff:1.1.1.1", "", Ok("1.1.1.1")),
            ("1.1.1", "", Err(400)),
            ("1.1.1.1", "?ip=1.1.1.1", Err(400)),
            ("1.1.1.1", "?ip", Err(400)),
        ] {
            let found = look_up("any", Some(in_path), query);
            assert_eq!(found, any.map(str::to_owned), "{in_path}{query}");
            let found = look_up("caller", Some(in_path), query);
            assert_eq!(found, Err(403), "{in_path}{query}");
        }
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
            let found = look_up("any", None, query);
            assert_eq!(found, any.map(str::to_owned), "{query}");
            let found = look_up("caller", None, query);
            assert_eq!(found, caller.map(str::to_owned), "{query}");
        }
    }
}
