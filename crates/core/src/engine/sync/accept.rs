//! Accepting what a sync task is to do: one commit for all keys, before anybody is told so.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{check_state, no_such_task};
use crate::engine::buckets::now;
use crate::engine::key::unchanged;
use crate::engine::{Cx, Engine};
use crate::error::{Error, ErrorKind};
use crate::limits::{CONFLICT_RETRIES_MAX, SYNC_ITEMS_MAX, SYNC_KEYS_MAX, SYNC_PASSED_MAX};
use crate::model::{ObjectKey, SyncCounts, SyncScope, SyncState, SyncTask, SyncTaskId, Timestamp};
use crate::ports::{CommitError, Expect, Record, Revision, Txn, Write};
use crate::records::keys::SyncCount;
use crate::records::{SyncItemRecord, SyncSettled, SyncTaken, decode, encode, keys};
use crate::rules::sync::span_of;

/// One request for one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SyncOrder {
    pub(crate) key: ObjectKey,
    /// Whether the key was removed at the source.
    pub(crate) removal: bool,
    /// Tasks that what is told of has passed.
    pub(crate) passed: Vec<SyncTaskId>,
}

/// All requests of one event for one key.
#[derive(Debug, Default)]
pub(super) struct Asked {
    requests: u64,
    removal: bool,
    passed: Vec<SyncTaskId>,
}

impl Engine {
    /// Accepts an event for a task of the asking account: its keys, repeated ones as well, each a
    /// request. When this returns they are durable; on any error none of them was accepted.
    /// `InvalidArgument` for none or more than [`SYNC_KEYS_MAX`], `NoSuchTask`, `TaskState` when it is
    /// stopped, `Unavailable` while [`SYNC_ITEMS_MAX`] keys wait.
    pub async fn accept_sync(
        &self,
        cx: &Cx,
        id: SyncTaskId,
        keys: Vec<ObjectKey>,
    ) -> Result<(), Error> {
        self.own_sync_task(cx, id).await?;
        if !(1..=SYNC_KEYS_MAX).contains(&keys.len()) {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "a sync event names 1 to 100 keys",
            ));
        }
        let order = |key| SyncOrder {
            key,
            removal: false,
            passed: Vec::new(),
        };
        let orders: Vec<SyncOrder> = keys.into_iter().map(order).collect();
        self.take_sync_orders(id, &orders).await
    }

    /// Accepts orders for a task, at most [`SYNC_KEYS_MAX`]; errors as of [`Engine::accept_sync`].
    pub(crate) async fn take_sync_orders(
        &self,
        id: SyncTaskId,
        orders: &[SyncOrder],
    ) -> Result<(), Error> {
        let asked = by_key(orders);
        for _ in 0..CONFLICT_RETRIES_MAX {
            let (task, revision) = self.find_sync_task(id).await?.ok_or_else(no_such_task)?;
            if task.settings.scope != SyncScope::Told {
                return Err(no_such_task());
            }
            check_state(&task, &[SyncState::Running])?;
            // Every event of a task rewrites its counts, so events queue here instead of at the commit.
            let _pass = self
                .gates
                .enter(&task.settings.bucket, gate(id).as_ref())
                .await;
            let txn = self.taking(&task, revision, &asked).await?;
            if self.commit_one(txn).await? {
                self.sync_bell.changed(id);
                return Ok(());
            }
        }
        Err(CommitError::Conflict.into())
    }

    pub(super) async fn taking(
        &self,
        task: &SyncTask,
        revision: Revision,
        asked: &BTreeMap<&ObjectKey, Asked>,
    ) -> Result<Txn, Error> {
        let at = self.ports.clock.now();
        let slot = keys::sync_slot(task.id, SyncCount::Accepted, span_of(at));
        let taken_at = keys::sync_taken(task.id);
        let mut places = vec![slot.clone(), taken_at.clone(), keys::sync_settled(task.id)];
        places.extend(asked.keys().map(|key| keys::sync_item(task.id, key)));
        let mut found = self.ports.meta.get_many(&places).await?.into_iter();
        let mut next = || found.next().flatten();
        let (counted, taken, settled) = (next(), next(), next());
        let mut counts: SyncCounts = or_default(counted.as_ref())?;
        let mut took: SyncTaken = or_default(taken.as_ref())?;
        let gone: SyncSettled = or_default(settled.as_ref())?;
        let mut expect = vec![
            Expect::Revision(keys::sync_task(task.id), revision),
            unchanged(slot.clone(), revision_of(counted.as_ref())),
            unchanged(taken_at.clone(), revision_of(taken.as_ref())),
        ];
        let mut write = Vec::with_capacity(places.len());
        for ((place, stored), asked) in places.into_iter().skip(3).zip(found).zip(asked.values()) {
            counts.requests = counts.requests.saturating_add(asked.requests);
            took.items = took.items.saturating_add(u64::from(stored.is_none()));
            let item = joined(stored.as_ref(), asked, at)?;
            expect.push(unchanged(place.clone(), revision_of(stored.as_ref())));
            write.push(Write::Put(place, encode(&item)));
        }
        if took.items.saturating_sub(gone.items) > SYNC_ITEMS_MAX {
            return Err(Error::new(
                ErrorKind::Unavailable,
                "too many keys wait for this sync task; send the event again later",
            ));
        }
        write.push(Write::Put(slot, encode(&counts)));
        write.push(Write::Put(taken_at, encode(&took)));
        Ok(now(expect, write))
    }
}

/// Where events of a task queue: at a key that is as good as any.
fn gate(task: SyncTaskId) -> Option<ObjectKey> {
    ObjectKey::new(&task.to_string()).ok()
}

pub(super) fn by_key(orders: &[SyncOrder]) -> BTreeMap<&ObjectKey, Asked> {
    let mut asked: BTreeMap<&ObjectKey, Asked> = BTreeMap::new();
    for order in orders {
        let of_key = asked.entry(&order.key).or_default();
        of_key.requests += 1;
        of_key.removal = order.removal;
        pass(&mut of_key.passed, &order.passed);
    }
    asked
}

/// Adds tasks that were passed to others.
fn pass(passed: &mut Vec<SyncTaskId>, more: &[SyncTaskId]) {
    for task in more {
        if !passed.contains(task) && passed.len() < SYNC_PASSED_MAX {
            passed.push(*task);
        }
    }
}

/// The item of a key, with what is asked now.
fn joined(
    stored: Option<&Record>,
    asked: &Asked,
    accepted_at: Timestamp,
) -> Result<SyncItemRecord, Error> {
    let mut item = match stored {
        Some(stored) => decode(&stored.bytes)?,
        None => SyncItemRecord {
            owed: 0,
            removal: false,
            accepted_at,
            passed: Vec::new(),
            done: None,
            resume: None,
        },
    };
    if item.owed == 0 {
        // What was passed before belongs to requests that are answered.
        item.passed.clear();
    }
    pass(&mut item.passed, &asked.passed);
    item.owed = item.owed.saturating_add(asked.requests);
    item.removal = asked.removal;
    item.accepted_at = accepted_at;
    Ok(item)
}

pub(super) fn or_default<T>(stored: Option<&Record>) -> Result<T, Error>
where
    T: Default + serde::de::DeserializeOwned,
{
    Ok(stored.map_or_else(|| Ok(T::default()), |stored| decode(&stored.bytes))?)
}

pub(super) fn revision_of(stored: Option<&Record>) -> Option<Revision> {
    stored.map(|stored| stored.revision)
}
