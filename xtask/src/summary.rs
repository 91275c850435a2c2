//! What is printed when all steps of a run are over.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::shell::{Failure, Outcome};
use crate::side::{self, Job};

/// The steps of one run with their outcomes, in order.
#[derive(Default)]
pub(crate) struct Summary {
    lines: Vec<Line>,
}

struct Line {
    step: String,
    outcome: Verdict,
    took: Duration,
}

enum Verdict {
    Passed,
    Failed(String),
    NotRun,
}

impl Summary {
    /// Runs one step, prints its head and keeps its outcome; a failure does not stop the run.
    pub(crate) fn step(&mut self, step: &str, run: impl FnOnce() -> Outcome) {
        println!("\n== {step}");
        let started = Instant::now();
        let outcome = run();
        if let Err(why) = &outcome {
            println!("xtask: {why}");
        }
        self.keep(step, &outcome, started.elapsed());
    }

    /// Runs jobs side by side, each a step; failures do not stop the run.
    pub(crate) fn side_by_side(&mut self, jobs: Vec<Job>, places: usize) {
        for done in side::run(jobs, places) {
            self.keep(&done.name, &done.outcome, done.took);
        }
    }

    fn keep(&mut self, step: &str, outcome: &Outcome, took: Duration) {
        let outcome = match outcome {
            Ok(()) => Verdict::Passed,
            Err(why) => Verdict::Failed(why.to_string()),
        };
        self.lines.push(Line {
            step: step.to_owned(),
            outcome,
            took,
        });
    }

    /// Notes a step that was asked to be left out.
    pub(crate) fn left_out(&mut self, step: &str) {
        self.lines.push(Line {
            step: step.to_owned(),
            outcome: Verdict::NotRun,
            took: Duration::ZERO,
        });
    }

    /// Prints the table and fails when any step failed.
    pub(crate) fn finish(&self) -> Outcome {
        print!("{}", self.table());
        let failed = self.failed();
        if failed == 0 {
            return Ok(());
        }
        Err(Failure::new(format!("{failed} step(s) failed, see above")))
    }

    fn failed(&self) -> usize {
        let bad = |line: &&Line| matches!(line.outcome, Verdict::Failed(_));
        self.lines.iter().filter(bad).count()
    }

    fn table(&self) -> String {
        let mut text = String::from("\n== summary\n");
        for line in &self.lines {
            let (word, why) = match &line.outcome {
                Verdict::Passed => ("passed", ""),
                Verdict::Failed(why) => ("FAILED", why.as_str()),
                Verdict::NotRun => ("not run", ""),
            };
            let secs = line.took.as_secs_f64();
            let row = format!("{word:<8} {secs:>7.1} s  {:<24} {why}", line.step);
            writeln!(text, "{}", row.trim_end()).expect("a String takes all text");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_steps_run_and_one_failure_fails_the_run() {
        let mut summary = Summary::default();
        let mut ran = Vec::new();
        summary.step("one", || Err(Failure::new("broken")));
        summary.step("two", || {
            ran.push("two");
            Ok(())
        });
        summary.left_out("three");
        assert_eq!(ran, ["two"]);
        assert!(summary.finish().is_err());
        let table = summary.table();
        for part in ["FAILED", "broken", "passed", "not run"] {
            assert!(table.contains(part), "{part} is not in {table}");
        }
    }

    #[test]
    fn nothing_failed_is_success() {
        let mut summary = Summary::default();
        summary.step("one", || Ok(()));
        summary.left_out("two");
        assert!(summary.finish().is_ok());
    }
}
