//! The stand-in as a program: prints its origin and its key, one a line, and
//! answers until it is stopped.

use anyhow::Result;
use clap::Parser;
use stand_in::{API_KEY, StandIn};
use std::net::SocketAddr;

/// A stand-in for ipify, with sample answers
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The address to listen on; port 0 lets the system choose one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,

    /// The API key to accept
    #[arg(long, default_value = API_KEY)]
    key: String,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { listen, key } = Arguments::parse();
    let stand_in = StandIn::listen(listen, &key).await?;
    println!("{}\n{key}", stand_in.origin());
    std::future::pending().await
}
