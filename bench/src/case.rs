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
    /// Whether its component is one of WASI 0.3, whose instances serve many requests.
    pub is_p3: bool,
}

/// The manifest of geo.
pub const GEO: &str = "spin.toml";

const GEO_P3: &str = "spin-p3.toml";
const HELLO_P3: &str = "bench/components/hello_p3.toml";
const MIDDLEWARE: &str = "bench/components/middleware.toml";
const NO_CACHE: &str = "bench/components/middleware_no_cache.toml";
const HELLO: &str = "bench/components/hello.toml";
const STORE_READ: &str = "bench/components/store_read.toml";
const LOOKUP: &str = "bench/components/lookup.toml";

/// The case in which geo answers from its cache.
pub const HIT: &str = "hit";

/// An address that is not cached yet, one of ten million. oha takes the dots of a
/// regular expression literally.
const NEW: &str = r"/json\?ip=2[0-9].1[0-9]{2}.1[0-9]{2}.1[0-9]{2}";

/// One of 4,000 addresses, which are cached after the first seconds: four times as many
/// as an instance keeps in memory.
const MANY: &str = r"/json\?ip=2[0-9].1[0-9]{2}.100.10[0-3]";

/// All cases, in the order in which they are measured.
pub const CASES: [Case; 16] = [
    case("hello", HELLO, "/", ""),
    case("/healthz", GEO, "/healthz", "hello"),
    case("store read", STORE_READ, "/", "hello"),
    case(HIT, GEO, "/json", "store read"),
    Case {
        accept: "text/html",
        ..case("page", GEO, "/", HIT)
    },
    case("geo:lookup", LOOKUP, "/", HIT),
    case("hits of 4,000 addresses", GEO, MANY, HIT),
    case("miss", GEO, NEW, HIT),
    p3("hello, WASI 0.3", HELLO_P3, "/", "hello"),
    p3("WASI 0.3: hit in memory", GEO_P3, "/json", HIT),
    p3("WASI 0.3: hits of 4,000 addresses", GEO_P3, MANY, HIT),
    p3("WASI 0.3: miss", GEO_P3, NEW, HIT),
    p3(
        "middleware: skipped path",
        MIDDLEWARE,
        "/.well-known/a",
        "hello, WASI 0.3",
    ),
    p3(
        "middleware: hit in memory",
        MIDDLEWARE,
        "/",
        "hello, WASI 0.3",
    ),
    p3(
        "middleware: nothing known, no waiting",
        NO_CACHE,
        "/",
        "hello, WASI 0.3",
    ),
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
        is_p3: false,
    }
}

/// A case of a component of WASI 0.3.
const fn p3(
    name: &'static str,
    manifest: &'static str,
    path: &'static str,
    baseline: &'static str,
) -> Case {
    Case {
        is_p3: true,
        ..case(name, manifest, path, baseline)
    }
}

impl Case {
    /// Whether each request is about a new address.
    pub fn is_miss(&self) -> bool {
        self.path == NEW
    }

    /// Whether each request is about one of many addresses.
    pub fn is_of_many(&self) -> bool {
        self.path == MANY
    }
}
