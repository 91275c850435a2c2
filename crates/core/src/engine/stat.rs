//! What a bucket holds, counted when asked. Pages come from different snapshots, so what changes
//! meanwhile may be counted or not.

use super::quota::{Share, What};
use super::walk::Walk;
use super::{BucketStat, Cx, Engine};
use crate::error::{Error, ErrorKind};
use crate::limits::STAT_ROWS_MAX;
use crate::model::{Bucket, BucketName, ObjectVersion};
use crate::ports::{KeyRange, Record, StoreError, Table};
use crate::records::{CurrentRecord, PartRecord, decode, keys};
use crate::rules::access::{Action, On, allow};

impl Engine {
    /// Counts what a bucket holds, all versions of it. `Unsupported` beyond [`STAT_ROWS_MAX`] records.
    pub async fn bucket_stat(&self, cx: &Cx, name: &BucketName) -> Result<BucketStat, Error> {
        let (bucket, _) = self.read_live_bucket(name).await?;
        allow(cx, &bucket, Action::ReadBucket, On::Bucket)?;
        self.stat_of(&bucket).await
    }

    /// Counts what a bucket holds, whoever asks.
    pub(super) async fn stat_of(&self, bucket: &Bucket) -> Result<BucketStat, Error> {
        self.stat_of_share(bucket, &Share::whole(bucket.id)).await
    }

    /// Counts what a share of a bucket holds, whoever asks.
    pub(super) async fn stat_of_share(
        &self,
        bucket: &Bucket,
        share: &Share,
    ) -> Result<BucketStat, Error> {
        let mut stat = BucketStat::default();
        let mut left = STAT_ROWS_MAX;
        let (prefix, others) = match &share.what {
            What::All => ("", None),
            What::Set(name) => (&**name, None),
            What::Rest => ("", Some(self.set_names(bucket).await?)),
        };
        let counts = |key: &[u8]| others.as_ref().is_none_or(|names| !names.hold(key));
        let current = |table| keys::current_range(table, bucket.id, prefix);
        self.each(current(Table::Heads), &mut left, |at, row| {
            if counts(at) {
                let current: CurrentRecord = decode(&row.bytes)?;
                count(&mut stat, &current.version);
            }
            Ok(())
        })
        .await?;
        let versions = keys::versions_range(bucket.id, prefix);
        self.each(versions, &mut left, |at, row| {
            if counts(at) {
                count(&mut stat, &decode(&row.bytes)?);
            }
            Ok(())
        })
        .await?;
        self.each(current(Table::Graves), &mut left, |at, _| {
            stat.delete_markers += u64::from(counts(at));
            Ok(())
        })
        .await?;
        let mut uploads = Walk::over(keys::uploads_range(bucket.id, prefix));
        while let Some(rows) = uploads.page(&*self.ports.meta).await? {
            spend(&mut left, rows.len())?;
            for (at, _) in rows.into_iter().filter(|(at, _)| counts(at)) {
                let (_, upload) = keys::object_of_upload(&at)
                    .ok_or_else(|| StoreError::Damaged("key of an upload".into()))?;
                stat.uploads += 1;
                self.each(keys::parts_range(upload), &mut left, |_, row| {
                    stat.parts += 1;
                    stat.part_bytes += decode::<PartRecord>(&row.bytes)?.size;
                    Ok(())
                })
                .await?;
            }
        }
        Ok(stat)
    }

    async fn each(
        &self,
        range: KeyRange,
        left: &mut u64,
        mut take: impl FnMut(&[u8], &Record) -> Result<(), StoreError> + Send,
    ) -> Result<(), Error> {
        let mut walk = Walk::over(range);
        while let Some(rows) = walk.page(&*self.ports.meta).await? {
            spend(left, rows.len())?;
            for (at, row) in &rows {
                take(at, row)?;
            }
        }
        Ok(())
    }
}

fn count(stat: &mut BucketStat, version: &ObjectVersion) {
    let Some(record) = version.object() else {
        stat.delete_markers += 1;
        return;
    };
    let usage = stat.classes.entry(record.class).or_default();
    usage.objects += 1;
    usage.bytes += record.size;
}

fn spend(left: &mut u64, rows: usize) -> Result<(), Error> {
    *left = left.checked_sub(rows as u64).ok_or_else(|| {
        Error::new(
            ErrorKind::Unsupported,
            "the bucket holds more than is counted at once; list it instead",
        )
    })?;
    Ok(())
}
