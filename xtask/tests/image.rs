//! The image, built from the real Dockerfile, and the artifact. `make build`
//! has to come first.

use oci_spec::image::{Arch, ImageIndex, Os};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use xtask::component::Build;
use xtask::layout::Layout;
use xtask::{artifact, buildah, process};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The files that the image of a build is to hold, in the order of their names.
fn files(build: Build) -> Vec<(&'static str, Vec<u8>)> {
    let read = |file: &str| std::fs::read(root().join(file)).unwrap();
    match build {
        Build::Plain => vec![("/geo.wasm", read("geo-plain.wasm"))],
        Build::Spin => vec![
            ("/geo.wasm", read("geo.wasm")),
            // Where the Spin shim looks for it; its component's source is
            // relative to that.
            ("/spin.toml", read("spin.toml")),
        ],
    }
}

#[test]
#[ignore = "needs buildah, which make test installs"]
fn holds_the_component_and_nothing_else() {
    for build in Build::ALL {
        let folder = TempDir::new().unwrap();
        let (first, second) = (folder.path().join("first"), folder.path().join("second"));
        for layout in [&first, &second] {
            buildah::package(&root(), build, layout).unwrap();
        }
        let image = Layout::read(&first).unwrap();
        assert_eq!(image.digest, Layout::read(&second).unwrap().digest);

        let [layer] = image.layers.as_slice() else {
            panic!("one layer");
        };
        let found: Vec<_> = layer.files.iter().map(|file| &file.path).collect();
        let expected = files(build);
        assert_eq!(found.len(), expected.len());
        for (file, (path, content)) in layer.files.iter().zip(expected) {
            assert_eq!(file.path, path);
            assert_eq!(file.mode, 0o644);
            assert!(
                file.content == content,
                "{path} is not what make build made"
            );
        }

        let config = image.image_config().unwrap();
        assert_eq!(config.os(), &Os::Other("wasi".to_owned()));
        assert_eq!(config.architecture(), &Arch::Wasm);
        let config = config.config().as_ref().unwrap();
        assert_eq!(
            config.entrypoint().as_deref(),
            Some(&["/geo.wasm".to_owned()][..])
        );
        assert_eq!(config.user(), &None);
        assert_eq!(config.env(), &None);
        assert_eq!(config.cmd(), &None);
        assert_eq!(config.exposed_ports(), &None);
        assert_eq!(config.volumes(), &None);
        let labels = config.labels().as_ref().unwrap();
        let label = |name: &str| labels[&format!("org.opencontainers.image.{name}")].as_str();
        assert_eq!(label("title"), "geo");
        assert_eq!(label("version"), env!("CARGO_PKG_VERSION"));
        assert_eq!(label("licenses"), env!("CARGO_PKG_LICENSE"));
        assert!(!label("description").is_empty());

        // The smallest image before it has 8.83 MB: Go in scratch.
        if build == Build::Plain {
            assert!(layer.unpacked < 8_830_000 / 36, "{} bytes", layer.unpacked);
        }
        check_names(
            &first,
            match build {
                Build::Plain => env!("CARGO_PKG_VERSION"),
                Build::Spin => concat!(env!("CARGO_PKG_VERSION"), "-spin"),
            },
        );
    }
}

/// What tools take a layout's names from, which are in its `index.json`.
fn check_names(layout: &Path, tag: &str) {
    let index = ImageIndex::from_file(layout.join("index.json")).unwrap();
    let [manifest] = index.manifests().as_slice() else {
        panic!("one manifest");
    };
    let names = manifest.annotations().as_ref().unwrap();
    // `skopeo copy oci:LAYOUT:TAG`, `podman pull oci:LAYOUT:TAG` and
    // `oras copy --from-oci-layout LAYOUT:TAG` look for the tag alone.
    assert_eq!(names["org.opencontainers.image.ref.name"], tag);
    // `docker load` (moby's daemon/containerd/image_exporter.go) and `ctr images
    // import` take the whole name from here, as it is. Without it, Docker makes an
    // image of the tag that nothing finds, and ctr one named after the day. The
    // name has to be one that Docker does not complete: it completes all but those
    // that begin with a host, and "localhost" is one.
    assert_eq!(
        names["io.containerd.image.name"],
        format!("localhost/geo:{tag}")
    );
    // Docker and containerd filter by a platform where there is one.
    assert_eq!(manifest.platform(), &None);
}

/// The building stage too, in another folder than this one: on an image that
/// is this machine's toolchain, since no registry may be in reach.
#[test]
#[ignore = "needs buildah, which make test installs"]
fn the_dockerfile_builds_the_same_layers() {
    let sysroot = output("rustc", &["--print", "sysroot"]);
    let cargo_home = std::env::var("CARGO_HOME")
        .unwrap_or_else(|_| format!("{}/.cargo", std::env::var("HOME").unwrap()));
    let builder = output("buildah", &["from", "scratch"]);
    let variables = [
        format!("PATH={sysroot}/bin:/usr/bin:/bin"),
        format!("CARGO_HOME={cargo_home}"),
        // All crates are here, since this test is.
        "CARGO_NET_OFFLINE=true".to_owned(),
    ];
    for variable in &variables {
        output("buildah", &["config", "--env", variable, &builder]);
    }
    let image = output("buildah", &["commit", "--quiet", "--rm", &builder]);

    let temporary = TempDir::new().unwrap();
    let temporary = format!("{}:/tmp", temporary.path().display());
    let mut options = vec![format!("--build-arg=BUILDER={image}")];
    // Debian's cc is a link through /etc/alternatives.
    for mount in [
        "/usr",
        "/bin",
        "/lib",
        "/lib64",
        "/etc/alternatives",
        &sysroot,
    ] {
        options.push(format!("--volume={mount}:{mount}:ro"));
    }
    options.push(format!("--volume={cargo_home}:{cargo_home}"));
    options.push(format!("--volume={temporary}"));
    let options: Vec<_> = options.iter().map(String::as_str).collect();
    let folder = TempDir::new().unwrap();
    let built = Build::ALL.map(|build| {
        let layout = folder.path().join(build.file());
        buildah::build(&root(), build, &layout, &options).map(|()| (build, layout))
    });
    output("buildah", &["rmi", "--force", &image]);

    for built in built {
        let (build, layout) = built.unwrap();
        let image = Layout::read(&layout).unwrap();
        let packaged = folder.path().join("packaged");
        buildah::package(&root(), build, &packaged).unwrap();
        let packaged = Layout::read(&packaged).unwrap();
        // The whole layer: files, their times and permissions, and no more.
        assert_eq!(
            image.image_config().unwrap().rootfs(),
            packaged.image_config().unwrap().rootfs(),
            "the Dockerfile makes another layer than make image: {image}{packaged}"
        );
    }
}

#[test]
fn the_artifact_is_the_component_and_what_it_needs() {
    let folder = TempDir::new().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let component = root().join("geo.wasm");
    for layout in [&first, &second] {
        artifact::write(&component, layout).unwrap();
    }
    let artifact = Layout::read(&first).unwrap();
    assert_eq!(artifact.digest, Layout::read(&second).unwrap().digest);
    assert_eq!(
        artifact.manifest.config().media_type().to_string(),
        "application/vnd.wasm.config.v0+json"
    );
    let [layer] = artifact.layers.as_slice() else {
        panic!("one layer");
    };
    assert_eq!(
        layer.descriptor.media_type().to_string(),
        "application/wasm"
    );
    assert!(layer.files[0].content == std::fs::read(&component).unwrap());
    // `oras pull` writes a layer to the file of this name, and skips one without.
    let title = &layer.descriptor.annotations().as_ref().unwrap();
    assert_eq!(title["org.opencontainers.image.title"], "geo.wasm");
    check_names(&first, concat!(env!("CARGO_PKG_VERSION"), "-component"));

    let config: serde_json::Value = serde_json::from_slice(&artifact.config).unwrap();
    assert_eq!(
        (&config["architecture"], &config["os"]),
        (&"wasm".into(), &"wasip2".into())
    );
    assert_eq!(
        config["layerDigests"][0],
        layer.descriptor.digest().to_string()
    );
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

fn output(program: &str, arguments: &[&str]) -> String {
    process::output(Command::new(program).args(arguments)).unwrap()
}
