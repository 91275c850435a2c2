//! Open multipart uploads and their parts.

use super::{child_range, damaged_key};
use crate::engine::rates::Use;
use crate::engine::uploads::no_such_upload;
use crate::engine::{
    Cx, Engine, ListParts, ListUploads, PartListing, PartSummary, UploadListing, UploadSummary,
};
use crate::error::Error;
use crate::limits::PAGE_MAX;
use crate::model::UploadId;
use crate::ports::{KeyRange, Order, Page, Table};
use crate::records::{PartRecord, UploadRecord, decode, keys};
use crate::rules::access::{Action, On, allow};
use crate::rules::list::{Entry, Pager, Row, Wanted};

impl Engine {
    /// A page of the open uploads of a bucket, those that are being completed included.
    pub async fn list_uploads(&self, cx: &Cx, req: ListUploads) -> Result<UploadListing, Error> {
        let (bucket, _) = self.read_live_bucket(&req.bucket).await?;
        let listed = On::List {
            prefix: &req.prefix,
            delimiter: &req.delimiter,
        };
        allow(cx, &bucket, Action::ListUploads, listed)?;
        self.take_turn(&bucket, &req.prefix, Use::List, None)
            .await?;
        let marker = req.upload_marker.map(|id| id.0);
        let mut pager = Pager::new(&Wanted {
            prefix: &req.prefix,
            delimiter: &req.delimiter,
            after: &req.key_marker,
            after_sub: marker.as_ref().map(<[u8; 16]>::as_slice),
            order: Order::Ascending,
            limit: req.limit,
        });
        while let Some(ask) = pager.ask() {
            let range = child_range(Table::Uploads, bucket.id, &ask);
            let read = self.pages(&[range], Order::Ascending, ask.rows).await?;
            for Page { rows, more } in read {
                let rows = rows.iter().map(|(at, record)| row_of(at, &record.bytes));
                pager.take(rows.collect::<Result<Vec<_>, _>>()?, more);
            }
        }
        Ok(listing(pager))
    }

    /// A page of the parts of an open upload, by number.
    pub async fn list_parts(&self, cx: &Cx, req: ListParts) -> Result<PartListing, Error> {
        let (bucket, _) = self.read_live_bucket(&req.target.bucket).await?;
        allow(cx, &bucket, Action::ListParts, On::Key(&req.target.key))?;
        let found = self.find_upload(&bucket, &req.target).await?;
        let Some(upload) = found.map(|found| found.record) else {
            return Err(no_such_upload());
        };
        let (parts, next) = self.parts_page(&req).await?;
        Ok(PartListing {
            parts,
            next,
            owner: upload.owner,
            class: upload.class,
            checksum: upload.checksum,
            user_meta: upload.user_meta,
        })
    }

    async fn parts_page(&self, req: &ListParts) -> Result<(Vec<PartSummary>, Option<u32>), Error> {
        let limit = req.limit.min(PAGE_MAX);
        let mut parts: Vec<PartSummary> = Vec::new();
        let mut after = req.after;
        if limit == 0 {
            return Ok((parts, None));
        }
        while let Some(range) = parts_after(req.target.upload, after) {
            let mut read = self
                .pages(&[range], Order::Ascending, limit - parts.len() + 1)
                .await?;
            let Some(Page { rows, more }) = read.pop() else {
                break;
            };
            for (at, record) in &rows {
                if parts.len() == limit {
                    return Ok((parts, Some(after)));
                }
                let part = part_of(at, &record.bytes)?;
                after = part.number;
                parts.push(part);
            }
            if !more {
                break;
            }
        }
        Ok((parts, None))
    }
}

/// The rows of the parts with a greater number; `None` when no number is greater.
fn parts_after(upload: UploadId, after: u32) -> Option<KeyRange> {
    let first = u16::try_from(after).ok()?.checked_add(1)?;
    let start = keys::part(upload, first).bytes;
    Some(KeyRange {
        start,
        ..keys::parts_range(upload)
    })
}

fn row_of(at: &[u8], bytes: &[u8]) -> Result<Row<UploadSummary>, Error> {
    let (key, upload) = keys::object_of_upload(at).ok_or_else(damaged_key)?;
    let record: UploadRecord = decode(bytes)?;
    let item = UploadSummary {
        key: key.clone(),
        upload,
        owner: record.owner,
        class: record.class,
        created_at: record.created_at,
        checksum: record.checksum,
    };
    Ok(Row {
        key,
        sub: upload.0.to_vec(),
        item,
    })
}

fn listing(pager: Pager<UploadSummary>) -> UploadListing {
    let (entries, more) = pager.finish();
    let mut listing = UploadListing {
        uploads: Vec::new(),
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
                let next: (String, Option<UploadId>) = (key.as_str().to_owned(), Some(item.upload));
                listing.uploads.push(item);
                next
            }
        });
    }
    listing.next = listing.next.filter(|_| more);
    listing
}

fn part_of(at: &[u8], bytes: &[u8]) -> Result<PartSummary, Error> {
    let number = keys::number_of_part(at).ok_or_else(damaged_key)?;
    let PartRecord {
        md5,
        checksums,
        size,
        written_at,
        ..
    } = decode(bytes)?;
    Ok(PartSummary {
        number: number.into(),
        md5,
        crc64: checksums.crc64,
        further: checksums.further,
        size,
        written_at,
    })
}
