//! `[component.NAME.dependencies]`: which other components satisfy imports of
//! the component.

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

/// A component that satisfies imports of another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The imports that it satisfies.
    pub name: DependencyName,
    /// The file of the component.
    pub path: PathBuf,
    /// The export that satisfies the import, where it has another name.
    pub export: Option<String>,
    /// What it may use of the host.
    pub inherited: Inherited,
}

/// Names an interface (`geo:lookup/lookup@0.1.0`), all interfaces of a package
/// (`geo:lookup@0.1.0`), or an import with a plain name (`lookup`). Without a
/// version, every version is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DependencyName {
    package: String,
    interface: Option<String>,
    version: Option<String>,
}

/// The configuration of the component that a dependency of it inherits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inherited {
    /// All of it.
    All,
    /// These fields of the component's table in the manifest, perhaps none.
    Only(BTreeSet<String>),
}

/// The fields that can be inherited, whether or not geo-host has what they
/// stand for.
const FIELDS: [&str; 7] = [
    "ai_models",
    "allowed_outbound_hosts",
    "environment",
    "files",
    "key_value_stores",
    "sqlite_databases",
    "variables",
];

impl Dependency {
    /// Takes an entry of a manifest in `folder`. `inherit_all` is what the
    /// manifest says for all dependencies, if it does.
    pub(crate) fn parse(
        name: &str,
        entry: toml::Value,
        inherit_all: Option<bool>,
        folder: &Path,
    ) -> Result<Self> {
        if entry.is_str() {
            bail!(FROM_REGISTRY);
        }
        let entry: Entry = entry.try_into()?;
        if entry.registry.is_some() || entry.package.is_some() || entry.version.is_some() {
            bail!(FROM_REGISTRY);
        }
        if entry.url.is_some() {
            bail!("geo-host fetches nothing: download it, and name the file with path = \"…\"");
        }
        if let Some(component) = entry.component {
            bail!("name the file of the component {component} with path = \"…\"");
        }
        let path = entry.path.context("path is missing")?;
        let name = DependencyName::parse(name);
        ensure!(
            entry.export.is_none() || !name.is_package(),
            "an export can satisfy an interface, not a whole package"
        );
        let inherited = match (inherit_all, entry.inherit_configuration) {
            (Some(_), Some(_)) => bail!(
                "dependencies_inherit_configuration and inherit_configuration exclude each other"
            ),
            (Some(true), None) | (None, Some(Inherit::AllOrNone(true))) => Inherited::All,
            (None, Some(Inherit::Fields(fields))) => Inherited::Only(fields),
            _ => Inherited::none(),
        };
        if let Inherited::Only(fields) = &inherited {
            for field in fields {
                ensure!(
                    FIELDS.contains(&field.as_str()),
                    "{field:?} cannot be inherited; what can is {}",
                    FIELDS.join(", ")
                );
            }
        }
        Ok(Self {
            name,
            path: folder.join(path),
            export: entry.export,
            inherited,
        })
    }
}

const FROM_REGISTRY: &str = "geo-host fetches nothing from a registry: pull it (wkg get), and name the file with path = \"…\"";

impl DependencyName {
    /// Takes a name apart.
    pub fn parse(name: &str) -> Self {
        let (name, version) = split(name, '@');
        let (package, interface) = split(name, '/');
        Self {
            package: package.to_owned(),
            interface: interface.map(str::to_owned),
            version: version.map(str::to_owned),
        }
    }

    /// Whether an import of this name is meant.
    pub fn matches(&self, import: &str) -> bool {
        let import = Self::parse(import);
        let agrees = |mine: &Option<String>, its| mine.is_none() || *mine == its;
        self.package == import.package
            && agrees(&self.interface, import.interface)
            && agrees(&self.version, import.version)
    }

    fn is_package(&self) -> bool {
        self.interface.is_none() && self.package.contains(':')
    }
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    match text.split_once(at) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

impl fmt::Display for DependencyName {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.package)?;
        if let Some(interface) = &self.interface {
            write!(f, "/{interface}")?;
        }
        if let Some(version) = &self.version {
            write!(f, "@{version}")?;
        }
        Ok(())
    }
}

impl Inherited {
    /// Nothing: what Spin gives to a dependency of which the manifest does not
    /// say more.
    pub fn none() -> Self {
        Self::Only(BTreeSet::new())
    }

    /// Whether this field of the component's table is inherited.
    pub fn has(&self, field: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(fields) => fields.contains(field),
        }
    }
}

/// All forms that Spin knows, so that those that geo-host does not can be told
/// from slips of the pen.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    path: Option<PathBuf>,
    export: Option<String>,
    inherit_configuration: Option<Inherit>,
    component: Option<String>,
    version: Option<toml::Value>,
    registry: Option<toml::Value>,
    package: Option<toml::Value>,
    url: Option<toml::Value>,
    #[serde(rename = "digest")]
    _digest: Option<toml::Value>,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "inherit_configuration is true, false, or a list of fields"
)]
enum Inherit {
    AllOrNone(bool),
    Fields(BTreeSet<String>),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(entry: &str, inherit_all: Option<bool>) -> Result<Dependency> {
        let entry: toml::Table = toml::from_str(&format!("entry = {entry}")).unwrap();
        let name = "mud:pit/dig@0.1.0";
        Dependency::parse(
            name,
            entry["entry"].clone(),
            inherit_all,
            Path::new("folder"),
        )
    }

    #[test]
    fn names_match_imports_as_in_spin() {
        for (name, import, matches) in [
            ("mud:pit/dig@0.1.0", "mud:pit/dig@0.1.0", true),
            ("mud:pit/dig@0.1.0", "mud:pit/dig@0.1.1", false),
            ("mud:pit/dig@0.1.0", "mud:pit/dig", false),
            ("mud:pit/dig", "mud:pit/dig@0.1.0", true),
            ("mud:pit/dig", "mud:pit/digger@0.1.0", false),
            ("mud:pit", "mud:pit/dig@0.1.0", true),
            ("mud:pit", "mud:pits/dig@0.1.0", false),
            ("mud:pit@0.1.0", "mud:pit/dig@0.1.0", true),
            ("mud:pit@0.2.0", "mud:pit/dig@0.1.0", false),
            ("dig", "dig", true),
            ("dig", "mud:pit/dig", false),
        ] {
            let name = DependencyName::parse(name);
            assert_eq!(name.matches(import), matches, "{name} {import}");
        }
    }

    #[test]
    fn what_is_inherited() {
        let one = BTreeSet::from(["variables".to_owned()]);
        for (inherit_all, entry, expected) in [
            (None, r#"{ path = "pit.wasm" }"#, Inherited::none()),
            (Some(false), r#"{ path = "pit.wasm" }"#, Inherited::none()),
            (Some(true), r#"{ path = "pit.wasm" }"#, Inherited::All),
            (
                None,
                r#"{ path = "pit.wasm", inherit_configuration = true }"#,
                Inherited::All,
            ),
            (
                None,
                r#"{ path = "pit.wasm", inherit_configuration = false }"#,
                Inherited::none(),
            ),
            (
                None,
                r#"{ path = "pit.wasm", inherit_configuration = ["variables"] }"#,
                Inherited::Only(one),
            ),
        ] {
            let dependency = parse(entry, inherit_all).unwrap();
            assert_eq!(dependency.inherited, expected, "{entry}");
            assert_eq!(dependency.path, Path::new("folder/pit.wasm"));
        }
    }

    #[test]
    fn what_geo_host_does_not_know_is_refused() {
        for (entry, complaint) in [
            (r#"">= 0.1""#, "nothing from a registry"),
            (r#"{ version = "0.1.0" }"#, "nothing from a registry"),
            (
                r#"{ version = "0.1.0", registry = "elbonia.example" }"#,
                "nothing from a registry",
            ),
            (
                r#"{ url = "https://elbonia.example/pit.wasm", digest = "sha256:0" }"#,
                "download it",
            ),
            (r#"{ component = "pit" }"#, "the file of the component pit"),
            (r#"{ export = "dig" }"#, "path is missing"),
            (r#"{ path = "pit.wasm", exprot = "dig" }"#, "exprot"),
            (
                r#"{ path = "pit.wasm", inherit_configuration = "all" }"#,
                "true, false, or a list",
            ),
            (
                r#"{ path = "pit.wasm", inherit_configuration = ["mud"] }"#,
                "\"mud\" cannot",
            ),
        ] {
            let error = format!("{:#}", parse(entry, None).expect_err(entry));
            assert!(error.contains(complaint), "{entry}: {error}");
        }
        let both = parse(
            r#"{ path = "pit.wasm", inherit_configuration = true }"#,
            Some(true),
        );
        assert!(both.unwrap_err().to_string().contains("exclude each other"));
    }

    #[test]
    fn an_export_satisfies_no_package() {
        let entry = toml::Table::from_iter([
            ("path".to_owned(), "pit.wasm".into()),
            ("export".to_owned(), "dig".into()),
        ]);
        for (name, is_good) in [("mud:pit", false), ("mud:pit/dig", true), ("dig", true)] {
            let parsed = Dependency::parse(name, entry.clone().into(), None, Path::new(""));
            assert_eq!(parsed.is_ok(), is_good, "{name}");
        }
    }
}
