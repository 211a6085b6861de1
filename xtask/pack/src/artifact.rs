//! The component as an OCI artifact, in the [format of the CNCF's WebAssembly working
//! group][cncf]: a configuration with imports and exports, and the component as its
//! only layer.
//!
//! [cncf]: https://tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/

use crate::layout::{CREATED, Layout, sha256};
use anyhow::{Context, Result, bail};
use oci_spec::image::ANNOTATION_TITLE;
use serde_json::json;
use std::path::Path;
use wit_parser::decoding::{DecodedWasm, decode};
use xtask::component::Build;

/// Writes the artifact of the component for Spin in `root`. Replaces a layout in the
/// folder.
///
/// # Errors
///
/// If the component is missing, or the layout cannot be written.
pub fn write(root: &Path, folder: &Path) -> Result<()> {
    let file = Build::Spin.file();
    let component = std::fs::read(root.join(file))
        .with_context(|| format!("cannot read {file}: \"make build\" makes it"))?;
    let DecodedWasm::Component(resolve, world) = decode(&component)? else {
        bail!("{file} is not a component");
    };
    let world = &resolve.worlds[world];
    let imports = world.imports.keys();
    let imports: Vec<_> = imports.map(|key| resolve.name_world_key(key)).collect();
    let exports = world.exports.keys();
    let exports: Vec<_> = exports.map(|key| resolve.name_world_key(key)).collect();
    let config = json!({
        "created": CREATED,
        "architecture": "wasm",
        "os": "wasip2",
        "layerDigests": [format!("sha256:{}", sha256(&component))],
        "component": { "imports": imports, "exports": exports },
    });

    let layout = Layout::create(folder)?;
    let config = layout.config("application/vnd.wasm.config.v0+json".into(), config)?;
    let mut layer = layout.blob("application/wasm".into(), &component)?;
    // The name of the file that ORAS writes. It skips layers without one.
    let title = (ANNOTATION_TITLE.to_owned(), file.to_owned());
    layer.set_annotations(Some([title].into()));
    let tag = concat!(env!("CARGO_PKG_VERSION"), "-component");
    layout.finish(config, layer, tag)
}
