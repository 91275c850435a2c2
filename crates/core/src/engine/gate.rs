//! Where writers of one key queue, first come first served, so that they do not fight at the commit.
//! Only for speed and fairness: what is correct is decided by the expectations of transactions.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use tokio::sync::{Mutex, MutexGuard};

use crate::limits::GATES;
use crate::model::{BucketName, ObjectKey};

/// Striped gates: a key always has the same one, and shares it with a few others.
#[derive(Debug)]
pub(crate) struct Gates(Vec<Mutex<()>>);

/// The right to change some keys; the next in line goes when it is dropped.
#[derive(Debug)]
pub(crate) struct Pass<'a> {
    _held: Vec<MutexGuard<'a, ()>>,
}

impl Default for Gates {
    fn default() -> Self {
        Self((0..GATES).map(|_| Mutex::new(())).collect())
    }
}

impl Gates {
    /// Waits for its turn on every one of `keys`. Gates are entered in one order by everybody, so
    /// nobody waits in a circle; whoever holds a pass must not ask for another.
    pub(crate) async fn enter<'a>(
        &'a self,
        bucket: &BucketName,
        keys: impl IntoIterator<Item = &ObjectKey>,
    ) -> Pass<'a> {
        let stripes: BTreeSet<usize> = keys
            .into_iter()
            .map(|key| self.stripe((bucket, key)))
            .collect();
        let mut pass = Vec::with_capacity(stripes.len());
        for gate in stripes.into_iter().filter_map(|stripe| self.0.get(stripe)) {
            pass.push(gate.lock().await);
        }
        Pass { _held: pass }
    }

    /// Waits for its turn on something else that many change.
    pub(crate) async fn enter_one(&self, what: impl Hash) -> Pass<'_> {
        let stripe = self.stripe(what);
        let gate = self.0.get(stripe).expect("a stripe is one of the gates");
        Pass {
            _held: vec![gate.lock().await],
        }
    }

    /// The same in every run: the hasher has fixed keys.
    fn stripe(&self, what: impl Hash) -> usize {
        let mut hasher = DefaultHasher::new();
        what.hash(&mut hasher);
        usize::try_from(hasher.finish() % self.0.len() as u64).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex as Plain;

    use futures_util::future::join_all;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whichever keys, however often and in whichever order they are named: everybody gets
        /// through, and nobody meets another on the same key.
        #[test]
        fn writers_of_a_key_go_one_by_one(
            writers in proptest::collection::vec(proptest::collection::vec(0..6_u8, 1..5), 1..12),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let gates = Gates::default();
            let bucket = BucketName::new("photos").unwrap();
            let inside = Plain::new(BTreeSet::new());
            let write = async |names: &Vec<u8>| {
                let keys: Vec<ObjectKey> =
                    names.iter().map(|n| ObjectKey::new(&n.to_string()).unwrap()).collect();
                let pass = gates.enter(&bucket, &keys).await;
                let different: BTreeSet<u8> = names.iter().copied().collect();
                for name in &different {
                    assert!(inside.lock().unwrap().insert(*name));
                }
                tokio::task::yield_now().await;
                for name in &different {
                    assert!(inside.lock().unwrap().remove(name));
                }
                drop(pass);
            };
            runtime.block_on(join_all(writers.iter().map(write)));
            prop_assert!(inside.lock().unwrap().is_empty());
        }
    }
}
