//! Looking at what is stored, for operators: which versions a key has, and whether every version and every
//! archive still has its bytes. Changes nothing, and asks nobody for permission.

use bytes::Bytes;

use super::Engine;
use super::ingest::next;
use super::walk::Walk;
use crate::error::{Error, ErrorKind};
use crate::limits;
use crate::model::{
    Archive, Bucket, BucketId, Extent, ObjectKey, ObjectVersion, PayloadId, PayloadRef, Place,
    VaultId, VersionId,
};
use crate::ports::{BlobError, BodyError, Key, Limit, Order, Record, StoreError, Table};
use crate::records::{CurrentRecord, PayloadRecord, PayloadState, decode, keys};
use crate::rules::cipher::sealed_len;

/// What a look at everything found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    /// Versions of objects.
    pub versions: u64,
    /// Archives of vaults.
    pub archives: u64,
    /// Bytes of all of them, shared ones counted for each.
    pub bytes: u64,
    /// Versions and archives that cannot be read.
    pub damaged: u64,
    /// The first [`limits::DAMAGE_SHOWN_MAX`] of them.
    pub damage: Vec<Damage>,
}

/// A version or an archive that cannot be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// Its bucket.
    pub bucket: Option<BucketId>,
    /// Its vault.
    pub vault: Option<VaultId>,
    /// Its key, or the archive's id; empty when the place of its record cannot be read either.
    pub key: String,
    /// Its version.
    pub version: Option<VersionId>,
    /// What is wrong.
    pub what: String,
}

impl Engine {
    /// Looks at every version and every archive once: its record, the record of its payload, and the last byte of every
    /// extent, which a checksum guards. What changes meanwhile may be seen or not.
    pub async fn inspect(&self) -> Result<Inspection, Error> {
        let mut found = Inspection::default();
        for table in [Table::Heads, Table::Versions, Table::Archives] {
            let mut walk = Walk::over(keys::prefix_range(table, &[]));
            while let Some(rows) = walk.page(&*self.ports.meta).await? {
                for (at, record) in rows {
                    self.inspect_row(Key { table, bytes: at }, &record, &mut found)
                        .await?;
                }
            }
        }
        Ok(found)
    }

    async fn inspect_row(
        &self,
        at: Key,
        record: &Record,
        found: &mut Inspection,
    ) -> Result<(), Error> {
        let row = Row::read(&at, record);
        let what = match &row {
            Ok(row) => {
                let Some(held) = &row.held else {
                    return Ok(());
                };
                if at.table == Table::Archives {
                    found.archives += 1;
                } else {
                    found.versions += 1;
                }
                found.bytes += held.size;
                match self.missing(held).await {
                    Err(error) if error.kind() == ErrorKind::Internal => Some(cause(&error)),
                    missing => missing?,
                }
            }
            Err(error) => Some(error.to_string()),
        };
        let Some(what) = what else { return Ok(()) };
        // What went away meanwhile took its bytes along.
        if self.get_one(at).await?.map(|now| now.revision) != Some(record.revision) {
            return Ok(());
        }
        found.damaged += 1;
        if found.damage.len() < limits::DAMAGE_SHOWN_MAX {
            let place = row.map_or_else(|_| Damage::default(), |row| row.place);
            found.damage.push(Damage { what, ..place });
        }
        Ok(())
    }

    /// What of the bytes is not there.
    async fn missing(&self, held: &Held) -> Result<Option<String>, Error> {
        let extents = match &held.payload {
            PayloadRef::Empty => return Ok((held.size > 0).then(|| "it has no bytes".into())),
            PayloadRef::One { extent, .. } => vec![*extent],
            PayloadRef::Manifest { id, extents } => self.manifest(*id, *extents).await?,
        };
        // A copy of an object that was appended to later shares more than its own bytes.
        if extents.iter().map(|extent| extent.len).sum::<u64>() < held.size {
            return Ok(Some("its extents hold too few bytes".into()));
        }
        let is_hot = extents
            .iter()
            .any(|extent| matches!(extent.at, Place::Hot(_)));
        if is_hot && let Some(what) = self.unheld(held).await? {
            return Ok(Some(what));
        }
        for extent in extents.iter().filter(|extent| extent.len > 0) {
            if let Some(what) = self.unreadable(extent, held.sealed).await? {
                return Ok(Some(what));
            }
        }
        Ok(None)
    }

    /// Rows that are missing are missing bytes.
    pub(super) async fn manifest(&self, id: PayloadId, extents: u32) -> Result<Vec<Extent>, Error> {
        let rows = (0..keys::extent_rows(extents)).map(|row| keys::extents(id, row));
        let rows = self.ports.meta.get_many(&rows.collect::<Vec<_>>()).await?;
        let mut all: Vec<Extent> = Vec::new();
        for row in rows.into_iter().flatten() {
            all.extend(decode::<Vec<Extent>>(&row.bytes)?);
        }
        Ok(all)
    }

    /// Why the payload's bytes could be removed although somebody holds them.
    async fn unheld(&self, held: &Held) -> Result<Option<String>, Error> {
        let (PayloadRef::One { id, .. } | PayloadRef::Manifest { id, .. }) = &held.payload else {
            return Ok(None);
        };
        let at = [keys::payload(*id), (held.holder)(*id)];
        let mut found = self.ports.meta.get_many(&at).await?.into_iter();
        let state = match found.next().flatten() {
            Some(record) => Some(decode::<PayloadRecord>(&record.bytes)?.state),
            None => None,
        };
        Ok(match (state, found.next().flatten()) {
            (Some(PayloadState::Live), Some(_)) => None,
            (Some(PayloadState::Live), None) => Some("its payload does not know it".into()),
            (Some(_), _) => Some("its payload is being removed".into()),
            (None, _) => Some("its payload has no record".into()),
        })
    }

    async fn unreadable(&self, extent: &Extent, sealed: bool) -> Result<Option<String>, Error> {
        let end = extent.offset.saturating_add(extent.len);
        let end = if sealed { sealed_len(end) } else { end };
        let last = end.saturating_sub(1)..end;
        let read = match extent.at {
            Place::Meta(blob) => match self.ports.meta.payload(blob, last).await {
                Ok(_) => Ok(()),
                Err(StoreError::NoSuchPayload) => Err(BlobError::NoSuchBlob),
                Err(StoreError::Damaged(what)) => Err(BlobError::Damaged(what)),
                Err(error) => return Err(error.into()),
            },
            Place::Hot(blob) => match self.ports.blobs.read(blob, last).await {
                Ok(mut stream) => match next(&mut stream).await {
                    Some(Ok(_)) => Ok(()),
                    None => Err(BlobError::Damaged("it ends too early".into())),
                    Some(Err(BodyError::Stored(error))) => Err(error),
                    Some(Err(error)) => return Err(error.into()),
                },
                Err(error) => Err(error),
            },
        };
        match read {
            Ok(()) => Ok(None),
            Err(error @ (BlobError::NoSuchBlob | BlobError::Damaged(_))) => {
                Ok(Some(error.to_string()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Versions of a key, newest first, delete markers included; at most
    /// [`limits::VERSIONS_SHOWN_MAX`]. The first is the current one.
    pub async fn versions_of(
        &self,
        bucket: BucketId,
        key: &ObjectKey,
    ) -> Result<Vec<ObjectVersion>, Error> {
        let current = [keys::head(bucket, key), keys::grave(bucket, key)];
        let current = self.ports.meta.get_many(&current).await?;
        let mut versions = Vec::new();
        for record in current.into_iter().flatten() {
            versions.push(decode::<CurrentRecord>(&record.bytes)?.version);
        }
        let limit = Limit {
            rows: limits::VERSIONS_SHOWN_MAX,
            bytes: limits::SCAN_BYTES_MAX,
        };
        let older = [keys::version_range(bucket, key)];
        let pages = self
            .ports
            .meta
            .scan(&older, Order::Ascending, limit)
            .await?;
        for (_, record) in pages.into_iter().flat_map(|page| page.rows) {
            versions.push(decode(&record.bytes)?);
        }
        versions.truncate(limits::VERSIONS_SHOWN_MAX);
        Ok(versions)
    }

    /// All buckets of all accounts, by name, those being removed included.
    pub async fn all_buckets(&self) -> Result<Vec<Bucket>, Error> {
        let all = keys::prefix_range(Table::Buckets, &[]);
        let rows = Walk::over(all).all(&*self.ports.meta).await?;
        let buckets = rows.into_iter().map(|(_, row)| decode(&row.bytes));
        Ok(buckets.collect::<Result<_, _>>()?)
    }
}

/// What the stored thing is damaged like.
fn cause(error: &Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

/// A row of `heads`, `versions` or `archives`.
struct Row {
    /// Where it is, for when it is damaged.
    place: Damage,
    /// The bytes it holds; `None` for a delete marker.
    held: Option<Held>,
}

/// Bytes that somebody holds.
struct Held {
    payload: PayloadRef,
    size: u64,
    /// Whether they are encrypted.
    sealed: bool,
    /// Where it is written that they are held.
    holder: Box<dyn Fn(PayloadId) -> Key + Send + Sync>,
}

impl Row {
    fn read(at: &Key, record: &Record) -> Result<Self, StoreError> {
        let damaged = || StoreError::Damaged("the key of a version".into());
        let (key, version) = match at.table {
            Table::Archives => return Self::archive(at, record),
            Table::Heads => {
                let key = keys::object_of_current(&at.bytes).ok_or_else(damaged)?;
                (key, decode::<CurrentRecord>(&record.bytes)?.version)
            }
            _ => {
                let (key, _) = keys::object_of_version(&at.bytes).ok_or_else(damaged)?;
                (key, decode::<ObjectVersion>(&record.bytes)?)
            }
        };
        let bucket = bucket_of(&at.bytes).ok_or_else(damaged)?;
        let place = Damage {
            bucket: Some(bucket),
            key: key.as_str().to_owned(),
            version: Some(version.id),
            ..Damage::default()
        };
        let held = version.object().map(|object| Held {
            payload: object.payload.clone(),
            size: object.size,
            sealed: object.seal.is_some(),
            holder: Box::new(move |payload| keys::payload_ref(payload, bucket, &key, version.id)),
        });
        Ok(Self { place, held })
    }

    fn archive(at: &Key, record: &Record) -> Result<Self, StoreError> {
        let vault = at.bytes.first_chunk::<16>().copied().map(VaultId);
        let vault = vault.ok_or_else(|| StoreError::Damaged("the key of an archive".into()))?;
        let archive: Archive = decode(&record.bytes)?;
        let id = archive.id;
        let place = Damage {
            vault: Some(vault),
            key: id.to_string(),
            ..Damage::default()
        };
        let held = Held {
            payload: archive.payload,
            size: archive.size,
            sealed: false,
            holder: Box::new(move |payload| keys::held_by_archive(payload, vault, id)),
        };
        Ok(Self {
            place,
            held: Some(held),
        })
    }
}

fn bucket_of(bytes: &Bytes) -> Option<BucketId> {
    let (id, _) = bytes.split_first_chunk::<8>()?;
    Some(BucketId(u64::from_be_bytes(*id)))
}
