//! The imports and the size of the component's file.

use crate::harness::root;
use std::collections::BTreeSet;
use wit_component::DecodedWasm;

/// The imports are all that an attacker could use. The list is changed by hand only.
#[test]
fn imports_are_those_of_the_list() {
    for (component, file) in [
        ("geo.wasm", "imports.txt"),
        ("geo-plain.wasm", "imports-plain.txt"),
        ("geo-p3.wasm", "imports-p3.txt"),
        ("geo-middleware.wasm", "imports-middleware.txt"),
    ] {
        let pinned = std::fs::read_to_string(root().join("tests/component").join(file)).unwrap();
        let pinned: Vec<_> = pinned.lines().collect();
        let found = imports(component);
        let found: Vec<_> = found.iter().map(String::as_str).collect();
        assert_eq!(found, pinned, "change {file} only if geo really needs it");
        for forbidden in ["filesystem", "sockets", "process", "random"] {
            let is_forbidden = |name: &&str| name.contains(forbidden);
            assert!(!found.iter().any(is_forbidden), "{forbidden}");
        }
    }
}

fn imports(component: &str) -> BTreeSet<String> {
    let bytes = std::fs::read(root().join(component)).unwrap();
    let DecodedWasm::Component(resolve, world) = wit_component::decode(&bytes).unwrap() else {
        panic!("it is a component");
    };
    let imports = resolve.worlds[world].imports.keys();
    imports.map(|key| resolve.name_world_key(key)).collect()
}

#[test]
fn size_is_within_the_budget() {
    for (component, budget) in [
        ("geo.wasm", 277_000),
        ("geo-plain.wasm", 277_000),
        ("geo-p3.wasm", 410_000),
        ("geo-middleware.wasm", 380_000),
    ] {
        let size = std::fs::metadata(root().join(component)).unwrap().len();
        assert!(
            size <= budget,
            "{component} has {size} bytes: \"make size\" shows what grew"
        );
    }
    let performance = std::fs::read_to_string(root().join("docs/performance.md")).unwrap();
    let performance: Vec<_> = performance.split_whitespace().collect();
    assert!(performance.join(" ").contains("a budget of 277,000 bytes"));
}
