//! Composes the component of an application with its dependencies
//! (`[component.NAME.dependencies]`) and its middleware, with the crate that Spin uses.

use crate::app::App;
use crate::component::read;
use crate::manifest::{Dependency, Inherits};
use anyhow::{Context, Result, ensure};
use std::path::Path;
use wac_graph::types::{Package, World};
use wac_graph::{CompositionGraph, NodeId, PackageId};

/// The prefixes of imports, and the field of the component's table that a dependency or
/// a middleware has to inherit for each.
const GRANTS: [(&str, &str); 7] = [
    ("fermyon:spin/key-value@", "key_value_stores"),
    ("fermyon:spin/variables@", "variables"),
    ("spin:key-value/", "key_value_stores"),
    ("spin:variables/", "variables"),
    ("wasi:http/client@", "allowed_outbound_hosts"),
    ("wasi:http/outgoing-handler@", "allowed_outbound_hosts"),
    ("wasi:keyvalue/", "key_value_stores"),
];

/// What a middleware imports and exports. Spin composes by this name and no other.
const HANDLER: &str = "wasi:http/handler@0.3.0";

/// Composes a component with its dependencies, so that it no longer imports what they
/// export, and puts its middleware in front of it.
pub fn compose(component: Vec<u8>, app: &App) -> Result<Vec<u8>> {
    let mut graph = CompositionGraph::new();
    let component = register(&mut graph, "component", component)?;
    let world = &graph.types()[graph[component].ty()];
    let imports: Vec<_> = world.imports.keys().cloned().collect();
    let exports: Vec<_> = world.exports.keys().cloned().collect();
    let instance = graph.instantiate(component);
    for dependency in &app.dependencies {
        plug(&mut graph, instance, &imports, dependency)
            .with_context(|| format!("the dependency {}", dependency.name))?;
    }
    if app.middleware.is_empty() {
        for name in exports {
            let export = graph.alias_instance_export(instance, &name)?;
            graph.export(export, &name)?;
        }
    } else {
        let handler = wrap(&mut graph, instance, app)?;
        graph.export(handler, HANDLER)?;
    }
    Ok(graph.encode(Default::default())?)
}

/// Connects the middleware of an application from the innermost to the outermost, and
/// returns the handler of that.
fn wrap(graph: &mut CompositionGraph, application: NodeId, app: &App) -> Result<NodeId> {
    let mut handler = graph
        .alias_instance_export(application, HANDLER)
        .with_context(|| format!("{} cannot have a middleware", app.source.display()))?;
    for (number, middleware) in app.middleware.iter().enumerate().rev() {
        let name = format!("middleware-{number}");
        let (path, inherits) = (&middleware.path, &middleware.inherits);
        handler = instantiate(graph, &name, path, inherits)
            .and_then(|instance| {
                graph.set_instantiation_argument(instance, HANDLER, handler)?;
                Ok(graph.alias_instance_export(instance, HANDLER)?)
            })
            .with_context(|| format!("the middleware {}", path.display()))?;
    }
    Ok(handler)
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
    let (name, path) = (&dependency.name, &dependency.path);
    let instance = instantiate(graph, name, path, &dependency.inherits)?;
    for import in satisfied {
        let export = graph.alias_instance_export(instance, import)?;
        graph.set_instantiation_argument(socket, import, export)?;
    }
    Ok(())
}

/// Instantiates the component in a file.
fn instantiate(
    graph: &mut CompositionGraph,
    name: &str,
    path: &Path,
    inherits: &Inherits,
) -> Result<NodeId> {
    let package = register(graph, name, read(path)?)
        .with_context(|| format!("{} cannot be composed", path.display()))?;
    check_imports(&graph.types()[graph[package].ty()], inherits)?;
    Ok(graph.instantiate(package))
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

/// Checks that a component inherits what it imports. Spin does not check this, but
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
            "it imports {import}, but does not inherit {field}: name {field} in its \
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
