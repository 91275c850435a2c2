//! The way from the callers to the committer: bounded, and in order.

use std::sync::Arc;
use std::sync::mpsc;

use cohong_core::limits::COMMIT_QUEUE_MAX;
use cohong_core::ports::{CommitError, StoreError, Txn, Write};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// Bytes of a transaction that take one more place in the queue, so that the queue holds at most
/// 64 MiB however large its members are.
const BYTES_A_PLACE: usize = 16 << 10;

/// A waiting transaction.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) txn: Txn,
    pub(super) answer: Answer,
}

pub(super) type Answer = oneshot::Sender<Result<(), CommitError>>;

#[derive(Debug)]
pub(super) enum Message {
    /// A transaction, and the places it holds until the committer takes it.
    Member(Member, OwnedSemaphorePermit),
    /// No more will come from the store's owner.
    Close,
}

/// The callers' end.
#[derive(Debug)]
pub(super) struct Queue {
    places: Arc<Semaphore>,
    sender: mpsc::Sender<Message>,
}

impl Queue {
    pub(super) fn new() -> (Self, mpsc::Receiver<Message>) {
        let (sender, receiver) = mpsc::channel();
        (
            Self {
                places: Arc::new(Semaphore::new(COMMIT_QUEUE_MAX)),
                sender,
            },
            receiver,
        )
    }

    /// Enters transactions in order, waiting for places, and waits until all are answered.
    pub(super) async fn commit(&self, txns: Vec<Txn>) -> Vec<Result<(), CommitError>> {
        let mut answers = Vec::with_capacity(txns.len());
        for txn in txns {
            answers.push(self.enter(txn).await);
        }
        let mut results = Vec::with_capacity(answers.len());
        for answer in answers {
            results.push(match answer {
                // A dropped sender means that the committer is gone.
                Some(answer) => answer.await.unwrap_or_else(|_| Err(closed())),
                None => Err(closed()),
            });
        }
        results
    }

    /// `None` when the store is closed.
    async fn enter(&self, txn: Txn) -> Option<oneshot::Receiver<Result<(), CommitError>>> {
        let places = Arc::clone(&self.places)
            .acquire_many_owned(places(&txn))
            .await
            .ok()?;
        let (sender, receiver) = oneshot::channel();
        let member = Member {
            txn,
            answer: sender,
        };
        self.sender.send(Message::Member(member, places)).ok()?;
        Some(receiver)
    }

    /// Places taken.
    pub(super) fn len(&self) -> usize {
        COMMIT_QUEUE_MAX.saturating_sub(self.places.available_permits())
    }

    /// Lets nobody in any more. What is in the queue is still committed.
    pub(super) fn close(&self) {
        self.places.close();
        // Without a receiver the committer has ended already.
        let _ = self.sender.send(Message::Close);
    }
}

fn places(txn: &Txn) -> u32 {
    let written = txn.write.iter().map(|write| match write {
        Write::Put(key, bytes) => key.bytes.len() + bytes.len(),
        Write::Append(_, bytes) => bytes.len(),
        Write::Delete(key) => key.bytes.len(),
        Write::Trim(..) | Write::DropPayload(_) => 0,
    });
    let bodies = txn.payloads.iter().map(|(_, body)| body.len());
    let bytes: usize = written.chain(bodies).sum();
    u32::try_from((1 + bytes / BYTES_A_PLACE).min(COMMIT_QUEUE_MAX)).unwrap_or(u32::MAX)
}

fn closed() -> CommitError {
    CommitError::Unavailable(StoreError::Unavailable(
        "the metadata store is closed".into(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use cohong_core::model::{BlobId, PayloadId};
    use cohong_core::ports::When;

    fn txn(payload: usize) -> Txn {
        let id = BlobId {
            payload: PayloadId([0; 16]),
            n: 0,
        };
        let payloads = vec![(id, Bytes::from(vec![0; payload]))];
        Txn {
            when: When::Now,
            expect: vec![],
            write: vec![],
            payloads,
        }
    }

    #[test]
    fn large_transactions_take_more_places_but_never_more_than_there_are() {
        let cases = [(0, 1), (16 << 10, 2), (64 << 10, 5), (1 << 30, 4096)];
        for (bytes, taken) in cases {
            assert_eq!(places(&txn(bytes)), taken, "{bytes} bytes");
        }
    }

    #[tokio::test]
    async fn callers_wait_when_the_queue_is_full() {
        let (queue, receiver) = Queue::new();
        let queue = Arc::new(queue);
        let caller = |n| {
            let queue = Arc::clone(&queue);
            tokio::spawn(async move { queue.commit((0..n).map(|_| txn(0)).collect()).await })
        };
        let first = caller(COMMIT_QUEUE_MAX + 1);
        while queue.len() < COMMIT_QUEUE_MAX {
            tokio::task::yield_now().await;
        }
        let entered: Vec<_> = receiver.try_iter().collect();
        assert_eq!(entered.len(), COMMIT_QUEUE_MAX);
        drop(entered);
        while queue.len() < 1 {
            tokio::task::yield_now().await;
        }
        queue.close();
        drop(receiver);
        let answers = first.await.unwrap();
        assert!(
            answers
                .iter()
                .all(|a| matches!(a, Err(CommitError::Unavailable(_))))
        );
        let late = caller(1).await.unwrap();
        assert!(matches!(late[..], [Err(CommitError::Unavailable(_))]));
    }
}
