//! Notification rules that name a sync task: an event is delivered when what the task has to do about its
//! key is durable. That no change goes round in a loop is seen to where rules are matched.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::engine::{Engine, SyncOrder};
use crate::error::{Error, ErrorKind};
use crate::model::{AccountId, Destination, Event, EventKind, SyncTaskId};
use crate::ports::{Message, MessageContext, Target, Undelivered};
use crate::records::{decode, encode};

/// Status of a delivery in the delivery log.
const ACCEPTED: u16 = 200;

/// An event as its task is told of it.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    /// Owner of the bucket whose rule names the task.
    owner: AccountId,
    /// What is to be done; `None` when the event changed nothing that can be copied.
    order: Option<SyncOrder>,
}

/// The message of an event for a sync task; it never leaves the process.
pub(crate) fn rule_message(event: &Event, cx: &MessageContext<'_>) -> Message {
    let order = |removal| SyncOrder {
        key: event.key.clone(),
        removal,
        passed: event.past.tasks().to_vec(),
    };
    let told = Told {
        owner: AccountId(cx.owner.into()),
        order: removes(event.kind).map(order),
    };
    Message {
        id: cx.position.0.to_string(),
        headers: Vec::new(),
        content_type: "application/octet-stream",
        body: encode(&told),
    }
}

/// Whether an event removed something; `None` when it neither did that nor wrote something.
fn removes(kind: EventKind) -> Option<bool> {
    match kind {
        EventKind::CreatedPut
        | EventKind::CreatedPost
        | EventKind::CreatedCopy
        | EventKind::CreatedComplete
        | EventKind::CreatedFetch
        | EventKind::CreatedOrigin
        | EventKind::CreatedAppend
        | EventKind::CreatedSymlink
        | EventKind::ReplicatedCreated
        | EventKind::ReplicatedModified => Some(false),
        EventKind::RemovedDelete
        | EventKind::RemovedMarker
        | EventKind::ExpiredDelete
        | EventKind::ExpiredMarker => Some(true),
        EventKind::RestorePost | EventKind::RestoreCompleted | EventKind::Downloaded => None,
    }
}

/// Delivers events to sync tasks of this server.
#[derive(Debug)]
pub struct RuleTarget(Arc<Engine>);

impl RuleTarget {
    /// Delivers to the tasks of an engine.
    pub fn new(engine: &Arc<Engine>) -> Self {
        Self(Arc::clone(engine))
    }

    /// A task takes events of buckets of the account that made it, and removals only where it carries
    /// them.
    async fn take(&self, id: SyncTaskId, body: &Bytes) -> Result<(), Error> {
        let Told { owner, order } = decode(body)?;
        let found = self.0.find_sync_task(id).await?;
        let (task, _) = found
            .filter(|(task, _)| task.account == owner)
            .ok_or_else(|| {
                let message = "the owner of the bucket has no such sync task";
                Error::new(ErrorKind::NoSuchTask, message)
            })?;
        let wanted = order.filter(|order| !order.removal || task.settings.deletes);
        match wanted {
            Some(order) => self.0.take_sync_orders(id, &[order]).await,
            None => Ok(()),
        }
    }
}

#[async_trait]
impl Target for RuleTarget {
    async fn deliver(&self, to: &Destination, message: &Message) -> Result<u16, Undelivered> {
        let Destination::Sync(task) = to else {
            return Err(Undelivered::Event {
                why: "this is no sync task".into(),
                status: None,
            });
        };
        match self.take(*task, &message.body).await {
            Ok(()) => Ok(ACCEPTED),
            Err(error) => {
                let why = error.message().to_owned();
                // A task that is stopped, or behind, takes the event later.
                Err(match error.kind() {
                    ErrorKind::NoSuchTask => Undelivered::Event { why, status: None },
                    _ => Undelivered::Target {
                        after: None,
                        why,
                        status: None,
                    },
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_of_bytes_is_carried_on() {
        let of = |wanted| {
            let kinds = EventKind::ALL.into_iter();
            kinds.filter(|kind| removes(*kind) == wanted).count()
        };
        assert_eq!((of(Some(false)), of(Some(true)), of(None)), (10, 4, 3));
    }
}
