//! Tests of the built component in geo-host, over HTTP, with a stand-in for
//! ipify. Run `make build` first, or `make test`, which does both. With
//! `--no-default-features`, they test the plain build.

mod artifact;
mod bodies;
#[cfg(feature = "spin")]
mod breaker;
#[cfg(feature = "spin")]
mod budget;
#[cfg(feature = "spin")]
mod cache;
mod client;
mod compatibility;
mod crates;
mod errors;
mod faults;
#[cfg(not(feature = "p3"))]
mod greeter;
mod interface;
mod isolation;
mod log;
#[cfg(not(feature = "p3"))]
mod lookup_interface;
#[cfg(feature = "p3")]
mod middleware;
mod mounts;
#[cfg(feature = "spin")]
mod networks;
mod openapi;
mod readiness;
#[cfg(all(feature = "spin", not(feature = "p3")))]
mod reads;
mod refusal;
mod representations;
mod requests;
#[cfg(feature = "spin")]
mod retention;
mod settings;
#[cfg(feature = "spin")]
mod simultaneous;
#[cfg(feature = "spin")]
mod stale;
#[cfg(feature = "spin")]
mod store;
mod token;
mod upstream;
mod variables;
mod verbatim;
mod versions;

use component_tests as harness;
