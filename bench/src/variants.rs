//! The same source, compiled otherwise: what each choice costs in bytes and in
//! instructions.

use crate::artifacts::Artifacts;
use crate::case::{CALLER, CASES};
use crate::progress;
use crate::request::{Counted, counting};
use crate::table::{Section, Table, grouped};
use anyhow::{Context, Result};
use geo_host::Memory;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use wasmparser::{Parser, Payload};
use xtask::component::{self, Build, TARGET};
use xtask::strip::strip;
use xtask::workspace::Workspace;
use xtask::{crates, process};

/// A way to compile the component.
struct Variant {
    name: &'static str,
    opt_level: &'static str,
    /// Flags for rustc besides those of the repository.
    flags: &'static [&'static str],
    /// The level of wasm-opt, which optimises the compiled module again.
    wasm_opt: Option<&'static str>,
}

const fn variant(name: &'static str, opt_level: &'static str) -> Variant {
    Variant {
        name,
        opt_level,
        flags: &[],
        wasm_opt: None,
    }
}

const VARIANTS: [Variant; 9] = [
    variant("`2`, as it ships", "2"),
    variant("`3`", "3"),
    variant("`s`", "\"s\""),
    variant("`z`", "\"z\""),
    Variant {
        wasm_opt: Some("-Oz"),
        ..variant("`2`, then `wasm-opt -Oz`", "2")
    },
    Variant {
        wasm_opt: Some("-O3"),
        ..variant("`2`, then `wasm-opt -O3`", "2")
    },
    Variant {
        wasm_opt: Some("-Oz"),
        ..variant("`s`, then `wasm-opt -Oz`", "\"s\"")
    },
    Variant {
        flags: &["-Ctarget-feature=+simd128"],
        ..variant("`2`, with SIMD", "2")
    },
    Variant {
        flags: &["-Ctarget-cpu=lime1"],
        ..variant("`2`, for the CPU `lime1`", "2")
    },
];

/// The requests whose instructions are counted.
const COUNTED: [&str; 4] = ["/healthz", "hit", "page", "miss"];

/// The version of the npm package with wasm-opt.
const BINARYEN: &str = "binaryen@132.0.0";

/// Builds and measures all of them.
///
/// # Errors
///
/// If one does not compile, or does not answer.
pub fn measure(artifacts: &Artifacts) -> Result<Section> {
    let workspace = Workspace::find()?;
    let folder = artifacts.folder.join("variants");
    std::fs::create_dir_all(&folder)?;
    let wasm_opt = wasm_opt(&folder)?;
    let mut header = vec!["variant", "bytes"];
    header.extend(COUNTED);
    let mut table = Table::new(&header);
    let mut json = Vec::new();
    for variant in &VARIANTS {
        progress::line(&format!("variant {}", variant.name));
        let bytes = variant.build(&workspace, &folder, &wasm_opt)?;
        let file = folder.join("geo.wasm");
        std::fs::write(&file, &bytes)?;
        let instructions = instructions(artifacts, &file)?;
        let mut row = vec![variant.name.to_owned(), grouped(bytes.len() as u64)];
        row.extend(instructions.iter().map(|count| grouped(*count)));
        table.row(row);
        json.push(json!({
            "variant": variant.name, "bytes": bytes.len(),
            "instructions": instructions,
        }));
    }
    Ok(Section {
        title: "Variants".to_owned(),
        note: format!(
            "By `opt-level`. Instructions of one request as Wasmtime counts them (fuel). wasm-opt \
             is that of {BINARYEN}."
        ),
        tables: vec![table],
        json: json.into(),
        plots: Vec::new(),
    })
}

impl Variant {
    fn build(&self, workspace: &Workspace, folder: &Path, wasm_opt: &Path) -> Result<Vec<u8>> {
        let mut cargo = component::cargo(workspace, Build::Spin, "release")?;
        cargo
            .arg("--quiet")
            .args([
                "--config",
                &format!("profile.release.opt-level={}", self.opt_level),
            ])
            .arg("--target-dir")
            .arg(folder);
        for flag in self.flags {
            cargo.args(["--config", &format!("target.{TARGET}.rustflags=[{flag:?}]")]);
        }
        process::run(&mut cargo).context(self.name)?;
        let built = std::fs::read(folder.join(TARGET).join("release/geo.wasm"))?;
        let built = match self.wasm_opt {
            Some(level) => optimised(&built, folder, wasm_opt, level)?,
            None => built,
        };
        strip(&built, &crates::section(workspace, Build::Spin)?)
    }
}

/// Lets wasm-opt optimise the largest core module of a component, which is geo.
fn optimised(component: &[u8], folder: &Path, wasm_opt: &Path, level: &str) -> Result<Vec<u8>> {
    let mut largest = 0..0;
    for payload in Parser::new(0).parse_all(component) {
        if let Payload::ModuleSection {
            unchecked_range, ..
        } = payload?
            && unchecked_range.len() > largest.len()
        {
            largest = unchecked_range;
        }
    }
    let (from, to) = (folder.join("module.wasm"), folder.join("optimised.wasm"));
    std::fs::write(&from, &component[largest.clone()])?;
    let mut command = Command::new(wasm_opt);
    command.args([
        "--all-features",
        "--disable-compact-imports",
        "--strip-producers",
        level,
    ]);
    process::run(command.arg(&from).arg("-o").arg(&to))?;
    let module = std::fs::read(&to)?;

    let mut output = wasm_encoder::Component::new();
    let mut passed = 0;
    for payload in Parser::new(0).parse_all(component) {
        let Some((id, range)) = payload?.as_section() else {
            continue;
        };
        if range.start < passed {
            continue;
        }
        let nested = [1, 4].contains(&id);
        if nested {
            passed = range.end;
        }
        let data = match range == largest {
            true => &module,
            false => component
                .get(range)
                .context("a section goes beyond the end")?,
        };
        output.section(&wasm_encoder::RawSection { id, data });
    }
    Ok(output.finish())
}

fn instructions(artifacts: &Artifacts, component: &Path) -> Result<Vec<u64>> {
    counting(async |calls| {
        let mut instructions = Vec::new();
        for name in COUNTED {
            let case = CASES.iter().find(|case| case.name == name);
            let case = case.context("no such case")?;
            let store = Arc::new(Memory::default());
            let manifest = artifacts.root.join("spin.toml");
            let mut counted =
                Counted::start(&manifest, Some(component), &[], store, &calls).await?;
            let [first, second] = case.examples();
            counted
                .get(first, case.accept, CALLER.1, case.status)
                .await?;
            let cost = counted
                .get(second, case.accept, CALLER.1, case.status)
                .await?;
            instructions.push(cost.instructions);
        }
        Ok(instructions)
    })
}

/// Returns wasm-opt, which npm installs into a folder.
fn wasm_opt(folder: &Path) -> Result<PathBuf> {
    let program = folder.join("node_modules/.bin/wasm-opt");
    if !program.exists() {
        let mut npm = Command::new("npm");
        npm.args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"])
            .args([folder, Path::new(BINARYEN)]);
        process::run(&mut npm).context("wasm-opt comes from npm")?;
    }
    Ok(program)
}
