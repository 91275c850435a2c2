//! Places for connections: so many for all, and for no address more than its share of them, so that nobody alone
//! keeps the others out.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::limits::{CONNECTIONS_MAX, HANDLES_A_CONNECTION};

/// All places.
#[derive(Debug)]
pub(super) struct Places {
    all: Arc<Semaphore>,
    /// Most that one address holds.
    share: usize,
    held: Arc<Held>,
}

/// Connections by address, those with none left out.
type Held = Mutex<HashMap<IpAddr, usize>>;

/// One place, given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    _place: OwnedSemaphorePermit,
    held: Arc<Held>,
    from: IpAddr,
}

impl Places {
    /// As many as so many file handles are enough for. An address gets half of them: programs behind a relay share
    /// one.
    pub(super) fn new(handles: usize) -> Self {
        let places = (handles / HANDLES_A_CONNECTION).clamp(2, CONNECTIONS_MAX);
        Self {
            all: Arc::new(Semaphore::new(places)),
            share: places / 2,
            held: Arc::default(),
        }
    }

    /// Waits until there is one for somebody.
    pub(super) async fn wait(&self) -> Option<OwnedSemaphorePermit> {
        self.all.clone().acquire_owned().await.ok()
    }

    /// The place of who has come; none when there are too many from that address.
    pub(super) fn take(&self, place: OwnedSemaphorePermit, peer: IpAddr) -> Option<Place> {
        let from = origin(peer);
        let mut held = lock(&self.held);
        let count = held.entry(from).or_default();
        if *count >= self.share {
            return None;
        }
        *count += 1;
        Some(Place {
            _place: place,
            held: self.held.clone(),
            from,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = lock(&self.held);
        if let Some(count) = held.get_mut(&self.from) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.from);
            }
        }
    }
}

/// What counts as one address: of IPv6 the network, within which anybody chooses.
fn origin(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

fn lock(held: &Held) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(places: &Places, from: &str) -> Option<Place> {
        let place = places.all.clone().try_acquire_owned().expect("a place");
        places.take(place, from.parse().expect("an address"))
    }

    #[tokio::test]
    async fn an_address_gets_half_and_others_the_rest() {
        let places = Places::new(8 * HANDLES_A_CONNECTION);
        let mut of_one: Vec<_> = (0..4)
            .map(|_| take(&places, "10.0.0.1").expect("room"))
            .collect();
        assert!(take(&places, "10.0.0.1").is_none());
        assert!(
            take(&places, "::ffff:10.0.0.1").is_none(),
            "the same address"
        );
        let other = take(&places, "10.0.0.2").expect("room for others");
        of_one.pop();
        of_one.push(take(&places, "10.0.0.1").expect("given back"));
        drop((of_one, other));
        assert!(lock(&places.held).is_empty());
        assert_eq!(places.all.available_permits(), 8);
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let of = |text: &str| origin(text.parse().expect("an address"));
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:2"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("10.0.0.1"), of("10.0.0.2"));
    }

    #[test]
    fn places_follow_the_file_handles() {
        for (handles, places) in [(0, 2), (256, 85), (1024, 341), (1 << 20, CONNECTIONS_MAX)] {
            assert_eq!(
                Places::new(handles).all.available_permits(),
                places,
                "{handles}"
            );
        }
    }
}
