//! What is measured, and what it is measured with.

use crate::arguments::Arguments;
use crate::case::Server;
use crate::native::Native;
use crate::progress;
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;
use xtask::component::{self, Build, TARGET};
use xtask::process;
use xtask::workspace::Workspace;

/// Everything that a run needs.
pub struct Artifacts {
    /// The folder of the repository.
    pub root: PathBuf,
    /// The folder for all that is made here.
    pub folder: PathBuf,
    /// The load generator.
    pub oha: PathBuf,
    /// The program geo-host.
    pub geo_host: PathBuf,
    /// The native servers that can be had on this machine.
    pub natives: Vec<Native>,
}

/// The version of the load generator.
const OHA: &str = "1.16.0";

impl Artifacts {
    /// Builds and installs all of it; most of that only the first time.
    ///
    /// # Errors
    ///
    /// If something does not compile, or cannot be installed. A native server
    /// whose language is not on the machine is only left out.
    pub fn build(arguments: &Arguments) -> Result<Self> {
        let workspace = Workspace::find()?;
        let folder = workspace.target.join("bench");
        std::fs::create_dir_all(&folder)?;
        let here = std::env::current_exe()?;
        let geo_host = here.with_file_name(format!("geo-host{}", std::env::consts::EXE_SUFFIX));
        ensure!(
            geo_host.is_file(),
            "geo-host is not built: use \"make bench\""
        );
        progress::line("building the components");
        for build in Build::ALL {
            component::build(&workspace, build, true)?;
        }
        bare_components(&workspace, &folder)?;
        let natives = match arguments.spin {
            Some(_) => Vec::new(),
            None => Native::install_all(&workspace, &folder, &here),
        };
        Ok(Self {
            oha: oha(&workspace, &folder)?,
            root: workspace.root,
            folder,
            geo_host,
            natives,
        })
    }

    /// Returns the manifest of a component that geo is compared with.
    pub fn manifest(&self, component: &str) -> PathBuf {
        self.root.join(manifest(component))
    }
}

/// The manifest of a bare component, in the repository.
pub fn manifest(component: &str) -> String {
    format!("bench/components/{component}/spin.toml")
}

/// The components to compare geo with.
pub const BARE: [(Server, &str); 3] = [
    (Server::Hello, "hello"),
    (Server::StoreRead, "store-read"),
    (Server::Lookup, "lookup"),
];

/// Builds the components to compare geo with, and puts each beside its manifest.
fn bare_components(workspace: &Workspace, folder: &Path) -> Result<()> {
    let sources = workspace.root.join("bench/components");
    let target = folder.join("components");
    let mut cargo = workspace.cargo();
    cargo
        .current_dir(&sources)
        .args(["build", "--locked", "--quiet", "--release"])
        .args(["--target", TARGET])
        .arg("--target-dir")
        .arg(&target);
    process::run(&mut cargo).context("the components to compare with were not built")?;
    for (_, name) in BARE {
        let file = format!("{}.wasm", name.replace('-', "_"));
        let built = target.join(TARGET).join("release").join(file);
        let output = sources.join(name).join(format!("{name}.wasm"));
        std::fs::copy(&built, output).with_context(|| built.display().to_string())?;
    }
    Ok(())
}

/// Returns the load generator: the one on the path if it is of that version, or
/// one that cargo compiles into the target folder, which takes some minutes.
fn oha(workspace: &Workspace, folder: &Path) -> Result<PathBuf> {
    let wanted = format!("oha {OHA}");
    let is_it = |program: &Path| {
        let version = process::output(Command::new(program).arg("--version"));
        version.is_ok_and(|version| version == wanted)
    };
    let installed = folder.join("tools/bin/oha");
    for program in [PathBuf::from("oha"), installed.clone()] {
        if is_it(&program) {
            return Ok(program);
        }
    }
    progress::line("installing oha, which takes some minutes, once");
    let mut cargo = workspace.cargo();
    cargo
        .args(["install", "oha", "--locked", "--quiet", "--version", OHA])
        .arg("--root")
        .arg(folder.join("tools"))
        .arg("--target-dir")
        .arg(folder.join("oha"));
    process::run(&mut cargo).context("oha was not installed")?;
    Ok(installed)
}
