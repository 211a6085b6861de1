//! Composing a component with the components that it depends on.
//!
//! As Spin does it, with the same crate: see `crates/compose` and
//! `crates/capabilities` in its source. Only what a dependency does not inherit
//! is denied in another way: Spin puts a component in between, geo-host lets
//! the dependency [import](crate::denied) something else.

use crate::denied;
use crate::dependency::{Dependency, Inherited};
use anyhow::{Context, Result, anyhow, bail};
use std::collections::BTreeMap;
use std::path::Path;
use wac_graph::types::{Package, WorldId};
use wac_graph::{CompositionGraph, NodeId, PackageId};
use wasm_encoder::reencode::{self, Reencode, ReencodeComponent};

/// Makes one component of the one in a file and of its dependencies, so that
/// it no longer imports what they export.
///
/// # Errors
///
/// Where a file cannot be read or is no component; where a dependency matches
/// no import, does not export what the import asks for, or is one of two that
/// match the same.
pub fn compose(source: &Path, dependencies: &[Dependency]) -> Result<Vec<u8>> {
    let component = read(source)?;
    if dependencies.is_empty() {
        return Ok(component);
    }
    let mut composition = Composition::new(source, component)?;
    for dependency in dependencies {
        composition
            .add(dependency)
            .with_context(|| format!("the dependency {}", dependency.name))?;
    }
    composition.finish()
}

fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).with_context(|| {
        format!(
            "cannot read the component {}: build it with \"make build\"",
            file.display()
        )
    })
}

struct Composition {
    graph: CompositionGraph,
    component: NodeId,
    world: WorldId,
    /// By import: the dependency that satisfies it.
    satisfied: BTreeMap<String, String>,
}

impl Composition {
    fn new(source: &Path, component: Vec<u8>) -> Result<Self> {
        let mut graph = CompositionGraph::new();
        let (package, world) = register(&mut graph, "component", component)
            .with_context(|| format!("{} cannot be composed", source.display()))?;
        Ok(Self {
            component: graph.instantiate(package),
            graph,
            world,
            satisfied: BTreeMap::new(),
        })
    }

    fn add(&mut self, dependency: &Dependency) -> Result<()> {
        let imports = self.graph.types()[self.world].imports.keys();
        let imports: Vec<String> = imports.cloned().collect();
        let matching: Vec<_> = imports
            .iter()
            .filter(|i| dependency.name.matches(i))
            .collect();
        if matching.is_empty() {
            bail!(
                "the component does not import it; it imports {}",
                imports.join(", ")
            );
        }
        let name = dependency.name.to_string();
        let file = dependency.path.display();
        let bytes = without_denied(read(&dependency.path)?, &dependency.inherited)
            .and_then(|bytes| register(&mut self.graph, &name, bytes));
        let (package, world) = bytes.with_context(|| format!("{file} cannot be composed"))?;
        let instance = self.graph.instantiate(package);
        for import in matching {
            if let Some(other) = self.satisfied.insert(import.clone(), name.clone()) {
                bail!("{other} satisfies the import {import}, too");
            }
            let export = dependency.export.as_ref().unwrap_or(import);
            let exports = &self.graph.types()[world].exports;
            if !exports.contains_key(export) {
                let exports: Vec<_> = exports.keys().map(String::as_str).collect();
                bail!(
                    "{file} does not export {export}; it exports {}",
                    exports.join(", ")
                );
            }
            let export = self.graph.alias_instance_export(instance, export)?;
            self.graph
                .set_instantiation_argument(self.component, import, export)
                .with_context(|| format!("{file} does not fit the import {import}"))?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<u8>> {
        let exports = self.graph.types()[self.world].exports.clone();
        for name in exports.keys() {
            let export = self.graph.alias_instance_export(self.component, name)?;
            self.graph.export(export, name)?;
        }
        Ok(self.graph.encode(Default::default())?)
    }
}

fn register(
    graph: &mut CompositionGraph,
    name: &str,
    bytes: Vec<u8>,
) -> Result<(PackageId, WorldId)> {
    let package = Package::from_bytes(name, None, bytes, graph.types_mut())?;
    let world = package.ty();
    Ok((graph.register_package(package)?, world))
}

/// Gives the imports of a component that it does not inherit the names of
/// those that are [denied].
fn without_denied(component: Vec<u8>, inherited: &Inherited) -> Result<Vec<u8>> {
    if *inherited == Inherited::All {
        return Ok(component);
    }
    let mut renamed = wasm_encoder::Component::new();
    let mut rename = Rename {
        inherited,
        depth: 0,
    };
    rename
        .parse_component(&mut renamed, wasmparser::Parser::new(0), &component)
        .map_err(|error| anyhow!("{error}"))?;
    Ok(renamed.finish())
}

/// Copies a component, and gives new names to some of its imports.
struct Rename<'a> {
    inherited: &'a Inherited,
    /// How many components of its own the place lies in.
    depth: usize,
}

impl Reencode for Rename<'_> {
    type Error = std::convert::Infallible;
}

impl ReencodeComponent for Rename<'_> {
    fn push_depth(&mut self) {
        self.depth += 1;
    }

    fn pop_depth(&mut self) {
        self.depth -= 1;
    }

    fn parse_component_import_section(
        &mut self,
        imports: &mut wasm_encoder::ComponentImportSection,
        section: wasmparser::ComponentImportSectionReader<'_>,
    ) -> Result<(), reencode::Error<Self::Error>> {
        for import in section {
            let import = import?;
            let name = import.name.0;
            let new = match self.depth {
                0 => denied::name_for(name, self.inherited),
                _ => None,
            };
            let item = self.component_type_ref(import.ty)?;
            imports.import(new.as_deref().unwrap_or(name), item);
        }
        Ok(())
    }
}
