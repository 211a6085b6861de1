//! Writes an [OCI image layout][layout]: a folder with an image or artifact, which
//! Docker, containerd and the tools of registries read.
//!
//! [layout]: https://github.com/opencontainers/image-spec/blob/main/image-layout.md

use anyhow::{Context, Result};
use oci_spec::image::{
    ANNOTATION_REF_NAME, Descriptor, ImageIndexBuilder, ImageManifestBuilder, MediaType,
    OciLayoutBuilder, Sha256Digest,
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

/// The time of creation, constant so that the same component has the same digest.
pub const CREATED: &str = "1970-01-01T00:00:00Z";

/// A layout that is being written.
pub struct Layout {
    folder: PathBuf,
}

impl Layout {
    /// Creates a layout. Replaces one in the folder.
    pub fn create(folder: &Path) -> Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        fs::create_dir_all(folder.join("blobs/sha256"))
            .with_context(|| folder.display().to_string())?;
        let folder = folder.to_owned();
        Ok(Self { folder })
    }

    /// Writes a blob.
    pub fn blob(&self, media_type: MediaType, content: &[u8]) -> Result<Descriptor> {
        let digest = sha256(content);
        fs::write(self.folder.join("blobs/sha256").join(&digest), content)?;
        let digest: Sha256Digest = digest.parse()?;
        Ok(Descriptor::new(media_type, content.len() as u64, digest))
    }

    /// Writes a configuration.
    pub fn config(&self, media_type: MediaType, config: Value) -> Result<Descriptor> {
        self.blob(media_type, sorted(config).as_bytes())
    }

    /// Writes the manifest with a tag.
    pub fn finish(self, config: Descriptor, layer: Descriptor, tag: &str) -> Result<()> {
        let size = layer.size();
        let manifest = ImageManifestBuilder::default()
            .schema_version(2_u32)
            .media_type(MediaType::ImageManifest)
            .config(config)
            .layers([layer])
            .build()?;
        let manifest = sorted(serde_json::to_value(manifest)?);
        let mut manifest = self.blob(MediaType::ImageManifest, manifest.as_bytes())?;
        let folder = self.folder.display();
        println!("{folder}: {}, {size} bytes", manifest.digest());
        // skopeo, podman and oras read the tag. `docker load` and `ctr images import`
        // read the full name, to which Docker would add a host.
        manifest.set_annotations(Some(
            [
                (ANNOTATION_REF_NAME.to_owned(), tag.to_owned()),
                (
                    "io.containerd.image.name".to_owned(),
                    format!("localhost/geo:{tag}"),
                ),
            ]
            .into(),
        ));
        let index = ImageIndexBuilder::default()
            .schema_version(2_u32)
            .media_type(MediaType::ImageIndex)
            .manifests([manifest])
            .build()?;
        let index = sorted(serde_json::to_value(index)?);
        fs::write(self.folder.join("index.json"), index)?;
        let version = OciLayoutBuilder::default()
            .image_layout_version("1.0.0")
            .build()?;
        Ok(version.to_file(self.folder.join("oci-layout"))?)
    }
}

/// Returns the SHA-256 digest in hexadecimal.
pub fn sha256(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns JSON with sorted members. The order of a hash map would change the digest
/// with each run.
fn sorted(mut json: Value) -> String {
    json.sort_all_objects();
    json.to_string()
}
