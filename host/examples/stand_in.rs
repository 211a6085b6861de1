//! The stand-in for ipify alone: prints its origin and its key, and serves
//! until it is stopped.

use geo_host::stand_in::{API_KEY, StandIn};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let stand_in = StandIn::start().await?;
    println!("{}\n{API_KEY}", stand_in.origin());
    std::future::pending().await
}
