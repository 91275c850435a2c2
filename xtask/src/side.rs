//! Programs side by side: as many at once as there are places, each with its output kept apart and shown whole when
//! it ends.

use std::collections::VecDeque;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::shell::{self, Failure, Outcome};

/// A program to be run, under the name by which its outcome is told.
pub(crate) struct Job {
    pub(crate) name: String,
    pub(crate) command: Command,
}

/// What became of a job.
pub(crate) struct Done {
    pub(crate) name: String,
    pub(crate) outcome: Outcome,
    pub(crate) took: Duration,
}

/// Runs all jobs, `places` at a time and beginning in their order; the outcomes in the order of their ends.
///
/// While a job runs, what it has written so far is in `side/NAME.log` of the build folder.
pub(crate) fn run(jobs: Vec<Job>, places: usize) -> Vec<Done> {
    let waiting = Mutex::new(VecDeque::from(jobs));
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..places {
            scope.spawn(|| {
                while let Some(mut job) = next(&waiting) {
                    println!("-- {} begins", job.name);
                    let started = Instant::now();
                    let (outcome, said) = perform(&mut job);
                    let took = started.elapsed();
                    let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                    // Under the lock, so that no two outputs mix.
                    show(&job.name, &outcome, took, &said);
                    done.push(Done {
                        name: job.name,
                        outcome,
                        took,
                    });
                }
            });
        }
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Lets the jobs named in `longest` begin first, in that order: one that begins last would end alone.
pub(crate) fn longest_first(jobs: &mut [Job], longest: &[&str]) {
    jobs.sort_by_key(|job| {
        let place = longest.iter().position(|name| *name == job.name);
        place.unwrap_or(longest.len())
    });
}

/// How many programs this machine runs at once without one waiting for the other.
pub(crate) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn next(waiting: &Mutex<VecDeque<Job>>) -> Option<Job> {
    let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
    waiting.pop_front()
}

/// Runs a job to its end; its outcome and what it wrote.
fn perform(job: &mut Job) -> (Outcome, String) {
    let log = match log_of(&job.name) {
        Ok(log) => log,
        Err(why) => return (Err(why), String::new()),
    };
    let outcome = log.attach(&mut job.command);
    let outcome = outcome.and_then(|()| shell::run_quietly(&mut job.command));
    let said = std::fs::read(&log.path).unwrap_or_else(|why| why.to_string().into_bytes());
    (outcome, String::from_utf8_lossy(&said).into_owned())
}

fn show(name: &str, outcome: &Outcome, took: Duration, said: &str) {
    println!("\n== {name}\n{}", said.trim_end());
    let secs = took.as_secs_f64();
    match outcome {
        Ok(()) => println!("-- {name} passed in {secs:.1} s"),
        Err(why) => println!("-- {name} FAILED after {secs:.1} s: {why}"),
    }
}

/// The file that takes what a job writes.
struct Log {
    path: PathBuf,
    file: File,
}

impl Log {
    fn attach(&self, command: &mut Command) -> Outcome {
        let copy = || self.file.try_clone().map_err(|why| self.failure(&why));
        command.stdin(Stdio::null()).stdout(copy()?).stderr(copy()?);
        Ok(())
    }

    fn failure(&self, why: &std::io::Error) -> Failure {
        Failure::new(format!("{}: {why}", self.path.display()))
    }
}

fn log_of(name: &str) -> Outcome<Log> {
    let folder = shell::target_dir().join("side");
    let path = folder.join(name.replace([' ', '/'], "-") + ".log");
    let made = std::fs::create_dir_all(&folder).and_then(|()| File::create(&path));
    let file = made.map_err(|why| Failure::new(format!("{}: {why}", path.display())))?;
    Ok(Log { path, file })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(name: &str, script: &str) -> Job {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Job {
            name: name.to_owned(),
            command,
        }
    }

    #[test]
    fn all_jobs_run_and_failures_are_told_by_name() {
        let jobs = vec![
            job("side/test one", "exit 3"),
            job("side/test two", "exit 0"),
            job("side/test three", "exit 0"),
        ];
        let mut done = run(jobs, 2);
        done.sort_by(|a, b| a.name.cmp(&b.name));
        let told: Vec<_> = done
            .iter()
            .map(|done| (done.name.as_str(), done.outcome.is_ok()))
            .collect();
        let wanted = [
            ("side/test one", false),
            ("side/test three", true),
            ("side/test two", true),
        ];
        assert_eq!(told, wanted);
    }

    #[test]
    fn jobs_run_at_the_same_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name| folder.path().join(name).display().to_string();
        // Each waits for the other: one after the other, the first would wait until its end.
        let meet = |own, other| {
            let (own, other) = (path(own), path(other));
            format!(
                "touch {own}; for i in $(seq 600); do [ -e {other} ] && exit 0; sleep 0.1; done; exit 1"
            )
        };
        let jobs = vec![
            job("side-meet-a", &meet("a", "b")),
            job("side-meet-b", &meet("b", "a")),
        ];
        assert!(run(jobs, 2).iter().all(|done| done.outcome.is_ok()));
    }

    #[test]
    fn both_outputs_are_kept_in_order() {
        let (outcome, said) = perform(&mut job("side-said", "echo a; echo b >&2; echo c; exit 1"));
        assert_eq!(said, "a\nb\nc\n");
        assert!(outcome.is_err());
    }

    #[test]
    fn the_longest_begin_first_and_the_others_keep_their_order() {
        let mut jobs: Vec<_> = ["a", "b", "c", "d"].map(|name| job(name, "")).into();
        longest_first(&mut jobs, &["d", "absent", "b"]);
        let names: Vec<_> = jobs.iter().map(|job| job.name.as_str()).collect();
        assert_eq!(names, ["d", "b", "a", "c"]);
    }
}
