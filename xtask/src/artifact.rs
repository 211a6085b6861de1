//! The component as an OCI artifact, in the [layout of the CNCF's WebAssembly
//! working group][cncf]: a configuration that tells what the component needs,
//! and one layer that is the component.
//!
//! [cncf]: https://tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/

use crate::folder::NewLayout;
use crate::layout::hex;
use anyhow::{Context, Result};
use oci_spec::image::{
    ANNOTATION_TITLE, Descriptor, DescriptorBuilder, ImageIndexBuilder, ImageManifestBuilder,
    MediaType, OciLayoutBuilder, Sha256Digest,
};
use serde_json::json;
use std::path::Path;
use std::str::FromStr;
use wasmparser::{Parser, Payload};

const CONFIG: &str = "application/vnd.wasm.config.v0+json";
const LAYER: &str = "application/wasm";

/// Writes the artifact of a component as an OCI image layout.
///
/// # Errors
///
/// If the component cannot be read, or the layout cannot be written: a folder
/// that xtask did not make is left alone.
pub fn write(component: &Path, layout: &Path) -> Result<()> {
    let component = std::fs::read(component).with_context(|| {
        format!(
            "cannot read {}: \"make build\" makes it",
            component.display()
        )
    })?;
    let new = NewLayout::begin(layout)?;
    let layout = new.folder();
    std::fs::create_dir_all(layout.join("blobs/sha256"))?;

    let (imports, exports) = interfaces(&component)?;
    let config = json!({
        // Fixed, so that the same component has the same digest.
        "created": "1970-01-01T00:00:00Z",
        "architecture": "wasm",
        "os": "wasip2",
        "layerDigests": [format!("sha256:{}", hex(&component))],
        "component": { "imports": imports, "exports": exports },
    });
    let write = |media_type: MediaType, content: &[u8]| -> Result<Descriptor> {
        let digest = hex(content);
        std::fs::write(layout.join("blobs/sha256").join(&digest), content)?;
        Ok(DescriptorBuilder::default()
            .media_type(media_type)
            .digest(Sha256Digest::from_str(&digest)?)
            .size(content.len() as u64)
            .build()?)
    };
    let config = write(
        MediaType::Other(CONFIG.to_owned()),
        config.to_string().as_bytes(),
    )?;
    let mut layer = write(MediaType::Other(LAYER.to_owned()), &component)?;
    // The name of the file that ORAS writes; it skips what has none.
    let title = (ANNOTATION_TITLE.to_owned(), "geo.wasm".to_owned());
    layer.set_annotations(Some([title].into()));
    let manifest = ImageManifestBuilder::default()
        .schema_version(2_u32)
        .media_type(MediaType::ImageManifest)
        .config(config)
        .layers([layer])
        .build()?;
    let manifest = write(MediaType::ImageManifest, manifest.to_string()?.as_bytes())?;
    let index = ImageIndexBuilder::default()
        .schema_version(2_u32)
        .media_type(MediaType::ImageIndex)
        .manifests([manifest])
        .build()?;
    index.to_file(layout.join("index.json"))?;
    let version = OciLayoutBuilder::default()
        .image_layout_version("1.0.0")
        .build()?;
    version.to_file(layout.join("oci-layout"))?;
    new.finish(concat!(env!("CARGO_PKG_VERSION"), "-component"))
}

/// What the component imports and exports, by name.
fn interfaces(component: &[u8]) -> Result<(Vec<String>, Vec<String>)> {
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(component) {
        match payload? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            // Those of nested components are its own affair.
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    exports.push(export?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok((imports, exports))
}
