//! `geo-image`: builds the image or the artifact, and shows it.

use anyhow::Result;
use clap::{Parser, Subcommand};
use geo_image::{artifact, buildah, layout::Layout};
use std::path::{Path, PathBuf};

/// Builds geo's scratch image or OCI artifact as an OCI image layout
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The scratch image, from the Dockerfile
    Image {
        /// The component to put into it
        component: PathBuf,
        /// The folder of the layout, made anew
        layout: PathBuf,
    },
    /// The component as an artifact, for registries and wkg
    Artifact {
        /// The component
        component: PathBuf,
        /// The folder of the layout, made anew
        layout: PathBuf,
    },
}

fn main() -> Result<()> {
    let layout = match Arguments::parse().what {
        What::Image { component, layout } => {
            buildah::package(Path::new("."), &component, &layout)?;
            layout
        }
        What::Artifact { component, layout } => {
            artifact::write(&component, &layout)?;
            layout
        }
    };
    print!("{}:\n{}", layout.display(), Layout::read(&layout)?);
    Ok(())
}
