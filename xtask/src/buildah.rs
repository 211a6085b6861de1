//! Building the Dockerfile without Docker, and without a network.

use crate::component::Build;
use crate::folder::NewLayout;
use crate::layer;
use crate::process::output;
use anyhow::{Context, Result};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// Builds the Dockerfile's image of a build that is in `root` already, for
/// wasi/wasm, into an OCI image layout.
///
/// # Errors
///
/// If buildah is missing or fails, or something is at `layout` that xtask did
/// not make.
pub fn package(root: &Path, build: Build, layout: &Path) -> Result<()> {
    let stage = TempDir::new()?;
    let folder = stage.path().join("geo");
    std::fs::create_dir(&folder)?;
    for file in [build.file(), "spin.toml"] {
        let copy = folder.join(file);
        std::fs::copy(root.join(file), &copy)
            .with_context(|| format!("cannot read {file}: \"make build\" makes it"))?;
        // As the building stage does, whatever this machine's umask is.
        #[cfg(unix)]
        std::fs::set_permissions(&copy, std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    }
    self::build(
        root,
        build,
        layout,
        &[
            "--platform",
            "wasi/wasm",
            // The folder stands in for the building stage.
            "--build-context",
            &format!("build={}", stage.path().display()),
            // Which buildah would add.
            "--unsetenv",
            "PATH",
        ],
    )
}

/// Builds the Dockerfile's image of a build with these options.
///
/// # Errors
///
/// If buildah is missing or fails, or something is at `layout` that xtask did
/// not make.
pub fn build(root: &Path, build: Build, layout: &Path, options: &[&str]) -> Result<()> {
    let (target, tag) = match build {
        Build::Spin => ("spin", concat!(env!("CARGO_PKG_VERSION"), "-spin")),
        Build::Plain => ("plain", env!("CARGO_PKG_VERSION")),
    };
    let new = NewLayout::begin(layout)?;
    let id = output(
        Command::new("buildah")
            .args(["build", "--quiet", "--isolation", "chroot"])
            // The same bytes each time.
            .args(["--timestamp", "0", "--identity-label=false"])
            .args(["--target", target])
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
    layer::as_buildkit_writes_it(new.folder())?;
    new.finish(tag)
}
