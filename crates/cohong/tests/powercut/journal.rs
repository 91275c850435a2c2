//! What clients were told, and by which answer.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use cohong_testkit::powercut::Recording;
use cohong_testkit::receiver::Arrived;

/// A bucket without versions, whose events are taken as they come.
pub(crate) const PLAIN: &str = "cut-plain";
/// A bucket that keeps versions, whose events nobody takes before the cut.
pub(crate) const KEPT: &str = "cut-kept";

/// A write to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    /// An object with these bytes.
    Put(Bytes),
    /// A delete.
    Delete,
}

/// A write that was answered.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    /// What it was.
    pub op: Op,
    /// The request that did it.
    pub request: String,
    /// The version it made, in a bucket that keeps them.
    pub version: Option<String>,
    /// When its answer left: a step of the recording.
    pub answered: usize,
    /// When its event left for the function that takes them, if it did.
    pub sent: Option<usize>,
}

/// An archive that was stored.
#[derive(Clone, Debug)]
pub(crate) struct Archive {
    pub id: String,
    pub bytes: Bytes,
    pub request: String,
    pub answered: usize,
}

/// Bucket and key.
pub(crate) type At = (&'static str, String);

/// Everything that was answered, in order; each key and the vault have one writer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal {
    pub keys: BTreeMap<At, Vec<Done>>,
    pub archives: Vec<Archive>,
    /// Where what this recording brought begins, by key and for the vault.
    carried: (BTreeMap<At, usize>, usize),
}

impl Journal {
    /// Looks up when each answer and event of the last recording left.
    pub(crate) fn place(&mut self, recording: &Recording) -> Result<(), String> {
        let (answers, deliveries) = (recording.answers(), recording.deliveries());
        let answered = |request: &str| {
            let found = answers.get(request).copied();
            found.ok_or_else(|| format!("the answer to {request} is not in the trace"))
        };
        for (at, history) in &mut self.keys {
            let carried = self.carried.0.get(at).copied().unwrap_or_default();
            for (n, done) in history.iter_mut().enumerate() {
                if n >= carried {
                    done.answered = answered(&done.request)?;
                }
                let sent = deliveries.get(&("/live", &*done.request));
                done.sent = done.sent.or(sent.copied());
            }
        }
        for archive in self.archives.iter_mut().skip(self.carried.1) {
            archive.answered = answered(&archive.request)?;
        }
        Ok(())
    }

    /// Notes events that came before the next recording.
    pub(crate) fn taken(&mut self, arrived: &[Arrived]) {
        let live = arrived.iter().filter(|one| one.target == "/live");
        let causes: BTreeSet<&str> = live
            .filter_map(|one| one.headers.get("x-faas-request-id")?.to_str().ok())
            .collect();
        for done in self.keys.values_mut().flatten() {
            if causes.contains(&*done.request) {
                done.sent = Some(0);
            }
        }
    }

    /// How many writes of a history were answered before a step.
    pub(crate) fn answered(history: &[Done], before: usize) -> usize {
        history.iter().filter(|done| done.answered < before).count()
    }

    /// How many answers left before a step.
    pub(crate) fn all_answered(&self, before: usize) -> usize {
        let histories = self.keys.values();
        histories
            .map(|history| Self::answered(history, before))
            .sum()
    }

    /// What is true after a cut before `step`, from which the next recording goes on: so many writes of each
    /// key, so many archives.
    pub(crate) fn go_on(&mut self, found: &Found, step: usize) {
        for (at, history) in &mut self.keys {
            history.truncate(found.writes.get(at).copied().unwrap_or_default());
            for done in history {
                done.answered = 0;
                done.sent = done.sent.filter(|sent| *sent < step).map(|_| 0);
            }
        }
        self.archives.truncate(found.archives);
        for archive in &mut self.archives {
            archive.answered = 0;
        }
        let lens = self
            .keys
            .iter()
            .map(|(at, history)| (at.clone(), history.len()));
        self.carried = (lens.collect(), self.archives.len());
    }

    /// Keys of a bucket that have an object.
    pub(crate) fn present(&self, bucket: &str) -> BTreeSet<String> {
        let histories = self.keys.iter().filter(|((of, _), _)| *of == bucket);
        let present = histories
            .filter(|(_, history)| history.last().is_some_and(|done| done.op != Op::Delete));
        present.map(|((_, key), _)| key.clone()).collect()
    }
}

/// What a server had after a cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// Writes that were there, of each key.
    pub writes: BTreeMap<At, usize>,
    /// Archives that were there.
    pub archives: usize,
}
