//! What is compiled into the component, as a software bill of materials in
//! [CycloneDX](https://cyclonedx.org/docs/1.6/json/) 1.6.

use crate::component::Build;
use crate::crates::Crates;
use crate::workspace::Workspace;
use anyhow::Result;
use serde_json::{Value, json};

/// Returns the bill of a build. It has no time and no serial number, so that
/// the same source has the same one.
///
/// # Errors
///
/// If cargo cannot tell the crates.
pub fn of(workspace: &Workspace, build: Build) -> Result<Value> {
    let crates = Crates::of(workspace, build)?;
    let (mut geo, mut libraries, mut dependencies) = (Value::Null, Vec::new(), Vec::new());
    for (name, version, found) in crates.iter() {
        let mut component = json!({
            "type": "library",
            "bom-ref": reference(name, version),
            "name": name,
            "version": version,
            "purl": reference(name, version),
            "licenses": [{ "expression": found.licence }],
        });
        if !found.repository.is_empty() {
            component["externalReferences"] = json!([{ "type": "vcs", "url": found.repository }]);
        }
        match found.is_from_crates_io {
            true => libraries.push(component),
            false => {
                component["type"] = "application".into();
                geo = component;
            }
        }
        let uses = found.dependencies.iter();
        let uses: Vec<_> = uses
            .map(|(name, version)| reference(name, version))
            .collect();
        dependencies.push(json!({ "ref": reference(name, version), "dependsOn": uses }));
    }
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": geo },
        "components": libraries,
        "dependencies": dependencies,
    }))
}

/// A package URL, which also serves as the reference within the bill.
fn reference(name: &str, version: &str) -> String {
    format!("pkg:cargo/{name}@{}", version.replace('+', "%2B"))
}
