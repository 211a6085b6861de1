//! The address that a request is about: that of its path, that of `?ip=`, or the
//! client's.

use super::client;
use super::request::Request;
use super::token;
use crate::address;
use crate::lookup;
use crate::problem::{Kind, Problem};
use crate::runtime::Runtime;
use crate::settings::{self, Lookup};
use std::net::IpAddr;

/// What a request says about the address that it is about.
pub(crate) struct Target {
    /// The address as it was written; `None` for the client's.
    text: Option<String>,
    /// Whether there is more than one.
    is_ambiguous: bool,
    /// Whose address may be asked about, as far as this request has to know.
    allowed: Lookup,
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
    /// [`Kind::UnsupportedParameter`] for what geo does not do,
    /// [`Kind::Misconfigured`] where the variable `lookup` is invalid.
    pub(crate) fn read(
        request: &Request,
        in_path: Option<String>,
        is_page: bool,
        runtime: &impl Runtime,
    ) -> Result<Self, Problem> {
        let mut addresses: Vec<_> = in_path.into_iter().collect();
        for (name, value) in request.parameters() {
            match &*name {
                "ip" | "ipAddress" => {
                    // Empty in a form that was sent without an address.
                    if !value.is_empty() {
                        addresses.push(value.trim().to_owned());
                    }
                }
                name => supported(name, &value)?,
            }
        }
        let is_ambiguous = addresses.len() > 1;
        let text = addresses.into_iter().next();
        let allowed = if text.is_some() || is_page {
            settings::LOOKUP.read(runtime)?
        } else {
            Lookup::Caller
        };
        Ok(Self {
            text,
            is_ambiguous,
            allowed,
        })
    }

    /// Returns what the page's form for another address holds: the address as
    /// it was written. `None` where there is no form.
    pub(crate) fn form(&self) -> Option<&str> {
        (self.allowed == Lookup::Any).then(|| self.text.as_deref().unwrap_or_default())
    }

    /// Returns the address.
    ///
    /// # Errors
    ///
    /// [`Kind::InvalidAddress`] for what is not one address, or for a header that
    /// names no client; [`Kind::SpecialAddress`] for a client that can have no
    /// such address; [`Kind::LookupDisabled`] for another address than the
    /// client's where that is not allowed, [`Kind::TokenRequired`] where it is with a
    /// token; [`Kind::Misconfigured`] for an invalid variable.
    pub(crate) fn address(
        &self,
        request: &Request,
        runtime: &impl Runtime,
    ) -> Result<Address, Problem> {
        if self.is_ambiguous {
            return Err(Problem::new(
                Kind::InvalidAddress,
                "Ask for one address at a time, in the path or as ?ip=.",
            ));
        }
        let Some(text) = &self.text else {
            let client = client::address(request.headers, runtime)?;
            return match client {
                Some(client) if address::is_local(client) => Ok(Address::Client(None)),
                Some(client) if address::is_special(client) => Err(misplaced(client)),
                client => Ok(Address::Client(client)),
            };
        };
        let is_allowed = match self.allowed {
            Lookup::Caller => false,
            Lookup::Any => true,
            Lookup::Token => {
                let token = settings::LOOKUP_TOKEN.read(runtime)?;
                token::is_in(request.headers, &token)
            }
        };
        if is_allowed {
            return Ok(Address::Other(lookup::parse_address(text)?));
        }
        let own = client::address(request.headers, runtime)?;
        let own = own.filter(|address| !address::is_special(*address));
        match lookup::parse_address(text) {
            Ok(address) if own == Some(address) => Ok(Address::Client(own)),
            _ if self.allowed == Lookup::Token => Err(Problem::new(
                Kind::TokenRequired,
                "Other addresses than your own need a valid token, in the header \
                 \"Authorization: Bearer TOKEN\".",
            )),
            _ => Err(Problem::new(
                Kind::LookupDisabled,
                "Only your own address can be looked up here. \
                 The operator can set the variable lookup to any or token.",
            )),
        }
    }
}

/// Checks a parameter. geo ignores one that it does not know, unless it would
/// then answer another question than was asked.
fn supported(name: &str, value: &str) -> Result<(), Problem> {
    let instead = match (name, value) {
        ("domain", _) => "Resolve the name and look up its address with ?ip=.",
        ("email", _) => "Only IP addresses can be looked up.",
        ("callback" | "jsonp", _) => "CORS lets any page read the JSON: see cors_origin.",
        ("format", "json" | "html" | "text") => return Ok(()),
        ("format", _) => "Use json, html or text.",
        _ => return Ok(()),
    };
    let detail = format!("geo does not support this {name} parameter. {instead}");
    Err(Problem::new(Kind::UnsupportedParameter, detail))
}

/// Returns the problem of a client with an address that no client has.
fn misplaced(client: IpAddr) -> Problem {
    let advice = match client {
        IpAddr::V4(v4) if v4.is_unspecified() => {
            "In Spin's service chaining, forward X-Forwarded-For and set trusted_hops."
        }
        IpAddr::V4(v4) if v4.octets()[0] >= 240 => "Behind Cloudflare, set Pseudo IPv4 to Off.",
        _ => "The proxy in front of geo must name the client.",
    };
    let detail = format!("The client's address is {client}, which is reserved. {advice}");
    Problem::new(Kind::SpecialAddress, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::request::tests::get;
    use crate::runtime::tests::Variables;

    const INVALID: Result<&str, &str> = Err("invalid-address");
    const DISABLED: Result<&str, &str> = Err("lookup-disabled");
    const UNSUPPORTED: Result<&str, &str> = Err("unsupported-parameter");

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
            ("1.1.1.1", "?ip", Ok("1.1.1.1")),
            ("1.1.1.1:443", "", Ok("1.1.1.1")),
            ("64:ff9b::909:909", "", Ok("9.9.9.9")),
        ] {
            let found = look_up("any", Some(in_path), query);
            assert_eq!(found, any.map(str::to_owned), "{in_path}{query}");
        }
        for (in_path, expected) in [
            ("1.1.1.1", DISABLED),
            ("elbonia:", DISABLED),
            ("9.9.9.9", Ok("9.9.9.9")),
            ("::ffff:9.9.9.9", Ok("9.9.9.9")),
        ] {
            let found = look_up("caller", Some(in_path), "");
            assert_eq!(found, expected.map(str::to_owned), "{in_path}");
        }
    }

    #[test]
    fn other_addresses() {
        for (query, any, own) in [
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
            ("?ip", Ok("9.9.9.9"), Ok("9.9.9.9")),
            ("?ip=", Ok("9.9.9.9"), Ok("9.9.9.9")),
            ("?ip=%20", INVALID, DISABLED),
            ("?ip=&ip=1.1.1.1", Ok("1.1.1.1"), DISABLED),
            ("?ip=9.9.9.9", Ok("9.9.9.9"), Ok("9.9.9.9")),
            ("?ip=::ffff:909:909", Ok("9.9.9.9"), Ok("9.9.9.9")),
            ("?ipAddress=1.1.1.1", Ok("1.1.1.1"), DISABLED),
            (
                "?apiKey=at_x&ipAddress=9.9.9.9",
                Ok("9.9.9.9"),
                Ok("9.9.9.9"),
            ),
            ("?ip=1.1.1", INVALID, DISABLED),
            ("?ip=1.1.1.1:80", Ok("1.1.1.1"), DISABLED),
            ("?ip=+1.1.1.1", Ok("1.1.1.1"), DISABLED),
            ("?ip=%201.1.1.1%0D%0A", Ok("1.1.1.1"), DISABLED),
            ("?ip=[2620:fe::fe]", Ok("2620:fe::fe"), DISABLED),
            ("?ip=[64:ff9b::9.9.9.9]:5000", Ok("9.9.9.9"), Ok("9.9.9.9")),
            ("?ip=1.1.1.1%", INVALID, DISABLED),
            ("?ip=1.1.1.1%2", INVALID, DISABLED),
            ("?ip=1.1.1.1%zz", INVALID, DISABLED),
            ("?ip=%ff", INVALID, DISABLED),
            ("?ip=elbonia.example", INVALID, DISABLED),
            ("?ip=1.1.1.1&ip=8.8.8.8", INVALID, INVALID),
            ("?ip=1.1.1.1&ipAddress=1.1.1.1", INVALID, INVALID),
            ("?ip=127.0.0.1", Ok("127.0.0.1"), DISABLED),
            ("?domain=dns.google", UNSUPPORTED, UNSUPPORTED),
            ("?ip=1.1.1.1&email=a%40b", UNSUPPORTED, UNSUPPORTED),
            ("?callback=cb", UNSUPPORTED, UNSUPPORTED),
            ("?format=jsonp", UNSUPPORTED, UNSUPPORTED),
            ("?format=json", Ok("9.9.9.9"), Ok("9.9.9.9")),
        ] {
            let found = look_up("any", None, query);
            assert_eq!(found, any.map(str::to_owned), "{query}");
            let found = look_up("caller", None, query);
            assert_eq!(found, own.map(str::to_owned), "{query}");
        }
    }

    #[test]
    fn addresses_of_clients() {
        const MISPLACED: Result<Option<&str>, &str> = Err("special-address");
        for (client, expected) in [
            ("9.9.9.9", Ok(Some("9.9.9.9"))),
            ("64:ff9b::909:909", Ok(Some("9.9.9.9"))),
            ("[64:ff9b::9.9.9.9]:5000", Ok(Some("9.9.9.9"))),
            ("2002:909:909::1", Ok(Some("9.9.9.9"))),
            ("2001:0:5ef5::f6f6:f6f6", Ok(Some("9.9.9.9"))),
            ("127.0.0.1", Ok(None)),
            ("10.1.2.3:80", Ok(None)),
            ("100.64.0.1", Ok(None)),
            ("169.254.1.1", Ok(None)),
            ("::1", Ok(None)),
            ("fd00::1", Ok(None)),
            ("fe80::1%eth0", Ok(None)),
            ("64:ff9b::10.0.0.1", Ok(None)),
            ("0.0.0.0:0", MISPLACED),
            ("240.1.2.3", MISPLACED),
            ("224.0.0.1", MISPLACED),
            ("192.0.2.1", MISPLACED),
            ("198.18.0.1", MISPLACED),
            ("::", MISPLACED),
            ("2001:db8::1", MISPLACED),
        ] {
            let headers: &[(&str, &str)] = &[("spin-client-addr", client)];
            let request = get("/", &headers);
            let runtime = Variables::default();
            let found = Target::read(&request, None, false, &runtime)
                .and_then(|target| target.address(&request, &runtime))
                .map(|address| address.ip().map(|ip| ip.to_string()))
                .map_err(|problem| problem.kind.slug());
            let expected = expected.map(|address| address.map(str::to_owned));
            assert_eq!(found, expected, "{client}");
        }
    }
}
