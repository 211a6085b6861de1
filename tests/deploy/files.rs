//! The files that these tests are about.

use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

pub fn read(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The documents of a YAML file.
pub fn documents<T: DeserializeOwned>(name: &str) -> Vec<T> {
    serde_saphyr::from_multiple(&read(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The only document of a YAML file.
pub fn document<T: DeserializeOwned>(name: &str) -> T {
    let [document] = <[T; 1]>::try_from(documents(name))
        .unwrap_or_else(|documents| panic!("{name}: {} documents", documents.len()));
    document
}

/// The variables that the manifest declares.
pub fn variables() -> BTreeSet<String> {
    let manifest: toml::Table = read("spin.toml").parse().unwrap();
    let variables = manifest["variables"].as_table().unwrap();
    variables.keys().cloned().collect()
}

/// Checks a YAML file against one of the schemas that come with the Python
/// package check-jsonschema, if it is there.
pub fn check_schema(name: &str, schema: &str) {
    let schema = path("target/tools/deploy/check_jsonschema/builtin_schemas/vendor").join(schema);
    let Ok(schema) = std::fs::read(schema) else {
        eprintln!("SKIPPED: no schema for {name}; tests/deploy/lint brings it");
        return;
    };
    let schema: Value = serde_json::from_slice(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let document: Value = document(name);
    let errors: Vec<_> = validator
        .iter_errors(&document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{name}: {errors:#?}");
}
