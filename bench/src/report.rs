//! The report: on stdout and in target/bench, in Markdown and in JSON.

use crate::artifacts::Artifacts;
use crate::machine;
use crate::table::Section;
use anyhow::{Context, Result};
use serde_json::json;
use std::path::{Path, PathBuf};

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
