//! What `deny.toml` asks of all crates, with cargo-deny.

use crate::workspace::Workspace;
use crate::{process, programs};
use anyhow::{Context, Result};
use std::process::Command;

/// Checks all of it.
///
/// # Errors
///
/// If a crate is not as it has to be, or the database of advisories is out of
/// reach.
pub fn all(workspace: &Workspace) -> Result<()> {
    offline(workspace)?;
    process::run(command(workspace)?.args(["check", "advisories"]))
        .context("an advisory holds, or the database is out of reach: the lines above say which")
}

/// Checks licences, duplicates and sources, for which no network is needed.
///
/// # Errors
///
/// If a crate is not as it has to be.
pub fn offline(workspace: &Workspace) -> Result<()> {
    let mut deny = command(workspace)?;
    process::run(deny.args(["--offline", "check", "licenses", "bans", "sources"]))
}

fn command(workspace: &Workspace) -> Result<Command> {
    let mut deny = Command::new(programs::cargo_deny(workspace)?);
    deny.current_dir(&workspace.root).arg("--workspace");
    Ok(deny)
}
