//! `xtask countries`: the names of the countries on the page.
//!
//! From the English names of Unicode CLDR, as the npm package
//! `cldr-localenames-full` carries them.

use crate::programs::npm_file;
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use serde_json::Value;
use std::path::Path;

/// Codes that CLDR names and ISO 3166-1 does not assign to a country: islands
/// and groups that are reserved, and those for tests and the unknown. XK stays:
/// ISO 3166-1 has no code for Kosovo, and databases of addresses use this one.
const NOT_COUNTRIES: [&str; 14] = [
    "AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ",
];

/// Writes the names to a file, with a line for each code: the code, a space and
/// the name.
///
/// # Errors
///
/// If npm cannot install the package, or the file cannot be written.
pub fn write(workspace: &Workspace, file: &Path) -> Result<()> {
    let folder = workspace.root.join("xtask/countries");
    let json = npm_file(&folder, "cldr-localenames-full/main/en/territories.json");
    let json = json.context("the names need CLDR from npm")?;
    std::fs::write(file, lines(&json)?).with_context(|| file.display().to_string())
}

fn lines(json: &str) -> Result<String> {
    let cldr: Value = serde_json::from_str(json)?;
    let names = &cldr["main"]["en"]["localeDisplayNames"]["territories"];
    let names = names
        .as_object()
        .context("the package has no territories")?;
    // Continents have numbers, and other forms of a name longer keys.
    let is_country = |code: &str| {
        let is_code = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        is_code && !NOT_COUNTRIES.contains(&code)
    };
    let mut lines: Vec<_> = names
        .iter()
        .filter(|(code, _)| is_country(code))
        .filter_map(|(code, name)| Some(format!("{code} {}\n", name.as_str()?)))
        .collect();
    lines.sort_unstable();
    Ok(lines.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_countries() {
        let json = r#"{"main":{"en":{"localeDisplayNames":{"territories":{
            "001":"world","CH":"Switzerland","AD":"Andorra","EU":"European Union",
            "HK-alt-short":"Hong Kong","XK":"Kosovo","ZZ":"Unknown Region"}}}}}"#;
        assert_eq!(
            lines(json).unwrap(),
            "AD Andorra\nCH Switzerland\nXK Kosovo\n"
        );
    }
}
