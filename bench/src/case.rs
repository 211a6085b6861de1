//! The requests that are measured.

/// A request, and what it is compared with.
#[derive(Clone)]
pub struct Case {
    pub name: &'static str,
    /// The manifest of the application; `None` is the native server.
    pub manifest: Option<&'static str>,
    /// The path, a regular expression from which oha makes one for each request.
    pub path: &'static str,
    pub accept: &'static str,
    /// The name of the case that its throughput is divided by.
    pub baseline: &'static str,
}

/// The manifest of geo.
pub const GEO: &str = "spin.toml";

const HELLO: &str = "bench/components/hello.toml";
const STORE_READ: &str = "bench/components/store_read.toml";
const LOOKUP: &str = "bench/components/lookup.toml";

/// The case in which geo answers from its cache.
pub const HIT: &str = "hit";

/// An address that is not cached yet, one of ten million. oha takes the dots of a
/// regular expression literally.
const NEW: &str = r"/json\?ip=2[0-9].1[0-9]{2}.1[0-9]{2}.1[0-9]{2}";

/// All cases, in the order in which they are measured.
pub const CASES: [Case; 8] = [
    case("hello", HELLO, "/", ""),
    case("/healthz", GEO, "/healthz", "hello"),
    case("store read", STORE_READ, "/", "hello"),
    case(HIT, GEO, "/json", "store read"),
    Case {
        accept: "text/html",
        ..case("page", GEO, "/", HIT)
    },
    case("geo:lookup", LOOKUP, "/", HIT),
    case("miss", GEO, NEW, HIT),
    Case {
        manifest: None,
        ..case("native", "", "/", HIT)
    },
];

const fn case(
    name: &'static str,
    manifest: &'static str,
    path: &'static str,
    baseline: &'static str,
) -> Case {
    Case {
        name,
        manifest: Some(manifest),
        path,
        accept: "*/*",
        baseline,
    }
}

impl Case {
    /// Whether each request is about a new address.
    pub fn is_miss(&self) -> bool {
        self.path == NEW
    }
}
