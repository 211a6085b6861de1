//! Programs for tests and linters that cargo does not install.

use crate::process;
use crate::workspace::Workspace;
use anyhow::{Context, Result, ensure};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The programs that `tests/requirements.txt` and `tests/package-lock.json` pin.
pub struct Pinned {
    /// The folders of the programs.
    folders: [PathBuf; 2],
}

impl Pinned {
    /// Installs the programs, unless they are installed: those in JavaScript by npm,
    /// Node.js and the others by pip, into the target folder.
    ///
    /// # Errors
    ///
    /// If they cannot be installed. The error says what to do.
    pub fn install(workspace: &Workspace) -> Result<Self> {
        let tests = workspace.root.join("tests");
        let (python, modules) = (workspace.target.join("python"), tests.join("node_modules"));
        let pinned = Self {
            folders: [python.join("bin"), modules.join(".bin")],
        };
        let requirements = tests.join("requirements.txt");
        once(&requirements, &python, || pip(&python, &requirements))?;
        once(&tests.join("package-lock.json"), &modules, || {
            let mut npm = pinned.command("npm")?;
            process::run(npm_ci(&mut npm).current_dir(&tests))
        })?;
        Ok(pinned)
    }

    /// Returns a command that runs one of the programs, with the others on its path.
    ///
    /// # Errors
    ///
    /// If there is no such program.
    pub fn command(&self, name: &str) -> Result<Command> {
        let mut files = self.folders.iter().map(|folder| folder.join(name));
        let program = files
            .find(|file| file.is_file())
            .with_context(|| format!("{name} is not among the programs that are pinned"))?;
        let mut command = Command::new(program);
        command.env("PATH", self.path()?);
        Ok(command)
    }

    /// Returns `PATH` with the folders of the programs first.
    ///
    /// # Errors
    ///
    /// If the name of a folder cannot be in `PATH`.
    pub fn path(&self) -> Result<OsString> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = self.folders.iter().cloned();
        Ok(std::env::join_paths(
            folders.chain(std::env::split_paths(&path)),
        )?)
    }
}

/// Installs into a folder, unless the same lock file was installed there before.
fn once(lock: &Path, folder: &Path, install: impl FnOnce() -> Result<()>) -> Result<()> {
    let marker = folder.join("installed-from");
    let text = std::fs::read_to_string(lock)?;
    // Python's programs contain the path of their folder, so a copy does not work.
    let wanted = format!("{}\n{text}", folder.display());
    if !std::fs::read_to_string(&marker).is_ok_and(|installed| installed == wanted) {
        install()?;
        std::fs::write(&marker, wanted)?;
    }
    Ok(())
}

/// Installs Python packages into a virtual environment.
fn pip(folder: &Path, requirements: &Path) -> Result<()> {
    let python = find_or_install(&["python3"], "python3")?;
    let create = || {
        let mut venv = Command::new(&python);
        process::output(venv.args(["-m", "venv", "--clear"]).arg(folder))
    };
    if create().is_err() {
        // Debian's Python lacks venv.
        install("python3-venv")?;
        create()?;
    }
    eprintln!("installing what tests/requirements.txt pins");
    let python = folder.join("bin/python");
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet"])
        .args(["--disable-pip-version-check", "--root-user-action=ignore"])
        .args(["--only-binary=:all:", "--require-hashes", "--requirement"])
        .arg(requirements);
    process::run(&mut pip).context("pip cannot install what tests/requirements.txt pins")?;
    // This package does not mark its program as executable.
    let executable = "import os, wasmtime_cli as it; os.chmod(it._binary_path(), 0o755)";
    process::run(Command::new(&python).args(["-c", executable]))
}

fn npm_ci(npm: &mut Command) -> &mut Command {
    npm.args(["ci", "--silent", "--no-audit", "--no-fund"])
}

/// Returns a Chromium, installed if it is missing.
///
/// # Errors
///
/// If it cannot be installed. The error says what to do.
pub fn chromium() -> Result<PathBuf> {
    if let Some(chromium) = std::env::var_os("CHROMIUM") {
        return Ok(chromium.into());
    }
    let names = ["chromium", "chromium-browser", "google-chrome"];
    find_or_install(&names, "chromium")
}

/// Reports what was skipped because a program is missing.
///
/// # Errors
///
/// If something was skipped and `CI` is set.
pub fn report_skipped(skipped: &[String]) -> Result<()> {
    for skip in skipped {
        println!("skipped: {}", skip.replace('\n', " "));
    }
    ensure!(
        skipped.is_empty() || std::env::var_os("CI").is_none(),
        "something was skipped, which is a failure if CI is set"
    );
    Ok(())
}

/// Returns the first of some programs, or installs the package that has it.
fn find_or_install(names: &[&str], package: &str) -> Result<PathBuf> {
    if let Some(program) = find(names) {
        return Ok(program);
    }
    install(package)?;
    let what = names[0];
    find(names).with_context(|| format!("{package} was installed, but has no {what}"))
}

/// Installs a Debian package.
fn install(package: &str) -> Result<()> {
    ensure!(
        is_root() && process::succeeds(Command::new("apt-get").arg("--version")),
        "{package} is missing: install it (on Debian: \"apt-get install {package}\")"
    );
    eprintln!("installing {package}");
    // An error may be about one of many sources, so the installation decides.
    let _ = process::output(apt_get().arg("update"));
    process::output(apt_get().args(["install", "--yes", "--no-install-recommends", package]))
        .with_context(|| format!("{package} is missing and cannot be installed"))?;
    Ok(())
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command
        .arg("--quiet")
        .env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// Returns the full path of the first of some programs that runs.
fn find(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    let files = names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    files
        .filter(|file| file.is_file())
        .find(|file| process::succeeds(Command::new(file).arg("--version")))
}

fn is_root() -> bool {
    process::output(Command::new("id").arg("-u")).is_ok_and(|id| id == "0")
}
