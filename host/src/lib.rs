//! geo-host serves one Spin HTTP component on a machine that has no Spin: the
//! same component, from the same `spin.toml`, on the same engine.
//!
//! A [`Manifest`] and the variables given to it make an [`App`]; its component
//! is composed with its dependencies, and compiled once into a [`Component`]; a
//! [`Server`] gives every request a fresh instance of it.

mod allowed_hosts;
mod app;
mod bindings;
mod clock;
mod component;
#[cfg(feature = "compose")]
mod composition;
mod handler;
mod hooks;
mod incoming;
mod instance;
mod key_value;
mod log;
mod manifest;
mod outbound;
mod runtime_config;
mod server;
mod template;
mod usage;

pub use app::App;
pub use clock::Clock;
pub use component::{Component, Kind};
pub use hooks::Hooks;
#[cfg(feature = "state")]
pub use key_value::Database;
pub use key_value::{Backend, Memory};
pub use log::Log;
pub use manifest::{Dependency, Inherits, Manifest};
pub use runtime_config::RuntimeConfig;
pub use server::{Calls, Server};
pub use usage::Usage;
