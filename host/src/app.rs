//! An application that is ready to run: the manifest with its variables.

use crate::allowed_hosts::AllowedHosts;
use crate::manifest::{Dependency, Manifest, Middleware};
use crate::template;
use anyhow::{Context, Result, anyhow};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// An application with all templates expanded.
pub struct App {
    /// The file of the component.
    pub source: PathBuf,
    /// The components that it is composed with.
    pub dependencies: Vec<Dependency>,
    /// The middleware in front of it, from the outermost.
    pub middleware: Vec<Middleware>,
    pub(crate) route: String,
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) allowed_hosts: AllowedHosts,
    pub(crate) key_value_stores: Vec<String>,
}

impl App {
    /// Expands a manifest. The value of a variable is the one that `given`
    /// returns, or else its default.
    ///
    /// # Errors
    ///
    /// If a required variable has no value, or a template or an allowed host is
    /// invalid.
    pub fn new(manifest: Manifest, given: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let mut variables = BTreeMap::new();
        for (name, variable) in manifest.variables {
            let value = given(&name).or(variable.default).ok_or_else(|| {
                anyhow!(
                    "the variable {name} is required: set {}",
                    environment_name(&name)
                )
            })?;
            variables.insert(name, value);
        }
        let allowed = manifest.allowed_outbound_hosts.iter();
        let allowed = allowed.map(|host| template::expand(host, &variables));
        let allowed_hosts = allowed
            .collect::<Result<Vec<_>>>()
            .and_then(AllowedHosts::parse)
            .context("allowed_outbound_hosts")?;
        let component_variables = manifest
            .component_variables
            .into_iter()
            .map(|(name, value)| {
                let value = template::expand(&value, &variables)
                    .with_context(|| format!("the component's variable {name}"))?;
                Ok((name, value))
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            source: manifest.source,
            dependencies: manifest.dependencies,
            middleware: manifest.middleware,
            route: manifest.route,
            variables: component_variables,
            allowed_hosts,
            key_value_stores: manifest.key_value_stores,
        })
    }

    /// Returns the value of a variable from the environment, where its name is
    /// `SPIN_VARIABLE_` and the name in capitals, as for Spin.
    pub fn variable_from_environment(name: &str) -> Option<String> {
        std::env::var(environment_name(name)).ok()
    }
}

fn environment_name(variable: &str) -> String {
    format!("SPIN_VARIABLE_{}", variable.to_ascii_uppercase())
}
