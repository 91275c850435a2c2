//! Versions of a bucket's keys: current objects, current delete markers and everything older, read as
//! one table in which the newest version of a key comes first.

use bytes::Bytes;

use super::objects::summary;
use super::{child_range, current_range, damaged_key};
use crate::engine::rates::Use;
use crate::engine::{Cx, Engine, ListVersions, VersionListing, VersionSummary};
use crate::error::Error;
use crate::model::{
    Bucket, BucketId, ObjectKey, ObjectVersion, Timestamp, VersionId, VersionKind, VersionTag,
};
use crate::ports::{Order, Page, Record, Table};
use crate::records::{CurrentRecord, decode, keys};
use crate::rules::access::{Action, On, allow};
use crate::rules::list::{Entry, Pager, Row, Wanted, merge};
use crate::rules::version::tag;

/// A version where it stands.
#[derive(Debug)]
pub(in crate::engine) struct Version {
    pub(in crate::engine) version: ObjectVersion,
    pub(in crate::engine) is_latest: bool,
}

impl Engine {
    /// A page of the versions of a bucket's keys, delete markers included.
    pub async fn list_versions(&self, cx: &Cx, req: ListVersions) -> Result<VersionListing, Error> {
        let (bucket, _) = self.read_live_bucket(&req.bucket).await?;
        let listed = On::List {
            prefix: &req.prefix,
            delimiter: &req.delimiter,
        };
        allow(cx, &bucket, Action::ListVersions, listed)?;
        self.take_turn(&bucket, &req.prefix, Use::List, None)
            .await?;
        let after_sub = self.place_of_marker(&bucket, &req).await?;
        let wanted = Wanted {
            prefix: &req.prefix,
            delimiter: &req.delimiter,
            after: &req.key_marker,
            after_sub: after_sub.as_deref(),
            order: Order::Ascending,
            limit: req.limit,
        };
        let pager = self.read_versions(bucket.id, &wanted, true).await?;
        Ok(listing(&bucket, pager, self.ports.clock.now()))
    }

    /// Reads a page of versions, or of current objects alone.
    pub(in crate::engine) async fn read_versions(
        &self,
        bucket: BucketId,
        wanted: &Wanted<'_>,
        all: bool,
    ) -> Result<Pager<Version>, Error> {
        let mut pager = Pager::new(wanted);
        while let Some(ask) = pager.ask() {
            let mut ranges = vec![current_range(Table::Heads, bucket, &ask)];
            if all {
                ranges.push(current_range(Table::Graves, bucket, &ask));
                ranges.push(child_range(Table::Versions, bucket, &ask));
            }
            // One snapshot: a version that leaves the current place is seen once, here or there.
            let read = self.pages(&ranges, Order::Ascending, ask.rows).await?;
            let readers: [ReadRow; 3] = [current_row, current_row, older_row];
            let tables = read.iter().zip(readers);
            let tables = tables.map(|(table, read)| rows_of(table, read));
            let (rows, more) = merge(tables.collect::<Result<_, _>>()?);
            pager.take(rows, more);
        }
        Ok(pager)
    }

    /// Where in the marker's key the page begins: behind the marked version, or with the first version
    /// when everything the key has is older than the marker, or the marked null version is gone. So a
    /// caller who removes what each page shows misses nothing.
    async fn place_of_marker(
        &self,
        bucket: &Bucket,
        req: &ListVersions,
    ) -> Result<Option<Vec<u8>>, Error> {
        let marked = match req.version_marker {
            None | Some(VersionTag::Unversioned) => return Ok(None),
            Some(VersionTag::Null) => None,
            Some(VersionTag::Id(id)) => Some(id),
        };
        let Ok(key) = ObjectKey::new(&req.key_marker) else {
            return Ok(None);
        };
        let at = [keys::head(bucket.id, &key), keys::grave(bucket.id, &key)];
        let found = self.ports.meta.get_many(&at).await?;
        let current = match found.into_iter().flatten().next() {
            Some(record) => decode::<CurrentRecord>(&record.bytes)?,
            None => return Ok(Some(Vec::new())),
        };
        let place = match marked.or(current.null_at) {
            Some(id) if id <= current.version.id => place_of(id),
            _ => Vec::new(),
        };
        Ok(Some(place))
    }
}

/// Newer versions come first.
fn place_of(id: VersionId) -> Vec<u8> {
    (!id.0).to_be_bytes().into()
}

type ReadRow = fn(&Bytes, &Record) -> Result<Row<Version>, Error>;

fn rows_of(page: &Page, read: ReadRow) -> Result<(Vec<Row<Version>>, bool), Error> {
    let rows = page.rows.iter().map(|(at, record)| read(at, record));
    Ok((rows.collect::<Result<_, _>>()?, page.more))
}

fn current_row(at: &Bytes, record: &Record) -> Result<Row<Version>, Error> {
    let key = keys::object_of_current(at).ok_or_else(damaged_key)?;
    let current: CurrentRecord = decode(&record.bytes)?;
    let sub = place_of(current.version.id);
    let item = Version {
        version: current.version,
        is_latest: true,
    };
    Ok(Row { key, sub, item })
}

fn older_row(at: &Bytes, record: &Record) -> Result<Row<Version>, Error> {
    let (key, id) = keys::object_of_version(at).ok_or_else(damaged_key)?;
    let item = Version {
        version: decode(&record.bytes)?,
        is_latest: false,
    };
    Ok(Row {
        key,
        sub: place_of(id),
        item,
    })
}

fn listing(bucket: &Bucket, pager: Pager<Version>, now: Timestamp) -> VersionListing {
    let (entries, more) = pager.finish();
    let mut listing = VersionListing {
        versions: Vec::new(),
        prefixes: Vec::new(),
        next: None,
    };
    for entry in entries {
        listing.next = Some(match entry {
            Entry::Prefix(prefix) => {
                listing.prefixes.push(prefix.clone());
                (prefix, None)
            }
            Entry::Row { key, item, .. } => {
                let version = tag(bucket, &item.version);
                let next = (key.as_str().to_owned(), Some(version));
                listing.versions.push(summary_of(key, version, item, now));
                next
            }
        });
    }
    listing.next = listing.next.filter(|_| more);
    listing
}

fn summary_of(key: ObjectKey, tag: VersionTag, item: Version, now: Timestamp) -> VersionSummary {
    let Version { version, is_latest } = item;
    let written_at = version.written_at;
    let (owner, object) = match version.kind {
        VersionKind::Object(record) => {
            let object = summary(key.clone(), written_at, &record, now);
            (record.owner, Some(object))
        }
        VersionKind::DeleteMarker { owner } => (owner, None),
    };
    VersionSummary {
        key,
        version: tag,
        is_latest,
        written_at,
        owner,
        object,
    }
}
