//! Removes custom sections that no engine reads: names of the component's parts, and
//! its producers. Rust's `strip` removes only those of the core module. The list of
//! crates is added.

use crate::crates::SECTION;
use anyhow::{Context, Result};
use wasm_encoder::{Component, CustomSection, Module, RawSection};
use wasmparser::{Parser, Payload};

/// Returns the component with the list of its crates as its only custom section.
///
/// The list comes first, because auditable-extract reads only up to the end of the
/// first core module.
///
/// # Errors
///
/// If it is not a component.
pub fn strip(bytes: &[u8], list: &[u8]) -> Result<Vec<u8>> {
    let mut component = Component::new();
    component.section(&CustomSection {
        name: SECTION.into(),
        data: list.into(),
    });
    for (id, data, is_module) in sections(bytes)? {
        if !is_module {
            component.section(&RawSection { id, data });
            continue;
        }
        let mut module = Module::new();
        for (id, data, _) in sections(data)? {
            module.section(&RawSection { id, data });
        }
        let data = &module.finish();
        component.section(&RawSection { id, data });
    }
    Ok(component.finish())
}

/// Returns the sections of a component or module that are not custom: number, content,
/// and whether it is a core module.
fn sections(bytes: &[u8]) -> Result<Vec<(u8, &[u8], bool)>> {
    let mut sections = Vec::new();
    // The end of the nested module or component whose sections are skipped.
    let mut skipped = 0;
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        let Some((id, range)) = payload.as_section() else {
            continue;
        };
        if range.start < skipped {
            continue;
        }
        let is_module = matches!(payload, Payload::ModuleSection { .. });
        if is_module || matches!(payload, Payload::ComponentSection { .. }) {
            skipped = range.end;
        }
        if let Payload::CustomSection(_) = payload {
            continue;
        }
        let data = bytes.get(range).context("a section goes beyond the end")?;
        sections.push((id, data, is_module));
    }
    Ok(sections)
}
