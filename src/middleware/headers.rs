//! The headers that tell an application where its visitor is.

use crate::lookup::Values;
use crate::runtime::Runtime;
use crate::settings::{GEO_HEADERS, Names};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use std::net::IpAddr;

/// How a location is known, or why it is not. It has this name beside those of all
/// sets.
const STATUS: &str = "geo-status";

/// The client's address.
const IP: &str = "geo-ip";

/// The names of a field's header: geo's own, Cloudflare's and Vercel's. One that is
/// empty does not exist.
const NAMES: [(&str, [&str; 3]); 11] = [
    (
        "country",
        ["geo-country", "cf-ipcountry", "x-vercel-ip-country"],
    ),
    ("country-name", ["geo-country-name", "", ""]),
    (
        "region",
        ["geo-region", "cf-region", "x-vercel-ip-country-region"],
    ),
    ("city", ["geo-city", "cf-ipcity", "x-vercel-ip-city"]),
    (
        "postal-code",
        [
            "geo-postal-code",
            "cf-postal-code",
            "x-vercel-ip-postal-code",
        ],
    ),
    (
        "lat",
        ["geo-latitude", "cf-iplatitude", "x-vercel-ip-latitude"],
    ),
    (
        "lng",
        ["geo-longitude", "cf-iplongitude", "x-vercel-ip-longitude"],
    ),
    (
        "timezone",
        ["geo-timezone", "cf-timezone", "x-vercel-ip-timezone"],
    ),
    ("asn", ["geo-asn", "", ""]),
    ("as-name", ["geo-as-name", "", ""]),
    ("isp", ["geo-isp", "", ""]),
];

/// The longest value, in bytes. A longer one is left out: servers limit the size of all
/// headers.
const MAX_LENGTH: usize = 512;

/// What is percent-encoded besides what is not ASCII.
const ENCODED: &AsciiSet = &CONTROLS.add(b'%');

/// Returns those of the names that only the middleware may set. Where its variables are
/// invalid, these are the names of all sets.
pub fn own<'a, R: Runtime>(
    names: impl Iterator<Item = &'a str>,
    runtime: &R,
) -> impl Iterator<Item = &'a str> {
    let set = GEO_HEADERS.read(runtime).ok();
    names.filter(move |name| {
        let is = |own: &str| name.eq_ignore_ascii_case(own);
        // Most headers have other first letters.
        let is_likely = ["geo-", "cf-", "x-vercel-"].iter().any(|start| {
            let begin = name.get(..start.len());
            begin.is_some_and(|begin| begin.eq_ignore_ascii_case(start))
        });
        is_likely
            && (is(STATUS)
                || is(IP)
                || NAMES.iter().any(|(_, [geo, others @ ..])| {
                    is(geo)
                        || others.iter().enumerate().any(|(number, other)| {
                            set.is_none_or(|set| set as usize == number + 1) && is(other)
                        })
                }))
    })
}

/// Returns the header lines. A value that is not known has none.
pub(super) fn lines<R: Runtime>(
    status: &str,
    client: Option<IpAddr>,
    values: Option<&Values>,
    runtime: &R,
) -> Vec<(&'static str, String)> {
    let mut lines = vec![(STATUS, status.to_owned())];
    lines.extend(client.map(|client| (IP, client.to_string())));
    let set = GEO_HEADERS.read(runtime).unwrap_or_else(|problem| {
        problem.log(runtime);
        Names::Geo
    });
    let Some(values) = values else { return lines };
    for (field, names) in NAMES {
        let name = names[set as usize];
        let value = values.by_name(field).filter(|_| !name.is_empty());
        let value = value.map(|value| utf8_percent_encode(&value, ENCODED).to_string());
        lines.extend(
            value
                .filter(|value| value.len() <= MAX_LENGTH)
                .map(|value| (name, value)),
        );
    }
    lines
}
