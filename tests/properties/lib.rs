//! Properties of every response of geo, for any input.
//!
//! Each function panics if its property does not hold. The tests in this package
//! call them with nearly valid text, and the fuzz targets in `fuzz/` with what finds
//! new paths through the code. geo runs natively here, on a [`TestRuntime`] that
//! records what geo does.

mod page;
mod runtime;
#[cfg(test)]
mod tests;

use geo::fields::FIELDS;
use geo::http::{Method, Response};
use geo::lookup::Record;
pub use page::page;
pub use runtime::TestRuntime;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// A path and a query of any characters get a response, and ipify only public
/// addresses. Where a token is required, no path and query without one make ipify get
/// an address.
pub fn request(target: &str) {
    for method in [Method::Get, Method::Head, Method::Options, Method::Other] {
        let runtime = TestRuntime::with(&[("lookup", "any")]);
        let response = runtime.answer(method, target, &[]);
        check(&runtime, &response);
        if response.status == 200 && !runtime.lookups().is_empty() {
            for address in runtime.lookups() {
                assert!(
                    address.is_none_or(is_public),
                    "{target:?} looks up {address:?}"
                );
            }
        }
    }
    let token = [("lookup", "token"), ("lookup_token", "sixteen-letters-")];
    let runtime = TestRuntime::with(&token);
    let response = runtime.answer(Method::Get, target, &[]);
    check(&runtime, &response);
    // The client is not known here, so only geo's own location is looked up.
    let lookups = runtime.lookups();
    assert!(
        lookups.iter().all(Option::is_none),
        "{target:?} {lookups:?}"
    );
}

/// Headers of a client, one `name: value` a line, do not change the client address
/// that the proxy names.
pub fn forwarding(lines: &str) {
    let forged = headers(lines);
    // A proxy appends its line to `x-forwarded-for`, and replaces `x-real-ip`.
    const CLIENT: &str = "9.9.9.9";
    let proxies: [(&[(&str, &str)], &str); 3] = [
        (&[], "spin-client-addr"),
        (&[("trusted_hops", "1")], "x-forwarded-for"),
        (&[("client_ip_header", "x-real-ip")], "x-real-ip"),
    ];
    for (variables, name) in proxies {
        let runtime = TestRuntime::with(variables);
        let mut all = forged.clone();
        if name == "x-real-ip" {
            all.retain(|(forged, _)| forged != name);
        }
        all.push((name.to_owned(), CLIENT.into()));
        let response = runtime.answer(Method::Get, "/ip", &all);
        check(&runtime, &response);
        assert_eq!(response.status, 200, "{name} {forged:?}");
        assert_eq!(
            runtime.lookups(),
            [CLIENT.parse().ok()],
            "{name} {forged:?}"
        );

        // Without the proxy's header, all of them are forged. Only public addresses
        // may be looked up.
        let runtime = TestRuntime::with(variables);
        let response = runtime.answer(Method::Get, "/", &forged);
        check(&runtime, &response);
        for address in runtime.lookups() {
            assert!(address.is_none_or(is_public), "{name} {forged:?}");
        }
    }
}

/// For any values of `Accept`, one a line, the response is JSON, HTML or plain text,
/// as its content type says. Without a value it is JSON.
pub fn negotiation(lines: &str) {
    let accept: Vec<_> = lines
        .lines()
        .map(|line| ("accept".to_owned(), line.into()))
        .collect();
    let runtime = TestRuntime::default();
    for (path, json) in [
        ("/", "application/json"),
        ("/elbonia", "application/problem+json"),
    ] {
        let response = runtime.answer(Method::Get, path, &accept);
        check(&runtime, &response);
        let content_type = header(&response, "content-type").unwrap();
        let forms = [
            json,
            "text/html; charset=utf-8",
            "text/plain; charset=utf-8",
        ];
        assert!(forms.contains(&content_type), "{content_type}");
        if lines.trim().is_empty() {
            assert_eq!(content_type, json);
        }
    }
    let response = runtime.answer(Method::Get, "/json", &accept);
    assert_eq!(header(&response, "content-type"), Some("application/json"));
}

/// The body of ipify's response is returned byte for byte, or not at all.
pub fn upstream(body: &[u8]) {
    let answering = || TestRuntime::default().with_body(body);
    let runtime = answering();
    let response = runtime.answer(Method::Get, "/json", &[]);
    check(&runtime, &response);
    let is_json =
        serde_json::from_slice::<BTreeMap<String, Box<serde_json::value::RawValue>>>(body);
    match response.status {
        200 => {
            assert_eq!(response.body, body);
            assert!(is_json.is_ok_and(|members| members.contains_key("ip")));
        }
        502 => {}
        status => panic!("{status}"),
    }
    let values = FIELDS.iter().map(|field| format!("/{}", field.name));
    for path in values.chain(["/".to_owned()]) {
        for accept in ["text/plain", "text/html"] {
            let runtime = answering();
            let accept = [("accept".to_owned(), accept.into())];
            let response = runtime.answer(Method::Get, &path, &accept);
            check(&runtime, &response);
            // A single value is one line.
            if path != "/" && response.status == 200 {
                let lines = response.body.iter().filter(|byte| **byte == b'\n').count();
                assert_eq!((lines, response.body.last()), (1, Some(&b'\n')));
            }
        }
    }
    // A record with another address parses as that record.
    if let Some(mut record) = Record::parse(body.to_vec()) {
        let other: IpAddr = "2620:fe::fe".parse().unwrap();
        record.set_ip(other);
        let parsed = Record::parse(record.json().into()).unwrap();
        assert_eq!(parsed, record);
        assert_eq!(parsed.ip, other);
    }
}

/// Any value that the key-value store returns is geo's own or counts as a miss.
pub fn stored(value: &[u8]) {
    let runtime = TestRuntime::with(&[("trusted_hops", "1")]).with_stored(value);
    let client = [("x-forwarded-for".to_owned(), "9.9.9.9".into())];
    let response = runtime.answer(Method::Get, "/json", &client);
    check(&runtime, &response);
    assert_eq!(response.status, 200);
    let json: Value = serde_json::from_slice(&response.body).unwrap();
    assert_eq!(json["ip"], "9.9.9.9", "an answer about another address");
    // Also with a valid checksum.
    if let Ok(rest) = std::str::from_utf8(value) {
        let signed = format!("geo3 {} {rest}", fnv_1a(rest));
        let runtime = TestRuntime::with(&[("trusted_hops", "1")]).with_stored(signed.as_bytes());
        let response = runtime.answer(Method::Get, "/", &client);
        check(&runtime, &response);
        assert_eq!(response.status, 200);
        assert!(
            Record::parse(response.body).is_some_and(|record| record.ip.to_string() == "9.9.9.9")
        );
    }
}

/// Returns the 64-bit FNV-1a hash.
fn fnv_1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Parses header lines.
fn headers(lines: &str) -> Vec<(String, Vec<u8>)> {
    let lines = lines.lines().filter_map(|line| line.split_once(':'));
    lines
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().into()))
        .collect()
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    let mut values = response.headers.iter().filter(|line| line.0 == name);
    values.next().map(|line| line.1.as_ref())
}

/// Whether ipify can know an address, roughly.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let is_special = v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_multicast()
                || v4.is_documentation()
                || v4.is_broadcast()
                || v4.is_unspecified();
            !is_special
        }
        IpAddr::V6(v6) => {
            let is_special = v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_multicast()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
                || v6.to_ipv4_mapped().is_some();
            !is_special
        }
    }
}

/// Checks what holds for every response.
fn check(runtime: &TestRuntime, response: &Response) {
    let statuses = [200, 204, 400, 401, 403, 404, 405, 422, 500, 502, 503, 504];
    assert!(statuses.contains(&response.status), "{}", response.status);
    for (name, value) in &response.headers {
        let is_one_line = value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        assert!(is_one_line, "{name}: {value:?}");
    }
    let body = String::from_utf8_lossy(&response.body);
    let content_type = header(response, "content-type").unwrap_or_default();
    if content_type == "application/problem+json" {
        let problem: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(problem["status"], response.status);
        assert!(response.status >= 400);
    }
    if content_type.starts_with("text/html") {
        let policy = header(response, "content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'"));
    }
    for line in runtime.log() {
        assert!(!line.contains(char::is_control), "{line:?}");
    }
}
