//! A suite in Rust: a package outside the workspace, whose crates `Cargo.lock` pins and cargo itself fetches and keeps.

use std::path::Path;
use std::process::Command;

use crate::scratch;
use crate::shell::{Failure, Outcome};

/// The command of a suite whose crates `lock` pins; what is built is below `folder`.
pub(crate) fn command(folder: &Path, lock: &Path, words: &[String]) -> Outcome<Command> {
    if !scratch::read(lock)?.contains("\nchecksum = ") {
        let why = "pins no crate; make it with `cargo generate-lockfile`";
        return Err(Failure::new(format!("{}: {why}", lock.display())));
    }
    let (program, args) = words.split_first().expect("a suite's command is not empty");
    let mut command = Command::new(program);
    command
        .args(args)
        .env("CARGO_TARGET_DIR", folder.join("target"));
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_are_pinned() {
        let folder = tempfile::tempdir().unwrap();
        let lock = folder.path().join("Cargo.lock");
        let words = ["cargo", "test"].map(String::from);
        assert!(
            command(folder.path(), &lock, &words).is_err(),
            "there is none"
        );
        std::fs::write(&lock, "[[package]]\nname = \"own\"\n").unwrap();
        assert!(
            command(folder.path(), &lock, &words).is_err(),
            "it pins nothing"
        );
        std::fs::write(&lock, "[[package]]\nname = \"a\"\nchecksum = \"00\"\n").unwrap();
        let made = command(folder.path(), &lock, &words).unwrap();
        assert!(made.get_envs().any(|(name, _)| name == "CARGO_TARGET_DIR"));
    }
}
