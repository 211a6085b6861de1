//! `[component.NAME.dependencies]`: composes a component with its dependencies, with
//! the crate that Spin uses.

use crate::component::read;
use crate::manifest::{Dependency, Inherits};
use anyhow::{Context, Result, ensure};
use wac_graph::types::{Package, World};
use wac_graph::{CompositionGraph, NodeId, PackageId};

/// The prefixes of imports, and the field of the component's table that a dependency
/// has to inherit for each.
const GRANTS: [(&str, &str); 5] = [
    ("fermyon:spin/key-value@", "key_value_stores"),
    ("fermyon:spin/variables@", "variables"),
    ("wasi:http/client@", "allowed_outbound_hosts"),
    ("wasi:http/outgoing-handler@", "allowed_outbound_hosts"),
    ("wasi:keyvalue/", "key_value_stores"),
];

/// Composes a component with its dependencies, so that it no longer imports what they
/// export.
pub fn compose(component: Vec<u8>, dependencies: &[Dependency]) -> Result<Vec<u8>> {
    let mut graph = CompositionGraph::new();
    let component = register(&mut graph, "component", component)?;
    let world = &graph.types()[graph[component].ty()];
    let imports: Vec<_> = world.imports.keys().cloned().collect();
    let exports: Vec<_> = world.exports.keys().cloned().collect();
    let instance = graph.instantiate(component);
    for dependency in dependencies {
        plug(&mut graph, instance, &imports, dependency)
            .with_context(|| format!("the dependency {}", dependency.name))?;
    }
    for name in exports {
        let export = graph.alias_instance_export(instance, &name)?;
        graph.export(export, &name)?;
    }
    Ok(graph.encode(Default::default())?)
}

/// Connects imports of an instance to the exports of a dependency.
fn plug(
    graph: &mut CompositionGraph,
    socket: NodeId,
    imports: &[String],
    dependency: &Dependency,
) -> Result<()> {
    let satisfied = imports
        .iter()
        .filter(|import| matches(&dependency.name, import));
    let satisfied: Vec<_> = satisfied.collect();
    ensure!(
        !satisfied.is_empty(),
        "the component does not import it; it imports {}",
        imports.join(", ")
    );
    let bytes = read(&dependency.path)?;
    let package = register(graph, &dependency.name, bytes)
        .with_context(|| format!("{} cannot be composed", dependency.path.display()))?;
    check_imports(&graph.types()[graph[package].ty()], &dependency.inherits)?;
    let instance = graph.instantiate(package);
    for import in satisfied {
        let export = graph.alias_instance_export(instance, import)?;
        graph.set_instantiation_argument(socket, import, export)?;
    }
    Ok(())
}

fn register(graph: &mut CompositionGraph, name: &str, bytes: Vec<u8>) -> Result<PackageId> {
    let package = Package::from_bytes(name, None, bytes, graph.types_mut())?;
    Ok(graph.register_package(package)?)
}

/// Whether the name of a dependency matches an import.
fn matches(name: &str, import: &str) -> bool {
    let (name, version) = split(name);
    let (interface, its) = split(import);
    let is_named = interface == name || interface.split('/').next() == Some(name);
    is_named && (version.is_none() || version == its)
}

/// Splits a name into name and version.
fn split(name: &str) -> (&str, Option<&str>) {
    match name.split_once('@') {
        Some((name, version)) => (name, Some(version)),
        None => (name, None),
    }
}

/// Checks that a dependency inherits what it imports. Spin does not check this, but
/// fails each call of such an import.
fn check_imports(world: &World, inherits: &Inherits) -> Result<()> {
    for import in world.imports.keys() {
        let grant = GRANTS.iter().find(|grant| import.starts_with(grant.0));
        let Some((_, field)) = grant else { continue };
        let is_inherited = match inherits {
            Inherits::All(all) => *all,
            Inherits::Fields(fields) => fields.iter().any(|inherited| inherited == field),
        };
        ensure!(
            is_inherited,
            "it imports {import}, but does not inherit {field}: set \
             dependencies_inherit_configuration = true, or name {field} in its \
             inherit_configuration"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_imports_as_in_spin() {
        for (name, import, expected) in [
            ("mud:pit/dig@0.1.0", "mud:pit/dig@0.1.0", true),
            ("mud:pit/dig@0.1.0", "mud:pit/dig@0.1.1", false),
            ("mud:pit/dig@0.1.0", "mud:pit/dig", false),
            ("mud:pit/dig", "mud:pit/dig@0.1.0", true),
            ("mud:pit/dig", "mud:pit/digger@0.1.0", false),
            ("mud:pit", "mud:pit/dig@0.1.0", true),
            ("mud:pit", "mud:pits/dig@0.1.0", false),
            ("mud:pit@0.1.0", "mud:pit/dig@0.1.0", true),
            ("mud:pit@0.2.0", "mud:pit/dig@0.1.0", false),
            ("dig", "dig", true),
            ("dig", "mud:pit/dig", false),
        ] {
            assert_eq!(matches(name, import), expected, "{name} {import}");
        }
    }
}
