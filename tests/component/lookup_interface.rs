//! The WIT interface that other components import.

use crate::harness::{artifact, root};
use wit_component::{DecodedWasm, WitPrinter};
use wit_parser::{PackageId, Resolve};

/// Prints a package without its documentation.
fn printed(resolve: &Resolve, package: PackageId) -> String {
    let mut printer = WitPrinter::default();
    printer.emit_docs(false);
    printer.print(resolve, package, &[]).unwrap();
    printer.output.to_string()
}

fn lookup_package(resolve: &Resolve) -> PackageId {
    let mut packages = resolve.packages.iter();
    let found = packages.find(|(_, package)| package.name.name == "lookup");
    found.expect("geo:lookup").0
}

#[test]
fn the_component_exports_the_package_in_wit_lookup() {
    let bytes = std::fs::read(artifact()).unwrap();
    let DecodedWasm::Component(component, world) = wit_component::decode(&bytes).unwrap() else {
        panic!("it is a component");
    };
    let exports: Vec<_> = component.worlds[world]
        .exports
        .keys()
        .map(|key| component.name_world_key(key))
        .collect();
    assert_eq!(
        exports,
        [
            "wasi:http/incoming-handler@0.2.0",
            "geo:lookup/lookup@0.1.0"
        ]
    );

    let mut folder = Resolve::default();
    let (package, _) = folder.push_dir(root().join("wit/lookup")).unwrap();
    let exported = printed(&component, lookup_package(&component));
    assert_eq!(exported, printed(&folder, package));
}

/// Importers rely on a released version. A change needs a new version, and a new
/// file next to that of the old one.
#[test]
fn a_released_version_does_not_change() {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(root().join("wit/lookup")).unwrap();
    let version = resolve.packages[package].name.version.as_ref().unwrap();
    let path = root().join(format!("tests/component/lookup-{version}.wit"));
    let released = std::fs::read_to_string(&path)
        .unwrap_or_else(|_| panic!("a new version? write {}", path.display()));
    assert_eq!(printed(&resolve, package), released);
}
