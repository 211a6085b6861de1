//! Takes off what no engine reads: names of the component's parts, and who
//! produced it. Rust's `strip` does so only inside of the core module.

use anyhow::{Context, Result};
use wasm_encoder::{Component, RawSection};
use wasmparser::{Parser, Payload};

/// The component without its custom sections.
///
/// # Errors
///
/// Where it is none.
pub fn strip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut component = Component::new();
    // The end of the nested module or component that is being passed over.
    let mut passed = 0;
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        let Some((id, range)) = payload.as_section() else {
            continue;
        };
        if range.start < passed {
            continue;
        }
        if let Payload::ModuleSection { .. } | Payload::ComponentSection { .. } = payload {
            passed = range.end;
        }
        if let Payload::CustomSection(_) = payload {
            continue;
        }
        let data = bytes.get(range).context("a section goes beyond the end")?;
        component.section(&RawSection { id, data });
    }
    Ok(component.finish())
}
