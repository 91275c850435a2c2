//! Power cuts of a real process on a real kernel.
//!
//! The process runs once under a tracer of system calls, which records everything it changes in its folder,
//! what it syncs, and when its answers leave ([`Recording`]). From that a [`Disk`] tells, for the moment after
//! any call, what a disk may hold that loses power then: synced bytes and names surely, of the rest anything,
//! torn at sectors. Written down, that is a folder to start the process on again.
//!
//! What a file system may do is what the manuals allow, with two promises that every journalling file system
//! of Linux makes: a rename is whole or did not happen, and a synced file can be found under the name it was
//! synced with. That the record is complete is not believed: [`Recording::compare`] compares it with the
//! folder that the process left. It knows nothing of what the files mean.

mod book;
mod call;
mod disk;
mod pages;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use book::Step;
pub use disk::{Disk, Survival};

/// A folder or file, by a number that its names lead to.
pub type Inode = usize;
/// What the names in a folder lead to.
type Names = BTreeMap<String, Inode>;
/// The folder that is watched.
pub const ROOT: Inode = 0;

/// What a process did to a folder.
#[derive(Debug)]
pub struct Recording {
    /// The folder before; everything in it is durable.
    before: Disk,
    /// All changes, syncs and answers, in the order of the trace.
    pub steps: Vec<Step>,
    /// Where the folder is.
    folder: PathBuf,
}

impl Recording {
    /// Words that run a program under the tracer, which writes to `log`.
    pub fn tracer(log: &Path) -> Vec<String> {
        let calls = format!("trace={}", call::TRACED.join(","));
        let log = log.to_string_lossy();
        // Longer than any write: a record that lacks bytes would be noticed, but not help.
        let words = [
            "strace", "-f", "-y", "-qq", "-s", "33554432", "-o", &log, "-e", &calls, "--",
        ];
        words.map(ToOwned::to_owned).to_vec()
    }

    /// Reads a trace. `before` is what the folder held when the process started, `folder` its absolute path
    /// without links. An error names the call that is not understood.
    pub fn read(trace: &str, folder: &Path, before: Disk) -> Result<Self, String> {
        let steps = book::read(trace, folder, &before)?;
        Ok(Self {
            before,
            steps,
            folder: folder.to_owned(),
        })
    }

    /// The disk before the first step.
    pub fn before(&self) -> Disk {
        self.before.clone()
    }

    /// The step at which each answer left, by the request id in its head.
    pub fn answers(&self) -> BTreeMap<&str, usize> {
        let steps = self.steps.iter().enumerate();
        let answers = steps.filter_map(|(at, step)| match step {
            Step::Answered(id) => Some((id.as_str(), at)),
            _ => None,
        });
        // The last one counts, if there is more than one.
        answers.collect()
    }

    /// The step at which each event left for the last time, by the request id of its cause and its path.
    pub fn deliveries(&self) -> BTreeMap<(&str, &str), usize> {
        let steps = self.steps.iter().enumerate();
        let sent = steps.filter_map(|(at, step)| match step {
            Step::Sent { path, cause } => Some(((path.as_str(), cause.as_str()), at)),
            _ => None,
        });
        sent.collect()
    }

    /// Compares the record with the folder as the process left it. An error names the first difference.
    pub fn compare(&self) -> Result<(), String> {
        let mut disk = self.before.clone();
        for step in &self.steps {
            disk.apply(step, |_| true);
        }
        disk.compare(&self.folder)
    }
}
