//! The built component, in the real engine, over real HTTP, with a stand-in
//! for ipify behind it. `make build` has to come first; `make test` does both.

mod artifact;
mod cache;
mod caller;
mod errors;
mod harness;
mod interface;
mod requests;
mod settings;
mod verbatim;
