//! Which part of the component a function belongs to, by its name.

/// What makes text of numbers, and numbers of text.
const NUMBERS: &str = "numbers as text (float and integer formatting)";
/// What tells where and why the program gave up.
const PANICS: &str = "panics and backtraces";
/// What carries values over the component's boundary.
const BINDINGS: &str = "bindings (wit-bindgen's glue)";
/// Functions with names of C, which have no path.
const LIBC: &str = "wasi-libc and its allocator";

/// Prefixes of paths, the first that fits counts. What fits none belongs to its
/// crate.
const PARTS: [(&str, &str); 28] = [
    ("geo::wasi::bindings", BINDINGS),
    ("wit_bindgen", BINDINGS),
    ("geo::lookup", "geo: lookup"),
    ("geo::http", "geo: http"),
    ("geo::wasi", "geo: wasi"),
    ("core::num", NUMBERS),
    ("core::fmt::float", NUMBERS),
    ("core::fmt::num", NUMBERS),
    ("zmij", NUMBERS),
    ("itoa", NUMBERS),
    ("core::panicking", PANICS),
    ("core::slice::index::slice", PANICS),
    ("core::str::slice_error_fail", PANICS),
    ("core::option::expect_failed", PANICS),
    ("core::option::unwrap_failed", PANICS),
    ("core::result::unwrap_failed", PANICS),
    ("std::panicking", PANICS),
    ("std::backtrace", PANICS),
    ("std::sys::backtrace", PANICS),
    ("std::rt", PANICS),
    ("rustc_demangle", PANICS),
    ("__rustc", "alloc"),
    ("wasi::", BINDINGS),
    ("core::net", "core: IP addresses"),
    ("core::fmt", "core: formatting"),
    ("core::str", "core: strings and Unicode"),
    ("core::char", "core: strings and Unicode"),
    ("core::unicode", "core: strings and Unicode"),
];

/// Returns the part that a function belongs to. `name` is demangled; a method
/// of a trait belongs to the type that has it, unless that is built in.
pub fn part(name: &str) -> String {
    let path = path(name);
    for (prefix, part) in PARTS {
        if path.starts_with(prefix) {
            return part.to_owned();
        }
    }
    match path.split_once("::") {
        Some((first, _)) if is_identifier(first) => first.to_owned(),
        // `wasi:http/types@0.2.0#…` and the allocator that they call.
        _ if name.contains('#') || name.contains(":http/") || name.contains("cabi_") => {
            BINDINGS.to_owned()
        }
        _ if name.contains("::") => "core".to_owned(),
        _ => LIBC.to_owned(),
    }
}

/// The path by which a function's source is found: of `<a::B as c::D>::e` that
/// of `a::B`, of `<u32 as c::D>::e` that of `c::D`.
fn path(name: &str) -> &str {
    let Some(inner) = name.strip_prefix('<') else {
        return name;
    };
    let (owner, implemented) = inner.split_once(" as ").unwrap_or((inner, ""));
    let owner = owner.trim_start_matches(['&', '*', '[', '(', '<']);
    let owner = owner.strip_prefix("mut ").unwrap_or(owner);
    let owner = owner.strip_prefix("dyn ").unwrap_or(owner);
    match owner.contains("::") {
        true => owner,
        false => implemented,
    }
}

fn is_identifier(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_belong_to_where_their_source_is() {
        for (name, expected) in [
            ("geo::lookup::cache::Cache::get", "geo: lookup"),
            (
                "<geo::wasi::client::Http as geo::host::Client>::get",
                "geo: wasi",
            ),
            (
                "geo::wasi::bindings::wasi::http::types::Fields::append",
                BINDINGS,
            ),
            ("wasi:http/incoming-handler@0.2.0#handle", BINDINGS),
            (
                "<&mut serde_json::de::Deserializer<R> as serde_core::de::Deserializer>::deserialize_struct",
                "serde_json",
            ),
            (
                "core::num::flt2dec::strategy::dragon::format_shortest",
                NUMBERS,
            ),
            ("<u32 as core::fmt::num::LowerHex>::fmt", NUMBERS),
            (
                "<f64 as zmij::private::Sealed>::write_to_zmij_buffer",
                NUMBERS,
            ),
            (
                "<core::net::ip_addr::Ipv6Addr as core::fmt::Display>::fmt",
                "core: IP addresses",
            ),
            ("core::panicking::panic_fmt", PANICS),
            ("dlmalloc", LIBC),
        ] {
            assert_eq!(part(name), expected, "{name}");
        }
    }
}
