//! Whose address is looked up: the caller's, or that of `?ip=`.

use crate::http::caller;
use crate::http::request::Request;
use crate::lookup::address;
use crate::lookup::problem::{Kind, Problem};
use crate::lookup::settings::{Lookup, Settings};
use std::net::IpAddr;

/// The address to look up, or `None` for the one that ipify sees by itself:
/// that of a caller who is unknown, or on a private network with geo.
///
/// # Errors
///
/// 403 for `?ip=` where it is off, 400 where it is no address, 422 where it is
/// no public one; and those of [`caller::address`].
pub fn of(request: &Request, settings: &Settings) -> Result<Option<IpAddr>, Problem> {
    let Some(asked) = Asked::parse(request.query.unwrap_or_default()) else {
        let caller = caller::address(request.headers, &settings.client)?;
        return Ok(caller.filter(|address| !address::is_special(*address)));
    };
    if settings.lookup == Lookup::Caller {
        return Err(Problem::new(
            Kind::LookupDisabled,
            "This geo only tells where its caller is: leave ?ip= away. \
             Whoever runs it can set the variable lookup to any.",
        ));
    }
    let Asked::Once(value) = asked else {
        return Err(Problem::new(
            Kind::InvalidAddress,
            "Ask about one address at a time: give ip once.",
        ));
    };
    let address = percent_decode(value).as_deref().and_then(address::parse);
    let address = address.ok_or_else(|| {
        Problem::new(
            Kind::InvalidAddress,
            "What is asked for is not an IP address. \
             One looks like 8.8.8.8 or 2001:4860:4860::8888.",
        )
    })?;
    if address::is_special(address) {
        return Err(Problem::new(
            Kind::SpecialAddress,
            "This address is reserved (private, loopback, documentation, multicast and so on) \
             and has no place on the Internet.",
        ));
    }
    Ok(Some(address))
}

/// `ip` in the query, still percent-encoded.
enum Asked<'a> {
    Once(&'a str),
    MoreThanOnce,
}

impl<'a> Asked<'a> {
    fn parse(query: &'a str) -> Option<Self> {
        let mut values = query.split('&').filter_map(|field| {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            (percent_decode(name)? == "ip").then_some(value)
        });
        let first = values.next()?;
        Some(match values.next() {
            None => Self::Once(first),
            Some(_) => Self::MoreThanOnce,
        })
    }
}

/// Undoes percent-encoding (RFC 3986, 2.1); `None` where it is broken or not
/// UTF-8.
fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => hex_digit(rest.next()?)? << 4 | hex_digit(rest.next()?)?,
            _ => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

fn hex_digit(byte: u8) -> Option<u8> {
    // A hexadecimal digit is less than 16.
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::request::Method;
    use crate::lookup::settings::tests::Table;

    /// What is looked up for a caller at 9.9.9.9, or the status of the problem.
    fn subject(lookup: &str, query: &str) -> Result<String, u16> {
        let variables = vec![
            ("ipify_api_key", "at_secret"),
            ("lookup", lookup),
            ("trusted_hops", "1"),
        ];
        let settings = Settings::load(&Table(variables)).unwrap();
        let headers: &[(&str, &str)] = &[("x-forwarded-for", "9.9.9.9")];
        let url = format!("/{query}");
        match of(
            &Request::new(Method::Get, "geo.example", &url, &headers),
            &settings,
        ) {
            Ok(address) => Ok(address.unwrap().to_string()),
            Err(problem) => Err(problem.status()),
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
            ("?ip=127.0.0.1", Err(422), Err(403)),
            ("?ip=169.254.169.254", Err(422), Err(403)),
            ("?ip=::1", Err(422), Err(403)),
            ("?ip=::ffff:10.0.0.1", Err(422), Err(403)),
        ] {
            assert_eq!(subject("any", query), any.map(str::to_owned), "{query}");
            assert_eq!(
                subject("caller", query),
                caller.map(str::to_owned),
                "{query}"
            );
        }
    }
}
