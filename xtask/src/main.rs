//! `cargo xtask`: see the library's documentation.

use anyhow::Result;
use clap::builder::BoolishValueParser;
use clap::{Args, Parser, Subcommand};
#[cfg(feature = "tools")]
use std::path::PathBuf;
use std::process::ExitCode;
use xtask::component::{self, Build};
use xtask::workspace::Workspace;
#[cfg(feature = "tools")]
use xtask::{artifact, buildah, countries, layout::Layout, sbom, size, world};
use xtask::{deny, fuzz, serve, test};

/// Builds, runs, tests, packs and measures geo
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the component
    Build {
        /// Which builds of it; without one, both
        #[arg(value_enum)]
        builds: Vec<Build>,
    },
    /// Install Rust's target for the component where it is missing
    Target,
    /// Serve the component at 127.0.0.1:3000, or where LISTEN says
    Run(Server),
    /// Serve examples/greeter, which imports geo, at 127.0.0.1:3000 or LISTEN
    Example(Server),
    /// Run all tests; install what they need where that is possible
    Test,
    /// Run the fuzz targets with cargo-fuzz
    Fuzz {
        /// Which of them; without one, all
        #[arg(value_parser = fuzz::TARGETS)]
        target: Option<String>,
        /// How long each runs
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// Check licences, sources and advisories of all crates with cargo-deny
    Deny,
    /// Build a scratch image with buildah, as an OCI image layout
    #[cfg(feature = "tools")]
    Image {
        /// Which build to put into it; that for Spin brings its manifest
        #[arg(value_enum)]
        build: Build,
        /// The folder of the layout: a new one, or one that this made before
        layout: PathBuf,
    },
    /// Make an OCI artifact of the component, for registries and wkg
    #[cfg(feature = "tools")]
    Artifact {
        /// The component
        component: PathBuf,
        /// The folder of the layout: a new one, or one that this made before
        layout: PathBuf,
    },
    /// Print what is compiled into the component, as CycloneDX
    #[cfg(feature = "tools")]
    Sbom {
        /// Which build of it
        #[arg(value_enum)]
        build: Build,
    },
    /// Show how large the component is, and what its bytes are
    #[cfg(feature = "tools")]
    Size,
    /// Draw the page's map anew, with npm
    #[cfg(feature = "tools")]
    World {
        /// The file of the SVG path
        path: PathBuf,
    },
    /// Write the names of the countries anew, with npm
    #[cfg(feature = "tools")]
    Countries {
        /// The file of the names
        path: PathBuf,
    },
}

#[derive(Args)]
struct Server {
    /// On the installed Spin (1) or on geo-host (0); by default on Spin where 3.6
    /// or later is on the PATH
    #[arg(long, value_name = "0|1", value_parser = BoolishValueParser::new())]
    spin: Option<bool>,
}

fn main() -> ExitCode {
    match perform(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(task: Task) -> Result<()> {
    let workspace = Workspace::find()?;
    match task {
        Task::Build { builds } => {
            let all = builds.is_empty().then_some(Build::ALL);
            for build in all.into_iter().flatten().chain(builds) {
                component::build(&workspace, build, false)?;
            }
            Ok(())
        }
        Task::Target => component::add_target(),
        Task::Run(server) => serve::run(&workspace, server.spin),
        Task::Example(server) => serve::example(&workspace, server.spin),
        Task::Test => test::all(&workspace),
        Task::Fuzz { target, seconds } => fuzz::run(&workspace, target.as_deref(), seconds),
        Task::Deny => deny::all(&workspace),
        #[cfg(feature = "tools")]
        Task::Image { build, layout } => {
            buildah::package(&workspace.root, build, &layout)?;
            show(&layout)
        }
        #[cfg(feature = "tools")]
        Task::Artifact { component, layout } => {
            artifact::write(&component, &layout)?;
            show(&layout)
        }
        #[cfg(feature = "tools")]
        Task::Sbom { build } => {
            println!("{:#}", sbom::of(&workspace, build)?);
            Ok(())
        }
        #[cfg(feature = "tools")]
        Task::Size => size::print(&workspace),
        #[cfg(feature = "tools")]
        Task::World { path } => world::draw(&workspace, &path),
        #[cfg(feature = "tools")]
        Task::Countries { path } => countries::write(&workspace, &path),
    }
}

#[cfg(feature = "tools")]
fn show(layout: &std::path::Path) -> Result<()> {
    print!("{}:\n{}", layout.display(), Layout::read(layout)?);
    Ok(())
}
