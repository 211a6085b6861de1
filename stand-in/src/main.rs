//! The stand-in as a program: prints its origin and its API key, one a line, and
//! answers until it is stopped.

use anyhow::Result;
use clap::Parser;
use stand_in::{API_KEY, StandIn};
use std::io;
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

    /// Exit at the end of standard input
    #[arg(long)]
    until_eof: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let stand_in = StandIn::listen(arguments.listen, &arguments.key).await?;
    println!("{}\n{}", stand_in.origin(), arguments.key);
    if !arguments.until_eof {
        std::future::pending().await
    }
    tokio::task::spawn_blocking(|| io::copy(&mut io::stdin(), &mut io::sink())).await??;
    Ok(())
}
