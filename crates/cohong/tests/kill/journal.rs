//! What the writers were told, kept outside the server.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

/// A write to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    /// An object with these bytes.
    Put(Bytes),
    /// A delete.
    Delete,
}

/// The history of a key; only one writer writes it.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    /// The last acknowledged write. Those before are gone, and so are their bytes: a long run has many.
    pub last: Option<Op>,
    /// What the server answered to acknowledged writes, in order: etags, and none for deletes.
    pub etags: Vec<Option<String>>,
    /// Writes since the last acknowledged one whose fate is unknown.
    pub unknown: Vec<Op>,
}

impl History {
    /// The states a reader may see now.
    pub(crate) fn possible(&self) -> Vec<Option<Bytes>> {
        let bytes = |op: &Op| match op {
            Op::Put(bytes) => Some(bytes.clone()),
            Op::Delete => None,
        };
        let last = self.last.as_ref().and_then(bytes);
        std::iter::once(last)
            .chain(self.unknown.iter().map(bytes))
            .collect()
    }
}

/// All histories.
#[derive(Debug, Default)]
pub(crate) struct Journal(Mutex<BTreeMap<String, History>>);

impl Journal {
    pub(crate) fn keys(&self) -> MutexGuard<'_, BTreeMap<String, History>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn acknowledged(&self, key: &str, op: Op, etag: Option<String>) {
        let mut keys = self.keys();
        let history = keys.entry(key.to_owned()).or_default();
        history.unknown.clear();
        history.last = Some(op);
        history.etags.push(etag);
    }

    pub(crate) fn unknown(&self, key: &str, op: Op) {
        self.keys()
            .entry(key.to_owned())
            .or_default()
            .unknown
            .push(op);
    }
}

impl fmt::Display for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.keys();
        let acknowledged: usize = keys.values().map(|history| history.etags.len()).sum();
        write!(
            f,
            "{acknowledged} acknowledged writes on {} keys so far",
            keys.len()
        )
    }
}
