//! Starting other programs: where, with what output, and how their failure reads.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Why a chore failed, in words for the person who ran it.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

/// A failed chore: one phrase that says what failed and what to do next.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    /// A failure with this explanation.
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The repository root: the folder above this crate.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask is a folder of the repository")
}

/// The build folder, wherever `CARGO_TARGET_DIR` put it.
pub(crate) fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// Whether this run is the gate of a shared branch, where nothing may be skipped.
pub(crate) fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true")
}

/// The cargo that runs this tool, to be started from the repository root.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Runs a command with its output going straight through.
pub(crate) fn run(command: &mut Command) -> Outcome {
    println!("$ {}", shown(command));
    run_quietly(command)
}

/// As [`run`], but does not show the command.
pub(crate) fn run_quietly(command: &mut Command) -> Outcome {
    let status = command.status().map_err(|e| unstarted(command, &e))?;
    check(command, status)
}

/// As [`run`], but kills the program when it takes longer than `limit`.
pub(crate) fn run_within(command: &mut Command, limit: Duration) -> Outcome {
    println!("$ {}", shown(command));
    let mut child = command.spawn().map_err(|e| unstarted(command, &e))?;
    let started = Instant::now();
    loop {
        let ended = child.try_wait().map_err(|e| unstarted(command, &e))?;
        if let Some(status) = ended {
            return check(command, status);
        }
        if started.elapsed() > limit {
            // It may have ended in this very moment; the answer below is the same.
            let _ = child.kill();
            let _ = child.wait();
            let why = format!("`{}` took more than {limit:?}", shown(command));
            return Err(Failure::new(why));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Runs a command and returns what it wrote to standard output.
pub(crate) fn capture(command: &mut Command) -> Outcome<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| unstarted(command, &e))?;
    check(command, output.status)?;
    String::from_utf8(output.stdout)
        .map_err(|_| Failure::new(format!("`{}` wrote something not UTF-8", shown(command))))
}

/// Whether a command starts and succeeds, silently; false when it does not exist.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn check(command: &Command, status: ExitStatus) -> Outcome {
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "`{}` failed: {status}",
        shown(command)
    )))
}

fn unstarted(command: &Command, why: &std::io::Error) -> Failure {
    Failure::new(format!("`{}` did not run: {why}", shown(command)))
}

/// A command as one would type it, without its environment.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    let mut line = name.to_string_lossy().into_owned();
    for arg in command.get_args() {
        line.push(' ');
        line.push_str(&arg.to_string_lossy());
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failing_program_is_named_in_the_failure() {
        let mut command = Command::new("sh");
        command.args(["-c", "exit 3"]);
        let why = run(&mut command).unwrap_err().to_string();
        assert!(why.contains("sh -c exit 3"), "{why}");
    }

    #[test]
    fn slow_program_is_killed_at_its_limit() {
        let mut command = Command::new("sleep");
        command.arg("600");
        let why = run_within(&mut command, Duration::from_millis(100)).unwrap_err();
        assert!(why.to_string().contains("more than"), "{why}");
    }

    #[test]
    fn missing_program_does_not_succeed() {
        assert!(!succeeds(&mut Command::new("no-such-program-of-cohong")));
        assert!(succeeds(&mut Command::new("true")));
    }
}
