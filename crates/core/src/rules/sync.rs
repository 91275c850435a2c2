//! What a sync task does about a key: whether it copies, what the copy carries, what becomes of the
//! requests, and how long it waits after a failure. Pure.

use std::time::Duration;

use crate::engine::Attributes;
use crate::error::{Error, ErrorKind};
use crate::limits::{
    KEY_BYTES_MAX, PARTS_MAX, SYNC_PICKS_BYTES_MAX, SYNC_PICKS_MAX, SYNC_SECRET_BYTES_MAX,
    SYNC_SPAN, SYNC_TEXT_BYTES_MAX,
};
use crate::model::{
    Checked, ContentCheck, Etag, Lock, Overwrite, StoredHeaders, SyncCounts, SyncOutcome, SyncPick,
    SyncScope, SyncSettings, Timestamp,
};
use crate::ports::{SourceCredentials, SourceDigests, SourceObject};
use crate::records::SyncResume;
use crate::rules::attributes::check_labels;
use crate::rules::bandwidth;

/// Checks the settings of a new task.
pub fn check_settings(settings: &SyncSettings) -> Result<(), Error> {
    let source = &settings.source;
    let texts = [
        &settings.description,
        &source.cloud,
        &source.region,
        &source.bucket,
    ];
    if texts.iter().any(|text| text.len() > SYNC_TEXT_BYTES_MAX) {
        return Err(invalid(
            "a text of the sync task is longer than 1,024 bytes",
        ));
    }
    if let SyncScope::Found(picks) = &settings.scope {
        check_picks(picks)?;
    }
    if settings.into.len() > KEY_BYTES_MAX {
        return Err(invalid("what is put before keys is longer than a key"));
    }
    if source.prefix.len() > KEY_BYTES_MAX {
        return Err(invalid("the prefix of the source is longer than a key"));
    }
    bandwidth::check(&settings.bandwidth)?;
    check_labels(&settings.labels)
}

fn check_picks(picks: &[SyncPick]) -> Result<(), Error> {
    let bytes = |pick: &SyncPick| match pick {
        SyncPick::Prefix(prefix) => prefix.len(),
        SyncPick::Key(key) => key.as_str().len(),
    };
    if !(1..=SYNC_PICKS_MAX).contains(&picks.len()) {
        return Err(invalid("a task looks for 1 to 1,000 prefixes or objects"));
    }
    if picks.iter().map(bytes).sum::<usize>() > SYNC_PICKS_BYTES_MAX {
        return Err(invalid(
            "the names of what a task looks for are longer than 64 KiB together",
        ));
    }
    Ok(())
}

/// Checks credentials for a source.
pub fn check_credentials(keys: &SourceCredentials) -> Result<(), Error> {
    let token = keys.token.as_ref().map_or("", |token| token.expose());
    let texts = [&*keys.access, keys.secret.expose(), token];
    if texts.iter().any(|text| text.len() > SYNC_SECRET_BYTES_MAX) {
        return Err(invalid(
            "the credentials for the source are longer than 16 KiB",
        ));
    }
    Ok(())
}

/// The object that is there already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct There {
    /// Length, bytes.
    pub size: u64,
    /// Entity tag.
    pub etag: Etag,
    /// When it was written.
    pub written_at: Timestamp,
    /// CRC-64/XZ.
    pub crc64: u64,
}

/// Whether an object is to be copied, given what is there. `false` means that there is nothing to do.
pub fn wants_copy(
    overwrite: Overwrite,
    check: ContentCheck,
    source: &SourceObject,
    there: Option<&There>,
) -> bool {
    let Some(there) = there else {
        return true;
    };
    let by_crc = match overwrite {
        Overwrite::Never => return false,
        Overwrite::Always => return true,
        Overwrite::OtherCrc64 => true,
        Overwrite::NewerOrOtherSize => check == ContentCheck::Crc64,
    };
    match source.digests.crc64.filter(|_| by_crc) {
        Some(crc64) => crc64 != there.crc64,
        None => is_newer_or_other(source, there),
    }
}

/// Whether an object is to be written to another store, given what is there. What has the same bytes is
/// left alone, so that stores that write to each other come to rest. A CRC-64 that the other store does not
/// publish decides nothing.
pub fn wants_copy_there(
    overwrite: Overwrite,
    check: ContentCheck,
    ours: &SourceObject,
    there: Option<&SourceObject>,
) -> bool {
    let Some(there) = there else {
        return true;
    };
    let (a, b) = (ours.digests, there.digests);
    let same_md5 = a.md5.is_some() && a.md5 == b.md5;
    let same_crc64 = a.crc64.is_some() && a.crc64 == b.crc64;
    if ours.size == there.size && (same_md5 || same_crc64) {
        return false;
    }
    let mut comparable = ours.clone();
    comparable.digests.crc64 = a.crc64.filter(|_| b.crc64.is_some());
    let there = There {
        size: there.size,
        etag: b.md5.map_or_else(|| Etag::Opaque([0; 16]), Etag::Md5),
        written_at: there.modified,
        crc64: b.crc64.unwrap_or_default(),
    };
    wants_copy(overwrite, check, &comparable, Some(&there))
}

/// Dates count in whole seconds, because many stores tell no more. An object that was rewritten within
/// one second with the same length gives itself away by its MD5, where both sides have one.
fn is_newer_or_other(source: &SourceObject, there: &There) -> bool {
    let other_md5 = match (source.digests.md5, &there.etag) {
        (Some(md5), Etag::Md5(ours)) => md5 != *ours,
        _ => false,
    };
    source.size != there.size || source.modified.seconds() > there.written_at.seconds() || other_md5
}

/// The digests that a copy must have, and what that says of it.
pub fn expected(check: ContentCheck, source: &SourceObject) -> (SourceDigests, Checked) {
    let none = SourceDigests::default();
    let digests = match check {
        ContentCheck::SizeAndTime | ContentCheck::Crc64 => source.digests,
        ContentCheck::None => none,
    };
    let checked = if digests == none {
        Checked::Size
    } else {
        Checked::Digest
    };
    (digests, checked)
}

/// What a copy carries of its source.
pub fn carried(settings: &SyncSettings, source: &SourceObject) -> Attributes {
    let (headers, user_meta) = if settings.metadata {
        (source.headers.clone(), source.user_meta.clone())
    } else {
        let headers = StoredHeaders {
            content_type: source.headers.content_type.clone(),
            content_encoding: source.headers.content_encoding.clone(),
            ..StoredHeaders::default()
        };
        (headers, Vec::new())
    };
    Attributes {
        headers,
        user_meta,
        tags: Vec::new(),
        class: Some(settings.class.unwrap_or(source.class)),
        acl: None,
        expires_days: None,
        lock: Lock::default(),
    }
}

/// The counts of a run that answers so many requests: the first of them has its outcome. When the run
/// brought something, the others found that there was nothing left to do; else all share it.
pub fn counts_of(outcome: &SyncOutcome, requests: u64) -> SyncCounts {
    let mut counts = SyncCounts::default();
    match outcome {
        SyncOutcome::Success { bytes, .. } => {
            counts.success = requests.min(1);
            counts.skip = requests.saturating_sub(1);
            counts.bytes = *bytes;
        }
        SyncOutcome::Skip { .. } => counts.skip = requests,
        SyncOutcome::Failure { .. } => counts.failure = requests,
    }
    counts
}

/// Length of every part but the last of a copy of so many bytes, at least `least`.
pub fn part_size(size: u64, least: u64) -> u64 {
    least.max(size.div_ceil(u64::from(PARTS_MAX)))
}

/// Whether a copy that was begun is one of this object.
pub fn goes_on(resume: &SyncResume, source: &SourceObject) -> bool {
    resume.etag == source.etag && resume.modified == source.modified && resume.size == source.size
}

/// The start of the span of so many milliseconds that an instant lies in.
pub fn start_of(at: Timestamp, span_ms: u64) -> Timestamp {
    Timestamp::from_millis(at.millis() - at.millis().checked_rem(span_ms).unwrap_or(0))
}

/// The start of the span that outcomes of an instant are counted in.
pub fn span_of(at: Timestamp) -> Timestamp {
    start_of(at, u64::try_from(SYNC_SPAN.as_millis()).unwrap_or(u64::MAX))
}

/// First pause after a failed try.
const PAUSE_MIN: Duration = Duration::from_secs(1);
/// Longest pause between two tries, also when a source asks for more.
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// Tries of a key before it fails, when they bring nothing.
const TRIES_MAX: u32 = 7;
/// Tries of a key that are made however long they take.
const TRIES_MIN: u32 = 4;
/// Time in which a key is tried.
const TRIED_MAX: Duration = Duration::from_secs(90);
/// Time that a restore at the source may take; the vendor of such tasks waits three minutes.
const RESTORED_MAX: Duration = Duration::from_mins(3);
/// Pause between two looks whether a restore has finished.
const RESTORE_PAUSE: Duration = Duration::from_secs(10);

/// What is known about the tries of a key when one has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tried {
    /// Tries that failed, one after the other, without bringing anything; from 1.
    pub tries: u32,
    /// Time since the first of them failed.
    pub since: Duration,
    /// How long the source asks to be left alone.
    pub asked: Option<Duration>,
    /// Whether the source restores the object.
    pub restoring: bool,
}

/// How long to wait before the next try; `None` when there is none. `below` draws a number under its
/// argument, so that keys that failed together do not come back together.
pub fn pause(tried: Tried, below: impl FnOnce(u64) -> u64) -> Option<Duration> {
    if tried.restoring {
        return (tried.since + RESTORE_PAUSE <= RESTORED_MAX).then_some(RESTORE_PAUSE);
    }
    let factor = 1_u32.checked_shl(tried.tries.saturating_sub(1));
    let step = PAUSE_MIN.saturating_mul(factor.unwrap_or(u32::MAX));
    let step = step.max(tried.asked.unwrap_or_default()).min(PAUSE_MAX);
    let half = u64::try_from(step.as_millis() / 2).unwrap_or(u64::MAX);
    let pause = Duration::from_millis(half.saturating_add(below(half + 1)));
    let pause = pause.max(tried.asked.unwrap_or_default().min(PAUSE_MAX));
    let again =
        tried.tries < TRIES_MIN || (tried.tries < TRIES_MAX && tried.since + pause <= TRIED_MAX);
    again.then_some(pause)
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}

#[cfg(test)]
mod tests;
