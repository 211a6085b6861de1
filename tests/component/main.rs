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
mod greeter;
mod interface;
mod isolation;
mod lookup_interface;
mod mounts;
mod openapi;
mod readiness;
#[cfg(feature = "spin")]
mod reads;
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
mod upstream;
mod variables;
mod verbatim;
mod versions;

use component_tests as harness;
