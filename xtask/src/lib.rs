//! Builds, runs, tests, packs and measures geo: one subcommand for each job.
//! `cargo xtask help` lists them, and the Makefile has the common ones.
//!
//! The component's build waits for this crate to compile; what only the other
//! jobs need is behind the feature `tools`, on by default.

#[cfg(feature = "tools")]
pub mod artifact;
#[cfg(feature = "tools")]
pub mod buildah;
pub mod component;
#[cfg(feature = "tools")]
pub mod countries;
pub mod crates;
#[cfg(feature = "tools")]
mod folder;
pub mod fuzz;
#[cfg(feature = "tools")]
mod layer;
#[cfg(feature = "tools")]
pub mod layout;
pub mod lint;
pub mod process;
pub mod programs;
#[cfg(feature = "tools")]
pub mod sbom;
pub mod serve;
#[cfg(feature = "tools")]
pub mod size;
pub mod strip;
pub mod test;
pub mod workspace;
#[cfg(feature = "tools")]
pub mod world;
