//! `xtask size`: how large the component is, and what its bytes are.

use crate::component::{self, Build};
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use flate2::{Compression, write::GzEncoder};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use wasmparser::{KnownCustom, Name, Parser, Payload};

/// Prints what the bytes of the component are: of the one that ships, and, to
/// see where the code comes from, of the same one with its functions' names.
///
/// # Errors
///
/// If it does not compile.
pub fn print(workspace: &Workspace) -> Result<()> {
    component::build(workspace, Build::Spin, true)?;
    let shipped = read(&workspace.root.join(Build::Spin.file()))?;
    let named = read(&component::compile(workspace, Build::Spin, "size", true)?)?;
    let parts = workspace;
    let _ = parts;
    println!("{:>8}  bytes", shipped.len());
    println!("{:>8}  gzipped", gzipped(&shipped)?);
    println!("\nby section");
    show(sections(&shipped)?);
    println!("\ncode, by crate (before the names are taken off)");
    let functions = functions(&named)?;
    let mut crates = BTreeMap::new();
    for (name, size) in &functions {
        *crates.entry(origin(name)).or_default() += size;
    }
    show(crates);
    println!("\nthe largest functions");
    let mut largest = functions;
    largest.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    for (name, size) in largest.iter().take(20) {
        println!("{size:>8}  {name}");
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| path.display().to_string())
}

fn show(parts: BTreeMap<String, usize>) {
    let mut parts: Vec<_> = parts.into_iter().collect();
    parts.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    for (name, size) in parts {
        println!("{size:>8}  {name}");
    }
}

fn gzipped(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

/// The bytes of each kind of section; what frames them counts as the rest.
fn sections(bytes: &[u8]) -> Result<BTreeMap<String, usize>> {
    let mut sections = BTreeMap::new();
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        let name = match &payload {
            // Their content follows, piece by piece.
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => continue,
            Payload::CodeSectionStart { range, .. } => {
                *sections.entry("code".to_owned()).or_default() += range.len();
                continue;
            }
            Payload::DataSection(_) => "data (text, tables)".to_owned(),
            Payload::CustomSection(section) => format!("custom: {}", section.name()),
            Payload::TypeSection(_)
            | Payload::ImportSection(_)
            | Payload::FunctionSection(_)
            | Payload::ElementSection(_)
            | Payload::ExportSection(_) => "module: types, imports, tables".to_owned(),
            _ => "component: types, imports, adapters".to_owned(),
        };
        if let Some((_, range)) = payload.as_section() {
            *sections.entry(name).or_default() += range.len();
        }
    }
    let known: usize = sections.values().sum();
    sections.insert("framing".to_owned(), bytes.len().saturating_sub(known));
    Ok(sections)
}

/// The name and the size of every function of the largest module.
fn functions(bytes: &[u8]) -> Result<Vec<(String, usize)>> {
    let mut found = Vec::new();
    let (mut imported, mut sizes, mut names) = (0, Vec::new(), BTreeMap::new());
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    if let wasmparser::TypeRef::Func(_) = import?.ty {
                        imported += 1;
                    }
                }
            }
            Payload::CodeSectionEntry(body) => sizes.push(body.range().len()),
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(subsections) = section.as_known() {
                    for subsection in subsections {
                        if let Name::Function(map) = subsection? {
                            for naming in map {
                                let naming = naming?;
                                names.insert(naming.index, naming.name.to_owned());
                            }
                        }
                    }
                }
            }
            Payload::End(_) => {
                let functions: Vec<_> = (imported..)
                    .zip(sizes.drain(..))
                    .map(|(index, size)| {
                        let name = names.get(&index).map_or("?", String::as_str);
                        (format!("{:#}", rustc_demangle::demangle(name)), size)
                    })
                    .collect();
                if functions.len() > found.len() {
                    found = functions;
                }
                imported = 0;
                names.clear();
            }
            _ => {}
        }
    }
    Ok(found)
}

/// The crate in whose source a function stands; C's names have no path.
fn origin(function: &str) -> String {
    let path = function.trim_start_matches(['<', '&', '[', '(', '*']);
    let path = path
        .strip_prefix("mut ")
        .or(path.strip_prefix("dyn "))
        .unwrap_or(path);
    match path.split_once("::") {
        Some((name, _)) if name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') => {
            name.to_owned()
        }
        _ if path.starts_with("u") || path.starts_with("i") || path.contains("::") => {
            "core".to_owned()
        }
        _ => "wasi-libc and glue".to_owned(),
    }
}
