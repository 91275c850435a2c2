//! The tests of the workspace: cargo builds them, then the programs run side by side, each as cargo would run it, and
//! the examples in the documentation beside them.

use std::path::PathBuf;
use std::process::Command;

use serde::Deserialize;

use crate::shell::{self, Failure, Outcome};
use crate::side::{self, Job};

/// The name of what is run by cargo itself.
const EXAMPLES: &str = "examples of the documentation";

/// What takes more than ten seconds.
const LONGEST: [&str; 14] = [
    "cohong test sync",
    EXAMPLES,
    "cohong test cli",
    "client test oas",
    "cohong test vaults",
    "testkit test sync",
    "testkit test sim",
    "cohong test wire",
    "cohong test kill",
    "store test blob",
    "cohong test demo",
    "cohong test tls",
    "egress test suite",
    "cohong test security",
];

/// Builds and runs all tests; fails with the names of the programs that failed.
pub(crate) fn run() -> Outcome {
    let mut build = shell::cargo();
    build.args(["test", "--workspace", "--no-run"]);
    build.args(["--message-format", "json-render-diagnostics"]);
    let mut jobs = jobs(&shell::capture(&mut build)?)?;
    side::longest_first(&mut jobs, &LONGEST);
    let done = side::run(jobs, side::processors());
    let failed: Vec<_> = done
        .into_iter()
        .filter(|done| done.outcome.is_err())
        .map(|done| done.name)
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("failed: {}", failed.join(", "))))
}

/// A job for every program, and one for the examples in the documentation.
fn jobs(messages: &str) -> Outcome<Vec<Job>> {
    let mut jobs: Vec<_> = messages.lines().filter_map(program).collect();
    if jobs.is_empty() {
        return Err(Failure::new("cargo built no tests"));
    }
    let mut command = shell::cargo();
    command.args(["test", "--doc", "--workspace", "--no-fail-fast"]);
    jobs.push(Job {
        name: EXAMPLES.to_owned(),
        command,
    });
    Ok(jobs)
}

/// What cargo says about a program that it built.
#[derive(Deserialize)]
struct Artifact {
    manifest_path: PathBuf,
    target: Target,
    profile: Profile,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
    name: String,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

/// The test program that a message of cargo's tells of, if it tells of one. It runs where cargo would run it.
fn program(message: &str) -> Option<Job> {
    let artifact: Artifact = serde_json::from_str(message).ok()?;
    let program = artifact.executable.filter(|_| artifact.profile.test)?;
    let folder = artifact.manifest_path.parent()?;
    let package = folder.file_name()?.to_string_lossy();
    let kind = artifact.target.kind.first()?;
    let name = format!("{package} {kind} {}", artifact.target.name);
    let mut command = Command::new(program);
    command.current_dir(folder);
    command.env("CARGO_MANIFEST_DIR", folder);
    Some(Job { name, command })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn message(package: &str, kind: &str, name: &str, test: bool, executable: &str) -> String {
        format!(
            r#"{{"reason":"compiler-artifact","manifest_path":"/r/crates/{package}/Cargo.toml","target":{{"kind":["{kind}"],"name":"{name}"}},"profile":{{"test":{test}}},"executable":{executable}}}"#
        )
    }

    #[test]
    fn tests_are_run_in_the_folders_of_their_packages() {
        let messages = [
            message("core", "lib", "cohong_core", false, "null"),
            message("core", "lib", "cohong_core", true, "\"/t/core-1\""),
            message("cohong", "bin", "cohong", false, "\"/t/cohong\""),
            message("cohong", "test", "cli", true, "\"/t/cli-1\""),
            r#"{"reason":"build-finished","success":true}"#.to_owned(),
        ];
        let jobs = jobs(&messages.join("\n")).unwrap();
        let told: Vec<_> = jobs
            .iter()
            .map(|job| {
                let program = job.command.get_program().to_string_lossy();
                let folder = job.command.get_current_dir().unwrap();
                (job.name.as_str(), program, folder)
            })
            .collect();
        assert_eq!(told.len(), 3);
        let (core, cohong) = (Path::new("/r/crates/core"), Path::new("/r/crates/cohong"));
        assert_eq!(told[0], ("core lib cohong_core", "/t/core-1".into(), core));
        assert_eq!(told[1], ("cohong test cli", "/t/cli-1".into(), cohong));
        assert_eq!(told[2].0, EXAMPLES);
    }

    #[test]
    fn nothing_built_is_a_failure() {
        assert!(jobs("").is_err());
        assert!(jobs(&message("cohong", "bin", "cohong", false, "\"/t/cohong\"")).is_err());
    }

    #[test]
    fn the_longest_exist() {
        for name in LONGEST.iter().filter(|name| **name != EXAMPLES) {
            let (package, test) = name.split_once(" test ").expect("only tests are that long");
            let tests = shell::root().join("crates").join(package).join("tests");
            let found = tests.join(format!("{test}.rs")).is_file() || tests.join(test).is_dir();
            assert!(found, "{name} is no test any more");
        }
    }
}
