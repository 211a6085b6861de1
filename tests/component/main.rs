//! The built component, in the real engine, over real HTTP, with a stand-in
//! for ipify behind it. `make build` has to come first; `make test` does both.
//! With `--no-default-features`, all this is about the plain build.

mod artifact;
mod bodies;
#[cfg(feature = "spin")]
mod breaker;
#[cfg(feature = "spin")]
mod budget;
#[cfg(feature = "spin")]
mod cache;
mod client;
mod crates;
mod errors;
mod faults;
mod greeter;
mod interface;
mod isolation;
mod lookup_interface;
mod openapi;
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

// The library, under the name that says what it is.
use component_tests as harness;
