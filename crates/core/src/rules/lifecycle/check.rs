//! Which lifecycle rules can be stored.

use std::collections::BTreeSet;

use super::{DAY_MS, depth, names_sizes, sizes};
use crate::error::{Error, ErrorKind};
use crate::limits::{
    LIFECYCLE_BYTES_MAX, LIFECYCLE_EXCEPTIONS_MAX, LIFECYCLE_ID_BYTES_MAX, LIFECYCLE_KEPT_MAX,
    LIFECYCLE_MOVES_MAX, LIFECYCLE_RULES_MAX,
};
use crate::model::{
    Bucket, Due, LifecycleException, LifecycleFilter, LifecycleRule, StorageClass, Transition,
    UnreadMove,
};
use crate::rules::attributes::check_tags;

/// Checks rules before they are stored: that each has a name and does something, and that nothing in
/// it contradicts the rest.
pub fn check(rules: &[LifecycleRule]) -> Result<(), Error> {
    check_up_to(rules, LIFECYCLE_RULES_MAX, LIFECYCLE_BYTES_MAX)
}

/// Checks rules of which there may be so many, of so many bytes together.
pub(crate) fn check_up_to(
    rules: &[LifecycleRule],
    rules_max: usize,
    bytes_max: usize,
) -> Result<(), Error> {
    if rules.is_empty() || rules.len() > rules_max {
        let message = format!("there are 1 to {rules_max} lifecycle rules");
        return Err(Error::new(ErrorKind::InvalidArgument, message));
    }
    if rules.iter().map(bytes).sum::<usize>() > bytes_max {
        let message = format!(
            "the lifecycle rules are larger than {} KiB",
            bytes_max >> 10
        );
        return Err(Error::new(ErrorKind::InvalidArgument, message));
    }
    let mut names = BTreeSet::new();
    for rule in rules {
        if rule.id.is_empty() || rule.id.len() > LIFECYCLE_ID_BYTES_MAX {
            return Err(invalid("a lifecycle rule has an id of 1 to 255 bytes"));
        }
        if !names.insert(&rule.id) {
            return Err(invalid("the id of a lifecycle rule comes twice"));
        }
        check_filter(rule)?;
        check_actions(rule)?;
    }
    Ok(())
}

fn check_filter(rule: &LifecycleRule) -> Result<(), Error> {
    let filter = &rule.filter;
    check_tags(&filter.tags)?;
    let (least, most) = sizes(filter);
    if least > most {
        return Err(invalid(
            "no object is larger than the one size and smaller than the other of a lifecycle rule",
        ));
    }
    if filter.except.len() > LIFECYCLE_EXCEPTIONS_MAX {
        return Err(invalid("a lifecycle rule has at most 10 exceptions"));
    }
    let all = |one: &LifecycleException| one.prefix.is_empty() && one.tag.is_none();
    if filter.except.iter().any(all) {
        return Err(invalid(
            "an exception of a lifecycle rule names a prefix or a tag",
        ));
    }
    let by_object = !filter.tags.is_empty() || names_sizes(filter);
    if by_object && (rule.abort.is_some() || rule.expire_markers) {
        return Err(invalid(
            "uploads and delete markers have no tags and no size; give them a lifecycle rule of their own",
        ));
    }
    Ok(())
}

fn check_actions(rule: &LifecycleRule) -> Result<(), Error> {
    let unread = rule.unread.len() + rule.older_unread.len();
    let moves = rule.transitions.len() + rule.older_transitions.len() + unread;
    let removes = rule.expire.is_some() || rule.expire_markers || rule.expire_older.is_some();
    if !removes && moves == 0 && rule.abort.is_none() {
        return Err(invalid("a lifecycle rule names at least one action"));
    }
    if moves > LIFECYCLE_MOVES_MAX {
        return Err(invalid("a lifecycle rule has at most 20 transitions"));
    }
    let own = [rule.expire, rule.abort, rule.expire_older];
    if !own.into_iter().flatten().all(is_sensible) {
        return Err(invalid(
            "days of a lifecycle rule are at least 1, and its dates are midnights in UTC",
        ));
    }
    let mut both = rule.transitions.iter().chain(&rule.older_transitions);
    if !both.all(|one| is_midnight(one.due)) {
        return Err(invalid("dates of a lifecycle rule are midnights in UTC"));
    }
    let older = rule.older_transitions.iter().map(|one| one.due);
    let by_writing = |due: Due| matches!(due, Due::WrittenBefore(_));
    if rule.expire_older.into_iter().chain(older).any(by_writing) {
        return Err(invalid(
            "versions that are not current go after a number of days or from a date on",
        ));
    }
    let kept = rule.keep_older as usize;
    if kept > LIFECYCLE_KEPT_MAX || (kept > 0 && rule.expire_older.is_none()) {
        return Err(invalid(
            "a lifecycle rule that removes versions that are not current leaves at most 100 of them alone",
        ));
    }
    let expire_days = days(rule.expire);
    check_moves(&rule.transitions, expire_days)?;
    check_moves(&rule.older_transitions, days(rule.expire_older))?;
    check_unread(&rule.unread)?;
    check_unread(&rule.older_unread)
}

/// Moves of what nobody reads. When such an object is deleted is another matter: that counts from when it was
/// written.
fn check_unread(moves: &[UnreadMove]) -> Result<(), Error> {
    if moves.iter().any(|one| one.days == 0) {
        return Err(invalid(
            "days without a read are at least 1 in a lifecycle rule",
        ));
    }
    // Other classes are not read before they are restored, or meant to be read where they are.
    if moves
        .iter()
        .any(|one| one.comes_back && one.class != StorageClass::Infrequent)
    {
        return Err(invalid(
            "a lifecycle rule takes objects back that are read only from infrequent access",
        ));
    }
    let timed = |one: &UnreadMove| Transition {
        due: Due::Days(one.days),
        class: one.class,
    };
    check_moves(&moves.iter().map(timed).collect::<Vec<_>>(), None)
}

/// Refuses rules that count reads in a bucket that notes none: `ReadsNotNoted`.
pub fn check_reads<'a>(
    rules: impl IntoIterator<Item = &'a LifecycleRule>,
    bucket: &Bucket,
) -> Result<(), Error> {
    let counted = rules.into_iter().any(LifecycleRule::counts_reads);
    if counted && bucket.notes_reads().is_none() {
        return Err(Error::new(
            ErrorKind::ReadsNotNoted,
            "the bucket does not note when objects are read; enable its access monitor first",
        ));
    }
    Ok(())
}

/// Refuses to stop the noting of reads while rules count them: `ReadsNeeded`.
pub fn check_monitor<'a>(
    rules: impl IntoIterator<Item = &'a LifecycleRule>,
    on: bool,
) -> Result<(), Error> {
    if !on && rules.into_iter().any(LifecycleRule::counts_reads) {
        return Err(Error::new(
            ErrorKind::ReadsNeeded,
            "a lifecycle rule counts from the last access; remove it before the access monitor is disabled",
        ));
    }
    Ok(())
}

/// Moves go to classes for ever less frequent use, and end before the object does.
fn check_moves(moves: &[Transition], expire_days: Option<u32>) -> Result<(), Error> {
    if moves.iter().any(|one| depth(one.class) == 0) {
        return Err(invalid(
            "a lifecycle rule moves objects to a class for less frequent use than the first",
        ));
    }
    for one in moves {
        let Some(when) = days(Some(one.due)) else {
            continue;
        };
        if expire_days.is_some_and(|end| when >= end) {
            return Err(invalid(
                "a lifecycle rule moves objects before it deletes them",
            ));
        }
        let contradicts = |other: &Transition| {
            let later = days(Some(other.due)).is_some_and(|other| other > when);
            later && depth(other.class) <= depth(one.class)
        };
        if moves.iter().any(contradicts) {
            return Err(invalid(
                "the later transition of a lifecycle rule goes to the class for less frequent use",
            ));
        }
    }
    Ok(())
}

fn days(due: Option<Due>) -> Option<u32> {
    match due? {
        Due::Days(days) => Some(days),
        Due::Date(_) | Due::WrittenBefore(_) => None,
    }
}

fn is_sensible(due: Due) -> bool {
    due != Due::Days(0) && is_midnight(due)
}

fn is_midnight(due: Due) -> bool {
    match due {
        Due::Days(_) => true,
        Due::Date(date) | Due::WrittenBefore(date) => date.millis().is_multiple_of(DAY_MS),
    }
}

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Deletes current objects.
    Expire,
    /// Takes delete markers away that stand alone.
    ExpireMarkers,
    /// Removes versions that are not current.
    ExpireOlder,
    /// Moves current objects to another class.
    Move,
    /// Moves versions that are not current.
    MoveOlder,
    /// Gives uploads up.
    Abort,
}

/// What two rules may both do to one object, in vendors' words an overlap.
pub fn overlap(rules: &[LifecycleRule]) -> Option<Deed> {
    let mut pairs = rules
        .iter()
        .enumerate()
        .flat_map(|(n, one)| rules.iter().skip(n + 1).map(move |other| (one, other)));
    pairs.find_map(|(one, other)| {
        let both = || deeds(one).find(|deed| deeds(other).any(|same| same == *deed));
        meet(&one.filter, &other.filter).then(both)?
    })
}

/// Whether an object can be what both filters are about.
fn meet(one: &LifecycleFilter, other: &LifecycleFilter) -> bool {
    let nested = one.prefix.starts_with(&*other.prefix) || other.prefix.starts_with(&*one.prefix);
    let differs = |(name, value): &(Box<str>, Box<str>)| {
        let same_name = |(n, v): &(Box<str>, Box<str>)| n == name && v != value;
        other.tags.iter().any(same_name)
    };
    let ((least, most), (other_least, other_most)) = (sizes(one), sizes(other));
    let apart = most < other_least || other_most < least;
    nested && !one.tags.iter().any(differs) && !apart
}

fn deeds(rule: &LifecycleRule) -> impl Iterator<Item = Deed> {
    let all = [
        (Deed::Expire, rule.expire.is_some()),
        (Deed::ExpireMarkers, rule.expire_markers),
        (Deed::ExpireOlder, rule.expire_older.is_some()),
        (
            Deed::Move,
            !rule.transitions.is_empty() || !rule.unread.is_empty(),
        ),
        (
            Deed::MoveOlder,
            !rule.older_transitions.is_empty() || !rule.older_unread.is_empty(),
        ),
        (Deed::Abort, rule.abort.is_some()),
    ];
    all.into_iter()
        .filter_map(|(deed, does)| does.then_some(deed))
}

/// Bytes of the texts of a rule.
pub(crate) fn bytes(rule: &LifecycleRule) -> usize {
    let filter = &rule.filter;
    let left_out = filter.except.iter();
    let tags = filter.tags.iter();
    let tags = tags.chain(left_out.clone().filter_map(|one| one.tag.as_ref()));
    let tags = tags.map(|(a, b)| a.len() + b.len()).sum::<usize>();
    let prefixes = left_out.map(|one| one.prefix.len()).sum::<usize>();
    rule.id.len() + filter.prefix.len() + prefixes + tags
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}
