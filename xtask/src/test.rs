//! `xtask test`: runs all tests, including those that need other programs.
//!
//! Tests that need a program which cargo does not install are ignored by `cargo test`.
//! Here, the programs are installed if possible. Otherwise the last lines of the output
//! list what was skipped.

use crate::component::{self, Build, Example};
use crate::process;
use crate::programs::{self, Pinned};
use crate::workspace::Workspace;
use anyhow::Result;
use std::process::Command;

/// Builds the component, and runs all tests.
///
/// # Errors
///
/// If the component does not compile, a test fails, or tests were skipped and `CI` is
/// set.
pub fn all(workspace: &Workspace) -> Result<()> {
    for build in Build::ALL {
        component::build(workspace, build, false)?;
    }
    for example in Example::ALL {
        component::example(workspace, example)?;
    }
    // Installed first, so that a failure shows before the tests have run.
    let pinned = Pinned::install(workspace);
    let chromium = programs::chromium();

    process::run(&mut test(workspace))?;
    process::run(test(workspace).args(PLAIN).args(["--test", "component"]))?;
    process::run(
        test(workspace)
            .args(P3)
            .args(["--test", "component", "--test", "soak"]),
    )?;

    let mut skipped = Vec::new();
    match &pinned {
        Ok(pinned) => {
            let path = pinned.path()?;
            for file in ["wasmtime", "openapi"] {
                ignored(workspace, file, |test| {
                    test.env("PATH", &path);
                })?;
            }
        }
        Err(error) => skipped.push(format!(
            "the plain build in wasmtime, and the checks of OpenAPI: {error:#}"
        )),
    }
    match pinned.and_then(|pinned| Ok((pinned, chromium?))) {
        Ok((pinned, chromium)) => process::run(
            pinned
                .command("node")?
                .args(["--test", "--test-reporter=spec", "page.test.mjs"])
                .current_dir(workspace.root.join("tests/browser"))
                .env("CHROMIUM", chromium)
                .env("GEO_HOST", workspace.program("geo-host")),
        )?,
        Err(error) => skipped.push(format!("the page in a browser: {error:#}")),
    }

    programs::report_skipped(&skipped)?;
    println!("all tests passed");
    Ok(())
}

/// The features for tests of the plain build: all except `spin`.
const PLAIN: [&str; 3] = ["--no-default-features", "--features", "geo-host/default"];

/// The features for tests of the build for WASI 0.3.
const P3: [&str; 2] = ["--features", "component-tests/p3"];

/// Returns the command that tests the whole workspace, with one set of features for
/// its dependencies, so that the engine is compiled once. `bench` has no tests.
fn test(workspace: &Workspace) -> Command {
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--workspace", "--exclude", "bench"]);
    cargo
}

/// Runs the ignored tests of a file, which need a program.
fn ignored(workspace: &Workspace, file: &str, set_up: impl FnOnce(&mut Command)) -> Result<()> {
    let mut test = test(workspace);
    set_up(&mut test);
    process::run(test.args(["--test", file, "--", "--ignored"]))
}
