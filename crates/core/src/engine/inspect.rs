//! Looking at what is stored, for operators: which versions a key has, and whether every version still
//! has its bytes. Changes nothing, and asks nobody for permission.

use bytes::Bytes;

use super::Engine;
use super::ingest::next;
use super::walk::Walk;
use crate::error::{Error, ErrorKind};
use crate::limits;
use crate::model::{
    Bucket, BucketId, Extent, ObjectKey, ObjectRecord, ObjectVersion, PayloadId, PayloadRef, Place,
    VersionId,
};
use crate::ports::{BlobError, BodyError, Key, Limit, Order, Record, StoreError, Table};
use crate::records::{CurrentRecord, PayloadRecord, PayloadState, decode, keys};

/// What a look at everything found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    /// Versions of objects.
    pub versions: u64,
    /// Bytes of all of them, shared ones counted for each.
    pub bytes: u64,
    /// Versions that cannot be read.
    pub damaged: u64,
    /// The first [`limits::DAMAGE_SHOWN_MAX`] of them.
    pub damage: Vec<Damage>,
}

/// A version that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Its bucket.
    pub bucket: Option<BucketId>,
    /// Its key; empty when the place of its record cannot be read either.
    pub key: String,
    /// Its version.
    pub version: Option<VersionId>,
    /// What is wrong.
    pub what: String,
}

impl Engine {
    /// Looks at every version once: its record, the record of its payload, and the last byte of every
    /// extent, which a checksum guards. What changes meanwhile may be seen or not.
    pub async fn inspect(&self) -> Result<Inspection, Error> {
        let mut found = Inspection::default();
        for table in [Table::Heads, Table::Versions] {
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
                let Some(object) = row.version.object() else {
                    return Ok(());
                };
                found.versions += 1;
                found.bytes += object.size;
                match self.missing(row, object).await {
                    Err(error) if error.kind() == ErrorKind::Internal => Some(cause(&error)),
                    missing => missing?,
                }
            }
            Err(error) => Some(error.to_string()),
        };
        let Some(what) = what else { return Ok(()) };
        // A version that went away meanwhile took its bytes along.
        let now = self.ports.meta.get_many(&[at]).await?;
        if now.into_iter().next().flatten().map(|now| now.revision) != Some(record.revision) {
            return Ok(());
        }
        found.damaged += 1;
        if found.damage.len() < limits::DAMAGE_SHOWN_MAX {
            let row = row.ok();
            found.damage.push(Damage {
                bucket: row.as_ref().map(|row| row.bucket),
                version: row.as_ref().map(|row| row.version.id),
                key: row.map_or_else(String::new, |row| row.key.as_str().to_owned()),
                what,
            });
        }
        Ok(())
    }

    /// What of a version is not there.
    async fn missing(&self, row: &Row, object: &ObjectRecord) -> Result<Option<String>, Error> {
        let (payload, extents) = match &object.payload {
            PayloadRef::Empty => return Ok((object.size > 0).then(|| "it has no bytes".into())),
            PayloadRef::One { id, extent } => (*id, vec![*extent]),
            PayloadRef::Manifest { id, extents } => (*id, self.manifest(*id, *extents).await?),
        };
        // A copy of an object that was appended to later shares more than its own bytes.
        if extents.iter().map(|extent| extent.len).sum::<u64>() < object.size {
            return Ok(Some("its extents hold too few bytes".into()));
        }
        let is_hot = extents
            .iter()
            .any(|extent| matches!(extent.at, Place::Hot(_)));
        if is_hot && let Some(what) = self.unheld(row, payload).await? {
            return Ok(Some(what));
        }
        for extent in extents.iter().filter(|extent| extent.len > 0) {
            if let Some(what) = self.unreadable(extent).await? {
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

    /// Why the payload's bytes could be removed although a version holds them.
    async fn unheld(&self, row: &Row, payload: PayloadId) -> Result<Option<String>, Error> {
        let holder = keys::payload_ref(payload, row.bucket, &row.key, row.version.id);
        let at = [keys::payload(payload), holder];
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

    async fn unreadable(&self, extent: &Extent) -> Result<Option<String>, Error> {
        let end = extent.offset.saturating_add(extent.len);
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

/// A row of `heads` or `versions`.
struct Row {
    bucket: BucketId,
    key: ObjectKey,
    version: ObjectVersion,
}

impl Row {
    fn read(at: &Key, record: &Record) -> Result<Self, StoreError> {
        let damaged = || StoreError::Damaged("the key of a version".into());
        let (key, version) = if at.table == Table::Heads {
            let key = keys::object_of_current(&at.bytes).ok_or_else(damaged)?;
            (key, decode::<CurrentRecord>(&record.bytes)?.version)
        } else {
            let (key, _) = keys::object_of_version(&at.bytes).ok_or_else(damaged)?;
            (key, decode(&record.bytes)?)
        };
        let bucket = bucket_of(&at.bytes).ok_or_else(damaged)?;
        Ok(Self {
            bucket,
            key,
            version,
        })
    }
}

fn bucket_of(bytes: &Bytes) -> Option<BucketId> {
    let (id, _) = bytes.split_first_chunk::<8>()?;
    Some(BucketId(u64::from_be_bytes(*id)))
}
