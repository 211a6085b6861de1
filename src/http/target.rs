//! The address that a request is about: that of its path, that of `?ip=`, or the
//! client's.

use super::client;
use super::request::Request;
use crate::address;
use crate::lookup;
use crate::problem::{Kind, Problem};
use crate::runtime::Runtime;
use crate::settings;
use std::net::IpAddr;

/// What a request says about the address that it is about.
pub(crate) struct Target {
    /// The address as it was written; `None` for the client's.
    text: Option<String>,
    /// Whether there is more than one.
    is_ambiguous: bool,
    /// Whether other addresses than the client's are allowed, as far as this
    /// request has to know.
    allows_others: bool,
}

/// The address that a request is about.
pub(crate) enum Address {
    /// The client's; `None` for the public address of geo itself, which a client
    /// shares that is unknown or on a private network with geo.
    Client(Option<IpAddr>),
    /// Another one.
    Other(IpAddr),
}

impl Address {
    /// Returns the address to look up; `None` for geo's own.
    pub(crate) fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Client(address) => *address,
            Self::Other(address) => Some(*address),
        }
    }
}

impl Target {
    /// Reads what a request is about. `in_path` is the address of its path.
    /// The page has a form for other addresses where they are allowed, so
    /// `is_page` is whether that has to be known in any case.
    ///
    /// # Errors
    ///
    /// [`Kind::LookupDisabled`] for another address where `lookup` is `caller`,
    /// [`Kind::Misconfigured`] where that variable is invalid.
    pub(crate) fn read(
        request: &Request,
        in_path: Option<String>,
        is_page: bool,
        runtime: &impl Runtime,
    ) -> Result<Self, Problem> {
        let query = request.query.unwrap_or_default();
        let mut in_query = form_urlencoded::parse(query.as_bytes())
            .filter(|(name, _)| name == "ip")
            .map(|(_, value)| value.into_owned());
        let text = in_path.or_else(|| in_query.next());
        let is_ambiguous = in_query.next().is_some();
        let allows_others =
            (text.is_some() || is_page) && settings::LOOKUP.read(runtime)? == settings::Lookup::Any;
        if text.is_some() && !allows_others {
            return Err(Problem::new(
                Kind::LookupDisabled,
                "This geo only tells where its client is: ask without an address. \
                 Its operator can set the variable lookup to any.",
            ));
        }
        Ok(Self {
            text,
            is_ambiguous,
            allows_others,
        })
    }

    /// Returns whether it is another address than the client's.
    pub(crate) fn is_other(&self) -> bool {
        self.text.is_some()
    }

    /// Returns what the page's form for another address holds: the address as
    /// it was written. `None` where there is no form.
    pub(crate) fn form(&self) -> Option<&str> {
        self.allows_others
            .then(|| self.text.as_deref().unwrap_or_default())
    }

    /// Returns the address.
    ///
    /// # Errors
    ///
    /// [`Kind::InvalidAddress`] for what is not one address, or for a header
    /// that names no client; [`Kind::Misconfigured`] for an invalid variable.
    pub(crate) fn address(
        &self,
        request: &Request,
        runtime: &impl Runtime,
    ) -> Result<Address, Problem> {
        if self.is_ambiguous {
            return Err(Problem::new(
                Kind::InvalidAddress,
                "Ask about one address at a time: in the path, or once as ?ip=.",
            ));
        }
        Ok(match &self.text {
            Some(text) => Address::Other(lookup::parse_address(text)?),
            None => {
                let client = client::address(request.headers, runtime)?;
                Address::Client(client.filter(|address| !address::is_special(*address)))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::request::tests::get;
    use crate::runtime::tests::Variables;

    const INVALID: Result<&str, &str> = Err("invalid-address");
    const DISABLED: Result<&str, &str> = Err("lookup-disabled");

    /// Returns what is looked up for a client at 9.9.9.9, or the kind of the
    /// problem.
    fn look_up(lookup: &str, in_path: Option<&str>, query: &str) -> Result<String, &'static str> {
        let variables = [("lookup", lookup), ("trusted_hops", "1")];
        let headers: &[(&str, &str)] = &[("x-forwarded-for", "9.9.9.9")];
        let url = format!("/{query}");
        let request = get(&url, &headers);
        let in_path = in_path.map(str::to_owned);
        let runtime = Variables::new(&variables);
        Target::read(&request, in_path, false, &runtime)
            .and_then(|target| target.address(&request, &runtime))
            .map(|address| address.ip().unwrap().to_string())
            .map_err(|problem| problem.kind.slug())
    }

    #[test]
    fn addresses_in_the_path() {
        for (in_path, query, any) in [
            ("1.1.1.1", "", Ok("1.1.1.1")),
            ("1.1.1.1", "?ipx=8.8.8.8", Ok("1.1.1.1")),
            ("::ffff:1.1.1.1", "", Ok("1.1.1.1")),
            ("1.1.1", "", INVALID),
            ("1.1.1.1", "?ip=1.1.1.1", INVALID),
            ("1.1.1.1", "?ip", INVALID),
        ] {
            let found = look_up("any", Some(in_path), query);
            assert_eq!(found, any.map(str::to_owned), "{in_path}{query}");
            let found = look_up("caller", Some(in_path), query);
            assert_eq!(found, DISABLED.map(str::to_owned), "{in_path}{query}");
        }
    }

    #[test]
    fn other_addresses() {
        for (query, any, caller) in [
            ("", Ok("9.9.9.9"), Ok("9.9.9.9")),
            ("?", Ok("9.9.9.9"), Ok("9.9.9.9")),
            ("?ipx=1.1.1.1", Ok("9.9.9.9"), Ok("9.9.9.9")),
            ("?IP=1.1.1.1", Ok("9.9.9.9"), Ok("9.9.9.9")),
            ("?ip=1.1.1.1", Ok("1.1.1.1"), DISABLED),
            ("?a=b&ip=1.1.1.1&c", Ok("1.1.1.1"), DISABLED),
            ("?ip=2620:fe::fe", Ok("2620:fe::fe"), DISABLED),
            ("?ip=2620%3Afe%3a%3afe", Ok("2620:fe::fe"), DISABLED),
            ("?ip=%31.1.1.1", Ok("1.1.1.1"), DISABLED),
            ("?%69p=1.1.1.1", Ok("1.1.1.1"), DISABLED),
            ("?%ff=1.1.1.1", Ok("9.9.9.9"), Ok("9.9.9.9")),
            ("?ip=::ffff:1.1.1.1", Ok("1.1.1.1"), DISABLED),
            ("?ip", INVALID, DISABLED),
            ("?ip=", INVALID, DISABLED),
            ("?ip=1.1.1", INVALID, DISABLED),
            ("?ip=1.1.1.1:80", INVALID, DISABLED),
            ("?ip=+1.1.1.1", INVALID, DISABLED),
            ("?ip=1.1.1.1%20", INVALID, DISABLED),
            ("?ip=1.1.1.1%", INVALID, DISABLED),
            ("?ip=1.1.1.1%2", INVALID, DISABLED),
            ("?ip=1.1.1.1%+1", INVALID, DISABLED),
            ("?ip=1.1.1.1%zz", INVALID, DISABLED),
            ("?ip=%ff", INVALID, DISABLED),
            ("?ip=elbonia.example", INVALID, DISABLED),
            ("?ip=1.1.1.1&ip=8.8.8.8", INVALID, DISABLED),
            ("?ip=127.0.0.1", Ok("127.0.0.1"), DISABLED),
        ] {
            let found = look_up("any", None, query);
            assert_eq!(found, any.map(str::to_owned), "{query}");
            let found = look_up("caller", None, query);
            assert_eq!(found, caller.map(str::to_owned), "{query}");
        }
    }
}
