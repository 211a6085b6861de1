//! The list of crates in the component, as a scanner reads it.

use crate::harness::{artifact, root};
use auditable_info::audit_info_from_slice;
use auditable_serde::{DependencyKind, Source, VersionInfo};
use std::collections::BTreeSet;
use wasmparser::{Parser, Payload};

/// Much larger than the list.
const LIMIT: usize = 1 << 20;

fn list(file: &[u8]) -> VersionInfo {
    audit_info_from_slice(file, LIMIT).unwrap()
}

/// Returns the packages in `Cargo.lock` as `name version`: all of them, and those
/// from crates.io.
fn lock() -> (BTreeSet<String>, BTreeSet<String>) {
    let text = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let lock: toml::Table = text.parse().unwrap();
    let packages = lock["package"].as_array().unwrap();
    let name = |package: &toml::Value| {
        let text = |field: &str| package[field].as_str().unwrap().to_owned();
        format!("{} {}", text("name"), text("version"))
    };
    let is_from_crates_io = |package: &&toml::Value| {
        let source = package.get("source").and_then(toml::Value::as_str);
        source == Some("registry+https://github.com/rust-lang/crates.io-index")
    };
    let public = packages.iter().filter(is_from_crates_io);
    (
        packages.iter().map(name).collect(),
        public.map(name).collect(),
    )
}

#[test]
fn the_list_agrees_with_the_lock_file() {
    let file = std::fs::read(artifact()).unwrap();
    let list = list(&file);
    let (all, public) = lock();
    for package in &list.packages {
        let id = format!("{} {}", package.name, package.version);
        assert!(all.contains(&id), "{id} is not in Cargo.lock");
        assert_eq!(package.kind, DependencyKind::Runtime, "{id}");
        // All but geo itself are published, with a checksum in the lock file.
        assert_eq!(package.root, package.name == "geo", "{id}");
        assert_eq!(package.source == Source::CratesIo, !package.root, "{id}");
        assert_eq!(public.contains(&id), !package.root, "{id}");
    }
}

/// The list has the dependencies in geo's `Cargo.toml`, and the crates whose source
/// files the component's panic messages name.
#[test]
fn the_list_is_complete() {
    let file = std::fs::read(artifact()).unwrap();
    let listed: BTreeSet<_> = list(&file)
        .packages
        .into_iter()
        .map(|package| package.name)
        .collect();
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let wasm = &manifest["target"]["cfg(target_family = \"wasm\")"]["dependencies"];
    for dependencies in [&manifest["dependencies"], wasm] {
        for (name, dependency) in dependencies.as_table().unwrap() {
            let is_optional = dependency.get("optional").is_some();
            assert!(is_optional || listed.contains(name), "{name}");
        }
    }
    // A panic's message has the path `NAME-VERSION/src/…`.
    let text = String::from_utf8_lossy(&file);
    let mut sources = BTreeSet::new();
    for (end, _) in text.match_indices("/src/") {
        let start = text[..end].rfind(|c: char| !c.is_ascii_alphanumeric() && !"-_.+".contains(c));
        let folder = &text[start.map_or(0, |start| start + 1)..end];
        let is_version =
            |(end, _): &(usize, &str)| folder[end + 1..].starts_with(|c: char| c.is_ascii_digit());
        if let Some((end, _)) = folder.match_indices('-').find(is_version) {
            sources.insert(folder[..end].to_owned());
        }
    }
    // The standard library's own, in which backtraces are printed.
    sources.remove("rustc-demangle");
    assert!(sources.is_subset(&listed), "{sources:?} {listed:?}");
}

/// Names of functions and producers are stripped.
#[test]
fn the_list_is_the_only_custom_section() {
    let file = std::fs::read(artifact()).unwrap();
    let mut sections = Vec::new();
    for payload in Parser::new(0).parse_all(&file) {
        if let Payload::CustomSection(section) = payload.unwrap() {
            sections.push(section.name().to_owned());
        }
    }
    assert_eq!(sections, [".dep-v0"]);
}
