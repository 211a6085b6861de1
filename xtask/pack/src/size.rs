//! The size of the component, by crate and function.

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use wasmparser::{KnownCustom, Name, Parser, Payload, TypeRef};
use xtask::component::{self, Build};
use xtask::workspace::Workspace;

/// Builds the component, and prints its size by crate and function.
///
/// # Errors
///
/// If it does not compile.
pub fn print(workspace: &Workspace, build: Build) -> Result<()> {
    component::build(workspace, build, true)?;
    let shipped = std::fs::read(workspace.root.join(build.file()))?;
    // The same code with the names of its functions.
    let named = std::fs::read(component::compile(workspace, build, "size", true)?)?;
    let module = Module::read(&named)?;

    let mut parts = BTreeMap::new();
    for (name, size) in &module.functions {
        *parts.entry(part(name)).or_default() += size;
    }
    let code: usize = parts.values().sum();
    println!("{:>8}  bytes", shipped.len());
    println!("{:>8}  gzipped", gzipped(&shipped)?);
    println!("{code:>8}  code");
    println!("{:>8}  data: texts and tables", module.data);
    let rest = shipped.len() - code - module.data;
    println!("{rest:>8}  the rest: types, imports, exports");
    println!("\nthe code, by crate");
    show(parts.into_iter().collect(), usize::MAX);
    println!("\nthe largest functions");
    show(module.functions, 20);
    Ok(())
}

/// Prints the largest parts.
fn show(mut parts: Vec<(String, usize)>, count: usize) {
    parts.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    for (name, size) in parts.iter().take(count) {
        println!("{size:>8}  {name}");
    }
}

fn gzipped(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

/// The component's first core module, which is geo itself.
#[derive(Default)]
struct Module {
    /// The names and sizes of its functions.
    functions: Vec<(String, usize)>,
    /// The size of its data.
    data: usize,
}

impl Module {
    fn read(component: &[u8]) -> Result<Self> {
        let mut module = Self::default();
        let (mut imports, mut sizes, mut names) = (0, Vec::new(), HashMap::new());
        for payload in Parser::new(0).parse_all(component) {
            match payload? {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        imports += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::CodeSectionEntry(body) => sizes.push(body.range().len()),
                Payload::DataSection(section) => {
                    for segment in section {
                        module.data += segment?.data.len();
                    }
                }
                Payload::CustomSection(section) => {
                    let KnownCustom::Name(subsections) = section.as_known() else {
                        continue;
                    };
                    for subsection in subsections {
                        let Name::Function(map) = subsection? else {
                            continue;
                        };
                        for naming in map {
                            let naming = naming?;
                            names.insert(naming.index, naming.name);
                        }
                    }
                }
                Payload::End(_) => break,
                _ => {}
            }
        }
        for (index, size) in (imports..).zip(sizes) {
            let name = names.get(&index).context("a function without a name")?;
            let name = format!("{:#}", rustc_demangle::demangle(name));
            module.functions.push((name, size));
        }
        Ok(module)
    }
}

/// Returns the crate of a function, or the module for geo's own: `a` for
/// `<a::B as c::D>::e`, and `c` for `<u32 as c::D>::e`.
fn part(name: &str) -> String {
    let is_other = |c: char| !c.is_alphanumeric() && c != '_';
    let Some((before, after)) = name.split_once("::") else {
        return "without a path: libc, exports".to_owned();
    };
    let first = before.rsplit(is_other).next().unwrap_or_default();
    match first {
        "geo" => format!("geo::{}", after.split(is_other).next().unwrap_or_default()),
        // `<str>::trim`
        "" => "core".to_owned(),
        _ => first.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_belong_to_crates() {
        for (name, expected) in [
            ("geo::lookup::cache::Cache::get", "geo::lookup"),
            ("<geo::wasi::Http as geo::host::Client>::get", "geo::wasi"),
            (
                "<&mut serde_json::de::Deserializer<R> as serde_core::de::Deserializer>::x",
                "serde_json",
            ),
            ("<u32 as core::fmt::num::LowerHex>::fmt", "core"),
            ("<str>::trim", "core"),
            (
                "wasi:http/incoming-handler@0.2.0#handle",
                "without a path: libc, exports",
            ),
            ("dlmalloc", "without a path: libc, exports"),
        ] {
            assert_eq!(part(name), expected, "{name}");
        }
    }
}
