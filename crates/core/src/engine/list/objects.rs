//! Objects of a bucket.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{current_range, damaged_key};
use crate::engine::rates::Use;
use crate::engine::{Cx, Engine, ListObjects, Listing, ListingEntry, ObjectSummary};
use crate::error::{Error, ErrorKind};
use crate::model::{BucketId, ObjectKey, ObjectRecord, Timestamp};
use crate::ports::{Order, Page, StoreError, Table};
use crate::records::{CurrentRecord, decode, keys};
use crate::rules::access::{Action, On, allow};
use crate::rules::list::{Entry, Pager, Row, Wanted};
use crate::rules::restore;

impl Engine {
    /// A page of the current objects of a bucket.
    pub async fn list_objects(&self, cx: &Cx, req: ListObjects) -> Result<Listing, Error> {
        let (bucket, _) = self.read_live_bucket(&req.bucket).await?;
        let listed = On::List {
            prefix: &req.prefix,
            delimiter: &req.delimiter,
        };
        allow(cx, &bucket, Action::ListObjects, listed)?;
        if bucket.is_hierarchical() && !matches!(&*req.delimiter, "" | "/") {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "the keys of a hierarchical bucket are delimited by / alone",
            ));
        }
        self.take_turn(&bucket, &req.prefix, Use::List, None)
            .await?;
        let order = if req.reverse {
            Order::Descending
        } else {
            Order::Ascending
        };
        let mut pager = Pager::new(&Wanted {
            prefix: &req.prefix,
            delimiter: &req.delimiter,
            after: &req.after,
            after_sub: None,
            order,
            limit: req.limit,
        });
        while let Some(ask) = pager.ask() {
            let range = current_range(Table::Heads, bucket.id, &ask);
            let read = self.pages(&[range], order, ask.rows).await?;
            for Page { rows, more } in read {
                let rows = rows
                    .into_iter()
                    .map(|(at, record)| row_of(&at, record.bytes));
                pager.take(rows.collect::<Result<Vec<_>, _>>()?, more);
            }
        }
        let mut listing = listing(pager, self.ports.clock.now())?;
        if bucket.is_hierarchical() {
            listing.made = self.made(bucket.id, &listing.entries).await?;
        }
        Ok(listing)
    }

    /// When the rolled-up directories of a page were made.
    async fn made(
        &self,
        bucket: BucketId,
        entries: &[ListingEntry],
    ) -> Result<BTreeMap<String, Timestamp>, Error> {
        let mut prefixes = Vec::new();
        let mut places = Vec::new();
        for entry in entries {
            if let ListingEntry::Prefix(prefix) = entry
                && let Ok(key) = ObjectKey::new(prefix)
            {
                places.push(keys::head(bucket, &key));
                prefixes.push(prefix);
            }
        }
        let mut made = BTreeMap::new();
        if places.is_empty() {
            return Ok(made);
        }
        let found = self.ports.meta.get_many(&places).await?;
        for (prefix, record) in prefixes.into_iter().zip(found) {
            if let Some(record) = record {
                let current: CurrentRecord = decode(&record.bytes)?;
                made.insert(prefix.clone(), current.version.written_at);
            }
        }
        Ok(made)
    }
}

fn row_of(at: &[u8], bytes: Bytes) -> Result<Row<Bytes>, Error> {
    let key = keys::object_of_current(at).ok_or_else(damaged_key)?;
    Ok(Row {
        key,
        sub: Vec::new(),
        item: bytes,
    })
}

fn listing(pager: Pager<Bytes>, now: Timestamp) -> Result<Listing, Error> {
    let (entries, more) = pager.finish();
    let entries = entries.into_iter().map(|entry| match entry {
        Entry::Prefix(prefix) => Ok(ListingEntry::Prefix(prefix)),
        Entry::Row { key, item, .. } => object_of(key, &item, now).map(ListingEntry::Object),
    });
    let entries: Vec<ListingEntry> = entries.collect::<Result<_, _>>()?;
    let next = entries.last().filter(|_| more).map(|last| match last {
        ListingEntry::Object(object) => object.key.as_str().to_owned(),
        ListingEntry::Prefix(prefix) => prefix.clone(),
    });
    Ok(Listing {
        entries,
        next,
        made: BTreeMap::new(),
    })
}

fn object_of(key: ObjectKey, bytes: &[u8], now: Timestamp) -> Result<ObjectSummary, Error> {
    let current: CurrentRecord = decode(bytes)?;
    let version = current.version;
    match version.object() {
        Some(record) => Ok(summary(key, version.written_at, record, now)),
        None => Err(StoreError::Damaged("a delete marker among objects".into()).into()),
    }
}

pub(super) fn summary(
    key: ObjectKey,
    written_at: Timestamp,
    record: &ObjectRecord,
    now: Timestamp,
) -> ObjectSummary {
    ObjectSummary {
        key,
        written_at,
        etag: record.etag.clone(),
        crc64: record.checksums.crc64,
        further: record.checksums.further,
        size: record.size,
        class: record.class,
        object_type: record.object_type(),
        restore: restore::state(record, now),
        owner: record.owner.clone(),
        user_meta: record.user_meta.clone(),
    }
}
