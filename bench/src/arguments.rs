//! The command line.

use clap::Parser;
use std::path::PathBuf;

/// Measures how large, how fast and how cheap geo is
#[derive(Parser)]
#[command(name = "bench")]
pub struct Arguments {
    /// How often the throughput of each case is measured
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,

    /// How long one measurement takes
    #[arg(long, value_name = "SECONDS", default_value_t = 0.5)]
    pub seconds: f64,

    /// Send the requests to this Spin instead of geo-host, and measure nothing
    /// else
    #[arg(long, value_name = "PROGRAM")]
    pub spin: Option<PathBuf>,

    /// Compile the component in other ways, and measure nothing else
    #[arg(long)]
    pub variants: bool,

    /// Where to write the plots, instead of beside the tables in target/bench
    #[arg(long, value_name = "FOLDER")]
    pub plots: Option<PathBuf>,
}
