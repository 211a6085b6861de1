//! `xtask size`: how large the component is, and what its bytes are.

mod code;
mod data;

use crate::component::{self, Build};
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use flate2::{Compression, write::GzEncoder};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use wasmparser::{KnownCustom, Name, Parser, Payload, TypeRef};

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

    println!("{:>8}  bytes", shipped.len());
    println!("{:>8}  gzipped", gzipped(&shipped)?);
    show("by section", sections(&shipped)?);
    let module = Module::read(&named)?;
    let mut code = BTreeMap::new();
    for (name, size) in &module.functions {
        *code.entry(code::part(name)).or_default() += size;
    }
    show("code, by where its source is", code);
    show(
        "data",
        data::parts(&module.data, &workspace.root.join("src"))?,
    );

    println!("\nthe largest functions");
    let mut largest = module.functions;
    largest.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    for (name, size) in largest.iter().take(20) {
        println!("{size:>8}  {name}");
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| path.display().to_string())
}

fn show(title: &str, parts: BTreeMap<String, usize>) {
    let sum: usize = parts.values().sum();
    println!("\n{title}: {sum} bytes");
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

/// A core module: the component's largest, which is geo itself.
#[derive(Default)]
struct Module {
    /// The demangled names and the sizes of its functions.
    functions: Vec<(String, usize)>,
    /// The bytes of its data segments.
    data: Vec<u8>,
}

impl Module {
    fn read(component: &[u8]) -> Result<Self> {
        let (mut largest, mut data) = (Self::default(), Vec::new());
        let (mut imported, mut sizes, mut names) = (0, Vec::new(), BTreeMap::new());
        for payload in Parser::new(0).parse_all(component) {
            match payload? {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        if let TypeRef::Func(_) = import?.ty {
                            imported += 1;
                        }
                    }
                }
                Payload::CodeSectionEntry(body) => sizes.push(body.range().len()),
                Payload::DataSection(section) => {
                    for segment in section {
                        data.extend(segment?.data);
                    }
                }
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
                // Of a module, or of the component around them.
                Payload::End(_) => {
                    let module = Self {
                        functions: (imported..)
                            .zip(sizes.drain(..))
                            .map(|(index, size)| {
                                let name = names.get(&index).map_or("?", String::as_str);
                                (format!("{:#}", rustc_demangle::demangle(name)), size)
                            })
                            .collect(),
                        data: std::mem::take(&mut data),
                    };
                    if module.functions.len() > largest.functions.len() {
                        largest = module;
                    }
                    imported = 0;
                    names.clear();
                }
                _ => {}
            }
        }
        Ok(largest)
    }
}
