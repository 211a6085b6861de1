//! geo answers "where is this IP address?": it asks ipify's geolocation API,
//! and returns all of what ipify says.
//!
//! A request comes in through `wasi`, which turns it into a plain
//! [`http::Request`]. [`http::answer`] finds its route and the address that it
//! asks about, and hands the address to [`lookup::Lookup`]. That returns a
//! [`lookup::Answer`] from its cache or from ipify, or a [`lookup::Problem`];
//! `http` turns either into an [`http::Response`] in the form that the client
//! prefers, and `wasi` sends it.
//!
//! | module | what it knows |
//! |---|---|
//! | [`lookup`] | what is known of an address: cache, ipify, records, problems |
//! | [`http`] | how it is asked for and answered over HTTP |
//! | `wasi` | what geo runs on: variables, store, clock, log, HTTP client |
//! | [`host`] | the traits between the first two and the third |
//!
//! All but `wasi` is plain Rust, which is built and unit-tested natively too.

pub mod host;
pub mod http;
pub mod lookup;
#[cfg(target_family = "wasm")]
mod wasi;
