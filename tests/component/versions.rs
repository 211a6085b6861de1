//! What is written in several places is the same in all of them.

use crate::harness::root;
use geo::fields::FIELDS;
use geo::settings::{IPIFY_API_KEY, MIDDLEWARE_SETTINGS, SETTINGS};
use geo_host::Manifest;
use std::collections::BTreeMap;

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).expect(file)
}

/// Returns the version after each occurrence of a marker.
fn versions<'a>(text: &'a str, marker: &str) -> Vec<&'a str> {
    let parts = text.split(marker).skip(1);
    let versions = parts.map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.');
        rest[..end.unwrap_or(rest.len())].trim_end_matches('.')
    });
    versions.filter(|version| !version.is_empty()).collect()
}

/// Returns the names of the files in a folder with one of some extensions.
fn files(folder: &str, extensions: &[&str]) -> Vec<String> {
    let entries = root().join(folder).read_dir().expect(folder);
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    // Others may be an operator's own.
    let is_wanted = |name: &String| extensions.iter().any(|extension| name.ends_with(extension));
    names
        .filter(is_wanted)
        .map(|name| format!("{folder}/{name}"))
        .collect()
}

#[test]
fn the_version_of_geo() {
    let check = |file: &str, markers: &[&str]| {
        let text = read(file);
        let found: Vec<_> = markers.iter().flat_map(|it| versions(&text, it)).collect();
        assert!(found.iter().all(|version| *version == VERSION), "{file}");
        found.len()
    };
    assert!(check("spin.toml", &["\nversion = \""]) > 0);
    assert!(check("Dockerfile", &["ARG VERSION="]) > 0);
    let manifests = files("deploy", &[".yaml"]);
    assert!(manifests.iter().all(|file| check(file, &["geo:"]) > 0));
    let mut documentation = files("docs", &[".md"]);
    documentation.extend(["README.md".to_owned(), "SECURITY.md".to_owned()]);
    let markers = ["geo:", "/download/v", "/tags/v"];
    let found = documentation.iter().map(|file| check(file, &markers));
    assert!(found.sum::<usize>() > 10);
}

/// The interface has a version of its own, which its importers name.
#[test]
fn the_version_of_the_interface() {
    let package = read("wit/lookup/lookup.wit");
    let [version] = versions(&package, "package geo:lookup@")[..] else {
        panic!("one package");
    };
    for file in [
        "wit/world.wit",
        "README.md",
        "docs/component.md",
        "examples/greeter/spin.toml",
        "examples/greeter/wit/world.wit",
    ] {
        let text = read(file);
        let found = versions(&text, "geo:lookup/lookup@");
        assert!(!found.is_empty(), "{file}");
        assert!(found.iter().all(|named| *named == version), "{file}");
    }
}

#[test]
fn the_version_of_rust() {
    let toolchain = read("rust-toolchain.toml");
    let [channel] = versions(&toolchain, "channel = \"")[..] else {
        panic!("{toolchain}");
    };
    let oldest = env!("CARGO_PKG_RUST_VERSION");
    assert!(channel.starts_with(oldest), "{channel} is not {oldest}");
    assert_eq!(versions(&read("Dockerfile"), "rust:"), [channel]);
}

/// Each variable of the application is passed on to the component by its name.
/// Otherwise it would have no effect.
#[test]
fn the_settings_in_the_manifest() {
    let manifest = Manifest::read(&root().join("spin.toml")).unwrap();
    let mut variables = BTreeMap::new();
    let mut templates = BTreeMap::new();
    for (name, default) in SETTINGS {
        let is_required = *name == IPIFY_API_KEY.name;
        variables.insert(*name, (is_required, (!is_required).then_some(*default)));
        templates.insert((*name).to_owned(), format!("{{{{ {name} }}}}"));
    }
    let in_manifest: BTreeMap<_, _> = manifest
        .variables
        .iter()
        .map(|(name, it)| (name.as_str(), (it.required, it.default.as_deref())))
        .collect();
    assert_eq!(in_manifest, variables);
    assert_eq!(manifest.component_variables, templates);
}

#[test]
fn the_settings_in_the_examples() {
    for example in root().join("examples").read_dir().unwrap() {
        let path = example.unwrap().path().join("spin.toml");
        let manifest = Manifest::read(&path).unwrap();
        assert!(!manifest.component_variables.is_empty());
        for name in manifest.component_variables.keys() {
            let of_geo = SETTINGS.iter().any(|setting| setting.0 == name);
            let of_middleware = MIDDLEWARE_SETTINGS.iter().any(|setting| setting.0 == name)
                || name
                    .strip_prefix("geo_")
                    .is_some_and(|name| SETTINGS.iter().any(|setting| setting.0 == name));
            let is_setting = if name.starts_with("geo_") {
                of_middleware
            } else {
                of_geo
            };
            assert!(is_setting, "{}: {name}", path.display());
        }
    }
}

/// The first two cells of each row of a table in a part of a document, without
/// quotes.
fn rows<'a>(document: &'a str, from: &str, to: &str) -> Vec<(&'a str, &'a str)> {
    let (_, part) = document.split_once(from).expect(from);
    let (part, _) = part.split_once(to).expect(to);
    let cells = part.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split('|');
        Some((cells.next()?, cells.next()?))
    });
    let without_quotes = |cell: &'a str| cell.trim().trim_matches('`');
    cells
        .map(|(first, second)| (without_quotes(first), without_quotes(second)))
        .collect()
}

#[test]
fn the_settings_in_the_documentation() {
    let expected: Vec<_> = SETTINGS
        .iter()
        .map(|(name, default)| match *name {
            name if name == IPIFY_API_KEY.name => (name, "required"),
            name => (name, *default),
        })
        .collect();
    let configuration = read("docs/configuration.md");
    assert_eq!(rows(&configuration, "\n## Variables\n", "\n## "), expected);
    // README has some of them.
    let readme = read("README.md");
    let some = rows(&readme, "\n## Configuration\n", "\n## ");
    assert!(!some.is_empty() && some.iter().all(|row| expected.contains(row)));
}

#[test]
fn the_fields_in_the_documentation() {
    let api = read("docs/api.md");
    let expected: Vec<_> = FIELDS
        .iter()
        .map(|field| {
            let names = [&[field.name], field.aliases].concat();
            format!("/{}", names.join("`, `/"))
        })
        .collect();
    let described: Vec<_> = rows(&api, "\n| `/json` |", "\n| `/ADDRESS` |")
        .into_iter()
        .map(|(paths, _)| paths)
        .collect();
    assert_eq!(described, expected);
}

/// Each figure for the size is correct to 3 %.
#[test]
fn the_size_in_the_documentation() {
    let check = |component: &str, file: &str, marker: &str| {
        let is = std::fs::metadata(root().join(component)).unwrap().len() as f64;
        let text = read(file);
        let [kilobytes] = versions(&text, marker)[..] else {
            panic!("{file} has one figure after {marker:?}");
        };
        let said = 1000.0 * kilobytes.parse::<f64>().unwrap();
        assert!(
            (said - is).abs() < 0.03 * is,
            "{file} says {said} bytes, but {component} has {is}"
        );
    };
    for component in ["geo", "geo-plain", "geo-p3", "geo-middleware"] {
        let component = format!("{component}.wasm");
        let marker = format!("\n| `{component}` | ");
        check(&component, "docs/performance.md", &marker);
    }
    check("geo.wasm", "README.md", "component of about ");
    check("geo.wasm", "README.md", "\n| size | ");
}
