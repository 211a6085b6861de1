//! Spin's template expressions: `{{ name }}` is the value of a variable.

use anyhow::{Result, anyhow, bail};
use std::collections::BTreeMap;

/// Expands a template with the values of variables.
pub fn expand(template: &str, variables: &BTreeMap<String, String>) -> Result<String> {
    let mut text = String::new();
    let mut rest = template;
    while let Some((literal, expression)) = rest.split_once("{{") {
        let Some((name, after)) = expression.split_once("}}") else {
            bail!("{template:?} opens {{{{ and never closes it");
        };
        let name = name.trim();
        let value = variables
            .get(name)
            .ok_or_else(|| anyhow!("{template:?} uses {name:?}, which is not in [variables]"))?;
        text += literal;
        text += value;
        rest = after;
    }
    Ok(text + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_expanded() {
        let variables = [("a", "1"), ("b", "{{ a }}")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        for (template, expected) in [
            ("", Some("")),
            ("no braces {} }}", Some("no braces {} }}")),
            ("{{ a }}", Some("1")),
            ("{{a}}-{{  a  }}", Some("1-1")),
            ("{{ b }}", Some("{{ a }}")),
            ("{{ c }}", None),
            ("{{ a", None),
        ] {
            let text = expand(template, &variables).ok();
            assert_eq!(text.as_deref(), expected, "{template}");
        }
    }
}
