//! `xtask test`: all tests, those that need other programs included.
//!
//! A test that needs a program which cargo does not bring is `#[ignore]`d, so
//! that `cargo test` by itself says so. Here, the program is installed where
//! that is possible; where it is not, the last lines say what was skipped.

use crate::component::{self, Build};
use crate::workspace::Workspace;
use crate::{deny, process, programs};
use anyhow::{Context, Result, ensure};
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
    let wasmtime = programs::wasmtime(workspace);
    let browser = programs::browser();
    let redocly = programs::redocly(workspace);
    let schemathesis = programs::schemathesis(workspace);
    let cargo_deny = programs::cargo_deny(workspace);

    process::run(&mut test(workspace))?;
    // The component tests once more, about the plain build.
    process::run(test(workspace).args(["--no-default-features", "--test", "component"]))?;

    let mut skipped = Vec::new();
    match wasmtime {
        Ok(program) => ignored(workspace, "wasmtime", |test| {
            test.env("WASMTIME", program);
        })?,
        Err(error) => skipped.push(format!("the plain build in wasmtime: {error:#}")),
    }
    match redocly.and_then(|redocly| Ok((redocly, schemathesis?))) {
        Ok((redocly, schemathesis)) => ignored(workspace, "openapi", |test| {
            test.env("REDOCLY", redocly);
            test.env("SCHEMATHESIS", schemathesis);
        })?,
        Err(error) => skipped.push(format!("what tools say of OpenAPI: {error:#}")),
    }
    match browser {
        Ok(chromium) => page(workspace, Command::new("node").env("CHROMIUM", chromium))?,
        Err(error) => skipped.push(format!("the page in a browser: {error:#}")),
    }

    match cargo_deny {
        Ok(_) => deny::offline(workspace)?,
        Err(error) => skipped.push(format!("licences and sources of the crates: {error:#}")),
    }

    if skipped.is_empty() {
        println!("all tests passed");
        return Ok(());
    }
    println!("all tests passed but these, which were skipped:");
    for skip in &skipped {
        println!("  {}", skip.replace('\n', " "));
    }
    ensure!(
        std::env::var_os("CI").is_none(),
        "tests were skipped, which counts as a failure where CI is set"
    );
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

/// Runs the browser tests.
fn page(workspace: &Workspace, node: &mut Command) -> Result<()> {
    let folder = workspace.root.join("tests/browser");
    process::run(&mut programs::npm_ci(&folder))
        .context("the browser tests need packages from npm")?;
    process::run(
        node.args(["--test", "--test-reporter=spec", "page.test.mjs"])
            .current_dir(&folder)
            .env("GEO_HOST", workspace.program("geo-host")),
    )
}
