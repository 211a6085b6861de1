//! geo answers "where is this IP address?": it asks ipify's geolocation API,
//! and returns all of what ipify says.
//!
//! A request comes in through `wasi`, which turns it into a plain
//! [`http::Request`]. [`http::answer`] finds its route and the address that it
//! is about, and looks the address up with [`lookup::Lookup`], in the cache or
//! at ipify. It turns the answer or the [`problem::Problem`] into an
//! [`http::Response`], which `wasi` sends.
//!
//! | module | what it knows |
//! |---|---|
//! | [`lookup`] | what is known of an address: cache, lookups in flight, circuit breaker, budget, ipify |
//! | [`http`] | how geo is asked and answers over HTTP |
//! | [`middleware`] | which headers tell an application where its visitor is, and which countries it admits |
//! | `wasi` | what geo runs on: bindings, variables, store, clock, log, HTTP client |
//! | [`runtime`] | the trait between these and `wasi` |
//! | [`settings`], [`fields`] | the two tables: the operator's settings and the values of an answer |
//! | [`address`], [`origin`], [`country`] | what several of them read |
//! | [`problem`] | why a request fails |
//!
//! All but `wasi` is plain Rust, which is built and unit-tested natively too.

pub mod address;
pub mod country;
mod decimal;
pub mod fields;
pub mod http;
pub mod lookup;
pub mod middleware;
pub mod origin;
pub mod problem;
pub mod runtime;
pub mod settings;
#[cfg(all(target_family = "wasm", any(feature = "p2", feature = "p3")))]
mod wasi;
