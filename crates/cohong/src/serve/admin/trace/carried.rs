//! What became of a key at the sync tasks that read its bucket or write it. Pure.

use cohong_core::engine::SeenSync;
use cohong_core::model::{Destination, ObjectVersion, SyncState, SyncTask, Timestamp};
use serde_json::{Value, json};

use crate::serve::admin::answer::instant;
use crate::serve::admin::sync::shown;

/// A sync task, as far as it has to do with the key.
pub(super) struct Carried {
    pub task: SyncTask,
    pub seen: SeenSync,
    /// What stands under the key where the task writes.
    pub copy: Option<ObjectVersion>,
}

impl Carried {
    /// How rules name the task.
    pub(super) fn destination(&self) -> String {
        Destination::Sync(self.task.id).id()
    }

    /// What became of the key since a time.
    pub(super) fn show(&self, key: &str, since: Timestamp) -> Value {
        let copy = self.copy.as_ref();
        let copy = copy.and_then(|copy| Some((copy.written_at, copy.object()?)));
        let written_at = copy.map(|(written_at, _)| written_at);
        let stopped = self.task.state == SyncState::Stopped;
        let to = shown::to(&self.task);
        let (state, why) = match fate(&self.seen, written_at, since) {
            // Nobody looks into other stores here.
            ("absent", why) if self.task.settings.out => ("settled", why),
            fate => fate,
        };
        json!({
            "task": self.task.id.to_string(),
            "from": shown::from(&self.task),
            "to": format!("{}/{key}", to.strip_prefix("local/").unwrap_or(&to)),
            "state": state,
            "why": why.or_else(|| stopped.then(|| "the task is stopped".into())),
            "size": copy.map(|(_, object)| object.size),
            "etag": copy.map(|(_, object)| object.etag.to_string()),
            "time": written_at.map(instant),
        })
    }
}

/// What became of a key since a time, when what is there was written at another.
fn fate(
    seen: &SeenSync,
    written_at: Option<Timestamp>,
    since: Timestamp,
) -> (&'static str, Option<String>) {
    if seen.owed > 0 {
        return ("waiting", None);
    }
    // A copy that came later makes a failure past.
    let last = seen.failure.as_ref().filter(|line| {
        line.at >= since && written_at.is_none_or(|written_at| written_at < line.at)
    });
    match (last, written_at) {
        (Some(line), _) => {
            let line = shown::failure(line);
            let part = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
            (
                "failed",
                Some(format!("{}: {}", part("stage"), part("why"))),
            )
        }
        (None, Some(written_at)) if written_at >= since => ("copied", None),
        (None, Some(_)) => ("kept", None),
        (None, None) => ("absent", None),
    }
}

#[cfg(test)]
mod tests {
    use cohong_core::model::{ObjectKey, SyncOutcome, SyncStage};
    use cohong_core::records::SyncLine;

    use super::*;

    #[test]
    fn every_fate_of_a_key_is_told() {
        let at = Timestamp::from_millis;
        let seen = |owed, failed_at: Option<u64>| SeenSync {
            owed,
            failure: failed_at.map(|millis| SyncLine {
                key: ObjectKey::new("k").expect("a key"),
                at: at(millis),
                outcome: SyncOutcome::Failure {
                    stage: SyncStage::Read,
                    why: "gone".into(),
                },
            }),
        };
        let why = Some("reading the source: gone");
        let cases = [
            (seen(0, None), None, "absent", None),
            (seen(2, Some(30)), Some(30), "waiting", None),
            (seen(0, None), Some(20), "copied", None),
            (seen(0, None), Some(19), "kept", None),
            (seen(0, Some(30)), None, "failed", why),
            (seen(0, Some(30)), Some(19), "failed", why),
            (seen(0, Some(30)), Some(31), "copied", None),
            // A failure of an earlier change.
            (seen(0, Some(19)), None, "absent", None),
        ];
        for (n, (seen, written_at, state, why)) in cases.into_iter().enumerate() {
            let fate = fate(&seen, written_at.map(at), at(20));
            assert_eq!((fate.0, fate.1.as_deref()), (state, why), "case {n}");
        }
    }
}
