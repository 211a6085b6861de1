//! What the component's data is: the texts that it sends, and the rest.

use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::path::Path;

/// Returns the sizes of what can be recognised in the data of a core module:
/// texts by their beginning or by the files in `src` that they come from.
///
/// # Errors
///
/// If the sources cannot be read.
pub fn parts(data: &[u8], src: &Path) -> Result<BTreeMap<String, usize>> {
    let mut parts = BTreeMap::new();
    parts.insert(
        "text: OpenAPI".to_owned(),
        // See build.rs.
        between(data, br#"{"openapi":"#, b"\n\n"),
    );
    let mut files = Vec::new();
    collect(src, &mut files)?;
    for (name, content) in files {
        let size = match find(data, content.trim().as_bytes()) {
            Some(_) => content.trim().len(),
            None => 0,
        };
        *parts.entry(format!("text: {name}")).or_default() += size;
    }
    parts.insert(
        "text: the page's style".to_owned(),
        between(data, b"<style>", b"</style>"),
    );
    parts.insert(
        "text: source files, named by panics".to_owned(),
        source_files(data),
    );
    parts.retain(|_, size| *size > 0);
    let known: usize = parts.values().sum();
    parts.insert(
        "other text and tables".to_owned(),
        data.len().saturating_sub(known),
    );
    Ok(parts)
}

/// Files that are in the component as they are: the map, the countries.
fn collect(folder: &Path, files: &mut Vec<(String, String)>) -> Result<()> {
    for entry in folder
        .read_dir()
        .with_context(|| folder.display().to_string())?
    {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "path" || extension == "txt")
        {
            let name = path.file_name().unwrap_or_default().display().to_string();
            files.push((name, std::fs::read_to_string(&path)?));
        }
    }
    Ok(())
}

/// The size of what stands between the first `start` and the `end` after it.
fn between(data: &[u8], start: &[u8], end: &[u8]) -> usize {
    let Some(start) = find(data, start).map(|at| at + start.len()) else {
        return 0;
    };
    find(&data[start..], end).unwrap_or(0)
}

/// The size of all paths of Rust source files.
fn source_files(data: &[u8]) -> usize {
    let is_path = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-".contains(byte);
    let words = data.split(|byte| !is_path(byte));
    // One path may follow another without anything between.
    let paths = words.filter(|word| word.ends_with(b".rs") && word.contains(&b'/'));
    paths.map(<[u8]>::len).sum()
}

fn find(data: &[u8], text: &[u8]) -> Option<usize> {
    data.windows(text.len().max(1))
        .position(|window| window == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_recognised() {
        let data = br#"abc src/lib.rs <style>a{}</style>"#;
        assert_eq!(source_files(data), 10);
        assert_eq!(between(data, b"<style>", b"</style>"), 3);
    }
}
