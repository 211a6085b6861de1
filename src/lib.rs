//! geo answers "where is this IP address?": it asks ipify's geolocation API
//! and returns all of what ipify says.
//!
//! One way through, no way back: a [`Request`](http::request::Request)(http::request::Request)(http::request::Request) finds its [`route`](http::route)(http::route)(http::route), which has a
//! [`address`](http::address): the [`caller`](http::caller)(http::caller)(http::caller)'s address, or another. The [`cache`](lookup::cache)(lookup::cache)(lookup::cache) knows it, or
//! [`ipify`](lookup::ipify)(lookup::ipify)(lookup::ipify) does, and the answer or the [`problem`](lookup::problem)(lookup::problem)(lookup::problem) gets the [`representation`](http::representation)(http::representation)(http::representation)
//! that the client prefers, and becomes a [`Response`](http::response::Response)(http::response::Response)(http::response::Response). All of that is plain Rust, built and unit-tested natively. What needs a host
//! (variables, HTTP, a store, the time) is behind the traits of [`host`]; `wasi`
//! implements them for the component.

pub mod host;
pub mod http;
pub mod lookup;
#[cfg(target_family = "wasm")]
mod wasi;
