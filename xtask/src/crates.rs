//! The list of crates in the component, in the format of [cargo-auditable], so that
//! scanners find it in the file.
//!
//! cargo-auditable itself uses `cargo metadata`, which unites the features of the
//! whole workspace and so lists crates that are not in the component. `cargo tree`
//! resolves features as the build does.
//!
//! [cargo-auditable]: https://github.com/rust-secure-code/cargo-auditable

use crate::component::{Build, TARGET};
use crate::process;
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use miniz_oxide::deflate::compress_to_vec_zlib;
use serde_json::{Value, json};

/// The name of the custom section with the list.
pub const SECTION: &str = ".dep-v0";

/// Returns the content of the section for a build.
///
/// # Errors
///
/// If cargo fails, or its output has an unknown form.
pub fn section(workspace: &Workspace, build: Build) -> Result<Vec<u8>> {
    let list = parse(&tree(workspace, build, "{p}")?)?;
    Ok(compress_to_vec_zlib(list.to_string().as_bytes(), 9))
}

/// Returns the crates of a build, geo first: in each line, the depth in the tree,
/// a space, and the crate in a format of `cargo tree`.
fn tree(workspace: &Workspace, build: Build, format: &str) -> Result<String> {
    let mut cargo = workspace.cargo();
    cargo
        .args(["tree", "--package", "geo", "--target", TARGET])
        .args(["--edges", "normal,no-proc-macro", "--no-dedupe"])
        .args(["--prefix", "depth", "--format", &format!(" {format}")])
        .args(build.flags());
    process::output(&mut cargo)
}

/// Parses a tree of crates into the list.
fn parse(tree: &str) -> Result<Value> {
    let (mut crates, mut dependencies) = (Vec::new(), Vec::<Vec<usize>>::new());
    // The indices of the crates on the path from geo to the last line.
    let mut path: Vec<usize> = Vec::new();
    for line in tree.lines() {
        let (depth, found) = line.split_once(' ').context("a line of one word")?;
        path.truncate(depth.parse()?);
        let known = crates.iter().position(|known| *known == found);
        let index = known.unwrap_or(crates.len());
        if known.is_none() {
            crates.push(found);
            dependencies.push(Vec::new());
        }
        if let Some(&user) = path.last()
            && !dependencies[user].contains(&index)
        {
            dependencies[user].push(index);
        }
        path.push(index);
    }
    let packages = crates.iter().zip(dependencies);
    let packages: Option<Vec<_>> = packages
        .map(|(found, dependencies)| package(found, dependencies))
        .collect();
    let packages = packages.context("cargo tree writes crates in another form")?;
    let mut list = json!({ "packages": packages, "format": 1 });
    // Otherwise the order depends on features that other crates turn on.
    list.sort_all_objects();
    Ok(list)
}

/// Returns the entry of a crate such as `geo v0.1.0 (/path)`, where a path or URL
/// is the source, if that is not crates.io.
fn package(found: &str, dependencies: Vec<usize>) -> Option<Value> {
    let mut words = found.splitn(3, ' ');
    let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
    let mut package = json!({
        "name": name,
        "version": version,
        "source": if words.next().is_none() { "crates.io" } else { "local" },
        "dependencies": dependencies,
    });
    if name == "geo" {
        package["root"] = true.into();
    }
    Some(package)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_tree_is_parsed_into_a_graph() {
        let tree =
            "0 geo v0.1.0 (/elbonia)\n1 mud v1.0.0\n2 water v2.0.0+salt\n1 water v2.0.0+salt";
        let expected = json!({
            "packages": [
                { "name": "geo", "version": "0.1.0", "source": "local", "dependencies": [1, 2], "root": true },
                { "name": "mud", "version": "1.0.0", "source": "crates.io", "dependencies": [2] },
                { "name": "water", "version": "2.0.0+salt", "source": "crates.io", "dependencies": [] },
            ],
            "format": 1,
        });
        assert_eq!(parse(tree).unwrap(), expected);
    }

    #[test]
    fn an_unknown_form_is_an_error() {
        for tree in ["geo v0.1.0", "0 geo 0.1.0", "0 geo", "0geo v0.1.0"] {
            assert!(parse(tree).is_err(), "{tree}");
        }
    }

    /// The licence texts in the repository serve all crates in the component.
    #[test]
    fn all_crates_in_the_component_have_a_known_licence() {
        let workspace = Workspace::find().unwrap();
        for build in Build::ALL {
            for line in tree(&workspace, build, "{l}\t{p}").unwrap().lines() {
                let (_, licences) = line.split_once(' ').unwrap();
                let (licences, _) = licences.split_once('\t').unwrap();
                let known = ["MIT", "MIT-0", "Apache-2.0 WITH LLVM-exception"];
                let is_known = |one| known.contains(&one);
                assert!(licences.split(" OR ").any(is_known), "{line}");
            }
        }
    }

    #[test]
    fn no_crate_is_in_the_component_twice() {
        let workspace = Workspace::find().unwrap();
        for build in Build::ALL {
            let list = parse(&tree(&workspace, build, "{p}").unwrap()).unwrap();
            let mut names = BTreeSet::new();
            for package in list["packages"].as_array().unwrap() {
                let name = package["name"].as_str().unwrap();
                assert!(names.insert(name), "{name}");
            }
        }
    }
}
