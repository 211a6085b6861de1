//! Building the Dockerfile without Docker, and without a network.

use anyhow::{Context, Result, bail, ensure};
use std::path::Path;
use std::process::Command;

/// Whether buildah is there.
pub fn is_installed() -> bool {
    Command::new("buildah").arg("--version").output().is_ok()
}

/// Builds the last stage of the Dockerfile in `root` around a component that
/// is built already, as an image for wasi/wasm, into an OCI image layout.
///
/// # Errors
///
/// Where buildah is missing or fails.
pub fn package(root: &Path, component: &Path, layout: &Path) -> Result<()> {
    let name = component.file_name().context("the component has no name")?;
    let stage = layout.with_extension("stage");
    std::fs::create_dir_all(stage.join("geo"))?;
    std::fs::copy(component, stage.join("geo").join(name)).with_context(|| {
        format!(
            "cannot read {}: \"make build\" makes it",
            component.display()
        )
    })?;
    // The folder stands in for the building stage.
    let built = build(
        root,
        layout,
        &[
            "--platform",
            "wasi/wasm",
            "--build-context",
            &format!("build={}", stage.display()),
            "--build-arg",
            &format!("COMPONENT={}", name.display()),
            // Which buildah would add.
            "--unsetenv",
            "PATH",
        ],
    );
    std::fs::remove_dir_all(&stage)?;
    built
}

/// Builds the Dockerfile in `root` with these options.
///
/// # Errors
///
/// Where buildah is missing or fails.
pub fn build(root: &Path, layout: &Path, options: &[&str]) -> Result<()> {
    let id = run(Command::new("buildah")
        .args(["build", "--quiet", "--isolation", "chroot"])
        // The same bytes each time.
        .args(["--timestamp", "0", "--identity-label=false"])
        .args(options)
        .arg(root))?;
    let id = id.trim();
    if layout.exists() {
        std::fs::remove_dir_all(layout)?;
    }
    if let Some(parent) = layout.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let pushed = run(Command::new("buildah")
        .args(["push", "--quiet", id])
        .arg(format!("oci:{}:geo", layout.display())));
    run(Command::new("buildah").args(["rmi", "--force", id]))?;
    pushed.map(drop)
}

/// Runs a command and returns its output.
///
/// # Errors
///
/// Where it cannot be started, or fails: with its last words.
pub fn run(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_owned();
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => bail!("{} cannot be started: {error}", program.display()),
    };
    ensure!(
        output.status.success(),
        "{} failed: {}",
        program.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}
