//! How many callbacks are under way, in all and to one receiver.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// The places there are.
#[derive(Debug)]
pub(super) struct Permits {
    all: Arc<Semaphore>,
    per_host: usize,
    hosts: Mutex<BTreeMap<String, Host>>,
}

#[derive(Debug)]
struct Host {
    places: Arc<Semaphore>,
    /// Callers that wait for or hold a place; the entry goes with the last of them.
    users: usize,
}

/// A place, given back when dropped. The fields are dropped in this order: the entry of the host is
/// removed only when its place is free again.
#[derive(Debug)]
pub(super) struct Permit<'a> {
    _of_all: OwnedSemaphorePermit,
    _of_host: OwnedSemaphorePermit,
    _seat: Seat<'a>,
}

#[derive(Debug)]
struct Seat<'a> {
    permits: &'a Permits,
    host: String,
}

impl Permits {
    pub(super) fn new(all: usize, per_host: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(all)),
            per_host,
            hosts: Mutex::default(),
        }
    }

    /// Waits for a place. The host's comes first, so that those who wait for a slow host take no
    /// place from others.
    pub(super) async fn take(&self, host: String) -> Result<Permit<'_>, AcquireError> {
        let (seat, places) = self.sit(host);
        let of_host = places.acquire_owned().await?;
        let of_all = Arc::clone(&self.all).acquire_owned().await?;
        Ok(Permit {
            _of_all: of_all,
            _of_host: of_host,
            _seat: seat,
        })
    }

    fn sit(&self, host: String) -> (Seat<'_>, Arc<Semaphore>) {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = hosts.entry(host.clone()).or_insert_with(|| Host {
            places: Arc::new(Semaphore::new(self.per_host)),
            users: 0,
        });
        entry.users += 1;
        (
            Seat {
                permits: self,
                host,
            },
            Arc::clone(&entry.places),
        )
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut hosts = self
            .permits
            .hosts
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = hosts.get_mut(&self.host) {
            entry.users -= 1;
            if entry.users == 0 {
                hosts.remove(&self.host);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn now<F: Future>(future: F) -> Option<F::Output> {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }

    fn take<'a>(permits: &'a Permits, host: &str) -> Option<Permit<'a>> {
        now(permits.take(host.to_owned())).map(|permit| permit.expect("never closed"))
    }

    #[test]
    fn places_are_bounded_per_host_and_in_all() {
        let permits = Permits::new(3, 2);
        let held: Vec<_> = (0..2).map(|_| take(&permits, "a").unwrap()).collect();
        assert!(take(&permits, "a").is_none());
        let other = take(&permits, "b").unwrap();
        assert!(take(&permits, "c").is_none());
        drop(held);
        assert!(take(&permits, "a").is_some());
        drop(other);
    }

    #[test]
    fn hosts_nobody_calls_are_forgotten() {
        let permits = Permits::new(1, 1);
        let held = take(&permits, "a").unwrap();
        assert!(take(&permits, "a").is_none());
        assert!(take(&permits, "b").is_none());
        assert_eq!(permits.hosts.lock().unwrap().len(), 1);
        drop(held);
        assert!(permits.hosts.lock().unwrap().is_empty());
    }
}
