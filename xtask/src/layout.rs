//! Reading an [OCI image layout][layout].
//!
//! [layout]: https://github.com/opencontainers/image-spec/blob/main/image-layout.md

use anyhow::{Context, Result, ensure};
use flate2::read::GzDecoder;
use oci_spec::image::{Descriptor, ImageConfiguration, ImageIndex, ImageManifest, MediaType};
use sha2::{Digest, Sha256};
use std::fmt;
use std::io::Read;
use std::path::Path;

/// The one image or artifact of a layout.
pub struct Layout {
    /// The digest by which it is known.
    pub digest: String,
    /// Its manifest.
    pub manifest: ImageManifest,
    /// Its configuration, as it is written.
    pub config: Vec<u8>,
    /// Its layers.
    pub layers: Vec<Layer>,
}

/// A layer: files, or, in an artifact, one blob.
pub struct Layer {
    /// The layer as it is stored.
    pub descriptor: Descriptor,
    /// How large it is when unpacked, in bytes.
    pub unpacked: usize,
    /// What it holds.
    pub files: Vec<File>,
}

/// A file of a layer.
pub struct File {
    /// Its path, from the root.
    pub path: String,
    /// Its permissions.
    pub mode: u32,
    /// Its content.
    pub content: Vec<u8>,
}

impl Layout {
    /// Reads a layout, and checks all digests.
    ///
    /// # Errors
    ///
    /// Where it is none, holds not exactly one image, or a digest is wrong.
    pub fn read(folder: &Path) -> Result<Self> {
        let index = ImageIndex::from_file(folder.join("index.json"))
            .with_context(|| format!("{} is no OCI image layout", folder.display()))?;
        let [descriptor] = index.manifests().as_slice() else {
            anyhow::bail!("{} holds more or less than one image", folder.display());
        };
        let manifest = ImageManifest::from_reader(blob(folder, descriptor)?.as_slice())?;
        let layers = manifest.layers().iter();
        let layers = layers.map(|layer| Layer::read(layer, blob(folder, layer)?));
        Ok(Self {
            digest: descriptor.digest().to_string(),
            config: blob(folder, manifest.config())?,
            layers: layers.collect::<Result<_>>()?,
            manifest,
        })
    }

    /// The configuration, if it is that of an image.
    ///
    /// # Errors
    ///
    /// Where it is another's.
    pub fn image_config(&self) -> Result<ImageConfiguration> {
        Ok(ImageConfiguration::from_reader(self.config.as_slice())?)
    }
}

fn blob(folder: &Path, descriptor: &Descriptor) -> Result<Vec<u8>> {
    let digest = descriptor.digest().digest();
    let content = std::fs::read(folder.join("blobs/sha256").join(digest))?;
    let found = hex(&content);
    ensure!(found == digest, "the blob {digest} has the digest {found}");
    Ok(content)
}

/// SHA-256 in hexadecimal.
pub fn hex(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Layer {
    fn read(descriptor: &Descriptor, stored: Vec<u8>) -> Result<Self> {
        let (unpacked, files) = match descriptor.media_type() {
            MediaType::ImageLayerGzip => {
                let mut archive = Vec::new();
                GzDecoder::new(stored.as_slice()).read_to_end(&mut archive)?;
                (archive.len(), files(&archive)?)
            }
            _ => {
                let path = descriptor.media_type().to_string();
                let content = stored;
                let file = File {
                    path,
                    mode: 0,
                    content,
                };
                (file.content.len(), vec![file])
            }
        };
        Ok(Self {
            descriptor: descriptor.clone(),
            unpacked,
            files,
        })
    }
}

fn files(archive: &[u8]) -> Result<Vec<File>> {
    let mut files = Vec::new();
    for entry in tar::Archive::new(archive).entries()? {
        let mut entry = entry?;
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        files.push(File {
            path: format!("/{}", entry.path()?.display()),
            mode: entry.header().mode()?,
            content,
        });
    }
    Ok(files)
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        writeln!(f, "  {}", self.digest)?;
        for layer in &self.layers {
            let stored = layer.descriptor.size();
            writeln!(f, "  layer of {} bytes, stored in {stored}", layer.unpacked)?;
            for file in &layer.files {
                writeln!(f, "    {} of {} bytes", file.path, file.content.len())?;
            }
        }
        Ok(())
    }
}
