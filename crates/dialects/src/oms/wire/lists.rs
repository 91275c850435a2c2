//! Lists of what became of the keys of a task, as objects where it writes to (sheet section 5.6).

use cohong_core::model::{Checked, SyncList, SyncOutcome, SyncStage, SyncTaskId, Timestamp};
use cohong_core::ports::OutcomeFormat;
use cohong_core::records::SyncLine;

use crate::common::date;
use crate::oms::words;

/// Lists in the vendor's words. Members of a line have tabs between.
#[derive(Clone, Copy, Debug)]
pub struct OmsLists;

impl OutcomeFormat for OmsLists {
    fn folder(&self, task: SyncTaskId) -> String {
        match task.number() {
            Some(number) => format!("oms/task/{}/", words::task_name(number)),
            None => format!("oms/sync_task/{task}/"),
        }
    }

    /// The vendor groups failures of sync tasks by parts of a task; here each list is one.
    fn key(&self, task: SyncTaskId, list: SyncList, at: Timestamp, n: u64) -> String {
        let (folder, at) = (self.folder(task), at.millis());
        match list {
            SyncList::Success => format!("{folder}success_object_lists/{at}-{n}.success_list.txt"),
            SyncList::Failure if task.number().is_some() => {
                format!("{folder}failed_object_lists/{at}-{n}.failed_list.txt")
            }
            SyncList::Failure => format!("{folder}failed_object_lists/{n}/{at}.failed_list.txt"),
            SyncList::Skip => format!("{folder}skip_object_lists/{at}-{n}.skip_list.txt"),
        }
    }

    /// Beside the vendor's members, a success tells what the content was held against, and a failure why.
    fn line(&self, line: &SyncLine) -> String {
        let (at, name) = (date::iso(line.at), plain(line.key.as_str()));
        match &line.outcome {
            SyncOutcome::Success { bytes, checked } => {
                let checked = match checked {
                    Checked::Digest => "digest",
                    Checked::Size => "size",
                };
                format!("{at}\t{name}\t{bytes}\t{checked}\n")
            }
            SyncOutcome::Skip { size } => format!("{at}\t{name}\t{size}\n"),
            SyncOutcome::Failure { stage, why } => {
                let encoded = cohong_sign::encode(line.key.as_str().as_bytes());
                format!("{encoded}\t{name}\t{}: {}\n", code(*stage), plain(why))
            }
        }
    }
}

/// Where a key failed, in the vendor's words (sheet section 3).
fn code(stage: SyncStage) -> &'static str {
    match stage {
        SyncStage::StatSource => "GET_SRC_OBJ_META_FAILURE",
        SyncStage::StatDestination => "GET_DST_OBJ_META_FAILURE",
        SyncStage::Read => "GET_SRC_OBJ_FAILURE",
        SyncStage::Write => "UPLOAD_DST_OBJ_FAILURE",
    }
}

/// A text that stays within its member and its line.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => plain.push_str("\\\\"),
            '\t' => plain.push_str("\\t"),
            '\r' => plain.push_str("\\r"),
            '\n' => plain.push_str("\\n"),
            c => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use cohong_core::model::ObjectKey;

    use super::*;

    #[test]
    fn lines_have_the_vendors_members() {
        let failed = |stage| SyncOutcome::Failure {
            stage,
            why: "no such\nobject".into(),
        };
        let brought = |checked| SyncOutcome::Success { bytes: 7, checked };
        let time = "2024-05-06T07:08:09.000Z";
        let table = [
            (
                "a b",
                brought(Checked::Digest),
                format!("{time}\ta b\t7\tdigest\n"),
            ),
            (
                "a\tb\\",
                brought(Checked::Size),
                format!("{time}\ta\\tb\\\\\t7\tsize\n"),
            ),
            (
                "a/b",
                SyncOutcome::Skip { size: 3 },
                format!("{time}\ta/b\t3\n"),
            ),
            (
                "a+b/\u{e4}\n",
                failed(SyncStage::StatSource),
                "a%2Bb%2F%C3%A4%0A\ta+b/\u{e4}\\n\tGET_SRC_OBJ_META_FAILURE: no such\\nobject\n"
                    .into(),
            ),
            (
                "k",
                failed(SyncStage::StatDestination),
                "k\tk\tGET_DST_OBJ_META_FAILURE: no such\\nobject\n".into(),
            ),
            (
                "k",
                failed(SyncStage::Read),
                "k\tk\tGET_SRC_OBJ_FAILURE: no such\\nobject\n".into(),
            ),
            (
                "k",
                failed(SyncStage::Write),
                "k\tk\tUPLOAD_DST_OBJ_FAILURE: no such\\nobject\n".into(),
            ),
        ];
        for (key, outcome, wanted) in table {
            let line = SyncLine {
                key: ObjectKey::new(key).expect("a key"),
                at: Timestamp::from_millis(1_714_979_289_000),
                outcome,
            };
            assert_eq!(OmsLists.line(&line), wanted);
        }
    }

    #[test]
    fn lists_stand_where_the_vendor_has_them() {
        let task = SyncTaskId([0xab; 16]);
        let folder = "oms/sync_task/abababab-abab-abab-abab-abababababab/";
        assert_eq!(OmsLists.folder(task), folder);
        let table = [
            (
                SyncList::Success,
                "success_object_lists/5-2.success_list.txt",
            ),
            (SyncList::Failure, "failed_object_lists/2/5.failed_list.txt"),
            (SyncList::Skip, "skip_object_lists/5-2.skip_list.txt"),
        ];
        for (list, rest) in table {
            let key = OmsLists.key(task, list, Timestamp::from_millis(5), 2);
            assert_eq!(key, format!("{folder}{rest}"));
        }
        let task = SyncTaskId::of_number(47);
        let key = OmsLists.key(task, SyncList::Failure, Timestamp::from_millis(5), 2);
        let wanted = "oms/task/task_47/failed_object_lists/5-2.failed_list.txt";
        assert_eq!(key, wanted);
    }
}
