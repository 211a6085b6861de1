//! What `deploy/`, the README and the workflow tell operators to run, as far as
//! it can be checked without a container engine or a cluster.
//!
//! `tests/deploy/lint` brings the schemas of the compose file and the workflow,
//! and runs the linters that know more about workflows than this.

mod commands;
mod compose;
mod files;
mod kubernetes;
mod workflow;
