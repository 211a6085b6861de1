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

/// How large the component is, and what its bytes are.
pub struct Size {
    /// The bytes of the component for Spin.
    pub bytes: usize,
    /// The same, gzipped.
    pub gzipped: usize,
    /// The layer of the default image, gzipped as it is pulled.
    pub layer: usize,
    /// The bytes of each section.
    pub sections: BTreeMap<String, usize>,
    /// The bytes of code, by where its source is.
    pub code: BTreeMap<String, usize>,
    /// The bytes of data.
    pub data: BTreeMap<String, usize>,
    /// The functions and their bytes, the largest first.
    pub functions: Vec<(String, usize)>,
}

impl Size {
    /// Builds and measures the component: the one that ships, and, to see where
    /// the code comes from, the same one with its functions' names.
    ///
    /// # Errors
    ///
    /// If it does not compile.
    pub fn measure(workspace: &Workspace) -> Result<Self> {
        for build in Build::ALL {
            component::build(workspace, build, true)?;
        }
        let shipped = read(&workspace.root.join(Build::Spin.file()))?;
        let plain = read(&workspace.root.join(Build::Plain.file()))?;
        let named = read(&component::compile(workspace, Build::Spin, "size", true)?)?;
        let module = Module::read(&named)?;
        let mut code = BTreeMap::new();
        for (name, size) in &module.functions {
            *code.entry(code::part(name)).or_default() += size;
        }
        let mut functions = module.functions;
        functions.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
        Ok(Self {
            bytes: shipped.len(),
            gzipped: gzipped(&shipped)?,
            layer: gzipped(&archive(&plain)?)?,
            sections: sections(&shipped)?,
            code,
            data: data::parts(&module.data, &workspace.root.join("src"))?,
            functions,
        })
    }
}

/// Prints what the bytes of the component are.
///
/// # Errors
///
/// If it does not compile.
pub fn print(workspace: &Workspace) -> Result<()> {
    let size = Size::measure(workspace)?;
    println!("{:>8}  bytes", size.bytes);
    println!("{:>8}  gzipped", size.gzipped);
    println!("{:>8}  the image's layer, gzipped", size.layer);
    show("by section", size.sections);
    show("code, by where its source is", size.code);
    show("data", size.data);

    println!("\nthe largest functions");
    for (name, size) in size.functions.iter().take(20) {
        println!("{size:>8}  {name}");
    }
    Ok(())
}

/// The archive of a layer that holds a component and nothing else.
fn archive(component: &[u8]) -> Result<Vec<u8>> {
    let mut header = tar::Header::new_ustar();
    header.set_size(component.len() as u64);
    header.set_mode(0o644);
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_data(&mut header, "geo.wasm", component)?;
    Ok(archive.into_inner()?)
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

/// The size of bytes, gzipped.
///
/// # Errors
///
/// None, since it happens in memory.
pub fn gzipped(bytes: &[u8]) -> Result<usize> {
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
