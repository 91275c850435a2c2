//! Changing what stands beside an object's bytes. No new version, no event.

use crate::error::Error;
use crate::limits::CONFLICT_RETRIES_MAX;
use crate::model::{Bucket, ObjectVersion, VersionKind, VersionTag};
use crate::ports::{CommitError, Expect, Revision, Txn, Write};
use crate::records::{encode, keys};
use crate::rules::access::Action;
use crate::rules::attributes::{check_acl, check_meta, check_tags};

use super::buckets::now;
use super::key::{Seen, current_writes, expect};
use super::read::Found;
use super::{Cx, Engine, ObjectChange, ObjectTarget};

impl Engine {
    /// Changes an object in place and says which version it was. As with every change of a version,
    /// the key's current record is written anew.
    pub async fn change_object(
        &self,
        cx: &Cx,
        target: &ObjectTarget,
        change: ObjectChange,
    ) -> Result<VersionTag, Error> {
        let action = check_change(&change)?;
        for _ in 0..CONFLICT_RETRIES_MAX {
            let (bucket, revision) = self.bucket_for_change(&target.bucket).await?;
            let _pass = self.gates.enter(&target.bucket, [&target.key]).await;
            let found = self.find_allowed(cx, &bucket, target, action).await?;
            let seen = self.see_one(bucket.id, &target.key).await?;
            let tag = found.tag;
            let Some(txn) = changed(target, (&bucket, revision), &seen, found, &change) else {
                continue;
            };
            if self.commit_one(txn).await? {
                return Ok(tag);
            }
        }
        Err(CommitError::Conflict.into())
    }
}

fn check_change(change: &ObjectChange) -> Result<Action, Error> {
    match change {
        ObjectChange::Meta(headers, user_meta) => {
            check_meta(headers, user_meta)?;
            Ok(Action::WriteObjectMeta)
        }
        ObjectChange::Tags(tags) => {
            check_tags(tags)?;
            Ok(Action::WriteObjectTags)
        }
        ObjectChange::Acl(acl) => {
            acl.as_ref().map_or(Ok(()), check_acl)?;
            Ok(Action::WriteObjectAcl)
        }
    }
}

/// The transaction of a change; `None` when the key lost its versions since the version was found.
fn changed(
    target: &ObjectTarget,
    (bucket, revision): (&Bucket, Revision),
    seen: &Seen,
    found: Found,
    change: &ObjectChange,
) -> Option<Txn> {
    let mut current = seen.current.clone()?;
    let mut version = found.version;
    alter(&mut version, change);
    let mut write = Vec::new();
    if found.at == keys::head(bucket.id, &target.key) {
        current.version = version;
    } else {
        write.push(Write::Put(found.at.clone(), encode(&version)));
    }
    write.extend(current_writes(bucket.id, &target.key, seen, Some(&current)));
    let mut expected = expect(bucket, revision, &target.key, seen);
    expected.push(Expect::Revision(found.at, found.revision));
    Some(now(expected, write))
}

fn alter(version: &mut ObjectVersion, change: &ObjectChange) {
    let VersionKind::Object(record) = &mut version.kind else {
        return;
    };
    match change {
        ObjectChange::Meta(headers, user_meta) => {
            record.headers.clone_from(headers);
            record.user_meta.clone_from(user_meta);
        }
        ObjectChange::Tags(tags) => record.tags.clone_from(tags),
        ObjectChange::Acl(acl) => record.acl.clone_from(acl),
    }
}
