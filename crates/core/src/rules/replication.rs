//! Replication: which rules can be set, what they are about, and what a copy is. Pure.

use std::collections::BTreeSet;

use crate::error::{Error, ErrorKind};
use crate::limits::{
    REPLICATION_BYTES_MAX, REPLICATION_ID_BYTES_MAX, REPLICATION_RULES_MAX, REPLICATION_TAGS_MAX,
};
use crate::model::{
    Bucket, ClassSource, EventKind, Form, KeyHolder, Lock, ObjectKey, ObjectRecord, ObjectVersion,
    PayloadRef, Replicated, Replication, ReplicationRule, StorageClass, VersionId, WorkId,
};
use crate::rules::attributes::check_tags;

/// Checks rules before they are stored: `InvalidArgument`. Rules without an id get one later.
pub fn check(all: &Replication) -> Result<(), Error> {
    let rules = &all.rules;
    if rules.is_empty() || rules.len() > REPLICATION_RULES_MAX {
        return Err(invalid("a bucket has 1 to 100 replication rules"));
    }
    if rules.iter().map(bytes).sum::<usize>() + all.role.len() > REPLICATION_BYTES_MAX {
        return Err(invalid("the replication rules are larger than 64 KiB"));
    }
    let mut ids = BTreeSet::new();
    for rule in rules {
        check_one(rule)?;
        if !rule.id.is_empty() && !ids.insert(&rule.id) {
            return Err(invalid("two replication rules have one id"));
        }
    }
    let mut pairs = rules.iter().enumerate();
    if pairs.any(|(n, one)| rules.iter().skip(n + 1).any(|other| contradict(one, other))) {
        return Err(invalid(
            "prefixes of two rules that copy into one bucket overlap; make them one rule",
        ));
    }
    Ok(())
}

fn check_one(rule: &ReplicationRule) -> Result<(), Error> {
    if rule.id.len() > REPLICATION_ID_BYTES_MAX {
        return Err(invalid(
            "the id of a replication rule has at most 255 bytes",
        ));
    }
    let is_prefix = |text: &str| text.is_empty() || ObjectKey::new(text).is_ok();
    if !rule.prefixes.iter().all(|prefix| is_prefix(prefix)) {
        return Err(invalid("a prefix of a rule is none that keys can have"));
    }
    if rule.tags.len() > REPLICATION_TAGS_MAX {
        return Err(invalid("a replication rule has at most 10 tags"));
    }
    check_tags(&rule.tags)
}

/// Whether two rules say of the same objects how they are copied to the same place. Those that ask for other tags are
/// about other objects.
fn contradict(one: &ReplicationRule, other: &ReplicationRule) -> bool {
    let begins = |a: &str, b: &str| a.starts_with(b) || b.starts_with(a);
    one.target.bucket == other.target.bucket
        && one.tags == other.tags
        && prefixes(one).any(|a| prefixes(other).any(|b| begins(a, b)))
}

/// What the keys of a rule begin with: an empty text where it has no prefix.
fn prefixes(rule: &ReplicationRule) -> impl Iterator<Item = &str> {
    let every = rule.prefixes.is_empty().then_some("");
    rule.prefixes.iter().map(|prefix| &**prefix).chain(every)
}

/// Bytes of what a client wrote into a rule, and of what stands around it.
fn bytes(rule: &ReplicationRule) -> usize {
    let tags = rule.tags.iter();
    let tags: usize = tags.map(|(name, value)| name.len() + value.len()).sum();
    let prefixes: usize = rule.prefixes.iter().map(|prefix| prefix.len() + 8).sum();
    64 + rule.id.len() + rule.target.region.len() + tags + prefixes
}

/// The least texts of which every key of these rules begins with one.
fn narrowed<'a>(all: impl Iterator<Item = &'a str>) -> Vec<Box<str>> {
    let mut least: Vec<Box<str>> = Vec::new();
    for prefix in all.collect::<BTreeSet<_>>() {
        // What it begins with, if anything, sorts before it.
        if !least.iter().any(|shorter| prefix.starts_with(&**shorter)) {
            least.push(prefix.into());
        }
    }
    least
}

/// What the keys begin with that rules in force are about.
pub(crate) fn watched(all: Option<&Replication>) -> Vec<Box<str>> {
    let rules = all.into_iter().flat_map(|all| &all.rules);
    narrowed(rules.filter(|rule| rule.enabled).flat_map(prefixes))
}

/// What the keys of one rule begin with, none of them twice.
pub(crate) fn ranges(rule: &ReplicationRule) -> Vec<Box<str>> {
    narrowed(prefixes(rule))
}

/// Rules as they are stored: one that is there already stays as it is, any other begins anew, after the version
/// `since`, and rules without an id get one.
pub(crate) fn adopt(
    mut all: Replication,
    old: Option<&Replication>,
    since: VersionId,
    mut duty: impl FnMut() -> WorkId,
) -> Replication {
    let known = old.map_or(&[][..], |old| &old.rules);
    for rule in &mut all.rules {
        let same = known.iter().find(|known| {
            let state = |rule: &ReplicationRule| ReplicationRule {
                since: known.since,
                duty: known.duty,
                ..rule.clone()
            };
            state(rule) == state(known)
        });
        if let Some(known) = same {
            rule.clone_from(known);
            continue;
        }
        rule.since = since;
        rule.duty = duty();
        if rule.id.is_empty() {
            rule.id = hex::encode(rule.duty.0).into();
        }
    }
    all
}

/// Whether a change wrote something that a rule may want. Copies that replication made go no further, so nothing goes
/// round, and what is done to an object later (metadata, grants, class, deletion) stays where it is done.
pub(crate) fn concerns(bucket: &Bucket, kind: EventKind, key: &ObjectKey) -> bool {
    let writes = match kind {
        EventKind::CreatedPut
        | EventKind::CreatedPost
        | EventKind::CreatedCopy
        | EventKind::CreatedComplete
        | EventKind::CreatedFetch
        | EventKind::CreatedOrigin
        | EventKind::CreatedAppend
        | EventKind::CreatedSymlink => true,
        EventKind::RemovedDelete
        | EventKind::RemovedMarker
        | EventKind::ExpiredDelete
        | EventKind::ExpiredMarker
        | EventKind::ReplicatedCreated
        | EventKind::ReplicatedModified
        | EventKind::RestorePost
        | EventKind::RestoreCompleted
        | EventKind::Downloaded => false,
    };
    let key = key.as_str();
    let mut watched = bucket.replicated.iter();
    writes && watched.any(|prefix| key.starts_with(&**prefix))
}

/// What replication has to do with an object that is written now.
pub(crate) fn of_new(bucket: &Bucket, kind: EventKind, key: &ObjectKey) -> Replicated {
    if concerns(bucket, kind, key) {
        Replicated::Pending
    } else {
        Replicated::No
    }
}

/// Whether a rule in force is about a key.
pub(crate) fn covers(rule: &ReplicationRule, key: &ObjectKey) -> bool {
    rule.enabled && prefixes(rule).any(|prefix| key.as_str().starts_with(prefix))
}

/// Whether a rule in force wants a version of a key copied. Not copies of its own kind, and not what only a client's
/// key opens.
pub(crate) fn wants(rule: &ReplicationRule, key: &ObjectKey, version: &ObjectVersion) -> bool {
    let Some(object) = version.object() else {
        return false;
    };
    let is_new = rule.history || version.id > rule.since;
    let is_copy = matches!(object.replicated, Replicated::Copy(_));
    let holder = object.encryption().map(|encryption| &encryption.holder);
    let has = |tag| object.tags.contains(tag);
    is_new
        && !is_copy
        && holder != Some(&KeyHolder::Customer)
        && covers(rule, key)
        && rule.tags.iter().all(has)
}

/// Whether the newest version of a key in the bucket of copies is older than one of the object. What somebody wrote or
/// deleted there later stays.
pub(crate) fn is_behind(there: Option<&ObjectVersion>, source: &ObjectVersion) -> bool {
    let Some(there) = there else {
        return true;
    };
    let size = |version: &ObjectVersion| version.object().map(|object| object.size);
    match there.object().map(|object| object.replicated) {
        // An object that is appended to stays the same version.
        Some(Replicated::Copy(of)) => {
            of < source.id || (of == source.id && size(there) != size(source))
        }
        _ => there.id < source.id,
    }
}

/// The class of a copy; `None` leaves it to the bucket.
pub(crate) fn class_of(rule: &ReplicationRule, object: &ObjectRecord) -> Option<StorageClass> {
    match rule.target.inherits {
        Some(ClassSource::Object) => Some(object.class),
        Some(ClassSource::Bucket) => None,
        None => rule.target.class,
    }
}

/// The record of a copy, without its bytes.
pub(crate) fn copy_of(
    rule: &ReplicationRule,
    (id, object): (VersionId, &ObjectRecord),
    into: &Bucket,
) -> ObjectRecord {
    let (owner, acl) = if rule.entrusts {
        (into.owner.clone(), None)
    } else {
        (object.owner.clone(), object.acl.clone())
    };
    ObjectRecord {
        payload: PayloadRef::Empty,
        upload: None,
        owner,
        acl,
        // Nobody appends to a copy.
        form: match &object.form {
            Form::Symlink(to) => Form::Symlink(to.clone()),
            Form::Normal | Form::Appendable | Form::Directory { .. } => Form::Normal,
        },
        restore: None,
        seal: None,
        // What keeps it is up to the bucket it is in.
        lock: Lock::default(),
        replicated: Replicated::Copy(id),
        ..object.clone()
    }
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}

#[cfg(test)]
mod tests;
