//! The scratch images: the component alone, or the component for Spin with its
//! manifest. The Dockerfile makes the same layers.

use crate::layout::{CREATED, Layout, sha256};
use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use oci_spec::image::{
    ANNOTATION_DESCRIPTION, ANNOTATION_LICENSES, ANNOTATION_TITLE, ANNOTATION_VERSION, Arch,
    ConfigBuilder, ImageConfigurationBuilder, MediaType, Os, RootFsBuilder,
};
use std::collections::HashMap;
use std::io::Write;
use std::path::Path;
use tar::{EntryType, Header};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// An image.
#[derive(Clone, Copy)]
pub enum Image {
    /// The plain build.
    Plain,
    /// The build for Spin, and its manifest.
    Spin,
}

/// Writes an image of what is in `root`. Replaces a layout in the folder.
///
/// # Errors
///
/// If a file is missing, or the layout cannot be written.
pub fn write(root: &Path, image: Image, folder: &Path) -> Result<()> {
    // Source and name of each file, in the order of the names.
    let (files, tag) = match image {
        Image::Plain => (&[("geo-plain.wasm", "geo.wasm")][..], VERSION.to_owned()),
        Image::Spin => (
            &[("geo.wasm", "geo.wasm"), ("spin.toml", "spin.toml")][..],
            format!("{VERSION}-spin"),
        ),
    };
    let mut archive = tar::Builder::new(Vec::new());
    for (file, name) in files {
        let content = std::fs::read(root.join(file))
            .with_context(|| format!("cannot read {file}: \"make build\" makes it"))?;
        archive.append(&header(name, content.len())?, content.as_slice())?;
    }
    let archive = archive.into_inner()?;
    let mut layer = GzEncoder::new(Vec::new(), Compression::best());
    layer.write_all(&archive)?;

    let labels = [
        (ANNOTATION_TITLE, "geo"),
        (
            ANNOTATION_DESCRIPTION,
            "Where is this IP address? Asks ipify and returns all of it.",
        ),
        (ANNOTATION_LICENSES, env!("CARGO_PKG_LICENSE")),
        (ANNOTATION_VERSION, VERSION),
    ];
    let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = ConfigBuilder::default()
        .entrypoint(["/geo.wasm".to_owned()])
        .labels(HashMap::from(labels))
        .build()?;
    let files = RootFsBuilder::default()
        .typ("layers")
        .diff_ids([format!("sha256:{}", sha256(&archive))])
        .build()?;
    let config = ImageConfigurationBuilder::default()
        .created(CREATED)
        .architecture(Arch::Wasm)
        .os(Os::Other("wasi".to_owned()))
        .config(config)
        .rootfs(files)
        .build()?;

    let layout = Layout::create(folder)?;
    let config = layout.config(MediaType::ImageConfig, serde_json::to_value(config)?)?;
    let layer = layout.blob(MediaType::ImageLayerGzip, &layer.finish()?)?;
    layout.finish(config, layer, &tag)
}

/// Returns the header of a file with the same bytes as those of Go, and so of
/// BuildKit, because the digest of the layer depends on them.
fn header(name: &str, size: usize) -> Result<Header> {
    let mut header = Header::new_ustar();
    header.set_path(name)?;
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(size as u64);
    header.set_mtime(0);
    header.set_entry_type(EntryType::Regular);
    header.set_device_major(0)?;
    header.set_device_minor(0)?;
    header.set_cksum();
    // Go pads the checksum differently from this crate.
    let sum = format!("{:06o}\0 ", header.cksum()?);
    header.as_old_mut().cksum.copy_from_slice(sum.as_bytes());
    Ok(header)
}
