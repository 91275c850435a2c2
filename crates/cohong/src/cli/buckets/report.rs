//! What a command did, for people and programs.

use std::io::Write;
use std::process::ExitCode;

use indicatif::HumanBytes;
use serde_json::{Value, json};

use super::place::shown;
use crate::cli::failure::Failure;
use crate::cli::output::{Output, print};

/// What became of the files and objects of a command.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) copied: u64,
    pub(super) bytes: u64,
    pub(super) same: u64,
    pub(super) removed: u64,
    /// What would be done, in the order of names: `copy` or `remove`, and the name.
    planned: Option<Vec<(&'static str, String)>>,
    /// Names, and why nothing became of them.
    failures: Vec<(String, String)>,
}

impl Report {
    /// A report of one copy.
    pub(super) fn of_one(bytes: u64) -> Self {
        Self {
            copied: 1,
            bytes,
            ..Self::default()
        }
    }

    /// A report of what would be done.
    pub(super) fn dry() -> Self {
        Self {
            planned: Some(Vec::new()),
            ..Self::default()
        }
    }

    /// Notes that something would be done.
    pub(super) fn plan(&mut self, what: &'static str, name: impl Into<String>) {
        self.planned
            .get_or_insert_default()
            .push((what, name.into()));
    }

    pub(super) fn failed(&mut self, name: impl Into<String>, why: impl Into<String>) {
        self.failures.push((name.into(), why.into()));
    }

    pub(super) fn is_good(&self) -> bool {
        self.failures.is_empty()
    }

    /// Says what was copied, and gives the exit code: a failure when there was one.
    pub(super) fn say(self, output: Output) -> Result<ExitCode, Failure> {
        let words = self.words();
        self.say_in(output, &words)
    }

    /// The same of a command that copies nothing, in these words.
    pub(super) fn say_in(mut self, output: Output, words: &str) -> Result<ExitCode, Failure> {
        if let Some(planned) = &mut self.planned {
            planned.sort_by(|a, b| a.1.cmp(&b.1));
        }
        self.failures.sort();
        if output.is_json() {
            print(&self.document().to_string())?;
        } else {
            for (what, name) in self.planned.iter().flatten() {
                print(&format!("would {what} {}", shown(name)))?;
            }
            print(words)?;
            for (name, why) in &self.failures {
                // Nothing is left to do when the terminal is gone.
                drop(writeln!(std::io::stderr(), "error: {}: {why}", shown(name)));
            }
        }
        Ok(if self.is_good() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    fn document(&self) -> Value {
        let failure = |(name, why): &(String, String)| json!({ "name": name, "why": why });
        let mut document = json!({
            "copied": self.copied,
            "bytes": self.bytes,
            "same": self.same,
            "removed": self.removed,
            "failed": self.failures.iter().map(failure).collect::<Vec<_>>(),
        });
        if let Some(planned) = &self.planned {
            let step = |(what, name): &(&str, String)| json!({ "do": what, "name": name });
            document["planned"] = planned.iter().map(step).collect();
        }
        document
    }

    fn words(&self) -> String {
        let mut words = match &self.planned {
            Some(planned) => vec![format!("{} to do", planned.len())],
            None => vec![format!(
                "{} copied ({})",
                self.copied,
                HumanBytes(self.bytes)
            )],
        };
        if self.same > 0 {
            words.push(format!("{} as before", self.same));
        }
        if self.removed > 0 {
            words.push(format!("{} removed", self.removed));
        }
        if !self.is_good() {
            words.push(format!("{} failed", self.failures.len()));
        }
        words.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_said() {
        let mut report = Report {
            copied: 2,
            bytes: 2048,
            same: 3,
            ..Report::default()
        };
        assert_eq!(report.words(), "2 copied (2.00 KiB), 3 as before");
        report.removed = 1;
        report.failed("a", "it is gone");
        assert_eq!(
            report.words(),
            "2 copied (2.00 KiB), 3 as before, 1 removed, 1 failed"
        );
        let wanted = json!({
            "copied": 2, "bytes": 2048, "same": 3, "removed": 1,
            "failed": [{ "name": "a", "why": "it is gone" }],
        });
        assert_eq!(report.document(), wanted);
        let mut dry = Report::dry();
        dry.plan("copy", "a");
        assert_eq!(dry.words(), "1 to do");
        assert_eq!(
            dry.document()["planned"],
            json!([{ "do": "copy", "name": "a" }])
        );
    }
}
