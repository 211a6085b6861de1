//! `cargo run --package pack`: see the library's documentation.

use anyhow::Result;
use clap::{Parser, Subcommand};
use pack::image::{self, Image};
use pack::{artifact, size};
use std::process::ExitCode;
use xtask::component::Build;
use xtask::workspace::Workspace;

/// Packs geo, and analyses its size
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Write the scratch images as OCI image layouts: dist/image and dist/image-spin
    Image,
    /// Write the component as an OCI artifact, for registries and wkg: dist/artifact
    Artifact,
    /// Show the size of the component by crate and function
    Size {
        /// Which build of it
        #[arg(value_enum, default_value_t = Build::Spin)]
        build: Build,
    },
}

fn main() -> ExitCode {
    match perform(&Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pack: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(task: &Task) -> Result<()> {
    let workspace = Workspace::find()?;
    let root = &workspace.root;
    match task {
        Task::Image => {
            image::write(root, Image::Plain, &root.join("dist/image"))?;
            image::write(root, Image::Spin, &root.join("dist/image-spin"))
        }
        Task::Artifact => artifact::write(root, &root.join("dist/artifact")),
        Task::Size { build } => size::print(&workspace, *build),
    }
}
