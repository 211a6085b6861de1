//! What is written in several places is the same in all of them.

#[cfg(feature = "spin")]
use crate::harness::artifact;
use crate::harness::root;
use geo_host::Manifest;

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

#[test]
fn the_version_of_geo() {
    let mut places = vec![
        ("spin.toml".to_owned(), "\nversion = \""),
        ("Dockerfile".to_owned(), "ARG VERSION="),
    ];
    for entry in root().join("deploy").read_dir().unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        // Other files may be an operator's own.
        if name.ends_with(".md") || name.ends_with(".yaml") {
            places.push((format!("deploy/{name}"), "geo:"));
        }
    }
    assert!(places.len() > 2);
    for (file, marker) in places {
        let text = read(&file);
        let found = versions(&text, marker);
        assert!(!found.is_empty(), "{file}");
        assert!(found.iter().all(|version| *version == VERSION), "{file}");
    }
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
fn the_variables_of_the_manifest() {
    let manifest = Manifest::read(&root().join("spin.toml")).unwrap();
    let passed_on: Vec<_> = manifest.component_variables.iter().collect();
    let variables = manifest.variables.keys();
    let templates: Vec<_> = variables
        .map(|name| (name, format!("{{{{ {name} }}}}")))
        .collect();
    let templates: Vec<_> = templates.iter().map(|(name, text)| (*name, text)).collect();
    assert_eq!(passed_on, templates);
}

/// The table in the README has every variable, with its default.
#[test]
fn the_variables_of_the_readme() {
    let manifest = Manifest::read(&root().join("spin.toml")).unwrap();
    let readme = read("README.md");
    let (_, settings) = readme.split_once("\n## Settings\n").expect("a section");
    let settings = settings.split("\n## ").next().unwrap();
    let mut described = Vec::new();
    for line in settings.lines() {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        if let [_, name, default, ..] = cells[..]
            && name.starts_with('`')
        {
            described.push((name.trim_matches('`'), default.trim_matches('`')));
        }
    }
    described.sort_unstable();
    let expected: Vec<_> = manifest
        .variables
        .iter()
        .map(|(name, variable)| {
            let default = variable.default.as_deref().unwrap_or("required");
            (name.as_str(), default)
        })
        .collect();
    assert_eq!(described, expected);
}

/// The README has one figure for the size, correct to 3 %.
#[cfg(feature = "spin")]
#[test]
fn the_size_in_the_readme() {
    let readme = read("README.md");
    let [kilobytes] = versions(&readme, "component of about ")[..] else {
        panic!("one figure");
    };
    let said = 1000.0 * kilobytes.parse::<f64>().unwrap();
    let is = std::fs::metadata(artifact()).unwrap().len() as f64;
    assert!(
        (said - is).abs() < 0.03 * is,
        "{said} bytes, but it has {is}"
    );
}
