//! The fault matrix: faults of ipify, the network and the host, with the response
//! that the client gets and the line that the operator reads in the log.
//!
//! Each row starts its own geo and its own upstream. `timeout_ms` is ten minutes,
//! so that no other response depends on it; only rows that expect a timeout have a
//! short one. The harness searches all that geo sends and logs for the API key.

use crate::harness::{Geo, Operation, Recorder, Setup, Store};
use crate::upstream::{Protocol, Step, Upstream};
use bytes::Bytes;
use geo_host::Manifest;
use stand_in::{Fault, StandIn};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};

/// A fault and its expected outcome.
struct Row {
    what: String,
    upstream: Ipify,
    host: Host,
    expected: Expected,
}

/// What takes the place of ipify.
enum Ipify {
    /// The stand-in, with a fault.
    StandIn(Fault),
    /// A server that sends raw bytes.
    Raw(Protocol, &'static str, Vec<Step>),
    /// An origin that cannot be reached.
    Origin(String),
    /// A closed port.
    Closed,
    /// A port whose connections are never accepted.
    Full,
}

/// The fault of the host.
enum Host {
    None,
    Hooks(Recorder),
    Manifest(fn(&mut Manifest)),
    Store(Store),
}

/// The expected response, log and requests.
struct Expected {
    status: u16,
    /// The last part of the problem's type, or empty for an answer.
    problem: &'static str,
    /// A part of the one line in the log, or empty for no line.
    log: &'static str,
    /// The number of requests to ipify. It is 2 only where no response began.
    requests: usize,
}

impl Expected {
    fn requests(self, requests: usize) -> Self {
        Self { requests, ..self }
    }
}

const fn expected(status: u16, problem: &'static str, log: &'static str) -> Expected {
    Expected {
        status,
        problem,
        log,
        requests: 1,
    }
}

fn answered() -> Expected {
    expected(200, "", "")
}

/// An answer that is not cached because the store failed.
fn not_cached(cause: &'static str) -> Expected {
    expected(200, "", cause)
}

fn unreachable(cause: &'static str) -> Expected {
    expected(503, "upstream-unreachable", cause)
}

/// The response is not HTTP, so the request is retried once.
fn not_http() -> Expected {
    unreachable("HTTP protocol error").requests(2)
}

fn invalid(cause: &'static str) -> Expected {
    expected(502, "upstream-invalid", cause)
}

fn refused() -> Expected {
    expected(502, "upstream-refused", "ipify_api_key")
}

fn busy() -> Expected {
    expected(503, "upstream-busy", "too many requests")
}

fn timed_out() -> Expected {
    expected(504, "upstream-timeout", "timeout_ms")
}

fn row(what: impl Into<String>, upstream: Ipify, expected: Expected) -> Row {
    Row {
        what: what.into(),
        upstream,
        host: Host::None,
        expected,
    }
}

/// A fault of the host only.
fn host_row(what: &str, host: Host, expected: Expected) -> Row {
    let ipify = Ipify::StandIn(Fault::None);
    Row {
        host,
        ..row(what, ipify, expected)
    }
}

/// A server that reads a request and then performs these steps.
fn raw(steps: Vec<Step>) -> Ipify {
    let steps = [vec![Step::Read], steps].concat();
    Ipify::Raw(Protocol::Plain, "http", steps)
}

/// A server that reads a request, sends these bytes and closes the connection.
fn sends(bytes: impl Into<Bytes>) -> Ipify {
    raw(vec![Step::Send(bytes.into())])
}

/// A server that sends a head with these lines, and then valid JSON.
fn head(lines: &str) -> Ipify {
    let length = JSON.len();
    sends(format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n{lines}\r\n{JSON}"
    ))
}

/// The stand-in with this body.
fn body(content: impl Into<Bytes>) -> Ipify {
    Ipify::StandIn(Fault::Body(content.into()))
}

/// A server that sends these heads before a valid response.
fn before_answer(heads: &str) -> Ipify {
    let length = JSON.len();
    sends(format!(
        "{heads}HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{JSON}"
    ))
}

/// A server that sends a chunked body.
fn chunked(chunks: &str) -> Ipify {
    sends(format!(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunks}"
    ))
}

fn send(bytes: impl Into<Bytes>) -> Step {
    Step::Send(bytes.into())
}

const JSON: &str = r#"{"ip":"8.8.8.8","isp":"Google LLC"}"#;

/// The largest body that geo accepts from ipify.
const MAX: usize = 64 * 1024;

fn padded(size: usize) -> Bytes {
    let mut json = JSON.as_bytes().to_vec();
    json.resize(size, b' ');
    json.into()
}

/// Returns JSON that is nested as deeply as the largest body allows.
fn deep() -> String {
    let levels = (MAX - 64) / 2;
    let (open, close) = ("[".repeat(levels), "]".repeat(levels));
    format!(r#"{{"ip":"8.8.8.8","deep":{open}{close}}}"#)
}

/// `{"ip":"8.8.8.8"}`, compressed.
const GZIP: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\x02\x03\xabV\xca,P\xb2R\xb2\xd0\x03C\xa5Z\0\
                      \x1f\x9c\xa0\t\x10\0\0\0";

// One line for each fault, as far as it fits.
#[rustfmt::skip]
fn connections() -> Vec<Row> {
    use Protocol::{Plain, SelfSigned, Tls};
    use Step::{Hold, Reset};
    let long_label = "x".repeat(64);
    let half = || send("HTTP/1.1 200 OK\r\ncontent-le");
    let not_tls = || unreachable("TLS protocol error");
    vec![
        row("the name is not resolved", Ipify::Origin(format!("http://{long_label}.invalid")),
            unreachable("DNS error").requests(0)),
        row("the connection is refused", Ipify::Closed, unreachable("connection refused").requests(0)),
        row("the connection is never accepted", Ipify::Full, timed_out().requests(0)),
        row("accepted, and silent", Ipify::Raw(Plain, "http", vec![Hold]), timed_out()),
        row("closed before the headers", raw(vec![]), not_http()),
        row("reset before the headers", raw(vec![Reset]), not_http()),
        row("reset before the request is read", Ipify::Raw(Plain, "http", vec![Reset]), not_http()),
        row("closed inside the headers", raw(vec![half()]), not_http()),
        row("reset inside the headers", raw(vec![half(), Reset]), not_http()),
        row("silent inside the headers", raw(vec![half(), Hold]), timed_out()),
        row("a reused connection is closed", Ipify::StandIn(Fault::CutOnce), answered().requests(2)),
        row("TLS to a port that speaks HTTP",
            Ipify::Raw(Plain, "https", vec![send("HTTP/1.1 400 Bad Request\r\n\r\n")]), not_tls()),
        row("TLS that is closed in the handshake", Ipify::Raw(Plain, "https", vec![]), not_tls()),
        row("TLS that is silent in the handshake", Ipify::Raw(Plain, "https", vec![Hold]), timed_out()),
        row("a certificate by an unknown authority", Ipify::Raw(Tls, "https", vec![]), not_tls()),
        row("a certificate that signs itself", Ipify::Raw(SelfSigned, "https", vec![]), not_tls()),
        row("HTTP to a port that speaks TLS", Ipify::Raw(Tls, "http", vec![]), not_http()),
    ]
}

#[rustfmt::skip]
fn heads() -> Vec<Row> {
    let many = "x-elbonia: mud\r\n".repeat(200);
    let large = format!("x-elbonia: {}\r\n", "m".repeat(1 << 20));
    let hints = "HTTP/1.1 103 Early Hints\r\n";
    let upgrade = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: mud\r\n\r\n";
    let not_utf8: &[u8] = b"HTTP/1.1 200 OK\r\nconnection: close\r\nx-elbonia: \xff\xfe\r\n\r\n";
    vec![
        row("a protocol in which the server speaks first",
            Ipify::Raw(Protocol::Plain, "http", vec![send("220 smtp.elbonia.example\r\n"), Step::Read]),
            not_http()),
        row("a body without a head", sends(JSON), not_http()),
        row("HTTP/1.0", sends(format!("HTTP/1.0 200 OK\r\n\r\n{JSON}")), answered()),
        row("HTTP/1.1 without a length", sends(format!("HTTP/1.1 200 OK\r\n\r\n{JSON}")), answered()),
        row("HTTP/3.0", sends(format!("HTTP/3.0 200 OK\r\n\r\n{JSON}")), not_http()),
        row("100 before the answer", before_answer("HTTP/1.1 100 Continue\r\n\r\n"), answered()),
        row("102 and 103 before the answer",
            before_answer(&format!("HTTP/1.1 102 Processing\r\n\r\n{hints}link: </a>\r\n\r\n")),
            answered()),
        row("103 without end", raw(vec![Step::Repeat(format!("{hints}\r\n").into())]), timed_out()),
        row("101", sends(upgrade), invalid("status 101")),
        row("headers without end",
            raw(vec![send("HTTP/1.1 200 OK\r\n"), Step::Repeat("x-elbonia: mud\r\n".into())]),
            not_http()),
        row("a header without end",
            raw(vec![send("HTTP/1.1 200 OK\r\nx-elbonia: "), Step::Repeat("mud".into())]), not_http()),
        row("200 headers", head(&many), not_http()),
        row("a header of 1 MiB", head(&large), not_http()),
        row("a header that is not UTF-8", sends([not_utf8, JSON.as_bytes()].concat()), answered()),
        row("a header with a space in its name", head("x elbonia: mud\r\n"), not_http()),
        row("a header with a NUL in its value", head("x-elbonia: m\0d\r\n"), not_http()),
        row("a length that is not a number", head("content-length: mud\r\n"), not_http()),
        row("two lengths", head("content-length: 1\r\n"), not_http()),
        row("a status of two digits", sends("HTTP/1.1 20 OK\r\n\r\n"), not_http()),
        row("a status of 999", sends("HTTP/1.1 999 Mud\r\n\r\n"), invalid("status 999")),
        row("one byte of the head a second",
            raw(vec![Step::Drip("HTTP/1.1 200 OK\r\n".into(), Duration::from_secs(1))]), timed_out()),
    ]
}

#[rustfmt::skip]
fn bodies() -> Vec<Row> {
    let broken = || invalid("is incomplete");
    let too_large = || invalid("larger than 64 KiB");
    let not_json = || invalid("not a JSON object");
    let size = JSON.len();
    let bytewise: String = JSON.chars().map(|c| format!("1\r\n{c}\r\n")).collect();
    let utf16: Vec<_> = JSON.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let start = |length: usize| format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
    let whole = |length| send(start(length) + JSON);
    let half = || send(start(size) + r#"{"ip":"#);
    let extension = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;";
    vec![
        row("shorter than its length", raw(vec![whole(size + 10)]), broken()),
        row("longer than its length", raw(vec![whole(size), send("mud")]), answered()),
        row("reset inside", raw(vec![half(), Step::Reset]), broken()),
        row("silent inside", raw(vec![half(), Step::Hold]), timed_out()),
        row("one byte a second", Ipify::StandIn(Fault::Drip(Duration::from_secs(1))), timed_out()),
        row("a chunk for each byte", chunked(&format!("{bytewise}0\r\n\r\n")), answered()),
        row("trailers", chunked(&format!("{size:x}\r\n{JSON}\r\n0\r\nx-elbonia: mud\r\n\r\n")),
            answered()),
        row("a chunk size that is none", chunked("mud\r\n"), broken()),
        row("a chunk size beyond 64 bits", chunked("fffffffffffffffff\r\n"), broken()),
        row("a chunk longer than it says", chunked(&format!("5\r\n{JSON}\r\n0\r\n\r\n")), broken()),
        row("no last chunk", chunked(&format!("{size:x}\r\n{JSON}\r\n")), broken()),
        row("a chunk extension without end",
            raw(vec![send(extension), Step::Repeat("mud".into())]), broken()),
        row("without end", Ipify::StandIn(Fault::Endless), too_large()),
        row("of a terabyte, as it says, and silent",
            raw(vec![whole(1_000_000_000_000), Step::Hold]), timed_out()),
        row("64 KiB", body(padded(MAX)), answered()),
        row("64 KiB and one byte", body(padded(MAX + 1)), too_large()),
        row("gzip, which was not asked for", body(GZIP), not_json()),
        row("another content type", head("content-type: text/html\r\n"), answered()),
        row("empty", body(""), not_json()),
        row("a page", body("<!doctype html><title>Sign in to Elbonia</title>"), not_json()),
        row("JSON behind a byte order mark", body(format!("\u{feff}{JSON}")), not_json()),
        row("JSON in UTF-16", body(utf16), not_json()),
        row("invalid UTF-8", body(&b"{\"ip\":\"8.8.8.8\",\"a\":\"\xff\"}"[..]), not_json()),
        row("a NUL in a string", body("{\"ip\":\"8.8.8.8\",\"a\":\"\0\"}"), not_json()),
        row("half a surrogate pair", body(r#"{"ip":"8.8.8.8","isp":"\ud800"}"#), answered()),
        row("32,000 levels deep", body(deep()), answered()),
        row("cut off", body(r#"{"ip":"8.8.8.8""#), not_json()),
        row("two objects", body(format!("{JSON}{JSON}")), not_json()),
        row("an array", body("[1]"), not_json()),
        row("null", body("null"), not_json()),
        row("no ip", body("{}"), not_json()),
        row("a number as ip", body(r#"{"ip":7}"#), not_json()),
        row("a name as ip", body(r#"{"ip":"elbonia"}"#), not_json()),
        row("two of ip", body(r#"{"ip":"8.8.8.8","ip":"9.9.9.9"}"#), not_json()),
        row("values of other types",
            body(r#"{"ip":"8.8.8.8","location":7,"as":[],"isp":{}}"#), answered()),
    ]
}

#[rustfmt::skip]
fn statuses() -> Vec<Row> {
    let status = |number| Ipify::StandIn(Fault::Status(number));
    let busy_with = |lines: &[u8]| {
        sends([b"HTTP/1.1 429 Slow\r\ncontent-length: 0\r\n", lines, b"\r\n"].concat())
    };
    let mut rows = vec![
        row("401", status(401), refused()),
        row("403", status(403), refused()),
        row("429", status(429), busy()),
        row("429 with two of Retry-After",
            busy_with(b"retry-after: 7\r\nretry-after: 8\r\n"), busy()),
        row("429 with a Retry-After that is not UTF-8", busy_with(b"retry-after: \xff\r\n"), busy()),
        row("204", sends("HTTP/1.1 204 No Content\r\n\r\n"), invalid("not a JSON object")),
    ];
    for retry_after in [
        "0", "7", "soon", "-1", "1.5", "", "99999999999999999999",
        "Wed, 18 Nov 2026 11:06:50 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
    ] {
        let what = format!("429 with Retry-After: {retry_after}");
        rows.push(row(what, Ipify::StandIn(Fault::Busy(retry_after)), busy()));
    }
    for number in [300, 301, 302, 303, 304, 307, 308] {
        rows.push(row(number.to_string(), status(number), invalid("redirect")));
    }
    for number in [
        400, 402, 404, 405, 406, 408, 410, 413, 418, 421, 422, 426, 431, 451, 499,
        500, 501, 502, 503, 504, 505, 507, 511, 520, 599,
    ] {
        rows.push(row(number.to_string(), status(number), invalid("answered with status")));
    }
    rows
}

#[rustfmt::skip]
fn hosts() -> Vec<Row> {
    let no_store = if cfg!(feature = "spin") {
        not_cached("does not grant default")
    } else {
        answered()
    };
    let mut rows = vec![
        host_row("the host fails to send", Host::Hooks(Recorder::offline()),
            unreachable("error sending request for url (http://").requests(0)),
        host_row("the host does not allow it", Host::Manifest(|manifest| {
            manifest.allowed_outbound_hosts = vec!["https://elbonia.example".to_owned()];
        }), unreachable("allowed_outbound_hosts").requests(0)),
        host_row("there is no store", Host::Manifest(|manifest| manifest.key_value_stores.clear()), no_store),
    ];
    // The plain build reads no variables from a provider, and has no store.
    if cfg!(feature = "spin") {
        let sealed = || expected(500, "misconfigured", "the vault is sealed").requests(0);
        let away = || not_cached("redis://***@redis:6379 is away");
        let fails_at = |failing| Host::Store(Store::failing(move |action, _| action == failing));
        let returns = |value: fn(&str) -> Option<Vec<u8>>| Host::Store(Store::returning(value));
        rows.extend([
            host_row("the key cannot be read", Host::Hooks(Recorder::sealed("ipify_api_key")), sealed()),
            host_row("a setting cannot be read", Host::Hooks(Recorder::sealed("cache_ttl")), sealed()),
            host_row("the store fails", Host::Store(Store::failing(|_, _| true)), away()),
            host_row("the store fails on get", fails_at(Operation::Get), away()),
            host_row("the store fails on set", fails_at(Operation::Set), away()),
            host_row("the store fails on delete", fails_at(Operation::Delete), away()),
            host_row("the store fails on increment", fails_at(Operation::Increment), away()),
            host_row("the store forgets all", returns(|_| None), answered()),
            host_row("the store returns nothing but zeros", returns(|_| Some(vec![0; 100])), answered()),
            host_row("the store returns 1 MB", returns(|_| Some(vec![b'{'; 1_000_000])), answered()),
            host_row("the store returns the key that it was asked for", returns(|key| Some(key.into())),
                answered()),
        ]);
    }
    rows
}

/// Much longer than a request takes on any machine.
const LONG: Duration = Duration::from_secs(120);

/// Provokes the fault of a row, and returns what differs from the expectation.
async fn provoke(row: Row) -> Vec<String> {
    let mut raw = None;
    let mut full = Vec::new();
    let origin = match &row.upstream {
        Ipify::StandIn(_) => None,
        Ipify::Raw(protocol, scheme, steps) => {
            let upstream = Upstream::start(*protocol, steps.clone()).await;
            let origin = format!("{scheme}://{}", upstream.authority());
            raw = Some(upstream);
            Some(origin)
        }
        Ipify::Origin(origin) => Some(origin.clone()),
        Ipify::Closed => {
            let mut stopped = StandIn::start().await.unwrap();
            stopped.stop().await;
            Some(stopped.origin())
        }
        Ipify::Full => {
            let (origin, held) = never_accepting().await;
            full.push(held);
            Some(origin)
        }
    };
    // Only a row that expects a timeout has a short one.
    let timeout = match row.expected.status {
        504 => "300",
        _ => "600000",
    };
    let mut variables = vec![("timeout_ms", timeout)];
    if let Some(origin) = &origin {
        variables.push(("ipify_origin", origin));
    }
    let mut setup = Setup {
        variables: &variables,
        ..Setup::default()
    };
    match row.host {
        Host::None => {}
        Host::Hooks(hooks) => setup.hooks = Some(Arc::new(hooks)),
        Host::Manifest(change) => setup.manifest = Some(change),
        Host::Store(store) => setup.key_value = Some(Arc::new(store)),
    }
    let geo = Geo::set_up(setup).await;
    if let Ipify::StandIn(fault) = row.upstream {
        geo.set_fault(fault);
    }

    let what = &row.what;
    let Ok(answer) = tokio::time::timeout(LONG, geo.get("/")).await else {
        return vec![format!("{what}: no answer")];
    };
    let mut wrong = Vec::new();
    let problem = if answer.status.is_success() {
        String::new()
    } else {
        answer.problem()
    };
    let found = (answer.status.as_u16(), problem.as_str());
    let expected = (row.expected.status, row.expected.problem);
    if found != expected {
        wrong.push(format!("{what}: {found:?} instead of {expected:?}"));
    }
    if answer.status.is_success() && !answer.text().starts_with(r#"{"ip":"8.8.8.8""#) {
        wrong.push(format!("{what}: the answer is {}", answer.text()));
    }
    let log = geo.log();
    let lines: Vec<_> = log
        .lines()
        .filter(|line| line.starts_with("geo: "))
        .collect();
    let start = if problem.is_empty() {
        "geo: the key-value store failed".to_owned()
    } else {
        format!("geo: {} {problem}: ", answer.status.as_u16())
    };
    let is_logged = match lines[..] {
        [] => row.expected.log.is_empty(),
        [line] => {
            let cause = row.expected.log;
            !cause.is_empty() && line.starts_with(&start) && line.contains(cause)
        }
        _ => false,
    };
    if !is_logged {
        wrong.push(format!("{what}: the log is {log:?}"));
    }
    let requests = raw.map_or(geo.stand_in.calls().len(), |raw| raw.connections());
    if requests != row.expected.requests {
        wrong.push(format!("{what}: {requests} requests to ipify"));
    }
    let health = geo.get("/healthz").await.status;
    if health != 200 {
        wrong.push(format!("{what}: then /healthz is {health}"));
    }
    wrong
}

/// Opens a port whose backlog is full. Returns its origin and what keeps it full.
async fn never_accepting() -> (String, (tokio::net::TcpListener, TcpStream)) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let first = TcpStream::connect(address).await.unwrap();
    (format!("http://{address}"), (listener, first))
}

async fn provoke_all(rows: Vec<Row>) {
    let mut wrong = Vec::new();
    for row in rows {
        wrong.extend(provoke(row).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn connections_that_fail() {
    provoke_all(connections()).await;
}

#[tokio::test]
async fn invalid_heads() {
    provoke_all(heads()).await;
}

#[tokio::test]
async fn invalid_bodies() {
    provoke_all(bodies()).await;
}

#[tokio::test]
async fn statuses_other_than_200() {
    provoke_all(statuses()).await;
}

#[tokio::test]
async fn hosts_that_fail() {
    provoke_all(hosts()).await;
}
