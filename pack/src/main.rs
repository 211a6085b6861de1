//! Builds the component as it ships: `geo.wasm` for Spin, and
//! `geo-plain.wasm` for any host of `wasi:http/proxy`.

mod strip;

use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::Command;

const BUILDS: [Build; 2] = [
    Build {
        flags: &[],
        // Where a plain `cargo build` puts it too.
        target: "target",
        output: "geo.wasm",
    },
    Build {
        flags: &["--no-default-features"],
        target: "target/plain",
        output: "geo-plain.wasm",
    },
];

struct Build {
    flags: &'static [&'static str],
    target: &'static str,
    output: &'static str,
}

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::env::set_current_dir(root)?;
    for Build {
        flags,
        target,
        output,
    } in BUILDS
    {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let status = Command::new(cargo)
            .args([
                "build",
                "--package",
                "geo",
                "--release",
                "--target",
                "wasm32-wasip2",
            ])
            .args(["--target-dir", target])
            .args(flags)
            .status()
            .context("cargo cannot be started")?;
        ensure!(status.success(), "the component does not build");
        let built = std::fs::read(Path::new(target).join("wasm32-wasip2/release/geo.wasm"))?;
        let shipped = strip::strip(&built)?;
        std::fs::write(output, &shipped)?;
        eprintln!("{output}: {} bytes", shipped.len());
    }
    Ok(())
}
