//! The image, built from the real Dockerfile, and the artifact. `make build`
//! has to come first.

use oci_spec::image::{Arch, Os};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use xtask::layout::Layout;
use xtask::{artifact, buildah, process};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
#[ignore = "needs buildah, which make test installs"]
fn holds_the_component_and_nothing_else() {
    for component in ["geo-plain.wasm", "geo.wasm"] {
        let folder = TempDir::new().unwrap();
        let (first, second) = (folder.path().join("first"), folder.path().join("second"));
        for layout in [&first, &second] {
            buildah::package(&root(), &root().join(component), layout).unwrap();
        }
        let image = Layout::read(&first).unwrap();
        assert_eq!(image.digest, Layout::read(&second).unwrap().digest);

        let [layer] = image.layers.as_slice() else {
            panic!("one layer");
        };
        let [file] = layer.files.as_slice() else {
            panic!("one file");
        };
        assert_eq!(file.path, "/geo.wasm");
        let built = std::fs::read(root().join(component)).unwrap();
        assert!(file.content == built, "not what make build made");

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

        // A sixtieth of the smallest image before it: 8.83 MB, Go in scratch.
        assert!(layer.unpacked < 8_830_000 / 60, "{} bytes", layer.unpacked);
    }
}

/// The building stage too, in another folder than this one: on an image that
/// is this machine's toolchain, since no registry may be in reach.
#[test]
#[ignore = "needs buildah, which make test installs"]
fn the_dockerfile_builds_the_same_component() {
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

    let folder = TempDir::new().unwrap();
    let layout = folder.path().join("layout");
    let temporary = TempDir::new().unwrap();
    let temporary = format!("{}:/tmp", temporary.path().display());
    let mut options = vec![
        "--no-cache".to_owned(),
        format!("--build-arg=BUILDER={image}"),
    ];
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
    let built = buildah::build(&root(), &layout, &options);
    output("buildah", &["rmi", "--force", &image]);
    built.unwrap();

    let layers = Layout::read(&layout).unwrap().layers;
    let files: Vec<_> = layers.iter().flat_map(|layer| &layer.files).collect();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].path, "/geo.wasm");
    let here = std::fs::read(root().join("geo-plain.wasm")).unwrap();
    assert!(
        files[0].content == here,
        "another folder makes another component"
    );
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
    assert_eq!(names("exports"), ["wasi:http/incoming-handler@0.2.0"]);
    assert!(names("imports").contains(&"fermyon:spin/variables@2.0.0".into()));
}

fn output(program: &str, arguments: &[&str]) -> String {
    process::output(Command::new(program).args(arguments)).unwrap()
}
