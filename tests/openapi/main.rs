//! Checks of `/openapi.json` by other tools: redocly, a linter, and schemathesis,
//! which generates requests from it. `make test` puts both on the path.

use component_tests::{Geo, root};
use std::process::Command;

fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    // A folder for the files that it writes besides its report.
    command.current_dir(env!("CARGO_TARGET_TMPDIR"));
    command
}

#[test]
#[ignore = "needs redocly, which make test installs"]
fn redocly_finds_no_problem() {
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
async fn schemathesis_finds_no_undescribed_response() {
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
    // On a thread of its own, so that geo can answer.
    let status = tokio::task::spawn_blocking(run).await.unwrap();
    assert!(status.unwrap().success());
    assert!(!geo.stand_in.calls().is_empty());
}
