//! Inventories of buckets: ordering them, and writing their lists. A list is written a file at a time, and how
//! far it has come is the work that goes on with it, so a crash repeats one file, under its own key. Documents that
//! tell of the files are written when all of them stand; so whoever sees one finds all.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::unfold;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::access_log::plain_put;
use super::{Body, Cx, Document, Encrypting, Engine};
use crate::error::{Error, ErrorKind};
use crate::limits::{
    CONFLICT_RETRIES_MAX, INVENTORIES_MAX, INVENTORY_FILES_MAX, PAGE_MAX, WORK_BACKOFF_MIN,
};
use crate::model::{
    Bucket, BucketId, BucketName, BucketState, DocKind, Etag, Inventory, ObjectKey, Timestamp,
    WorkId,
};
use crate::ports::{
    BodyError, ByteStream, CommitError, Ids, Order, Report, ReportFormat, ReportRow, Write,
};
use crate::records::{InventoryFile, InventoryStep, WorkKind};
use crate::rules::access::{Action, On, allow};
use crate::rules::inventory::{check, check_all, covers, next_list};
use crate::rules::list::{Entry, Wanted};
use crate::rules::version::tag;
use crate::work::{self, look_again};

/// In whose key's name lists are written.
const RULES: &str = "inventory";

/// Pages of lines that wait to be written.
const PAGES_WAITING: usize = 2;

/// All inventories of a bucket, by id.
impl Document for Vec<Inventory> {
    const KIND: DocKind = DocKind::Inventories;

    fn check(&self) -> Result<(), Error> {
        check_all(self)
    }

    fn mark(_: Option<&Self>, _: &mut Bucket, _: &dyn Ids) {}
}

/// A file of a list, and what comes behind it.
struct Filled {
    file: InventoryFile,
    /// The last version in it; `None` when the list is whole.
    after: Option<(ObjectKey, Box<[u8]>)>,
}

impl Engine {
    /// Orders an inventory, in the place of the one of its id; at most `most` a bucket. Its first list is written
    /// when its time comes next.
    pub async fn put_inventory(
        &self,
        cx: &Cx,
        name: &BucketName,
        inventory: Inventory,
        most: usize,
    ) -> Result<(), Error> {
        check(&inventory)?;
        for _ in 0..CONFLICT_RETRIES_MAX {
            let (bucket, revision) = self.bucket_for_change(name).await?;
            allow(cx, &bucket, Action::WriteInventory, On::Bucket)?;
            let inventory = Inventory {
                duty: self.ports.ids.work(),
                ..inventory.clone()
            };
            self.check_order(cx, &bucket, &inventory).await?;
            let duty = self.inventory_duty(&bucket, &inventory);
            let mut all: Vec<Inventory> = self.read_doc(&bucket).await?.unwrap_or_default();
            if let Some(one) = all.iter_mut().find(|one| one.id == inventory.id) {
                *one = inventory;
            } else if all.len() < most.min(INVENTORIES_MAX) {
                let at = all.partition_point(|one| one.id < inventory.id);
                all.insert(at, inventory);
            } else {
                return Err(Error::new(
                    ErrorKind::TooManyInventories,
                    "the bucket has as many inventories as it may; delete one first",
                ));
            }
            check_all(&all)?;
            if self.commit_doc(bucket, revision, Some(&all), duty).await? {
                self.work_bell.ring();
                return Ok(());
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// An inventory of a bucket: `NoSuchDocument`.
    pub async fn get_inventory(
        &self,
        cx: &Cx,
        name: &BucketName,
        id: &str,
    ) -> Result<Inventory, Error> {
        let all = self.get_bucket_doc::<Vec<Inventory>>(cx, name).await?;
        let found = all.into_iter().find(|one| &*one.id == id);
        found.ok_or_else(|| {
            let message = "the bucket has no inventory of this id; list them to see which it has";
            Error::new(ErrorKind::NoSuchDocument(DocKind::Inventories), message)
        })
    }

    /// The inventories of a bucket whose ids come behind a text, at most `limit`, and whether there are more.
    pub async fn list_inventories(
        &self,
        cx: &Cx,
        name: &BucketName,
        after: &str,
        limit: usize,
    ) -> Result<(Vec<Inventory>, bool), Error> {
        let bucket = self.read_bucket(cx, name, Action::ReadInventory).await?;
        let all: Vec<Inventory> = self.read_doc(&bucket).await?.unwrap_or_default();
        let mut rest = all.into_iter().filter(|one| &*one.id > after);
        let page = rest.by_ref().take(limit).collect();
        Ok((page, rest.next().is_some()))
    }

    /// Removes an inventory; that there is none is success. What it wrote stays.
    pub async fn delete_inventory(
        &self,
        cx: &Cx,
        name: &BucketName,
        id: &str,
    ) -> Result<(), Error> {
        for _ in 0..CONFLICT_RETRIES_MAX {
            let (bucket, revision) = self.bucket_for_change(name).await?;
            allow(cx, &bucket, Action::DeleteInventory, On::Bucket)?;
            let mut all: Vec<Inventory> = self.read_doc(&bucket).await?.unwrap_or_default();
            let had = all.len();
            all.retain(|one| &*one.id != id);
            if all.len() == had {
                return Ok(());
            }
            let left = Some(&all).filter(|all| !all.is_empty());
            if self.commit_doc(bucket, revision, left, Vec::new()).await? {
                return Ok(());
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// Whether whoever asks may see what is listed and write where lists go.
    async fn check_order(
        &self,
        cx: &Cx,
        bucket: &Bucket,
        inventory: &Inventory,
    ) -> Result<(), Error> {
        let seen = if inventory.all_versions {
            Action::ListVersions
        } else {
            Action::ListObjects
        };
        let listed = On::List {
            prefix: &inventory.filter.prefix,
            delimiter: "",
        };
        allow(cx, bucket, seen, listed)?;
        if let Some(encryption) = &inventory.target.encryption {
            super::sealing::check(encryption)?;
        }
        let report = report(inventory, bucket, self.ports.clock.now());
        let key = self.report_format(inventory)?.file_key(&report, 0);
        let into = &inventory.target.bucket;
        self.check_writes(cx, bucket, into, &ObjectKey::new(&key)?, RULES)
            .await
    }

    fn report_format(&self, inventory: &Inventory) -> Result<&Arc<dyn ReportFormat>, Error> {
        self.reports.get(&inventory.via).ok_or_else(|| {
            let message = "nobody here writes inventories of buckets for this kind of client";
            Error::new(ErrorKind::Unsupported, message)
        })
    }

    /// Puts the duty to write the lists of an inventory, unless it is switched off.
    fn inventory_duty(&self, bucket: &Bucket, inventory: &Inventory) -> Vec<Write> {
        if !inventory.enabled {
            return Vec::new();
        }
        let now = self.ports.clock.now();
        let step = InventoryStep::at(next_list(
            now,
            inventory.period,
            self.inventory_settings.day,
        ));
        let due = self.look_again(inventory, &step, now).unwrap_or(now);
        let kind = WorkKind::TakeInventory {
            bucket: bucket.id,
            name: bucket.name.clone(),
            id: inventory.id.clone(),
            duty: inventory.duty,
            step: Box::new(step),
        };
        work::put(&*self.ports.ids, kind, due, now).into()
    }

    fn look_again(
        &self,
        inventory: &Inventory,
        step: &InventoryStep,
        now: Timestamp,
    ) -> Option<Timestamp> {
        look_again(
            step.due,
            inventory.period.length(self.inventory_settings.day),
            now,
        )
    }

    /// Does one step of the duty to write the lists of an inventory, and says what to do next and when. `None`
    /// when the duty has ended: the bucket is gone, or the inventory was removed or replaced. A list that cannot
    /// be written, because of rights or a bucket that is gone, is left out, and the next step says so.
    pub(crate) async fn take_inventory(
        &self,
        (id, name): (BucketId, &BucketName),
        (inventory, duty): (&str, WorkId),
        step: &InventoryStep,
    ) -> Result<Option<(InventoryStep, Timestamp)>, Error> {
        let Some((bucket, _)) = self.find_bucket(name).await?.filter(|(b, _)| b.id == id) else {
            return Ok(None);
        };
        let now = self.ports.clock.now();
        if bucket.state == BucketState::Deleting {
            return Ok(Some((step.clone(), now.plus(WORK_BACKOFF_MIN))));
        }
        let all: Vec<Inventory> = self.read_doc(&bucket).await?.unwrap_or_default();
        let mut all = all.into_iter();
        let Some(inventory) = all.find(|one| &*one.id == inventory && one.duty == duty) else {
            return Ok(None);
        };
        let Some(begun) = step.begun else {
            if let Some(due) = self.look_again(&inventory, step, now) {
                return Ok(Some((step.clone(), due)));
            }
            let begun = InventoryStep {
                begun: Some(now),
                ..step.clone()
            };
            return Ok(Some((begun, now)));
        };
        let report = report(&inventory, &bucket, begun);
        let missed = match self.go_on(&report, step).await {
            Ok(Some(next)) => return Ok(Some((next, now))),
            Ok(None) => None,
            Err(error) if is_ours(error.kind()) => return Err(error),
            Err(error) => Some(error.message().into()),
        };
        let next = InventoryStep {
            missed,
            ..InventoryStep::at(next_list(
                now,
                inventory.period,
                self.inventory_settings.day,
            ))
        };
        let due = self.look_again(&inventory, &next, now).unwrap_or(now);
        Ok(Some((next, due)))
    }

    /// Writes the next file of a list, or what tells of its files when all stand. `None` when it is done.
    async fn go_on(
        &self,
        report: &Report<'_>,
        step: &InventoryStep,
    ) -> Result<Option<InventoryStep>, Error> {
        let cx = Cx {
            encrypting: Encrypting {
                with: report.inventory.target.encryption.clone(),
                ..Encrypting::default()
            },
            ..self.rules_cx(report.source, RULES)
        };
        if step.whole {
            self.write_papers(&cx, report, step).await?;
            return Ok(None);
        }
        if step.files.len() >= INVENTORY_FILES_MAX {
            let message = "the list has more lines than a list may have; narrow its filter";
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        let filled = self.write_file(&cx, report, step).await?;
        let mut next = step.clone();
        next.files.push(filled.file);
        next.whole = filled.after.is_none();
        next.after = filled.after;
        Ok(Some(next))
    }

    async fn write_papers(
        &self,
        cx: &Cx,
        report: &Report<'_>,
        step: &InventoryStep,
    ) -> Result<(), Error> {
        let format = self.report_format(report.inventory)?;
        let into = &report.inventory.target.bucket;
        for paper in format.papers(report, &step.files) {
            let key = ObjectKey::new(&paper.key)?;
            self.put_text(cx, into, key, paper.content_type, paper.text.into())
                .await?;
        }
        Ok(())
    }

    /// Reads lines and stores them as they come: a few pages of them are in memory.
    async fn write_file(
        &self,
        cx: &Cx,
        report: &Report<'_>,
        step: &InventoryStep,
    ) -> Result<Filled, Error> {
        let format = self.report_format(report.inventory)?;
        let key = ObjectKey::new(&format.file_key(report, step.files.len()))?;
        let into = &report.inventory.target.bucket;
        let put = plain_put(into, key, format.file_type(report));
        let (lines, taken) = channel(PAGES_WAITING);
        let body = Body {
            len: None,
            stream: format.packed(report, stream_of(taken)),
        };
        let (read, stored) = tokio::join!(
            self.read_lines(report, step, lines),
            self.put_object(cx, put, body)
        );
        // What the reading failed with is what the body was refused with.
        let stored = stored?.stored;
        let Etag::Md5(md5) = stored.etag else {
            let message = "an object that was put has an MD5 as its etag; report this";
            return Err(Error::new(ErrorKind::Internal, message));
        };
        Ok(Filled {
            file: InventoryFile {
                size: stored.size,
                md5,
            },
            after: read,
        })
    }

    /// Hands on the lines of a file, a page at a time; the last version of the file when more come behind it.
    async fn read_lines(
        &self,
        report: &Report<'_>,
        step: &InventoryStep,
        lines: Sender<Result<Bytes, BodyError>>,
    ) -> Option<(ObjectKey, Box<[u8]>)> {
        let mut after = step.after.clone();
        let mut left = self.inventory_settings.lines_max;
        while left > 0 {
            let (page, next) = match self.read_page(report, after.as_ref(), left).await {
                Ok(page) => page,
                Err(error) => {
                    // Whoever stores them has given up when nobody takes it.
                    let _taken = lines.send(Err(BodyError::Refused(error))).await;
                    return None;
                }
            };
            left = left.saturating_sub(PAGE_MAX);
            if lines.send(Ok(page.into())).await.is_err() {
                return None;
            }
            after = Some(next?);
        }
        after
    }

    /// A page of lines, and its last version when more come behind it.
    async fn read_page(
        &self,
        report: &Report<'_>,
        after: Option<&(ObjectKey, Box<[u8]>)>,
        limit: usize,
    ) -> Result<(String, Option<(ObjectKey, Box<[u8]>)>), Error> {
        let format = self.report_format(report.inventory)?;
        let filter = &report.inventory.filter;
        let wanted = Wanted {
            prefix: &filter.prefix,
            delimiter: "",
            after: after.map_or("", |(key, _)| key.as_str()),
            after_sub: after.map(|(_, sub)| &**sub),
            order: Order::Ascending,
            limit: limit.min(PAGE_MAX),
        };
        let all = report.inventory.all_versions;
        let pager = self.read_versions(report.source.id, &wanted, all).await?;
        let (entries, more) = pager.finish();
        let (mut text, mut last) = (String::new(), None);
        for entry in entries {
            let Entry::Row { key, sub, item } = entry else {
                continue;
            };
            if covers(filter, &item.version) {
                let row = ReportRow {
                    key: &key,
                    version: &item.version,
                    tag: tag(report.source, &item.version),
                    is_latest: item.is_latest,
                };
                text.push_str(&format.line(report, row));
            }
            last = Some((key, sub.into()));
        }
        Ok((text, last.filter(|_| more)))
    }
}

/// A list in the making. Its name is that of the duty and the time, so repeating gives the same.
fn report<'a>(inventory: &'a Inventory, source: &'a Bucket, begun: Timestamp) -> Report<'a> {
    let mut name = inventory.duty.0;
    for (byte, time) in name.iter_mut().zip(begun.millis().to_be_bytes()) {
        *byte ^= time;
    }
    Report {
        inventory,
        source,
        begun,
        name,
    }
}

/// Whether an error is the server's own trouble, which passes.
pub(super) fn is_ours(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Busy | ErrorKind::Unavailable | ErrorKind::Full | ErrorKind::Internal
    )
}

fn stream_of(taken: Receiver<Result<Bytes, BodyError>>) -> ByteStream {
    Box::pin(unfold(taken, |mut taken| async move {
        Some((taken.recv().await?, taken))
    }))
}
