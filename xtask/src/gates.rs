//! `cargo xtask test`: every gate of a change, one after the other, all of them in any case.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::shell::{self, Failure, Outcome};
use crate::summary::Summary;
use crate::{conformance, deny, dialects, programs, tidy, tools};

/// A gate, in the order of [`Step::value_variants`].
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    /// The programs the other steps start.
    Tools,
    /// Formatting.
    Fmt,
    /// The house rules as checks, and whether the pages of the dialects are current.
    Tidy,
    /// Lints, warnings denied.
    Clippy,
    /// Documentation, warnings denied.
    Doc,
    /// Licences, sources, and who may depend on whom.
    Deny,
    /// All tests of the workspace.
    Test,
    /// The vendors' own clients against the real binary.
    Conformance,
}

/// Runs the chosen steps and prints a summary; fails when one of them failed.
pub(crate) fn run(only: &[Step], skip: &[Step]) -> Outcome {
    if shell::in_ci() && !skip.is_empty() {
        return Err(Failure::new("--skip is refused when CI=true"));
    }
    let mut summary = Summary::default();
    for step in Step::value_variants() {
        if is_chosen(*step, only, skip) {
            perform(*step, &mut summary);
        } else {
            summary.left_out(step.name());
        }
    }
    summary.finish()
}

/// The conformance step alone, for all suites or one, which may want a checkout.
pub(crate) fn conformance(name: Option<&str>, checkout: Option<&Path>) -> Outcome {
    let mut summary = Summary::default();
    conformance_steps(name, checkout, &mut summary);
    summary.finish()
}

fn is_chosen(step: Step, only: &[Step], skip: &[Step]) -> bool {
    (only.is_empty() || only.contains(&step)) && !skip.contains(&step)
}

fn perform(step: Step, summary: &mut Summary) {
    let name = step.name();
    match step {
        Step::Tools => summary.step(name, tools::check),
        Step::Fmt => summary.step(name, || cargo(&["fmt", "--all", "--check"])),
        Step::Tidy => summary.step(name, || tidy::run().and_then(|()| dialects::check())),
        Step::Clippy => summary.step(name, clippy),
        Step::Doc => summary.step(name, doc),
        Step::Deny => summary.step(name, deny::run),
        Step::Test => summary.step(name, programs::run),
        Step::Conformance => conformance_steps(None, None, summary),
    }
}

/// Builds the binary, then runs the suites side by side, each a step of its own.
fn conformance_steps(name: Option<&str>, checkout: Option<&Path>, summary: &mut Summary) {
    let suites = match conformance::suites(&shell::root().join("conformance"), name) {
        Ok(suites) => suites,
        Err(why) => return summary.step("conformance", || Err(why)),
    };
    if suites.is_empty() {
        if shell::in_ci() {
            let why = "conformance/ has no suites, and CI=true";
            return summary.step("conformance", || Err(Failure::new(why)));
        }
        return summary.left_out("conformance (no suites)");
    }
    let mut built = None;
    summary.step("build", || {
        built = Some(build()?);
        Ok(())
    });
    let Some(binary) = built else {
        return summary.left_out("conformance (no binary)");
    };
    match (suites.as_slice(), name) {
        ([suite], Some(_)) => summary.step(&suite.step(), || suite.run(&binary, checkout)),
        _ => match conformance::jobs(&suites, &binary) {
            Ok(jobs) => summary.side_by_side(jobs, conformance::PLACES),
            Err(why) => summary.step("conformance", || Err(why)),
        },
    }
}

/// The development build of the binary; its path is what cargo itself reports. A test is built beside it, since only
/// then have all packages the features that they have for the tests, and what those built is not built again.
fn build() -> Outcome<PathBuf> {
    let build = ["build", "--workspace", "--bin", "cohong", "--test", "demo"];
    cargo(&build)?;
    let mut command = shell::cargo();
    command.args(build).arg("--quiet");
    let messages = shell::capture(command.args(["--message-format", "json"]))?;
    executable(&messages)
        .ok_or_else(|| Failure::new("cargo built no executable for package cohong"))
}

/// The last executable named in cargo's JSON messages that is no test.
fn executable(messages: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["profile"]["test"] == false)
        .filter_map(|message| Some(PathBuf::from(message.get("executable")?.as_str()?)))
        .next_back()
}

fn clippy() -> Outcome {
    let targets = ["clippy", "--workspace", "--all-targets", "--"];
    shell::run(shell::cargo().args(targets).args(["-D", "warnings"]))
}

fn doc() -> Outcome {
    let mut command = shell::cargo();
    command.args(["doc", "--workspace", "--no-deps"]);
    shell::run(command.env("RUSTDOCFLAGS", "-D warnings"))
}

fn cargo(args: &[&str]) -> Outcome {
    shell::run(shell::cargo().args(args))
}

impl Step {
    fn name(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Fmt => "fmt",
            Self::Tidy => "tidy",
            Self::Clippy => "clippy",
            Self::Doc => "doc",
            Self::Deny => "deny",
            Self::Test => "test",
            Self::Conformance => "conformance",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_chosen_by_only_and_skip() {
        assert!(is_chosen(Step::Fmt, &[], &[]));
        assert!(!is_chosen(Step::Fmt, &[Step::Doc], &[]));
        assert!(!is_chosen(Step::Fmt, &[Step::Fmt], &[Step::Fmt]));
    }

    #[test]
    fn step_names_are_those_of_the_command_line() {
        for step in Step::value_variants() {
            let shown = step.to_possible_value().expect("no step is hidden");
            assert_eq!(shown.get_name(), step.name());
        }
    }

    #[test]
    fn executable_is_read_from_the_messages() {
        let messages = r#"{"reason":"compiler-artifact","profile":{"test":false},"executable":null}
            {"reason":"compiler-artifact","profile":{"test":false},"executable":"/x/cohong"}
            {"reason":"compiler-artifact","profile":{"test":true},"executable":"/x/deps/demo"}
            {"reason":"build-finished","success":true}"#;
        assert_eq!(executable(messages), Some(PathBuf::from("/x/cohong")));
        assert_eq!(executable("nonsense"), None);
    }
}
