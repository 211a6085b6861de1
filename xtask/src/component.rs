//! Builds the component as it ships.

use crate::strip::strip;
use crate::workspace::Workspace;
use crate::{crates, process};
use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The target of the component.
pub const TARGET: &str = "wasm32-wasip2";

/// A build of the component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Build {
    /// geo.wasm, for Spin
    Spin,
    /// geo-plain.wasm, for any host of wasi:http/proxy
    Plain,
    /// geo-p3.wasm, the server for WASI 0.3
    P3,
    /// geo-middleware.wasm, for WASI 0.3 applications
    Middleware,
}

impl Build {
    /// All builds.
    pub const ALL: [Self; 4] = [Self::Spin, Self::Plain, Self::P3, Self::Middleware];

    /// Returns the name of the file, in the root of the workspace.
    pub fn file(self) -> &'static str {
        match self {
            Self::Spin => "geo.wasm",
            Self::Plain => "geo-plain.wasm",
            Self::P3 => "geo-p3.wasm",
            Self::Middleware => "geo-middleware.wasm",
        }
    }

    /// Returns the flags for cargo.
    pub fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Spin => &[],
            Self::Plain => &["--no-default-features", "--features", "p2"],
            Self::P3 => &["--no-default-features", "--features", "p3,atomics"],
            Self::Middleware => &["--no-default-features", "--features", "middleware,atomics"],
        }
    }
}

/// Builds the component with a cargo profile, and returns the path of the result.
/// `quiet` shows only warnings and errors.
///
/// # Errors
///
/// If the target cannot be installed, or the component does not compile.
pub fn compile(workspace: &Workspace, build: Build, profile: &str, quiet: bool) -> Result<PathBuf> {
    let mut cargo = cargo(workspace, build, profile)?;
    if quiet {
        cargo.arg("--quiet");
    }
    process::run(&mut cargo).context("the component was not built")?;
    let folder = workspace.target.join(TARGET).join(profile);
    Ok(folder.join("geo.wasm"))
}

/// Returns the command that builds the component with a cargo profile.
///
/// # Errors
///
/// If the target cannot be installed.
pub fn cargo(workspace: &Workspace, build: Build, profile: &str) -> Result<Command> {
    add_target()?;
    let mut cargo = workspace.cargo();
    cargo
        .args(["build", "--package", "geo", "--target", TARGET])
        .args(["--profile", profile])
        .args(["--config", &remapped_paths()?])
        .args(build.flags());
    Ok(cargo)
}

/// Returns the setting that removes the path of cargo's home from panic messages, so
/// that the component is the same wherever it is built.
fn remapped_paths() -> Result<String> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let sources = home
        .context("there is no home directory: set CARGO_HOME")?
        .join("registry/src/");
    let flag = format!("--remap-path-prefix={}=", sources.display());
    Ok(format!("target.{TARGET}.rustflags = [{flag:?}]"))
}

/// Builds the component, strips it, and writes it into the root of the workspace.
///
/// # Errors
///
/// If it does not compile, or cannot be written.
pub fn build(workspace: &Workspace, build: Build, quiet: bool) -> Result<()> {
    let built = compile(workspace, build, "release", quiet)?;
    let bytes =
        std::fs::read(&built).with_context(|| format!("cannot read {}", built.display()))?;
    let stripped = strip(&bytes, &crates::section(workspace, build)?)?;
    let output = workspace.root.join(build.file());
    std::fs::write(&output, &stripped)
        .with_context(|| format!("cannot write {}", output.display()))?;
    eprintln!("{}: {} bytes", build.file(), stripped.len());
    Ok(())
}

/// An application in `examples/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Example {
    /// Imports geo
    Greeter,
    /// Is behind the middleware
    Headers,
}

impl Example {
    /// All examples.
    pub const ALL: [Self; 2] = [Self::Greeter, Self::Headers];

    /// Returns the name of its folder, and of its component.
    pub fn name(self) -> &'static str {
        match self {
            Self::Greeter => "greeter",
            Self::Headers => "headers",
        }
    }

    /// Returns the build of geo that it uses.
    pub fn build(self) -> Build {
        match self {
            Self::Greeter => Build::Spin,
            Self::Headers => Build::Middleware,
        }
    }
}

/// Builds an application in `examples/`, and returns its manifest.
///
/// # Errors
///
/// If the target cannot be installed, or the application does not compile.
pub fn example(workspace: &Workspace, example: Example) -> Result<PathBuf> {
    add_target()?;
    let name = example.name();
    let folder = workspace.root.join("examples").join(name);
    // It is a workspace of its own, with its own target folder.
    let target = workspace.target.join(name);
    let mut cargo = workspace.cargo();
    cargo
        .current_dir(&folder)
        .args([
            "build",
            "--locked",
            "--quiet",
            "--release",
            "--target",
            TARGET,
        ])
        .arg("--target-dir")
        .arg(&target);
    process::run(&mut cargo).with_context(|| format!("examples/{name} was not built"))?;
    let built = target.join(TARGET).join(format!("release/{name}.wasm"));
    let output = folder.join(format!("{name}.wasm"));
    std::fs::copy(&built, &output).with_context(|| format!("cannot copy {}", built.display()))?;
    Ok(folder.join("spin.toml"))
}

/// Installs the target if it is missing. rustup installs it by itself only if
/// `RUSTUP_AUTO_INSTALL` allows that.
///
/// # Errors
///
/// If it cannot be installed. The error says what to do.
pub fn add_target() -> Result<()> {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir", "--target", TARGET]);
    if Path::new(&process::output(&mut rustc)?).is_dir() {
        return Ok(());
    }
    ensure!(
        process::succeeds(Command::new("rustup").arg("--version")),
        "Rust's target {TARGET} is missing: install it as you installed Rust, or use rustup"
    );
    eprintln!("installing Rust's target {TARGET}");
    process::run(Command::new("rustup").args(["--quiet", "target", "add", TARGET])).with_context(
        || format!("Rust's target {TARGET} is missing: run \"rustup target add {TARGET}\" where there is a network"),
    )
}
