//! What the component's file promises: what it imports, and its size.

use crate::harness::{artifact, root};
use std::collections::BTreeSet;
use wasmparser::{Parser, Payload};

/// The imports are what an attacker could use. The list only changes by hand.
#[test]
fn imports_are_the_ones_that_are_known() {
    let file = match cfg!(feature = "spin") {
        true => "imports.txt",
        false => "imports-plain.txt",
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
    let mut imports = BTreeSet::new();
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(&bytes) {
        match payload.unwrap() {
            // Only the outermost component's imports are the host's.
            Payload::ComponentSection { .. } | Payload::ModuleSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 0 => {
                imports.extend(
                    section
                        .into_iter()
                        .map(|import| import.unwrap().name.name.to_owned()),
                );
            }
            _ => {}
        }
    }
    imports
}

#[test]
fn size_is_within_the_budget() {
    let size = std::fs::metadata(artifact()).unwrap().len();
    assert!(
        size <= 265_000,
        "{size} bytes: \"make size\" tells what grew"
    );
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let readme: Vec<_> = readme.split_whitespace().collect();
    assert!(readme.join(" ").contains("a budget of 265,000 bytes"));
}
