//! From rows to orders: what lifecycle rules say about each.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{Judged, Order};
use crate::engine::delete::Asked;
use crate::engine::{Engine, ObjectTarget, VersionChoice};
use crate::error::Error;
use crate::limits::SCAN_BYTES_MAX;
use crate::model::{Bucket, ObjectKey, ObjectRecord, ObjectVersion, Timestamp, VersionId, WorkId};
use crate::ports::{KeyRange, Limit, Order as Direction, Record, StoreError, Table};
use crate::records::{CurrentRecord, UploadRecord, decode, keys};
use crate::rules::lifecycle::{Standing, Verdict, end_of, gives_up, read_last, verdict};
use crate::rules::object_set::RuleBook;

/// Rows of a table: key and record.
type Rows = [(Bytes, Record)];

/// Who judges, by which rules, and when.
pub(super) struct Court<'a> {
    pub(super) engine: &'a Engine,
    pub(super) bucket: &'a Bucket,
    pub(super) rules: &'a RuleBook,
    pub(super) duty: WorkId,
    /// Since when reads are noted, where rules count them.
    pub(super) reads_since: Option<Timestamp>,
    pub(super) now: Timestamp,
}

impl Court<'_> {
    pub(super) async fn objects(&self, rows: &Rows) -> Result<Vec<Order>, Error> {
        let standing = Standing::Current { alone: false };
        let versions = current(rows)?;
        let read: Vec<_> = versions
            .iter()
            .map(|(key, version)| (key, version))
            .collect();
        let reads = self.reads(&read).await?;
        let mut orders = Vec::new();
        for ((key, version), read) in versions.into_iter().zip(reads) {
            if version.object().is_some_and(ObjectRecord::is_directory) {
                // It goes when somebody removes it.
                continue;
            }
            orders.extend(self.order(key, VersionChoice::Current, version, (standing, read)));
        }
        Ok(orders)
    }

    /// When versions count as read last, where rules count that.
    async fn reads(
        &self,
        versions: &[(&ObjectKey, &ObjectVersion)],
    ) -> Result<Vec<Option<Timestamp>>, Error> {
        let Some(since) = self.reads_since else {
            return Ok(vec![None; versions.len()]);
        };
        let at = versions
            .iter()
            .map(|(key, version)| keys::read(self.bucket.id, key, version.id));
        let noted = self.engine.noted(&at.collect::<Vec<_>>()).await?;
        let all = versions.iter().zip(noted);
        let reads = all.map(|((_, version), noted)| Some(read_last(version, since, noted)));
        Ok(reads.collect())
    }

    pub(super) async fn markers(&self, rows: &Rows) -> Result<Vec<Order>, Error> {
        let markers = current(rows)?;
        let range =
            |(key, _): &(ObjectKey, ObjectVersion)| keys::version_range(self.bucket.id, key);
        let behind: Vec<KeyRange> = markers.iter().map(range).collect();
        let behind = self.engine.first_rows(&behind).await?;
        let mut orders = Vec::new();
        for ((key, version), behind) in markers.into_iter().zip(behind) {
            let standing = Standing::Current {
                alone: behind.is_none(),
            };
            orders.extend(self.order(key, choice(&version), version, (standing, None)));
        }
        Ok(orders)
    }

    /// Versions that are not current, newest first within a key: each was replaced when the one before
    /// it was written. Where that one has expired itself, the next newer one counts, so the version
    /// may live longer, never shorter.
    pub(super) async fn older(&self, rows: &Rows) -> Result<Vec<Order>, Error> {
        let mut found = Vec::with_capacity(rows.len());
        for (at, record) in rows {
            let (key, id) = keys::object_of_version(at).ok_or_else(damaged_key)?;
            let version: ObjectVersion = decode(&record.bytes)?;
            found.push((key, id, version));
        }
        let mut newer = self.newest(&found).await?;
        let read: Vec<_> = found
            .iter()
            .map(|(key, _, version)| (key, version))
            .collect();
        let reads = self.reads(&read).await?;
        let mut orders = Vec::new();
        for ((key, _, version), read) in found.into_iter().zip(reads) {
            // Without a current version the key lost all of them since it was read.
            let Some((replaced_at, count)) = newer.get_mut(&key) else {
                continue;
            };
            let standing = Standing::Older {
                replaced_at: *replaced_at,
                newer: *count,
            };
            (*replaced_at, *count) = (version.written_at, count.saturating_add(1));
            orders.extend(self.order(key, choice(&version), version, (standing, read)));
        }
        Ok(orders)
    }

    /// What lies in the trash longer than it is to.
    pub(super) fn trash(&self, rows: &Rows) -> Result<Vec<Order>, Error> {
        let mut orders = Vec::new();
        let Some(trash) = self.bucket.trash_in_use() else {
            return Ok(orders);
        };
        for (key, version) in current(rows)? {
            let stays = end_of(version.written_at, trash.days) > self.now;
            if stays || key.as_str() == &*trash.path {
                continue;
            }
            orders.push(
                if version.object().is_some_and(ObjectRecord::is_directory) {
                    Order::Clear(key)
                } else {
                    let judged = Judged {
                        duty: self.duty,
                        version,
                        standing: Standing::Current { alone: false },
                    };
                    Order::Expire(Asked {
                        key,
                        choice: VersionChoice::Current,
                        if_match: None,
                        judged: Some(judged),
                    })
                },
            );
        }
        Ok(orders)
    }

    pub(super) fn uploads(&self, rows: &Rows) -> Result<Vec<Order>, Error> {
        let mut orders = Vec::new();
        for (at, record) in rows {
            let (key, upload) = keys::object_of_upload(at).ok_or_else(damaged_key)?;
            let record: UploadRecord = decode(&record.bytes)?;
            if gives_up(
                self.rules.of(key.as_str()),
                key.as_str(),
                record.created_at,
                self.now,
            ) {
                orders.push(Order::Abort(key, upload));
            }
        }
        Ok(orders)
    }

    fn order(
        &self,
        key: ObjectKey,
        choice: VersionChoice,
        version: ObjectVersion,
        (standing, read): (Standing, Option<Timestamp>),
    ) -> Option<Order> {
        let rules = self.rules.of(key.as_str());
        let verdict = verdict(rules, key.as_str(), &version, standing, read, self.now);
        let judged = Judged {
            duty: self.duty,
            version,
            standing,
        };
        match verdict {
            Verdict::Keep => None,
            Verdict::Expire => Some(Order::Expire(Asked {
                key,
                choice,
                if_match: None,
                judged: Some(judged),
            })),
            Verdict::Move(class) => {
                let target = ObjectTarget {
                    bucket: self.bucket.name.clone(),
                    key,
                    version: choice,
                };
                Some(Order::Move(target, judged, class))
            }
        }
    }

    /// When the version was written that is next newer than the first one of each key, and how many newer ones
    /// there are beside the current one. For the first row of a page these are the rows before the page, as many
    /// as rules count.
    async fn newest(
        &self,
        found: &[(ObjectKey, VersionId, ObjectVersion)],
    ) -> Result<BTreeMap<ObjectKey, (Timestamp, u32)>, Error> {
        let mut keys: Vec<&ObjectKey> = found.iter().map(|(key, ..)| key).collect();
        keys.dedup();
        let seen = self.engine.see(self.bucket.id, &keys).await?;
        let times = keys.iter().zip(seen).filter_map(|(key, seen)| {
            let current = seen.current?.version;
            Some(((*key).clone(), (current.written_at, 0)))
        });
        let mut times: BTreeMap<_, _> = times.collect();
        if let Some((key, id, _)) = found.first()
            && let Some((version, newer)) = self.before(key, *id).await?
        {
            times.insert(key.clone(), (version.written_at, newer));
        }
        Ok(times)
    }

    /// The next newer one of the versions of a key that are not current, and how many newer ones there are, as far
    /// as rules count.
    async fn before(
        &self,
        key: &ObjectKey,
        id: VersionId,
    ) -> Result<Option<(ObjectVersion, u32)>, Error> {
        let newer = KeyRange {
            table: Table::Versions,
            start: keys::version_range(self.bucket.id, key).start,
            end: Some(keys::version(self.bucket.id, key, id).bytes),
        };
        let kept = self
            .rules
            .of(key.as_str())
            .map(|rule| rule.keep_older)
            .max();
        let kept = kept.unwrap_or(0).max(1);
        let limit = Limit {
            rows: kept as usize,
            bytes: SCAN_BYTES_MAX,
        };
        let meta = &self.engine.ports().meta;
        let pages = meta.scan(&[newer], Direction::Descending, limit).await?;
        let rows: Vec<_> = pages.into_iter().flat_map(|page| page.rows).collect();
        let Some((_, record)) = rows.first() else {
            return Ok(None);
        };
        let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        Ok(Some((decode(&record.bytes)?, count)))
    }
}

fn current(rows: &Rows) -> Result<Vec<(ObjectKey, ObjectVersion)>, Error> {
    let row = |(at, record): &(Bytes, Record)| {
        let key = keys::object_of_current(at).ok_or_else(damaged_key)?;
        let record: CurrentRecord = decode(&record.bytes)?;
        Ok((key, record.version))
    };
    rows.iter().map(row).collect()
}

/// How a version is named that is not chosen for being current.
fn choice(version: &ObjectVersion) -> VersionChoice {
    if version.is_null {
        VersionChoice::Null
    } else {
        VersionChoice::Id(version.id)
    }
}

fn damaged_key() -> StoreError {
    StoreError::Damaged("key of a version or an upload".into())
}
