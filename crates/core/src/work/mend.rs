//! Records that do not agree with each other although one transaction wrote them: what the disk, a defect or somebody's
//! hands left. Told, and put right where what is right can be computed.

use std::collections::BTreeSet;
use std::fmt;

use super::due_entry;
use crate::engine::{Engine, Walk};
use crate::error::Error;
use crate::limits::DAMAGE_SHOWN_MAX;
use crate::model::{
    Archive, BucketId, Extent, ObjectKey, PayloadId, Place, Vault, VaultId, VaultUsage, VersionId,
    WorkId,
};
use crate::ports::{
    Expect, Key, KeyRange, Limit, Order, Record, Revision, StoreError, Table, Txn, When, Write,
};
use crate::records::{
    CurrentRecord, PayloadRecord, PayloadState, WorkKind, WorkRecord, decode, encode, keys,
};

/// Records that do not agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// Work that nobody would take up.
    WorkWithoutTurn(WorkId),
    /// A turn of no work.
    TurnWithoutWork(WorkId),
    /// What a vault is said to hold is not what it holds.
    VaultUsage(VaultId),
    /// A vault that is not found by its name.
    VaultWithoutName(VaultId),
    /// Bytes that nobody holds, and that nobody removes.
    PayloadWithoutHolder(PayloadId),
    /// A note of when a version was read that is not there.
    ReadWithoutVersion(BucketId, ObjectKey, VersionId),
}

impl Mismatch {
    /// Whether [`Engine::mend`] puts it right.
    pub fn is_mendable(&self) -> bool {
        !matches!(self, Self::PayloadWithoutHolder(_))
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = |id: &[u8; 16]| format!("{:032x}", u128::from_be_bytes(*id));
        match self {
            Self::WorkWithoutTurn(id) => write!(f, "work {} has no turn", hex(&id.0)),
            Self::TurnWithoutWork(id) => {
                write!(f, "work {} has a turn and is not there", hex(&id.0))
            }
            Self::VaultUsage(id) => write!(f, "vault {id} is counted wrongly"),
            Self::VaultWithoutName(id) => write!(f, "vault {id} is not found by its name"),
            Self::PayloadWithoutHolder(id) => write!(f, "payload {} has no holder", hex(&id.0)),
            Self::ReadWithoutVersion(bucket, key, id) => {
                let (bucket, key) = (bucket.0, key.as_str());
                let id = id.0;
                write!(
                    f,
                    "version {id:016x} of {key:?} in bucket {bucket} was read and is not there"
                )
            }
        }
    }
}

/// What does not agree, and what would put it right.
type Found = (Mismatch, Option<Txn>);

impl Engine {
    /// Looks for records that do not agree; the first [`DAMAGE_SHOWN_MAX`]. What changes meanwhile is no mismatch.
    pub async fn mismatches(&self) -> Result<Vec<Mismatch>, Error> {
        let found = self.look_for_mismatches().await?;
        Ok(found.into_iter().map(|(mismatch, _)| mismatch).collect())
    }

    /// Puts right what can be, and tells what that was. May run twice.
    pub async fn mend(&self) -> Result<Vec<Mismatch>, Error> {
        let mut mended = Vec::new();
        for (mismatch, txn) in self.look_for_mismatches().await? {
            if let Some(txn) = txn
                && self.commit_one(txn).await?
            {
                mended.push(mismatch);
            }
        }
        self.work_bell.ring();
        Ok(mended)
    }

    async fn look_for_mismatches(&self) -> Result<Vec<Found>, Error> {
        let mut found = self.work_without_turn().await?;
        found.extend(self.turns_without_work().await?);
        found.extend(self.wrong_vaults().await?);
        found.extend(self.payloads_without_holder().await?);
        found.extend(self.reads_without_version().await?);
        found.truncate(DAMAGE_SHOWN_MAX);
        Ok(found)
    }

    /// What all rows of a table give, read a page at a time.
    async fn of_table<T>(
        &self,
        table: Table,
        mut read: impl FnMut(&[u8], &Record) -> Result<Option<T>, StoreError>,
    ) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        let mut walk = Walk::over(keys::prefix_range(table, &[]));
        while let Some(rows) = walk.page(&*self.ports().meta).await? {
            for (at, record) in rows {
                all.extend(read(&at, &record)?);
            }
        }
        Ok(all)
    }

    /// Records of one moment.
    async fn at_once(&self, at: &[Key]) -> Result<Vec<Option<Record>>, Error> {
        Ok(self.ports().meta.get_many(at).await?)
    }

    async fn work_without_turn(&self) -> Result<Vec<Found>, Error> {
        let ids = self.of_table(Table::Work, |at, record| {
            let work: WorkRecord = decode(&record.bytes)?;
            let id = at.try_into().map(WorkId);
            let id = id.map_err(|_| StoreError::Damaged("key of work".into()))?;
            Ok((!work.dead).then_some((id, work.due)))
        });
        let mut found = Vec::new();
        for (id, due) in ids.await? {
            let rows = self
                .at_once(&[keys::work(id), keys::work_due(due, id)])
                .await?;
            let [Some(stored), None] = &rows[..] else {
                continue;
            };
            let work: WorkRecord = decode(&stored.bytes)?;
            if !work.dead && work.due == due {
                let txn = put_right(keys::work(id), stored.revision, due_entry(id, &work));
                found.push((Mismatch::WorkWithoutTurn(id), Some(txn)));
            }
        }
        Ok(found)
    }

    async fn turns_without_work(&self) -> Result<Vec<Found>, Error> {
        let turns = self.of_table(Table::WorkDue, |at, _| {
            let turn = keys::work_of_due(at);
            let turn = turn.ok_or_else(|| StoreError::Damaged("key of a turn".into()));
            turn.map(Some)
        });
        let mut found = Vec::new();
        for (due, id) in turns.await? {
            let at = keys::work_due(due, id);
            let rows = self.at_once(&[at.clone(), keys::work(id)]).await?;
            if let [Some(turn), None] = &rows[..] {
                let mut txn = put_right(at.clone(), turn.revision, Write::Delete(at));
                txn.expect.push(Expect::Absent(keys::work(id)));
                found.push((Mismatch::TurnWithoutWork(id), Some(txn)));
            }
        }
        Ok(found)
    }

    async fn wrong_vaults(&self) -> Result<Vec<Found>, Error> {
        let vaults = self.of_table(Table::Vaults, |_, record| {
            // A record without content marks the last vault of an account.
            Ok(decode::<Vault>(&record.bytes).ok())
        });
        let mut found = Vec::new();
        for vault in vaults.await? {
            let name = keys::vault_name(&vault.account, &vault.region, &vault.name);
            let rows = self.at_once(&[keys::vault(vault.id), name.clone()]).await?;
            if let [Some(stored), None] = &rows[..] {
                let write = Write::Put(name.clone(), encode(&vault.id));
                let mut txn = put_right(keys::vault(vault.id), stored.revision, write);
                txn.expect.push(Expect::Absent(name));
                found.push((Mismatch::VaultWithoutName(vault.id), Some(txn)));
            }
            found.extend(self.wrong_usage(vault.id).await?);
        }
        Ok(found)
    }

    /// Whoever changes what a vault holds rewrites the record of its usage: if that is the same before and after, what
    /// was counted between is what there is.
    async fn wrong_usage(&self, vault: VaultId) -> Result<Option<Found>, Error> {
        let at = keys::vault_usage(vault);
        let before = self
            .at_once(std::slice::from_ref(&at))
            .await?
            .pop()
            .flatten();
        let Some(before) = before else {
            return Ok(None);
        };
        let said: VaultUsage = decode(&before.bytes)?;
        let mut counted = VaultUsage {
            inventory_at: said.inventory_at,
            ..VaultUsage::default()
        };
        let mut archives = Walk::over(keys::archives_range(vault));
        while let Some(rows) = archives.page(&*self.ports().meta).await? {
            for (_, record) in rows {
                counted.archives += 1;
                counted.bytes += decode::<Archive>(&record.bytes)?.size;
            }
        }
        let mut jobs = Walk::over(keys::jobs_range(vault));
        while let Some(rows) = jobs.page(&*self.ports().meta).await? {
            counted.jobs += rows.len() as u64;
        }
        let after = self
            .at_once(std::slice::from_ref(&at))
            .await?
            .pop()
            .flatten();
        if counted == said || after.map(|after| after.revision) != Some(before.revision) {
            return Ok(None);
        }
        let txn = put_right(
            at.clone(),
            before.revision,
            Write::Put(at, encode(&counted)),
        );
        Ok(Some((Mismatch::VaultUsage(vault), Some(txn))))
    }

    /// Live payloads without holder, but for those that a manifest holds, and those whose removal is owed.
    async fn payloads_without_holder(&self) -> Result<Vec<Found>, Error> {
        let live = self.of_table(Table::Payloads, |at, record| {
            let state = decode::<PayloadRecord>(&record.bytes)?.state;
            let id = at.try_into().map(PayloadId);
            let id = id.map_err(|_| StoreError::Damaged("key of a payload".into()))?;
            Ok((state == PayloadState::Live).then_some(id))
        });
        let mut alone = BTreeSet::new();
        for id in live.await? {
            if self.is_alone(id).await? {
                alone.insert(id);
            }
        }
        if alone.is_empty() {
            return Ok(Vec::new());
        }
        let pieces = self.of_table(Table::Extents, |_, record| {
            Ok(Some(decode::<Vec<Extent>>(&record.bytes)?))
        });
        for extent in pieces.await?.iter().flatten() {
            let (Place::Hot(blob) | Place::Meta(blob)) = extent.at;
            alone.remove(&blob.payload);
        }
        let owed = self.of_table(Table::Work, |_, record| {
            Ok(match decode::<WorkRecord>(&record.bytes)?.kind {
                WorkKind::DropPayload { payload } => Some(payload),
                WorkKind::PurgeParts { upload, .. } | WorkKind::PurgeArchiveParts { upload } => {
                    Some(upload.payload())
                }
                _ => None,
            })
        });
        for payload in owed.await? {
            alone.remove(&payload);
        }
        let mut found = Vec::new();
        for id in alone {
            // Its removal may have been done since.
            if self.is_alone(id).await? {
                found.push((Mismatch::PayloadWithoutHolder(id), None));
            }
        }
        Ok(found)
    }

    async fn reads_without_version(&self) -> Result<Vec<Found>, Error> {
        let mut found = Vec::new();
        let mut notes = Walk::over(keys::prefix_range(Table::Reads, &[]));
        while let Some(rows) = notes.page(&*self.ports().meta).await? {
            let ids = rows.iter().map(|(at, _)| keys::version_of_read(at));
            let ids: Option<Vec<_>> = ids.collect();
            let ids = ids.ok_or_else(|| StoreError::Damaged("key of a note of reads".into()))?;
            let places = ids.iter().flat_map(|(bucket, key, id)| {
                [
                    keys::read(*bucket, key, *id),
                    keys::head(*bucket, key),
                    keys::version(*bucket, key, *id),
                ]
            });
            let seen = self.at_once(&places.collect::<Vec<_>>()).await?;
            for ((bucket, key, id), seen) in ids.into_iter().zip(seen.chunks(3)) {
                if let [Some(note), head, None] = seen
                    && head.as_ref().is_none_or(|head| is_other(head, id))
                {
                    // A version never comes back, so the note is all that has to stay as it is.
                    let at = keys::read(bucket, &key, id);
                    let txn = put_right(at.clone(), note.revision, Write::Delete(at));
                    let mismatch = Mismatch::ReadWithoutVersion(bucket, key, id);
                    found.push((mismatch, Some(txn)));
                }
            }
        }
        Ok(found)
    }

    async fn is_alone(&self, id: PayloadId) -> Result<bool, Error> {
        let at = keys::payload(id);
        let itself = KeyRange {
            table: at.table,
            end: keys::after_prefix(&at.bytes),
            start: at.bytes,
        };
        let one = Limit {
            rows: 1,
            bytes: usize::MAX,
        };
        let ranges = [itself, keys::payload_refs_range(id)];
        let pages = self
            .ports()
            .meta
            .scan(&ranges, Order::Ascending, one)
            .await?;
        let rows: Vec<_> = pages.iter().map(|page| page.rows.first()).collect();
        let [Some((_, record)), None] = &rows[..] else {
            return Ok(false);
        };
        Ok(decode::<PayloadRecord>(&record.bytes)?.state == PayloadState::Live)
    }
}

/// Whether a head is that of another version; one that cannot be read may be of any.
fn is_other(head: &Record, id: VersionId) -> bool {
    decode::<CurrentRecord>(&head.bytes).is_ok_and(|current| current.version.id != id)
}

fn put_right(at: Key, revision: Revision, write: Write) -> Txn {
    Txn {
        when: When::Now,
        expect: vec![Expect::Revision(at, revision)],
        write: vec![write],
        payloads: Vec::new(),
    }
}
