//! `cargo xtask`: see the library's documentation.

use anyhow::Result;
use clap::builder::BoolishValueParser;
use clap::{Args, Parser, Subcommand};
use std::process::ExitCode;
use xtask::component::{self, Build, Example};
use xtask::workspace::Workspace;
use xtask::{fuzz, lint, serve, test};

/// Builds, runs and tests geo
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
        /// Which builds of it; without one, all
        #[arg(value_enum)]
        builds: Vec<Build>,
    },
    /// Serve the component at 127.0.0.1:3000, or where LISTEN says
    Run(Server),
    /// Serve an application in examples/, at 127.0.0.1:3000 or LISTEN
    Example {
        /// Which one
        #[arg(value_enum, default_value_t = Example::Greeter)]
        example: Example,
        #[command(flatten)]
        server: Server,
    },
    /// Run all tests; install the programs that they need, if possible
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
    /// Run the linters of dependencies and of files other than Rust
    Lint,
    /// Check licences, sources and advisories of all crates with cargo-deny
    Deny,
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
        Task::Run(server) => serve::run(&workspace, server.spin),
        Task::Example { example, server } => serve::example(&workspace, example, server.spin),
        Task::Test => test::all(&workspace),
        Task::Fuzz { target, seconds } => fuzz::run(&workspace, target.as_deref(), seconds),
        Task::Lint => lint::all(&workspace),
        Task::Deny => lint::deny(&workspace),
    }
}
