//! A suite in Go: its modules are pinned by `go.mod` and `go.sum`, and Go itself fetches and keeps them.

use std::path::Path;
use std::process::Command;

use crate::scratch;
use crate::shell::{Failure, Outcome};

/// The command of a suite whose modules `sums` pins.
pub(crate) fn command(sums: &Path, words: &[String]) -> Outcome<Command> {
    let (program, args) = words.split_first().expect("a suite's command is not empty");
    let mut command = Command::new(program);
    command.args(args);
    pin(&mut command, sums)?;
    Ok(command)
}

/// Lets a command that starts Go use nothing beside what `sums` pins, and no other Go than the machine's.
pub(crate) fn pin(command: &mut Command, sums: &Path) -> Outcome {
    if scratch::read(sums)?.trim().is_empty() {
        let why = "names no module; make it with `go mod tidy`";
        return Err(Failure::new(format!("{}: {why}", sums.display())));
    }
    command.env("GOFLAGS", "-mod=readonly");
    command.env("GOTOOLCHAIN", "local");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_pinned() {
        let folder = tempfile::tempdir().unwrap();
        let sums = folder.path().join("go.sum");
        let words = ["go".to_owned(), "test".to_owned()];
        assert!(command(&sums, &words).is_err(), "there is none");
        std::fs::write(&sums, "\n").unwrap();
        assert!(command(&sums, &words).is_err(), "it is empty");
        std::fs::write(&sums, "example.org/a v1.0.0 h1:x\n").unwrap();
        let made = command(&sums, &words).unwrap();
        assert_eq!(made.get_program(), "go");
        assert!(made.get_envs().any(|(name, _)| name == "GOFLAGS"));
    }
}
