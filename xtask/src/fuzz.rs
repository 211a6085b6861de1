//! `xtask fuzz`: runs the targets in `fuzz/`, one after the other.

use crate::process;
use crate::programs::Pinned;
use crate::workspace::Workspace;
use anyhow::{Context, Result, ensure};
use std::process::Command;

/// The targets. Each is a property of `tests/properties`.
pub const TARGETS: [&str; 6] = [
    "request",
    "forwarding",
    "negotiation",
    "upstream",
    "stored",
    "page",
];

/// Runs a target, or all of them, for some seconds each. Their corpora are in the
/// target folder, and grow with each run.
///
/// # Errors
///
/// If a property does not hold for an input, which libFuzzer stores and names. Also if
/// something that cargo-fuzz needs is missing; the error names it.
pub fn run(workspace: &Workspace, target: Option<&str>, seconds: u64) -> Result<()> {
    ensure!(
        process::succeeds(Command::new("rustup").args(["run", "nightly", "cargo", "--version"])),
        "fuzzing needs a nightly toolchain: run \"rustup toolchain install nightly\""
    );
    ensure!(
        process::succeeds(Command::new("c++").arg("--version")),
        "fuzzing needs a C++ compiler, for libFuzzer (on Debian: \"apt-get install g++\")"
    );
    let pinned = Pinned::install(workspace).context("fuzzing needs cargo-fuzz")?;
    let chosen = TARGETS
        .into_iter()
        .filter(|name| target.is_none_or(|target| target == *name));
    for name in chosen {
        let found = workspace.target.join("fuzz/corpus").join(name);
        std::fs::create_dir_all(&found)?;
        let mut fuzz = pinned.command("cargo-fuzz")?;
        fuzz.current_dir(&workspace.root)
            // cargo run sets these for the toolchain of the workspace.
            .env_remove("CARGO")
            .env("RUSTUP_TOOLCHAIN", "nightly")
            .args(["fuzz", "run", name, "--target-dir"])
            .arg(workspace.target.join("fuzz"))
            // The first folder is written to.
            .arg(&found)
            .arg(workspace.root.join("fuzz/corpus").join(name))
            .args(["--", "-print_final_stats=1", "-max_len=4096"])
            .arg(format!("-max_total_time={seconds}"));
        process::run(&mut fuzz).with_context(|| {
            format!("{name} does not hold: put the input into fuzz/corpus/{name}, where \"make test\" finds it")
        })?;
    }
    Ok(())
}
