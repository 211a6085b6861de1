//! The requests that are measured.

/// What answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Server {
    /// The bare component that answers a text.
    Hello,
    /// The bare component that reads the store once.
    StoreRead,
    /// geo.
    Geo,
    /// geo, whose answers are never fresh.
    StaleGeo,
    /// The bare component that imports geo.
    Lookup,
    /// Native Rust with hyper.
    Hyper,
    /// Node.js with Express.
    Express,
    /// Python with Flask.
    Flask,
}

/// A request.
pub struct Case {
    pub name: &'static str,
    pub server: Server,
    /// The path, as a regular expression where it is random.
    pub path: &'static str,
    pub is_random: bool,
    pub accept: &'static str,
    pub status: u16,
    /// What its throughput is compared with.
    pub floor: Option<&'static str>,
    /// Whether it is measured with an upstream that answers at once.
    pub at_0_ms: bool,
    /// Whether it is measured with an upstream that takes its time.
    pub at_100_ms: bool,
}

const CASE: Case = Case {
    name: "",
    server: Server::Geo,
    path: "/json",
    is_random: false,
    accept: "*/*",
    status: 200,
    floor: None,
    at_0_ms: true,
    at_100_ms: false,
};

/// An address that has not been asked about: there are ten million. oha takes a
/// dot as one.
const RANDOM: &str = r"/json\?ip=2[0-9].1[0-9]{2}.1[0-9]{2}.1[0-9]{2}";

/// All of them, in the order in which they take turns.
pub const CASES: [Case; 13] = [
    Case {
        name: "hello",
        server: Server::Hello,
        ..CASE
    },
    Case {
        name: "/healthz",
        path: "/healthz",
        floor: Some("hello"),
        ..CASE
    },
    Case {
        name: "404",
        path: "/nowhere/at/all",
        status: 404,
        floor: Some("hello"),
        ..CASE
    },
    Case {
        name: "store read",
        server: Server::StoreRead,
        floor: Some("hello"),
        ..CASE
    },
    Case {
        name: "hit",
        floor: Some("store read"),
        at_100_ms: true,
        ..CASE
    },
    Case {
        name: "value",
        path: "/city",
        floor: Some("hit"),
        ..CASE
    },
    Case {
        name: "page",
        path: "/",
        accept: "text/html",
        floor: Some("hit"),
        ..CASE
    },
    Case {
        name: "geo:lookup",
        server: Server::Lookup,
        floor: Some("hit"),
        ..CASE
    },
    Case {
        name: "stale hit",
        server: Server::StaleGeo,
        floor: Some("hit"),
        at_0_ms: false,
        at_100_ms: true,
        ..CASE
    },
    Case {
        name: "miss",
        path: RANDOM,
        is_random: true,
        floor: Some("hit"),
        at_100_ms: true,
        ..CASE
    },
    Case {
        name: "hyper",
        server: Server::Hyper,
        floor: Some("hit"),
        at_100_ms: true,
        ..CASE
    },
    Case {
        name: "Express",
        server: Server::Express,
        floor: Some("hit"),
        at_100_ms: true,
        ..CASE
    },
    Case {
        name: "Flask",
        server: Server::Flask,
        floor: Some("hit"),
        at_100_ms: true,
        ..CASE
    },
];

/// The caller, as a proxy in front of geo names it.
pub const CALLER: (&str, &str) = ("x-forwarded-for", "8.8.8.8");

/// The settings of geo under measurement: behind one proxy, for everybody.
pub const VARIABLES: [(&str, &str); 2] = [("trusted_hops", "1"), ("lookup", "any")];

/// What makes answers stale after a second, and lets them stand in for long.
pub const STALE: [(&str, &str); 2] = [("cache_ttl", "1"), ("cache_stale", "31536000")];
