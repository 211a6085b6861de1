//! The images and the artifact, as other programs read them. Run `make build` first.

use flate2::read::GzDecoder;
use oci_spec::image::{Arch, Descriptor, ImageConfiguration, ImageIndex, ImageManifest, Os};
use pack::artifact;
use pack::image::{self, Image};
use std::io::Read;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A layout in a temporary folder.
struct Layout {
    folder: TempDir,
    descriptor: Descriptor,
    manifest: ImageManifest,
}

impl Layout {
    /// Writes a layout twice, the second time over the first.
    fn of(write: impl Fn(&Path)) -> Self {
        let folder = TempDir::new().unwrap();
        let read = || {
            write(folder.path());
            std::fs::read(folder.path().join("index.json")).unwrap()
        };
        assert_eq!(read(), read());
        let index = ImageIndex::from_file(folder.path().join("index.json")).unwrap();
        let [descriptor] = index.manifests().as_slice() else {
            panic!("one manifest");
        };
        let manifest = folder
            .path()
            .join("blobs/sha256")
            .join(descriptor.digest().digest());
        Self {
            manifest: ImageManifest::from_file(manifest).unwrap(),
            descriptor: descriptor.clone(),
            folder,
        }
    }

    fn blob(&self, descriptor: &Descriptor) -> Vec<u8> {
        let digest = descriptor.digest().digest();
        std::fs::read(self.folder.path().join("blobs/sha256").join(digest)).unwrap()
    }

    /// Returns the one layer.
    fn layer(&self) -> (&Descriptor, Vec<u8>) {
        let [layer] = self.manifest.layers().as_slice() else {
            panic!("one layer");
        };
        (layer, self.blob(layer))
    }

    /// Checks the tag that skopeo, podman and oras read, and the full name that Docker
    /// and containerd read.
    fn check_names(&self, tag: &str) {
        let names = self.descriptor.annotations().as_ref().unwrap();
        assert_eq!(names["org.opencontainers.image.ref.name"], tag);
        assert_eq!(
            names["io.containerd.image.name"],
            format!("localhost/geo:{tag}")
        );
        // With a platform, they would filter by it.
        assert_eq!(self.descriptor.platform(), &None);
    }
}

#[test]
fn an_image_holds_only_the_component() {
    for kind in [Image::Plain, Image::Spin] {
        let (files, tag) = match kind {
            Image::Plain => (vec![("geo.wasm", "geo-plain.wasm")], VERSION.to_owned()),
            // The Spin shim reads /spin.toml, and the component's source is relative to
            // it.
            Image::Spin => (
                vec![("geo.wasm", "geo.wasm"), ("spin.toml", "spin.toml")],
                format!("{VERSION}-spin"),
            ),
        };
        let layout = Layout::of(|folder| image::write(&root(), kind, folder).unwrap());
        layout.check_names(&tag);

        let (_, layer) = layout.layer();
        let mut archive = tar::Archive::new(GzDecoder::new(layer.as_slice()));
        let mut found = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            assert_eq!(entry.header().mode().unwrap(), 0o644);
            assert_eq!(entry.header().uid().unwrap(), 0);
            assert_eq!(entry.header().mtime().unwrap(), 0);
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            found.push((entry.path().unwrap().display().to_string(), content));
        }
        let files = files.into_iter();
        let expected: Vec<_> = files
            .map(|(name, file)| (name.to_owned(), std::fs::read(root().join(file)).unwrap()))
            .collect();
        assert!(found == expected, "not the files of make build");

        let config = layout.blob(layout.manifest.config());
        let config = ImageConfiguration::from_reader(config.as_slice()).unwrap();
        assert_eq!(config.os(), &Os::Other("wasi".to_owned()));
        assert_eq!(config.architecture(), &Arch::Wasm);
        let config = config.config().as_ref().unwrap();
        let entrypoint = config.entrypoint().as_ref().unwrap();
        assert_eq!(entrypoint, &["/geo.wasm"]);
        assert_eq!(config.user(), &None);
        assert_eq!(config.env(), &None);
        assert_eq!(config.cmd(), &None);
        assert_eq!(config.exposed_ports(), &None);
        assert_eq!(config.volumes(), &None);

        // The Dockerfile sets the same labels, and optionally the source.
        let dockerfile = std::fs::read_to_string(root().join("Dockerfile")).unwrap();
        let labels = config.labels().as_ref().unwrap();
        assert_eq!(labels["org.opencontainers.image.version"], VERSION);
        assert!(dockerfile.contains(&format!("ARG VERSION={VERSION}\n")));
        assert_eq!(labels.len(), 4);
        for (name, value) in labels {
            let value = value.replace(VERSION, "${VERSION}");
            assert!(
                dockerfile.contains(&format!("{name}=\"{value}\"")),
                "{name}"
            );
        }
    }
}

/// The digests are of layers with these files that Go's `archive/tar` wrote, which
/// BuildKit uses.
#[test]
fn layers_equal_those_of_the_dockerfile() {
    for (kind, expected) in [
        (
            Image::Plain,
            "ca35cc066ff549cece43934b363cc41804612a61458ab1d1c4af2d04a609427e",
        ),
        (
            Image::Spin,
            "8d3e53eabd06d0827267b67d8de6807abd448bc814f4e2095714a1f90353c7ec",
        ),
    ] {
        let root = TempDir::new().unwrap();
        for file in ["geo-plain.wasm", "geo.wasm", "spin.toml"] {
            std::fs::write(root.path().join(file), "mud").unwrap();
        }
        let layout = Layout::of(|folder| image::write(root.path(), kind, folder).unwrap());
        let config = layout.blob(layout.manifest.config());
        let config = ImageConfiguration::from_reader(config.as_slice()).unwrap();
        assert_eq!(config.rootfs().diff_ids(), &[format!("sha256:{expected}")]);
    }
}

#[test]
fn the_artifact_holds_the_component_with_its_imports_and_exports() {
    let layout = Layout::of(|folder| artifact::write(&root(), folder).unwrap());
    layout.check_names(&format!("{VERSION}-component"));
    let config = layout.manifest.config();
    assert_eq!(
        config.media_type().to_string(),
        "application/vnd.wasm.config.v0+json"
    );
    let (layer, content) = layout.layer();
    assert_eq!(layer.media_type().to_string(), "application/wasm");
    assert!(content == std::fs::read(root().join("geo.wasm")).unwrap());
    // `oras pull` writes a layer to the file of this name, and skips layers without.
    let title = &layer.annotations().as_ref().unwrap();
    assert_eq!(title["org.opencontainers.image.title"], "geo.wasm");

    let config: serde_json::Value = serde_json::from_slice(&layout.blob(config)).unwrap();
    assert_eq!(
        (&config["architecture"], &config["os"]),
        (&"wasm".into(), &"wasip2".into())
    );
    assert_eq!(config["layerDigests"][0], layer.digest().to_string());
    let names = |of: &str| config["component"][of].as_array().unwrap().clone();
    assert_eq!(
        names("exports"),
        [
            "wasi:http/incoming-handler@0.2.0",
            "geo:lookup/lookup@0.1.0"
        ]
    );
    assert!(names("imports").contains(&"fermyon:spin/variables@2.0.0".into()));
}
