//! The crates that are compiled into the component, and the list of them that
//! it carries.
//!
//! The list is in the form of
//! [cargo-auditable](https://github.com/rust-secure-code/cargo-auditable/blob/master/PARSING.md),
//! so scanners find in the bare file what they would look for in an image. That
//! tool itself would add macros and what build scripts use, which differ from
//! one building machine to another, and the component has to be the same.

use crate::component::{Build, TARGET};
use crate::process;
use crate::workspace::Workspace;
use anyhow::{Context, Result, ensure};
use miniz_oxide::deflate::compress_to_vec_zlib;
use std::collections::{BTreeMap, BTreeSet};

/// The custom section of a file that has the list.
pub const SECTION: &str = ".dep-v0";

/// The crates of a build, in the order of their names and versions.
pub struct Crates(BTreeMap<Id, Crate>);

/// A name and a version.
type Id = (String, String);

/// What there is to say of a crate.
pub struct Crate {
    /// Whether it comes from crates.io; else its source is in this repository.
    pub is_from_crates_io: bool,
    /// Its licence, as an SPDX expression.
    pub licence: String,
    /// Where its source is developed.
    pub repository: String,
    /// The crates that it uses.
    pub dependencies: BTreeSet<Id>,
}

impl Crates {
    /// Asks cargo.
    ///
    /// # Errors
    ///
    /// If cargo fails, or answers in another form than is known.
    pub fn of(workspace: &Workspace, build: Build) -> Result<Self> {
        let mut cargo = workspace.cargo();
        cargo
            .args(["tree", "--package", "geo", "--target", TARGET])
            .args(["--edges", "normal,no-proc-macro", "--no-dedupe"])
            .args(["--prefix", "depth", "--format", "{p}\t{l}\t{r}"])
            .args(build.flags());
        Self::parse(&process::output(&mut cargo)?)
    }

    /// Parses lines that start with how deep they are in the tree.
    fn parse(tree: &str) -> Result<Self> {
        let mut crates: BTreeMap<Id, Crate> = BTreeMap::new();
        let mut ancestors: Vec<Id> = Vec::new();
        for line in tree.lines() {
            let (depth, id, found) = parse(line).with_context(|| format!("cargo tree: {line}"))?;
            ensure!(depth <= ancestors.len(), "cargo tree: {line}");
            ancestors.truncate(depth);
            if let Some(parent) = ancestors.last().and_then(|id| crates.get_mut(id)) {
                parent.dependencies.insert(id.clone());
            }
            crates.entry(id.clone()).or_insert(found);
            ancestors.push(id);
        }
        Ok(Self(crates))
    }

    /// Returns the crates, geo among them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, &Crate)> {
        let crates = self.0.iter();
        crates.map(|((name, version), found)| (name.as_str(), version.as_str(), found))
    }

    /// Returns the content of the section.
    ///
    /// The JSON is not serde_json's, whose members are in an order that depends on
    /// what else is compiled with it. Names and versions have nothing to escape.
    pub fn section(&self) -> Vec<u8> {
        let index: BTreeMap<_, _> = self.0.keys().zip(0..).collect();
        let packages = self.0.iter().map(|((name, version), found)| {
            let source = match found.is_from_crates_io {
                true => "crates.io",
                false => "local",
            };
            let dependencies = found.dependencies.iter().map(|id| index[id]);
            let dependencies: Vec<usize> = dependencies.collect();
            let root = match name == "geo" {
                true => r#","root":true"#,
                false => "",
            };
            format!(
                r#"{{"name":"{name}","version":"{version}","source":"{source}","dependencies":{dependencies:?}{root}}}"#
            )
        });
        let packages: Vec<_> = packages.collect();
        let list = format!(r#"{{"packages":[{}],"format":1}}"#, packages.join(","));
        compress_to_vec_zlib(list.as_bytes(), 9)
    }
}

fn parse(line: &str) -> Option<(usize, Id, Crate)> {
    let mut fields = line.split('\t');
    let package = fields.next()?;
    let start = package.find(|c: char| !c.is_ascii_digit())?;
    let (depth, package) = package.split_at(start);
    // What follows the version names a source that is not crates.io.
    let mut words = package.splitn(3, ' ');
    let name = words.next()?.to_owned();
    let version = words.next()?.strip_prefix('v')?.to_owned();
    let found = Crate {
        is_from_crates_io: words.next().is_none(),
        licence: fields.next()?.to_owned(),
        repository: fields.next()?.to_owned(),
        dependencies: BTreeSet::new(),
    };
    Some((depth.parse().ok()?, (name, version), found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_a_graph() {
        let tree = "0geo v0.1.0 (/elbonia)\tMIT\t\n\
                    1mud v1.0.0\tMIT\thttps://mud.example\n\
                    2water v2.0.0+salt\tISC\t\n\
                    1water v2.0.0+salt\tISC\t";
        let crates = Crates::parse(tree).unwrap();
        let found: Vec<_> = crates
            .iter()
            .map(|(name, version, found)| (name, version, found.dependencies.len()))
            .collect();
        assert_eq!(
            found,
            [
                ("geo", "0.1.0", 2),
                ("mud", "1.0.0", 1),
                ("water", "2.0.0+salt", 0)
            ]
        );
        let local = crates
            .iter()
            .filter(|(_, _, found)| !found.is_from_crates_io);
        assert_eq!(local.count(), 1);
    }

    /// Who ships the component ships these: one licence text serves all of them.
    #[test]
    fn licences_of_what_is_in_the_component() {
        let crates = Crates::of(&Workspace::find().unwrap(), Build::Spin).unwrap();
        for (name, _, found) in crates.iter() {
            let mut choices = found.licence.split(" OR ");
            assert!(
                choices.any(|choice| choice == "MIT"),
                "{name}: {}",
                found.licence
            );
        }
    }

    #[test]
    fn no_crate_is_in_the_component_twice() {
        let crates = Crates::of(&Workspace::find().unwrap(), Build::Spin).unwrap();
        let names: Vec<_> = crates.iter().map(|(name, ..)| name).collect();
        assert!(names.is_sorted_by(|one, next| one < next), "{names:?}");
    }

    #[test]
    fn another_form_is_an_error() {
        for tree in [
            "geo v0.1.0\t\t",
            "0geo 0.1.0\t\t",
            "1geo v0.1.0\t\t",
            "0geo v0.1.0",
        ] {
            assert!(Crates::parse(tree).is_err(), "{tree}");
        }
    }
}
