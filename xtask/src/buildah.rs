//! Building the Dockerfile without Docker, and without a network.

use crate::folder::NewLayout;
use crate::process::output;
use anyhow::{Context, Result};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// Builds the last stage of the Dockerfile in `root` around a component that
/// is built already, as an image for wasi/wasm, into an OCI image layout.
///
/// # Errors
///
/// If buildah is missing or fails, or something is at `layout` that xtask did
/// not make.
pub fn package(root: &Path, component: &Path, layout: &Path) -> Result<()> {
    let name = component.file_name().context("the component has no name")?;
    let stage = TempDir::new()?;
    let folder = stage.path().join("geo");
    std::fs::create_dir(&folder)?;
    std::fs::copy(component, folder.join(name)).with_context(|| {
        format!(
            "cannot read {}: \"make build\" makes it",
            component.display()
        )
    })?;
    // The folder stands in for the building stage.
    build(
        root,
        layout,
        &[
            "--platform",
            "wasi/wasm",
            "--build-context",
            &format!("build={}", stage.path().display()),
            "--build-arg",
            &format!("COMPONENT={}", name.display()),
            // Which buildah would add.
            "--unsetenv",
            "PATH",
        ],
    )
}

/// Builds the Dockerfile in `root` with these options.
///
/// # Errors
///
/// If buildah is missing or fails, or something is at `layout` that xtask did
/// not make.
pub fn build(root: &Path, layout: &Path, options: &[&str]) -> Result<()> {
    let new = NewLayout::begin(layout)?;
    let id = output(
        Command::new("buildah")
            .args(["build", "--quiet", "--isolation", "chroot"])
            // The same bytes each time.
            .args(["--timestamp", "0", "--identity-label=false"])
            .args(options)
            .arg(root),
    )?;
    let pushed = output(
        Command::new("buildah")
            .args(["push", "--quiet", &id])
            .arg(format!("oci:{}:geo", new.folder().display())),
    );
    output(Command::new("buildah").args(["rmi", "--force", &id]))?;
    pushed?;
    new.finish()
}
