//! What the engine does before a first request.

use crate::artifacts::Artifacts;
use crate::progress;
use crate::table::{Section, Table, figure, median};
use anyhow::Result;
use serde_json::json;
use std::time::Instant;
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store};

/// How often each is done.
const TIMES: usize = 9;

/// Measures compiling, loading and instantiating the component.
///
/// # Errors
///
/// If the engine refuses it.
pub fn measure(artifacts: &Artifacts) -> Result<Section> {
    progress::line("engine");
    let bytes = std::fs::read(artifacts.root.join("geo.wasm"))?;
    let mut config = Config::new();
    let pool = PoolingAllocationConfig::new();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    let engine = Engine::new(&config)?;
    let compiled = Component::new(&engine, &bytes)?;
    let file = artifacts.folder.join("geo.cwasm");
    let machine_code = compiled.serialize()?;
    std::fs::write(&file, &machine_code)?;
    let mut linker: Linker<()> = Linker::new(&engine);
    // Nothing is called.
    linker.define_unknown_imports_as_traps(&compiled)?;
    let pre = linker.instantiate_pre(&compiled)?;

    let compile = milliseconds(|| Ok(Component::new(&engine, &bytes)?))?;
    let load = milliseconds(|| load(&engine, &file))?;
    let instantiate = milliseconds(|| {
        let mut store = Store::new(&engine, ());
        Ok(pre.instantiate(&mut store)?)
    })?;

    let mut table = Table::new(&["in the engine", "ms"]);
    table.row(["compile".to_owned(), figure(compile)]);
    table.row(["load precompiled".to_owned(), figure(load)]);
    table.row(["instantiate".to_owned(), format!("{instantiate:.3}")]);
    Ok(Section {
        title: "Engine".to_owned(),
        note: format!(
            "Medians of {TIMES}. The machine code of the component has {} kB.",
            machine_code.len() / 1000
        ),
        tables: vec![table],
        json: json!({
            "compile": compile, "load precompiled": load, "instantiate": instantiate,
            "machine code": machine_code.len(),
        }),
        plots: Vec::new(),
    })
}

/// The file is what this engine has just written.
#[expect(unsafe_code)]
fn load(engine: &Engine, file: &std::path::Path) -> Result<Component> {
    Ok(unsafe { Component::deserialize_file(engine, file) }?)
}

fn milliseconds<T>(action: impl Fn() -> Result<T>) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let start = Instant::now();
        drop(action()?);
        times.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(median(&times))
}
