//! The report: on stdout and in target/bench, in Markdown and in JSON.

use crate::artifacts::Artifacts;
use crate::machine;
use crate::table::{Section, Table};
use anyhow::{Context, Result};
use serde_json::json;
use std::path::{Path, PathBuf};
use xtask::size::Size;

use crate::plot;
use crate::table::grouped;

pub struct Report {
    folder: PathBuf,
    heading: String,
    sections: Vec<Section>,
}

impl Report {
    /// An empty report.
    pub fn new(artifacts: &Artifacts) -> Self {
        Self {
            folder: artifacts.folder.clone(),
            heading: machine::description(),
            sections: Vec::new(),
        }
    }

    /// Adds what was measured.
    pub fn add(&mut self, section: Section) {
        self.sections.push(section);
    }

    /// Prints and writes it.
    ///
    /// # Errors
    ///
    /// If a file cannot be written.
    pub fn write(&self, plots: &Option<PathBuf>) -> Result<()> {
        let sections: Vec<_> = self.sections.iter().map(ToString::to_string).collect();
        let text = format!("Measured on {}.\n\n{}", self.heading, sections.join("\n"));
        let values = self
            .sections
            .iter()
            .map(|s| (s.title.clone(), s.json.clone()));
        let mut values: serde_json::Map<_, _> = values.collect();
        values.insert("machine".to_owned(), json!(self.heading));
        write(&self.folder.join("bench.md"), &text)?;
        let json = serde_json::to_string_pretty(&values)?;
        write(&self.folder.join("bench.json"), &json)?;
        let plots = plots.as_ref().unwrap_or(&self.folder);
        for (name, svg) in self.sections.iter().flat_map(|section| &section.plots) {
            write(&plots.join(name), svg)?;
        }
        print!("\n{text}");
        Ok(())
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| path.display().to_string())
}

/// What the component's bytes are.
pub fn size(size: &Size) -> Result<Section> {
    let mut whole = Table::new(&["size", "bytes"]);
    whole.row(["geo.wasm".to_owned(), grouped(size.bytes as u64)]);
    whole.row(["gzipped".to_owned(), grouped(size.gzipped as u64)]);
    whole.row([
        "the image's layer, gzipped".to_owned(),
        grouped(size.layer as u64),
    ]);
    let mut tables = vec![whole];
    for (title, parts) in [
        ("by section", &size.sections),
        ("code, by where its source is", &size.code),
        ("data", &size.data),
    ] {
        let mut table = Table::new(&[title, "bytes"]);
        let mut parts: Vec<_> = parts.iter().collect();
        parts.sort_by_key(|(_, size)| std::cmp::Reverse(**size));
        for (name, size) in parts {
            table.row([name.clone(), grouped(*size as u64)]);
        }
        tables.push(table);
    }
    Ok(Section {
        title: "Size".to_owned(),
        note: "What a part is, `make size` knows, which also shows the largest functions."
            .to_owned(),
        tables,
        json: json!({
            "bytes": size.bytes, "gzipped": size.gzipped, "layer": size.layer,
            "sections": size.sections, "code": size.code, "data": size.data,
        }),
        plots: vec![("sizes.svg", plot::sizes(size.bytes)?)],
    })
}
