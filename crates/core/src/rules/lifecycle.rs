//! What lifecycle rules order for a version or an upload.
//!
//! Days are counted as S3 counts them (user guide, "Lifecycle and object expiration"): so many days
//! after the object was written, and then to the next midnight, UTC. OSS carries its rules out at that
//! midnight. Deleting goes before moving; of several classes the one for the least frequent use wins.

mod check;

pub use check::{Deed, check, check_monitor, check_reads, overlap};
pub(crate) use check::{bytes, check_up_to};

use std::time::Duration;

use crate::limits::LIFECYCLE_SMALL_BYTES;
use crate::model::{
    Due, LifecycleException, LifecycleFilter, LifecycleRule, ObjectRecord, ObjectVersion,
    StorageClass, Timestamp, Transition, UnreadMove,
};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// What is to become of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It stays as it is.
    Keep,
    /// It is deleted: a current object as a client would delete it, everything else for good.
    Expire,
    /// It is kept in this class.
    Move(StorageClass),
}

/// Where a version stands among those of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is current.
    Current {
        /// And the key has no other version.
        alone: bool,
    },
    /// It is not current.
    Older {
        /// When it was replaced.
        replaced_at: Timestamp,
        /// How many newer versions the key has that are not current either.
        newer: u32,
    },
}

/// Judges a version at `now`; `read` is when it counts as read last, where reads are noted.
pub fn verdict<'a>(
    rules: impl IntoIterator<Item = &'a LifecycleRule>,
    key: &str,
    version: &ObjectVersion,
    standing: Standing,
    read: Option<Timestamp>,
    now: Timestamp,
) -> Verdict {
    let about = |rule: &&LifecycleRule| rule.enabled && covers(&rule.filter, key, version);
    let rules: Vec<&LifecycleRule> = rules.into_iter().filter(about).collect();
    let is_current = matches!(standing, Standing::Current { .. });
    let own = is_current && own_end(version).is_some_and(|at| now >= at);
    let ends = |rule: &&LifecycleRule| expires(rule, version, standing, now);
    if own || rules.iter().any(ends) {
        return Verdict::Expire;
    }
    let Some(object) = version.object() else {
        return Verdict::Keep;
    };
    let classes = rules.iter().flat_map(|rule| {
        let (moves, since) = moves(rule, version, standing);
        let due = moves.iter().filter(move |one| is_due(one.due, since, now));
        due.map(|one| one.class)
    });
    let unread = read.into_iter().flat_map(|read| {
        let since = match standing {
            Standing::Current { .. } => read,
            Standing::Older { replaced_at, .. } => read.max(replaced_at),
        };
        let moves = rules
            .iter()
            .flat_map(move |rule| unread_moves(rule, is_current));
        let moves = moves.filter(|one| one.small || object.size >= LIFECYCLE_SMALL_BYTES);
        let due = moves.filter(move |one| is_due(Due::Days(one.days), since, now));
        due.map(|one| one.class)
    });
    match classes.chain(unread).max_by_key(|class| depth(*class)) {
        Some(class) if depth(class) > depth(object.class) => Verdict::Move(class),
        _ => Verdict::Keep,
    }
}

/// Whether an upload begun at `created_at` is to be given up.
pub fn gives_up<'a>(
    rules: impl IntoIterator<Item = &'a LifecycleRule>,
    key: &str,
    created_at: Timestamp,
    now: Timestamp,
) -> bool {
    let about = |rule: &&LifecycleRule| rule.enabled && covers_key(&rule.filter, key, None);
    let mut dues = rules
        .into_iter()
        .filter(about)
        .filter_map(|rule| rule.abort);
    dues.any(|due| is_due(due, created_at, now))
}

fn expires(
    rule: &LifecycleRule,
    version: &ObjectVersion,
    standing: Standing,
    now: Timestamp,
) -> bool {
    match standing {
        Standing::Current { .. } if version.object().is_some() => {
            let due = |due| is_due(due, version.written_at, now);
            rule.expire.is_some_and(due)
        }
        Standing::Current { alone } => alone && rule.expire_markers,
        Standing::Older { replaced_at, newer } => {
            let due = |due| is_due(due, replaced_at, now);
            newer >= rule.keep_older && rule.expire_older.is_some_and(due)
        }
    }
}

fn moves<'a>(
    rule: &'a LifecycleRule,
    version: &ObjectVersion,
    standing: Standing,
) -> (&'a [Transition], Timestamp) {
    match standing {
        Standing::Current { .. } => (&rule.transitions, version.written_at),
        Standing::Older { replaced_at, .. } => (&rule.older_transitions, replaced_at),
    }
}

fn unread_moves(rule: &LifecycleRule, is_current: bool) -> &[UnreadMove] {
    if is_current {
        &rule.unread
    } else {
        &rule.older_unread
    }
}

/// Whether a version that is read is kept as `Standard` again: a rule in force says so of objects of its class,
/// however they came to it.
pub fn comes_back<'a>(
    rules: impl IntoIterator<Item = &'a LifecycleRule>,
    key: &str,
    version: &ObjectVersion,
    is_current: bool,
) -> bool {
    let Some(object) = version.object() else {
        return false;
    };
    let about = |rule: &&LifecycleRule| rule.enabled && covers(&rule.filter, key, version);
    let moves = rules.into_iter().filter(about);
    let mut moves = moves.flat_map(|rule| unread_moves(rule, is_current));
    moves.any(|one| one.comes_back && one.class == object.class)
}

/// When a version counts as read last in a bucket that notes reads `since` then: when that was noted, but not before
/// it was written, and not before reads were noted, as its readers until then are not known.
pub fn read_last(version: &ObjectVersion, since: Timestamp, noted: Option<Timestamp>) -> Timestamp {
    let least = version.written_at.max(since);
    noted.map_or(least, |noted| noted.max(least))
}

/// Whether a read is worth a note: the first one of a day (UTC) is, as rules count days.
pub fn is_news(noted: Option<Timestamp>, read: Timestamp) -> bool {
    let day = |at: Timestamp| at.millis() / DAY_MS;
    noted.is_none_or(|noted| day(noted) < day(read))
}

/// Whether a filter is about a version. Delete markers have neither tags nor a size.
fn covers(filter: &LifecycleFilter, key: &str, version: &ObjectVersion) -> bool {
    if !covers_key(filter, key, version.object()) {
        return false;
    }
    let any_object = filter.tags.is_empty() && !names_sizes(filter);
    let (least, most) = sizes(filter);
    version.object().map_or(any_object, |object| {
        filter.tags.iter().all(|tag| object.tags.contains(tag))
            && (least..=most).contains(&object.size)
    })
}

/// Whether a filter says anything of sizes.
fn names_sizes(filter: &LifecycleFilter) -> bool {
    let above = filter.larger_than.or(filter.at_least);
    above.or(filter.smaller_than).or(filter.at_most).is_some()
}

/// The least and the greatest size that a filter is about, bytes. The least is above the other when no
/// object is so.
fn sizes(filter: &LifecycleFilter) -> (u64, u64) {
    let above = filter.larger_than.map_or(0, |size| size.saturating_add(1));
    let least = above.max(filter.at_least.unwrap_or(0));
    let below = match filter.smaller_than {
        Some(0) => return (1, 0),
        size => size.map_or(u64::MAX, |size| size - 1),
    };
    (least, below.min(filter.at_most.unwrap_or(u64::MAX)))
}

/// Whether a filter is about a key, under which `object` is if it has tags at all.
fn covers_key(filter: &LifecycleFilter, key: &str, object: Option<&ObjectRecord>) -> bool {
    let tagged = |tag: &_| object.is_some_and(|object| object.tags.contains(tag));
    let left_out = |one: &LifecycleException| {
        key.starts_with(&*one.prefix) && one.tag.as_ref().is_none_or(tagged)
    };
    key.starts_with(&*filter.prefix) && !filter.except.iter().any(left_out)
}

/// When an object says itself that it is deleted while it is current.
fn own_end(version: &ObjectVersion) -> Option<Timestamp> {
    version.object()?.expires_at
}

/// When an object ends that is to live for so many days from `at` on.
pub fn end_of(at: Timestamp, days: u32) -> Timestamp {
    midnight_after(at, days)
}

/// When a current object is deleted if nothing changes, and the name of the rule that orders it; no name
/// where the object itself does.
pub fn expiry<'a>(
    rules: impl IntoIterator<Item = &'a LifecycleRule>,
    key: &str,
    version: &ObjectVersion,
) -> Option<(Timestamp, &'a str)> {
    let about = |rule: &&LifecycleRule| rule.enabled && covers(&rule.filter, key, version);
    let ends = |rule: &'a LifecycleRule| {
        let at = match rule.expire? {
            Due::Days(days) => midnight_after(version.written_at, days),
            Due::Date(date) => date,
            Due::WrittenBefore(date) => (version.written_at < date).then_some(date)?,
        };
        Some((at, &*rule.id))
    };
    let own = own_end(version).map(|at| (at, ""));
    rules
        .into_iter()
        .filter(about)
        .filter_map(ends)
        .chain(own)
        .min()
}

fn is_due(due: Due, since: Timestamp, now: Timestamp) -> bool {
    match due {
        Due::Days(days) => now >= midnight_after(since, days),
        Due::Date(date) => now >= date,
        Due::WrittenBefore(date) => since < date,
    }
}

/// The first midnight later than `days` after `since`.
fn midnight_after(since: Timestamp, days: u32) -> Timestamp {
    let day = since.millis() / DAY_MS + 1 + u64::from(days);
    Timestamp::from_millis(day.saturating_mul(DAY_MS))
}

/// When the rules are carried out next, if that is done every so often: at the next multiple of the
/// pause, which for a day is midnight.
pub fn next_turn(now: Timestamp, every: Duration) -> Timestamp {
    let every = u64::try_from(every.as_millis()).unwrap_or(u64::MAX).max(1);
    let turn = now.millis() / every + 1;
    Timestamp::from_millis(turn.saturating_mul(every))
}

/// How seldom objects of a class are meant to be read.
fn depth(class: StorageClass) -> u8 {
    match class {
        StorageClass::Standard => 0,
        StorageClass::Intelligent => 1,
        StorageClass::Infrequent => 2,
        StorageClass::ArchiveInstant => 3,
        StorageClass::Archive => 4,
        StorageClass::ColdArchive => 5,
        StorageClass::DeepColdArchive => 6,
    }
}

#[cfg(test)]
mod tests;
