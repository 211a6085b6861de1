//! The commands in the documentation.

use crate::files;
use std::collections::BTreeSet;

/// The commands of a file's console blocks, each on one line.
fn commands(name: &str) -> Vec<String> {
    let text = files::read(name);
    let mut commands = Vec::new();
    for block in text.split("```console\n").skip(1) {
        let (block, _) = block.split_once("```").unwrap();
        let block = block.replace("\\\n", " ");
        let lines = block.lines().filter_map(|line| line.strip_prefix("$ "));
        commands.extend(lines.map(str::to_owned));
    }
    assert!(!commands.is_empty(), "{name}");
    commands
}

/// Those that start a container on a shim.
fn on_shims(name: &str) -> Vec<String> {
    let mut commands = commands(name);
    commands.retain(|command| command.contains("docker run ") && command.contains("--runtime "));
    commands
}

#[test]
fn capabilities_are_never_all_dropped() {
    // The shims leave an empty set unapplied, which is worse than no option.
    for file in ["README.md", "deploy/README.md"] {
        for command in on_shims(file) {
            if command.contains("--cap-drop") {
                assert!(command.contains("--cap-add NET_BIND_SERVICE "), "{command}");
            }
        }
    }
}

#[test]
fn deployed_containers_are_hardened() {
    let commands = on_shims("deploy/README.md");
    assert!(commands.len() >= 2);
    for command in commands {
        for option in [
            "--read-only ",
            "--user 65532 ",
            "--cap-drop ALL ",
            "--security-opt no-new-privileges ",
            "--memory ",
            "--platform wasi/wasm ",
        ] {
            assert!(command.contains(option), "{option}: {command}");
        }
        let spin = command.contains("io.containerd.spin.v2");
        assert_eq!(command.contains("--tmpfs /.spin "), spin, "{command}");
        assert_eq!(command.ends_with("-spin"), spin, "{command}");
    }
}

#[test]
fn images_are_built_reproducibly_and_from_targets_that_exist() {
    let dockerfile = files::read("Dockerfile");
    let stages: BTreeSet<_> = dockerfile
        .lines()
        .filter_map(|line| line.strip_prefix("FROM ")?.split_once(" AS "))
        .map(|(_, stage)| stage)
        .collect();
    let builds = commands("deploy/README.md")
        .into_iter()
        // Those in the comment at the top of the Dockerfile too.
        .chain(
            dockerfile
                .lines()
                .filter_map(|line| Some(line.strip_prefix("#   ")?.to_owned())),
        )
        .filter(|command| command.contains("docker build "));
    let mut count = 0;
    for command in builds {
        count += 1;
        assert!(command.starts_with("SOURCE_DATE_EPOCH=0 "), "{command}");
        assert!(command.contains("--provenance=false "), "{command}");
        let target = command.split("--target ").nth(1);
        if let Some(target) = target.map(|rest| rest.split(' ').next().unwrap()) {
            assert!(stages.contains(target), "{command}");
            assert_eq!(command.contains("-spin "), target == "spin", "{command}");
        }
    }
    assert!(count >= 4);
}

#[test]
fn the_image_for_spin_has_a_manifest_that_finds_its_component() {
    // Both lie at the root: see the Dockerfile.
    let manifest: toml::Table = files::read("spin.toml").parse().unwrap();
    let source = manifest["component"]["geo"]["source"].as_str();
    assert_eq!(source, Some("geo.wasm"));
    let ignored = files::read(".dockerignore");
    assert!(ignored.lines().any(|line| line == "!spin.toml"));
}

#[test]
fn links_within_the_repository_lead_somewhere() {
    let text = files::read("deploy/README.md");
    let headings: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("## ").or(line.strip_prefix("### ")))
        .map(|heading| {
            let heading = heading.to_lowercase().replace(' ', "-");
            let keep = |character: &char| character.is_alphanumeric() || *character == '-';
            format!("#{}", heading.chars().filter(keep).collect::<String>())
        })
        .collect();
    let mut count = 0;
    for link in text.split("](").skip(1) {
        let (link, _) = link.split_once(')').unwrap();
        count += 1;
        if link.starts_with('#') {
            assert!(headings.contains(link), "{link}");
        } else {
            assert!(files::path("deploy").join(link).exists(), "{link}");
        }
    }
    // And those by reference.
    for link in text.split("][").skip(1) {
        let (link, _) = link.split_once(']').unwrap();
        count += 1;
        assert!(text.contains(&format!("\n[{link}]: https://")), "{link}");
    }
    assert!(count > 20);
}
