//! The vendors' own clients against the real binary, each suite in an environment of its own.
//!
//! A suite is a folder of `conformance/` with a `conformance.toml`:
//!
//! ```toml
//! name = "tos-python"                 # the folder's name
//! language = "python"                 # or "node", "go", "java", "rust": whose packages `requirements` names
//! requirements = "requirements.txt"   # every line pinned with `==`; else `package-lock.json`, `go.sum`, `pom.xml`, `Cargo.lock`
//! source = "source.txt"               # optional: a Python package whose own tests are run
//! python2 = "python2.txt"             # optional: packages for Python 2.7, which the suite starts beside its own
//! checkout = "github.com/a/b at v1"   # optional: a repository whose own tests are run, and which of its states
//! go = "go.sum"                       # optional: modules of a program in Go that it builds
//! java = "pom.xml"                    # optional: packages of a program in Java that it runs
//! by_name_only = true                 # optional: it takes too long to be run among all suites
//! command = ["python", "-m", "pytest", "-q"]
//! ```
//!
//! The command runs in that folder; `python` is the environment's own and finds the modules of
//! `conformance/common` too. `COHONG_BIN` is the path of the binary; starting and stopping it is
//! the suite's business. `COHONG_SOURCE` is the folder of the unpacked `source`, which belongs to
//! all runs: a suite works on a copy. `COHONG_PYTHON2` is the interpreter of Python 2.7 and
//! `COHONG_PYTHON2_PATH` the folder of its packages. A suite with a `checkout` finds its folder in
//! `COHONG_CHECKOUT`; it runs only when it is asked for with `--checkout`, never among all suites.
//! A suite runs at most [`RUN_SECS_MAX`] seconds. All suites run [`PLACES`] at a time, each as a process of its own:
//! `cargo xtask conformance NAME --binary FILE`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;

use crate::shell::{self, Failure, Outcome};
use crate::side::{self, Job};
use crate::{goenv, javaenv, nodeenv, pyenv, python2, rustenv, source};

/// Suites take a minute or two; one that hangs must not hold the gate for ever.
const RUN_SECS_MAX: u64 = 20 * 60;

/// Most of a suite's time is waiting, but vendors' clients give up after some seconds on a machine that is too busy.
pub(crate) const PLACES: usize = 2;

/// The suites that take more than half a minute.
const LONGEST: [&str; 9] = [
    "conformance tos-go",
    "conformance oss2",
    "conformance tos",
    "conformance oas-python",
    "conformance tos-python",
    "conformance oss-python",
    "conformance rclone",
    "conformance s3-python",
    "conformance oss-go",
];

/// The folder beside the suites that holds what several of them need.
const COMMON: &str = "common";

/// A suite: its folder and what its `conformance.toml` says.
pub(crate) struct Suite {
    folder: PathBuf,
    spec: Spec,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    name: String,
    language: Language,
    requirements: String,
    source: Option<String>,
    python2: Option<String>,
    checkout: Option<String>,
    go: Option<String>,
    java: Option<String>,
    #[serde(default)]
    by_name_only: bool,
    command: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Language {
    Python,
    Node,
    Go,
    Java,
    Rust,
}

/// All suites below `folder` in order of their names, but those that run only when they are asked for; or the one
/// asked for.
pub(crate) fn suites(folder: &Path, name: Option<&str>) -> Outcome<Vec<Suite>> {
    let mut found = Vec::new();
    if folder.is_dir() {
        for entry in std::fs::read_dir(folder).map_err(|e| unreadable(folder, &e))? {
            let path = entry.map_err(|e| unreadable(folder, &e))?.path();
            if path.join("conformance.toml").is_file() {
                found.push(Suite::read(path)?);
            }
        }
    }
    found.sort_by(|a, b| a.spec.name.cmp(&b.spec.name));
    let Some(name) = name else {
        found.retain(|suite| suite.spec.checkout.is_none() && !suite.spec.by_name_only);
        return Ok(found);
    };
    found.retain(|suite| suite.spec.name == name);
    if found.is_empty() {
        return Err(Failure::new(format!(
            "conformance/{name}/conformance.toml does not exist"
        )));
    }
    Ok(found)
}

/// Runs one suite against a binary that is there.
pub(crate) fn run(name: &str, binary: &Path, checkout: Option<&Path>) -> Outcome {
    let suites = suites(&shell::root().join("conformance"), Some(name))?;
    suites
        .iter()
        .try_for_each(|suite| suite.run(binary, checkout))
}

/// A job for every suite, the longest first.
pub(crate) fn jobs(suites: &[Suite], binary: &Path) -> Outcome<Vec<Job>> {
    let unknown = |why| Failure::new(format!("this program does not know itself: {why}"));
    let own = std::env::current_exe().map_err(unknown)?;
    let job = |suite: &Suite| {
        let mut command = Command::new(&own);
        command
            .args(["conformance", suite.name(), "--binary"])
            .arg(binary);
        Job {
            name: suite.step(),
            command,
        }
    };
    let mut jobs: Vec<_> = suites.iter().map(job).collect();
    side::longest_first(&mut jobs, &LONGEST);
    Ok(jobs)
}

impl Suite {
    /// The suite's name, which is its folder's.
    fn name(&self) -> &str {
        &self.spec.name
    }

    /// The name of its step in a summary.
    pub(crate) fn step(&self) -> String {
        format!("conformance {}", self.name())
    }

    /// Makes the environment when needed, then runs the suite's command against `binary`.
    pub(crate) fn run(&self, binary: &Path, checkout: Option<&Path>) -> Outcome {
        let checkout = self.checkout(checkout)?;
        let scratch = shell::target_dir().join("conformance").join(self.name());
        let requirements = self.folder.join(&self.spec.requirements);
        let words = &self.spec.command;
        let mut command = match self.spec.language {
            Language::Python => {
                let library = self.folder.with_file_name(COMMON);
                pyenv::Env::prepare(&scratch, &requirements)?.command(words, &library)
            }
            Language::Node => nodeenv::Env::prepare(&scratch, &requirements)?.command(words),
            Language::Go => goenv::command(&requirements, words)?,
            Language::Java => javaenv::Env::prepare(&scratch, &requirements)?.command(words),
            Language::Rust => rustenv::command(&scratch, &requirements, words)?,
        };
        if let Some(pin) = &self.spec.source {
            let source = source::unpacked(&scratch.join("source"), &self.folder.join(pin))?;
            command.env("COHONG_SOURCE", source);
        }
        if let Some(pins) = &self.spec.python2 {
            let pins = self.folder.join(pins);
            let (python, packages) = python2::prepare(&scratch.join("python2"), &pins)?;
            command.env("COHONG_PYTHON2", python);
            command.env("COHONG_PYTHON2_PATH", packages);
        }
        if let Some(checkout) = checkout {
            command.env("COHONG_CHECKOUT", checkout);
        }
        if let Some(sums) = &self.spec.go {
            goenv::pin(&mut command, &self.folder.join(sums))?;
        }
        if let Some(pom) = &self.spec.java {
            javaenv::Env::prepare(&scratch.join("java"), &self.folder.join(pom))?
                .show(&mut command);
        }
        command.current_dir(&self.folder).env("COHONG_BIN", binary);
        shell::run_within(&mut command, Duration::from_secs(RUN_SECS_MAX))
    }

    /// The folder with the repository that the suite names, where it names one.
    fn checkout(&self, given: Option<&Path>) -> Outcome<Option<PathBuf>> {
        match (&self.spec.checkout, given) {
            (None, None) => Ok(None),
            (Some(_), Some(folder)) if folder.is_dir() => std::path::absolute(folder)
                .map(Some)
                .map_err(|e| unreadable(folder, &e)),
            (Some(_), Some(folder)) => Err(unreadable(folder, &"is no folder")),
            (Some(what), None) => Err(Failure::new(format!(
                "the tests are not ours to carry: name a checkout of {what} with --checkout"
            ))),
            (None, Some(_)) => Err(Failure::new("this suite takes no --checkout")),
        }
    }

    fn read(folder: PathBuf) -> Outcome<Self> {
        let path = folder.join("conformance.toml");
        let text = std::fs::read_to_string(&path).map_err(|e| unreadable(&path, &e))?;
        let spec: Spec = toml::from_str(&text).map_err(|e| unreadable(&path, &e))?;
        if folder
            .file_name()
            .is_none_or(|name| name != spec.name.as_str())
        {
            return Err(unreadable(&path, &"name differs from the folder's"));
        }
        if spec.command.is_empty() {
            return Err(unreadable(&path, &"command is empty"));
        }
        Ok(Self { folder, spec })
    }
}

fn unreadable(path: &Path, why: &dyn std::fmt::Display) -> Failure {
    Failure::new(format!("{}: {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(name: &str, toml: &str) -> tempfile::TempDir {
        let all = tempfile::tempdir().unwrap();
        let suite = all.path().join(name);
        std::fs::create_dir(&suite).unwrap();
        std::fs::write(suite.join("conformance.toml"), toml).unwrap();
        all
    }

    const GOOD: &str = "name = \"one\"\nlanguage = \"python\"\n\
                        requirements = \"requirements.txt\"\ncommand = [\"python\", \"run.py\"]\n";

    #[test]
    fn suites_are_found_by_their_file() {
        let all = folder_with("one", GOOD);
        std::fs::create_dir(all.path().join("data")).unwrap();
        assert_eq!(suites(all.path(), None).unwrap().len(), 1);
        assert_eq!(suites(all.path(), Some("one")).unwrap()[0].name(), "one");
    }

    #[test]
    fn suites_of_all_languages_are_read() {
        for toml in [
            GOOD.replace("python\"\n", "node\"\n"),
            GOOD.replace("python\"\n", "go\"\n"),
            GOOD.replace("python\"\n", "java\"\n"),
            GOOD.replace("python\"\n", "rust\"\n"),
            format!("{GOOD}source = \"s\"\n"),
            format!("{GOOD}python2 = \"p\"\n"),
            format!("{GOOD}go = \"go.sum\"\njava = \"pom.xml\"\n"),
        ] {
            let all = folder_with("one", &toml);
            assert!(suites(all.path(), None).is_ok(), "refused {toml}");
        }
    }

    #[test]
    fn a_suite_with_a_checkout_runs_when_it_is_asked_for() {
        let all = folder_with("one", &format!("{GOOD}checkout = \"a/b at v1\"\n"));
        assert!(suites(all.path(), None).unwrap().is_empty());
        let suite = &suites(all.path(), Some("one")).unwrap()[0];
        assert!(
            suite
                .checkout(None)
                .unwrap_err()
                .to_string()
                .contains("a/b at v1")
        );
        assert!(suite.checkout(Some(&all.path().join("absent"))).is_err());
        assert_eq!(
            suite.checkout(Some(all.path())).unwrap().as_deref(),
            Some(all.path())
        );

        let all = folder_with("one", GOOD);
        let suite = &suites(all.path(), None).unwrap()[0];
        assert!(suite.checkout(None).unwrap().is_none());
        assert!(
            suite.checkout(Some(all.path())).is_err(),
            "it has no use for one"
        );
    }

    #[test]
    fn a_suite_that_takes_long_runs_when_it_is_asked_for() {
        let all = folder_with("one", &format!("{GOOD}by_name_only = true\n"));
        assert!(suites(all.path(), None).unwrap().is_empty());
        assert_eq!(suites(all.path(), Some("one")).unwrap().len(), 1);
    }

    #[test]
    fn unknown_suite_is_a_failure_and_no_suites_are_none() {
        let all = folder_with("one", GOOD);
        assert!(suites(all.path(), Some("two")).is_err());
        assert!(suites(&all.path().join("absent"), None).unwrap().is_empty());
    }

    #[test]
    fn every_suite_is_a_job_and_the_longest_begin_first() {
        let suites = suites(&shell::root().join("conformance"), None).unwrap();
        let jobs = jobs(&suites, Path::new("/cohong")).unwrap();
        assert_eq!(jobs.len(), suites.len());
        let begin: Vec<_> = jobs[..LONGEST.len()]
            .iter()
            .map(|job| job.name.as_str())
            .collect();
        assert_eq!(begin, LONGEST, "a suite of that name is not there any more");
        let words: Vec<_> = jobs[0].command.get_args().collect();
        assert_eq!(words, ["conformance", "tos-go", "--binary", "/cohong"]);
    }

    #[test]
    fn bad_descriptions_are_refused() {
        let cases = [
            GOOD.replace("one", "other"),
            GOOD.replace("python\"\n", "cobol\"\n"),
            GOOD.replace("[\"python\", \"run.py\"]", "[]"),
            format!("{GOOD}extra = 1\n"),
        ];
        for toml in cases {
            let all = folder_with("one", &toml);
            assert!(suites(all.path(), None).is_err(), "accepted {toml}");
        }
    }
}
