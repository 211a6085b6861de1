//! What well-known tools say of `/openapi.json`: a linter of descriptions, and
//! a program that makes hundreds of requests of one. `make test` puts them on the
//! path.

use component_tests::{Geo, root};
use std::process::Command;

fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    // Where what it writes beside its report may stay.
    command.current_dir(env!("CARGO_TARGET_TMPDIR"));
    command
}

#[test]
#[ignore = "needs redocly, which make test installs"]
fn redocly_has_nothing_to_complain_of() {
    let root = root().canonicalize().unwrap();
    let status = program("redocly")
        .env("REDOCLY_TELEMETRY", "off")
        .env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true")
        .args(["lint", "--extends", "recommended-strict"])
        .arg(root.join("src/http/openapi.json"))
        .status();
    assert!(status.unwrap().success());
}

#[tokio::test]
#[ignore = "needs schemathesis, which make test installs"]
async fn schemathesis_finds_no_other_answer_than_is_described() {
    let geo = Geo::with(&[("lookup", "any")]).await;
    let url = format!("http://{}/openapi.json", geo.address());
    let root = root().canonicalize().unwrap();
    let run = move || {
        program("schemathesis")
            .arg("--config-file")
            .arg(root.join("tests/openapi/schemathesis.toml"))
            .args(["run", "--no-color", &url])
            .status()
    };
    // Beside geo, which goes on answering.
    let status = tokio::task::spawn_blocking(run).await.unwrap();
    assert!(status.unwrap().success());
    assert!(!geo.stand_in.calls().is_empty());
}
