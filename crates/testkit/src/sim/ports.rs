//! The stores and receivers of the simulation: those in memory, behind ports that fail, wait and tell
//! the oracle.

mod blobs;
mod meta;
mod receivers;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cohong_core::ports::{SealError, Sealer};

pub(super) use blobs::SimBlobs;
pub(super) use meta::{SimMeta, places};
pub(super) use receivers::{Callbacks, Plain, Receivers, is_poison};

use super::exec::Sim;

/// What goes wrong now.
#[derive(Clone, Debug, Default)]
pub(super) struct Weather(Arc<Mutex<Conditions>>);

/// See [`Weather`].
#[derive(Debug, Default)]
pub(super) struct Conditions {
    /// Ports fail at times, and take their time.
    pub(super) rough: bool,
    /// Receivers that cannot be reached.
    pub(super) down: BTreeSet<String>,
}

impl Weather {
    /// The conditions, to look at or to change.
    pub(super) fn now(&self) -> MutexGuard<'_, Conditions> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_rough(&self) -> bool {
        self.now().rough
    }

    /// Others run first, at times for a while: requests overlap.
    async fn wait(&self, sim: &Sim) {
        if self.is_rough() {
            for _ in 0..sim.random(3) {
                sim.give_way().await;
            }
            if sim.one_in(8) {
                sim.pass(Duration::from_millis(sim.random(20))).await;
            }
        }
    }
}

/// Seals nothing: there are no secrets here.
#[derive(Debug)]
pub(super) struct NoSecrets;

impl Sealer for NoSecrets {
    fn seal(&self, secret: &[u8]) -> Vec<u8> {
        secret.to_vec()
    }

    fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        Ok(sealed.to_vec())
    }

    fn random(&self, out: &mut [u8]) {
        out.fill(0);
    }
}
