//! The workflow: what a linter cannot know, or may not be there to say.

use crate::files;
use serde::Deserialize;
use std::collections::BTreeMap;

const NAME: &str = ".github/workflows/ci.yml";

#[derive(Deserialize)]
struct Workflow {
    permissions: BTreeMap<String, String>,
    jobs: BTreeMap<String, Job>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Job {
    permissions: BTreeMap<String, String>,
    timeout_minutes: u32,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    id: Option<String>,
    uses: Option<String>,
    run: Option<String>,
    #[serde(default)]
    with: BTreeMap<String, serde_json::Value>,
}

#[test]
fn the_workflow_is_valid() {
    files::check_schema(NAME, "github-workflows.json");
}

#[test]
fn actions_are_pinned_and_say_which_version_it_is() {
    let text = files::read(NAME);
    let uses = text.lines().filter_map(|line| line.split("uses: ").nth(1));
    let mut count = 0;
    for action in uses {
        let (name, digest) = action.split_once('@').unwrap();
        let (digest, version) = digest.split_once(" # v").expect(name);
        assert_eq!(digest.len(), 40, "{action}");
        assert!(
            digest.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{action}"
        );
        assert_eq!(version.split('.').count(), 3, "{action}");
        count += 1;
    }
    assert!(count > 5);
}

#[test]
fn jobs_have_few_permissions_and_keep_no_credentials() {
    let workflow: Workflow = files::document(NAME);
    assert!(workflow.permissions.is_empty());
    for (name, job) in workflow.jobs {
        assert!(job.timeout_minutes <= 60, "{name}");
        let writes = job.permissions.values().any(|access| access != "read");
        assert_eq!(writes, name == "release");
        for step in job.steps {
            if step
                .uses
                .is_some_and(|uses| uses.starts_with("actions/checkout@"))
            {
                assert_eq!(step.with["persist-credentials"], false, "{name}");
            }
        }
    }
}

#[test]
fn what_is_downloaded_has_a_checksum() {
    let workflow: Workflow = files::document(NAME);
    for step in workflow.jobs.into_values().flat_map(|job| job.steps) {
        let run = step.run.unwrap_or_default();
        if run.contains("--output") {
            assert!(run.contains("sha256sum --check"), "{run}");
        }
    }
}

#[test]
fn a_release_says_what_it_lacks_before_it_pushes() {
    let workflow: Workflow = files::document(NAME);
    let steps = &workflow.jobs["release"].steps;
    let place = |is: &dyn Fn(&Step) -> bool| steps.iter().position(is).unwrap();
    let checks = place(&|step| step.id.as_deref() == Some("release"));
    let pushes = place(&|step| step.with.get("push") == Some(&true.into()));
    assert!(checks < pushes);
    let checks = steps[checks].run.as_ref().unwrap();
    assert!(checks.contains("REGISTRY") && checks.contains("exit 1"));
}
