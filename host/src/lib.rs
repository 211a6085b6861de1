//! geo-host serves a Spin HTTP component without Spin: the same component, with the
//! same `spin.toml`, on the same engine.
//!
//! A [`Manifest`] and values for its variables make an [`App`]. Its component is
//! composed with its dependencies and middleware, and compiled once, into a
//! [`Component`]. A [`Server`] answers every request with a new instance of it, or, if
//! it is a component of WASI 0.3, with one that serves [many](InstanceReuse).

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
mod instance_reuse;
mod key_value;
mod log;
mod manifest;
mod outbound;
mod proxy;
mod runtime_config;
mod server;
mod service;
mod template;
mod usage;

pub use app::App;
pub use clock::Clock;
pub use component::{Component, Kind};
pub use hooks::Hooks;
pub use instance_reuse::InstanceReuse;
#[cfg(feature = "state")]
pub use key_value::Database;
pub use key_value::{Backend, Memory};
pub use log::Log;
pub use manifest::{Dependency, Inherits, Manifest, Middleware};
pub use runtime_config::RuntimeConfig;
pub use server::{Calls, Server};
pub use usage::Usage;
