//! `xtask fuzz`: the targets in `fuzz/`, one after the other, each for a time.

use crate::process;
use crate::programs::Pinned;
use crate::workspace::Workspace;
use anyhow::{Context, Result, ensure};
use std::process::Command;

/// The targets, each of which is a property of `tests/properties`.
pub const TARGETS: [&str; 6] = [
    "request",
    "forwarding",
    "negotiation",
    "upstream",
    "stored",
    "page",
];

/// Runs a target, or all, for some seconds each. What they find out, they go on
/// from the next time, in the target folder.
///
/// # Errors
///
/// If a property does not hold for some input: libFuzzer says which, and where it
/// is kept. Also if what cargo-fuzz needs is missing: what it is.
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
