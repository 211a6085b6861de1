//! `xtask test`: all tests, those that need other programs included.
//!
//! A test that needs a program which cargo does not bring is `#[ignore]`d, so
//! that `cargo test` by itself says so. Here, the program is installed where
//! that is possible; where it is not, the last lines say what was skipped.

use crate::component::{self, Build};
use crate::process;
use crate::programs::{self, Pinned};
use crate::workspace::Workspace;
use anyhow::Result;
use std::process::Command;

/// Builds the component, and runs all tests.
///
/// # Errors
///
/// If the component does not compile or a test fails. Also if tests were
/// skipped where `CI` is set: there, everything has to run.
pub fn all(workspace: &Workspace) -> Result<()> {
    for build in Build::ALL {
        component::build(workspace, build, false)?;
    }
    component::greeter(workspace)?;
    // The machine is prepared first, so that a skip is not the news of the
    // twentieth minute.
    let pinned = Pinned::install(workspace);
    let chromium = programs::chromium();

    process::run(&mut test(workspace))?;
    process::run(test(workspace).args(["--no-default-features", "--test", "component"]))?;

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
            "the plain build in wasmtime, and what tools say of OpenAPI: {error:#}"
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

/// All are tests of the whole workspace, with one set of features for its
/// dependencies, so that the engine is compiled once. `bench` has no tests.
fn test(workspace: &Workspace) -> Command {
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--workspace", "--exclude", "bench"]);
    cargo
}

/// Runs the tests of a file that were left out because they need a program.
fn ignored(workspace: &Workspace, file: &str, set_up: impl FnOnce(&mut Command)) -> Result<()> {
    let mut test = test(workspace);
    set_up(&mut test);
    process::run(test.args(["--test", file, "--", "--ignored"]))
}
