//! The operator's handle: what can be seen of delivery and what can be ordered. The reads are in
//! [`super::status`], [`super::attempts`], [`super::dead`], [`super::log`] and [`super::wait`].

use std::sync::Arc;

use super::dispatch::nudge_sub;
use super::drain::commit_one;
use super::line::{Shared, lock};
use super::retention;
use super::sub::{PAGE, scan};
use super::subscribe::settled_end;
use crate::error::{Error, ErrorKind};
use crate::limits::CONFLICT_RETRIES_MAX;
use crate::model::{BucketId, BucketName, Destination};
use crate::ports::{CommitError, Expect, StoreError, Table, Txn, When, Write};
use crate::records::keys::{self, DestinationKey};
use crate::records::{RuleSetRecord, SubRecord, SubState, decode, encode};

/// Delivery as it runs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct DeliveryHandle {
    pub(super) shared: Arc<Shared>,
}

impl DeliveryHandle {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Starts nothing new, waits for what is under way and settles it. Ends within the targets' own
    /// time limits.
    pub async fn stop(&self) {
        self.shared.stop();
        self.shared.stopped().await;
    }

    /// Something about a destination was repaired, such as a function registered: a paused delivery
    /// to it is tried at once. `destination` is [`Destination::id`].
    pub fn nudge(&self, destination: &str) {
        for line in lock(&self.shared.lines).values() {
            if line.destination.id() == destination {
                line.ask(|mail| mail.hurry = true);
            }
        }
    }

    /// Gives up everything a destination is owed about a bucket now; it moves to the dead events,
    /// marked as cancelled. Later events are delivered if a rule still names the destination.
    /// Fails with `InvalidArgument` when there is no such subscription.
    pub async fn cancel(&self, bucket: BucketId, destination: &Destination) -> Result<(), Error> {
        let to = DestinationKey::of(destination);
        let place = keys::sub(bucket, to);
        let ports = &self.shared.ports;
        for _ in 0..CONFLICT_RETRIES_MAX {
            let upto = settled_end(&*ports.meta, bucket).await.map_err(failed)?;
            let found = ports.meta.get_many(std::slice::from_ref(&place)).await;
            let found = found.map_err(failed)?.pop().flatten();
            let stored = found.ok_or_else(|| {
                let what = "nothing of this bucket is delivered to that destination";
                Error::new(ErrorKind::InvalidArgument, what)
            })?;
            let mut record: SubRecord = decode(&stored.bytes).map_err(failed)?;
            record.state = SubState::Cancelled(upto);
            let txn = Txn {
                when: When::Now,
                expect: vec![Expect::Revision(place.clone(), stored.revision)],
                write: vec![Write::Put(place.clone(), encode(&record))],
                payloads: Vec::new(),
            };
            match commit_one(ports, txn).await {
                Ok(()) => {
                    nudge_sub(&self.shared, bucket, to);
                    return Ok(());
                }
                Err(CommitError::Conflict) => {}
                Err(other) => return Err(uncommitted(other)),
            }
        }
        let what = "deliveries are being settled all the time; try again";
        Err(Error::new(ErrorKind::Busy, what))
    }

    /// Forgets what is past its time: events, the delivery log, and logs of removed buckets that owe
    /// nothing. Runs every hour by itself. Works in bounded steps and says whether it came to its end.
    pub async fn maintain_once(&self) -> Result<bool, Error> {
        retention::maintain_once(&self.shared.ports)
            .await
            .map_err(failed)
    }

    /// The bucket of a name; a removed one is found as long as its log is kept, the latest first.
    pub async fn bucket_id(&self, name: &BucketName) -> Result<Option<BucketId>, Error> {
        let ports = &self.shared.ports;
        let live = ports.meta.get_many(&[keys::bucket(name)]).await;
        if let Some(stored) = live.map_err(failed)?.pop().flatten() {
            let bucket: crate::model::Bucket = decode(&stored.bytes).map_err(failed)?;
            return Ok(Some(bucket.id));
        }
        let mut range = keys::prefix_range(Table::RuleSets, &[]);
        let mut latest = None;
        loop {
            let (rows, more) = scan(ports, range.clone(), PAGE).await.map_err(failed)?;
            for (_, row) in &rows {
                let rules: RuleSetRecord = decode(&row.bytes).map_err(failed)?;
                if rules.name == *name {
                    latest = Some(rules.bucket);
                }
            }
            let Some((last, true)) = rows.last().map(|(key, _)| (key, more)) else {
                return Ok(latest);
            };
            range.start = super::drain::after(last);
        }
    }
}

/// A read failed.
pub(super) fn failed(error: StoreError) -> Error {
    match error {
        StoreError::Damaged(_) | StoreError::NoSuchPayload => {
            let what = "a stored delivery record is damaged; the server's log says which";
            Error::new(ErrorKind::Internal, what).because(error)
        }
        StoreError::Unavailable(_) => {
            let what = "the metadata store cannot be read; try again later";
            Error::new(ErrorKind::Unavailable, what).because(error)
        }
    }
}

/// A commit failed.
pub(super) fn uncommitted(error: CommitError) -> Error {
    let (kind, what) = match error {
        CommitError::Conflict => (ErrorKind::Busy, "the record is being changed; try again"),
        CommitError::Full => (ErrorKind::Full, "no space left for metadata"),
        CommitError::Unavailable(_) => (
            ErrorKind::Unavailable,
            "the metadata store takes no writes; try again later",
        ),
    };
    Error::new(kind, what).because(error)
}
