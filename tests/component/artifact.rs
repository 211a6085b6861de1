//! The imports and the size of the component's file.

use crate::harness::{artifact, root};
use std::collections::BTreeSet;
use wit_component::DecodedWasm;

/// The imports are all that an attacker could use. The list is changed by hand only.
#[test]
fn imports_are_those_of_the_list() {
    let file = if cfg!(feature = "spin") {
        "imports.txt"
    } else {
        "imports-plain.txt"
    };
    let pinned = std::fs::read_to_string(root().join("tests/component").join(file)).unwrap();
    let pinned: Vec<_> = pinned.lines().collect();
    let found = imports();
    let found: Vec<_> = found.iter().map(String::as_str).collect();
    assert_eq!(found, pinned, "change {file} only if geo really needs it");
    for forbidden in ["filesystem", "sockets", "process", "random"] {
        assert!(
            !found.iter().any(|name| name.contains(forbidden)),
            "{forbidden}"
        );
    }
}

fn imports() -> BTreeSet<String> {
    let bytes = std::fs::read(artifact()).unwrap();
    let DecodedWasm::Component(resolve, world) = wit_component::decode(&bytes).unwrap() else {
        panic!("it is a component");
    };
    let imports = resolve.worlds[world].imports.keys();
    imports.map(|key| resolve.name_world_key(key)).collect()
}

#[test]
fn size_is_within_the_budget() {
    let size = std::fs::metadata(artifact()).unwrap().len();
    assert!(
        size <= 265_000,
        "{size} bytes: \"make size\" shows what grew"
    );
    let performance = std::fs::read_to_string(root().join("docs/performance.md")).unwrap();
    let performance: Vec<_> = performance.split_whitespace().collect();
    assert!(performance.join(" ").contains("a budget of 265,000 bytes"));
}
