//! The folders of the workspace.

use crate::process;
use anyhow::{Context, Result};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

/// The workspace of the current folder. Its paths are found when a command runs,
/// because a checkout may have moved since xtask was compiled.
pub struct Workspace {
    /// The folder of the root `Cargo.toml`.
    pub root: PathBuf,
    /// Cargo's target folder, which `CARGO_TARGET_DIR` or a configuration file may
    /// set.
    pub target: PathBuf,
}

impl Workspace {
    /// Finds the workspace with `cargo metadata`.
    ///
    /// # Errors
    ///
    /// If cargo cannot be started, or the current folder is in no workspace.
    pub fn find() -> Result<Self> {
        let text = process::output(cargo().args(["metadata", "--no-deps", "--format-version=1"]))?;
        let metadata: Value = serde_json::from_str(&text).context("cargo metadata")?;
        let folder = |name: &str| {
            let path = metadata[name].as_str();
            path.map(PathBuf::from)
                .with_context(|| format!("cargo metadata has no {name}"))
        };
        Ok(Self {
            root: folder("workspace_root")?,
            target: folder("target_directory")?,
        })
    }

    /// Returns a cargo command that runs in the root of the workspace.
    pub fn cargo(&self) -> Command {
        let mut command = cargo();
        command.current_dir(&self.root);
        command
    }

    /// Returns the path of a program that `cargo build` makes.
    pub fn program(&self, name: &str) -> PathBuf {
        let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        self.target.join("debug").join(file)
    }
}

/// Returns the cargo that runs xtask, or the one on the path.
fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // `cargo run` sets these for xtask. Some build scripts (ring's) track them, and
    // would run again, with all that depends on them.
    for (name, _) in std::env::vars_os() {
        let about_xtask = ["CARGO_PKG_", "CARGO_MANIFEST_"];
        if about_xtask
            .iter()
            .any(|prefix| name.to_string_lossy().starts_with(prefix))
        {
            command.env_remove(name);
        }
    }
    command
}
