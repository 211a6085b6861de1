//! Builds, runs and tests geo: one subcommand for each job. `cargo xtask help`
//! lists them, and the Makefile has the common ones.

pub mod component;
pub mod crates;
pub mod fuzz;
pub mod lint;
pub mod process;
pub mod programs;
pub mod serve;
pub mod strip;
pub mod test;
pub mod workspace;
