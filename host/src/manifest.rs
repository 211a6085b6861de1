//! `spin.toml`, [manifest version 2][reference], as far as geo-host supports it.
//!
//! [reference]: https://spinframework.dev/v3/manifest-reference

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// An application of one HTTP component.
#[derive(Debug)]
pub struct Manifest {
    /// The name of the application.
    pub name: String,
    /// The file of the component.
    pub source: PathBuf,
    /// The components that it is composed with.
    pub dependencies: Vec<Dependency>,
    /// The middleware in front of it, from the outermost.
    pub middleware: Vec<Middleware>,
    /// The route of the trigger, for example `/...`.
    pub route: String,
    /// The application's variables.
    pub variables: BTreeMap<String, Variable>,
    /// The component's variables: templates over the application's.
    pub component_variables: BTreeMap<String, String>,
    /// The hosts that the component may send requests to: templates, too.
    pub allowed_outbound_hosts: Vec<String>,
    /// The labels of the key-value stores that the component may open.
    pub key_value_stores: Vec<String>,
}

/// A component that satisfies imports of another one.
#[derive(Clone, Debug)]
pub struct Dependency {
    /// The imports that it satisfies: an interface (`geo:lookup/lookup@0.1.0`),
    /// or all interfaces of a package (`geo:lookup@0.1.0`). Without a version, any
    /// version matches.
    pub name: String,
    /// The file of the component.
    pub path: PathBuf,
    /// The configuration that it inherits.
    pub inherits: Inherits,
}

/// A component that handles the requests of another one, and passes them on.
#[derive(Clone, Debug)]
pub struct Middleware {
    /// The file of the component.
    pub path: PathBuf,
    /// The configuration that it inherits.
    pub inherits: Inherits,
}

/// The configuration that a dependency or a middleware inherits from the component: all
/// or nothing, or these fields of the component's table in the manifest.
#[derive(Clone, Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "inherit_configuration is true, false, or a list of fields"
)]
pub enum Inherits {
    /// All of it, or nothing.
    All(bool),
    /// Some fields.
    Fields(Vec<String>),
}

/// A variable of the application.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Variable {
    /// The value if none is given.
    pub default: Option<String>,
    /// Whether a value has to be given.
    pub required: bool,
    /// Whether the value must not be shown.
    pub secret: bool,
    /// The description.
    pub description: Option<String>,
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is not a manifest of version 2, or needs what
    /// geo-host does not support: more than one HTTP trigger, a remote component, or
    /// a component with files, databases or an environment.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the manifest {}", path.display()))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::parse(&text, folder).with_context(|| format!("{} is not usable", path.display()))
    }

    /// Parses the text of a manifest in a folder.
    fn parse(text: &str, folder: &Path) -> Result<Self> {
        let version: Version = toml::from_str(text)?;
        ensure!(
            version.spin_manifest_version == 2,
            "spin_manifest_version is {}; geo-host reads version 2",
            version.spin_manifest_version
        );
        let file: File = toml::from_str(text)?;
        let trigger = match file.trigger.http.as_slice() {
            [trigger] => trigger,
            triggers => {
                bail!(
                    "it has {} HTTP triggers; geo-host serves exactly one",
                    triggers.len()
                )
            }
        };
        let component = file.component(&trigger.component)?;
        let middleware = trigger.dependencies.middleware.iter();
        let middleware = middleware
            .map(|table| file.middleware(table, folder))
            .collect::<Result<_>>()
            .context("dependencies.middleware")?;
        ensure!(
            trigger.route.starts_with('/') && !trigger.route.contains(':'),
            "the route {:?} is none that geo-host knows: a path, or one that ends in /...",
            trigger.route
        );
        for name in file.variables.keys().chain(component.variables.keys()) {
            check_name(name)?;
        }
        for (name, variable) in &file.variables {
            ensure!(
                variable.required != variable.default.is_some(),
                "the variable {name} needs either a default or required = true"
            );
        }
        let all = component.dependencies_inherit_configuration;
        let dependencies = component.dependencies.iter();
        let dependencies = dependencies.map(|(name, dependency)| Dependency {
            name: name.clone(),
            path: folder.join(&dependency.path),
            inherits: dependency
                .inherit_configuration
                .clone()
                .unwrap_or(Inherits::All(all)),
        });
        Ok(Self {
            dependencies: dependencies.collect(),
            middleware,
            name: file.application.name.clone(),
            source: folder.join(&component.source),
            route: trigger.route.clone(),
            variables: file.variables.clone(),
            component_variables: component.variables.clone(),
            allowed_outbound_hosts: component.allowed_outbound_hosts.clone(),
            key_value_stores: component.key_value_stores.clone(),
        })
    }
}

/// Checks Spin's rule for names, which makes `SPIN_VARIABLE_*` unambiguous.
fn check_name(name: &str) -> Result<()> {
    let is_name = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    ensure!(
        is_name,
        "{name:?} is not a name of a variable: lower-case letters, digits and _ only"
    );
    Ok(())
}

#[derive(Deserialize)]
struct Version {
    spin_manifest_version: i64,
}

#[derive(Deserialize)]
struct File {
    application: Application,
    #[serde(default)]
    variables: BTreeMap<String, Variable>,
    trigger: Triggers,
    component: BTreeMap<String, ComponentTable>,
}

impl File {
    /// Returns the table of a component.
    fn component(&self, name: &str) -> Result<&ComponentTable> {
        let Some(component) = self.component.get(name) else {
            bail!("[component.{name}] is missing");
        };
        for field in component.others.keys() {
            ensure!(
                IGNORED.contains(&field.as_str()),
                "[component.{name}] has {field}, which geo-host does not know"
            );
        }
        Ok(component)
    }

    /// Returns a middleware. Like Spin, refuses one that has grants of its own, which it
    /// would not get.
    fn middleware(&self, table: &MiddlewareTable, folder: &Path) -> Result<Middleware> {
        let path = match (&table.component, &table.path) {
            (Some(name), None) => {
                let component = self.component(name)?;
                ensure!(
                    component.dependencies.is_empty()
                        && component.variables.is_empty()
                        && component.allowed_outbound_hosts.is_empty()
                        && component.key_value_stores.is_empty(),
                    "[component.{name}] has dependencies, variables, allowed_outbound_hosts or \
                     key_value_stores, but a middleware has those of the component that it \
                     inherits from"
                );
                &component.source
            }
            (None, Some(path)) => path,
            _ => bail!("it needs either component or path"),
        };
        Ok(Middleware {
            path: folder.join(path),
            inherits: table
                .inherit_configuration
                .clone()
                .unwrap_or(Inherits::All(false)),
        })
    }
}

#[derive(Deserialize)]
struct Application {
    name: String,
}

#[derive(Deserialize)]
struct Triggers {
    #[serde(default)]
    http: Vec<HttpTrigger>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpTrigger {
    #[serde(default, rename = "id")]
    _id: IgnoredAny,
    route: String,
    component: String,
    #[serde(default)]
    dependencies: TriggerDependencies,
}

/// Spin ignores other fields in silence, and serves a route without its middleware.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct TriggerDependencies {
    #[serde(default)]
    middleware: Vec<MiddlewareTable>,
}

#[derive(Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a middleware is a component or a file: { component = \"…\" } or { path = \"…\" }"
)]
struct MiddlewareTable {
    component: Option<String>,
    path: Option<PathBuf>,
    inherit_configuration: Option<Inherits>,
}

#[derive(Deserialize)]
struct ComponentTable {
    source: PathBuf,
    #[serde(default)]
    dependencies: BTreeMap<String, DependencyTable>,
    #[serde(default)]
    dependencies_inherit_configuration: bool,
    #[serde(default)]
    variables: BTreeMap<String, String>,
    #[serde(default)]
    allowed_outbound_hosts: Vec<String>,
    #[serde(default)]
    key_value_stores: Vec<String>,
    #[serde(flatten)]
    others: BTreeMap<String, toml::Value>,
}

#[derive(Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a dependency is a file: { path = \"…\" }"
)]
struct DependencyTable {
    path: PathBuf,
    inherit_configuration: Option<Inherits>,
}

/// Fields of a component's table that do not affect how it runs.
const IGNORED: [&str; 6] = [
    "build",
    "description",
    "exclude_files",
    "profile",
    "targets",
    "tool",
];

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        spin_manifest_version = 2
        [application]
        name = "elbonia"
        [variables]
        mud = { default = "deep" }
        key = { required = true, secret = true }
        [[trigger.http]]
        route = "/..."
        component = "elbonia"
        dependencies.middleware = [
            { component = "guard", inherit_configuration = ["variables"] },
            { path = "gate.wasm" },
        ]
        [component.guard]
        source = "guard.wasm"
        [component.elbonia]
        source = "elbonia.wasm"
        allowed_outbound_hosts = ["https://{{ mud }}.example"]
        key_value_stores = ["default"]
        [component.elbonia.variables]
        mud = "{{ mud }}"
        [component.elbonia.build]
        command = "make"
        [component.elbonia.dependencies]
        "mud:pit" = { path = "../pit.wasm" }
    "#;

    fn parse(text: &str) -> Result<Manifest> {
        Manifest::parse(text, Path::new("folder"))
    }

    #[test]
    fn a_valid_manifest_is_read() {
        let manifest = parse(GOOD).unwrap();
        assert_eq!(manifest.name, "elbonia");
        assert_eq!(manifest.source, Path::new("folder/elbonia.wasm"));
        let dependency = &manifest.dependencies[0];
        assert_eq!(dependency.name, "mud:pit");
        assert!(matches!(dependency.inherits, Inherits::All(false)));
        assert_eq!(dependency.path, Path::new("folder/../pit.wasm"));
        let [guard, gate] = manifest.middleware.as_slice() else {
            panic!("it has two middlewares");
        };
        assert_eq!(guard.path, Path::new("folder/guard.wasm"));
        assert!(matches!(&guard.inherits, Inherits::Fields(fields) if fields == &["variables"]));
        assert_eq!(gate.path, Path::new("folder/gate.wasm"));
        assert!(matches!(gate.inherits, Inherits::All(false)));
        assert_eq!(manifest.route, "/...");
        assert!(manifest.variables["key"].required && manifest.variables["key"].secret);
        assert_eq!(manifest.component_variables["mud"], "{{ mud }}");
        assert_eq!(manifest.key_value_stores, ["default"]);
        assert_eq!(
            manifest.allowed_outbound_hosts,
            ["https://{{ mud }}.example"]
        );
    }

    #[test]
    fn errors_name_what_is_wrong() {
        for (from, to, complaint) in [
            ("spin_manifest_version = 2", "", "spin_manifest_version"),
            (
                "spin_manifest_version = 2",
                "spin_manifest_version = 1",
                "reads version 2",
            ),
            ("[[trigger.http]]", "[[trigger.redis]]", "0 HTTP triggers"),
            (
                "component = \"elbonia\"",
                "component = \"mud\"",
                "[component.mud] is missing",
            ),
            ("route = \"/...\"", "", "route"),
            ("route = \"/...\"", "route = \"/:name\"", "/:name"),
            ("source = \"elbonia.wasm\"", "", "source"),
            (
                "source = \"elbonia.wasm\"",
                "source = { url = \"https://a\" }",
                "source",
            ),
            (
                "{ default = \"deep\" }",
                "{}",
                "needs either a default or required",
            ),
            (
                "{ default = \"deep\" }",
                "{ defualt = \"deep\" }",
                "defualt",
            ),
            ("mud = {", "Mud = {", "not a name of a variable"),
            (
                "source = \"elbonia.wasm\"",
                "source = \"elbonia.wasm\"\nfiles = [\"mud\"]",
                "[component.elbonia] has files",
            ),
            (
                "{ path = \"../pit.wasm\" }",
                "\"0.1.0\"",
                "a dependency is a file",
            ),
            (
                "path = \"../pit.wasm\"",
                "path = \"../pit.wasm\", exprot = \"dig\"",
                "unknown field `exprot`",
            ),
            (
                "path = \"../pit.wasm\"",
                "path = \"../pit.wasm\", inherit_configuration = \"all\"",
                "true, false, or a list",
            ),
            ("[variables]", "[variables", "variables"),
            (
                "dependencies.middleware",
                "dependencies.midleware",
                "unknown field `midleware`",
            ),
            (
                "dependencies.middleware",
                "dependency.middleware",
                "unknown field `dependency`",
            ),
            (
                "{ path = \"gate.wasm\" }",
                "\"gate\"",
                "a middleware is a component or a file",
            ),
            (
                "{ path = \"gate.wasm\" }",
                "{ component = \"gate\" }",
                "[component.gate] is missing",
            ),
            (
                "{ path = \"gate.wasm\" }",
                "{ inherit_configuration = true }",
                "either component or path",
            ),
            (
                "source = \"guard.wasm\"",
                "source = \"guard.wasm\"\nkey_value_stores = [\"default\"]",
                "[component.guard] has dependencies, variables",
            ),
            (
                "source = \"guard.wasm\"",
                "source = \"guard.wasm\"\nfiles = [\"mud\"]",
                "[component.guard] has files",
            ),
        ] {
            let text = GOOD.replacen(from, to, 1);
            let error = format!("{:#}", parse(&text).expect_err(to));
            assert!(error.contains(complaint), "{complaint}: {error}");
        }
    }
}
