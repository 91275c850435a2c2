//! Credentials kept for a few seconds, so that a signature costs no read.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Credential;
use crate::limits;
use crate::model::AccessKeyId;
use crate::ports::Mono;

/// The cache. Bounded, and unknown keys cannot push known ones out.
#[derive(Debug)]
pub(crate) struct Cache {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    known: Shelf<Credential>,
    unknown: Shelf<()>,
    /// Counts changes of keys by this process: what was read before one is not kept after it.
    changes: u64,
}

/// Says that no key changed since it was given out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen(u64);

impl Cache {
    /// The cached answer, if there is one at this time: `Some(None)` is a key known to be unknown.
    /// Otherwise what [`Cache::keep`] wants after a read.
    pub(super) fn find(&self, key: &AccessKeyId, now: Mono) -> Result<Option<Credential>, Seen> {
        let inner = self.lock();
        if let Some(credential) = inner.known.find(key, now) {
            return Ok(Some(credential.clone()));
        }
        if inner.unknown.find(key, now).is_some() {
            return Ok(None);
        }
        Err(Seen(inner.changes))
    }

    /// Keeps what a read that began at `now` found, unless a key changed meanwhile.
    pub(super) fn keep(
        &self,
        key: &AccessKeyId,
        found: Option<&Credential>,
        now: Mono,
        seen: Seen,
    ) {
        let mut inner = self.lock();
        if inner.changes != seen.0 {
            return;
        }
        match found {
            Some(credential) => {
                let until = now + limits::CREDENTIAL_AGE_MAX;
                inner.known.put(key, credential.clone(), until);
            }
            None => inner
                .unknown
                .put(key, (), now + limits::UNKNOWN_KEY_AGE_MAX),
        }
    }

    /// Forgets a key that was made, replaced or removed.
    pub(super) fn forget(&self, key: &AccessKeyId) {
        let mut inner = self.lock();
        inner.changes += 1;
        inner.known.remove(key);
        inner.unknown.remove(key);
    }

    // Every change of the maps is complete before anything can panic.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Cache {
    fn default() -> Self {
        let inner = Inner {
            known: Shelf::new(limits::CREDENTIALS_CACHED_MAX),
            unknown: Shelf::new(limits::UNKNOWN_KEYS_CACHED_MAX),
            changes: 0,
        };
        Self {
            inner: Mutex::new(inner),
        }
    }
}

/// So many entries; the one put longest ago makes room.
#[derive(Debug)]
struct Shelf<T> {
    entries: BTreeMap<AccessKeyId, Entry<T>>,
    order: BTreeMap<u64, AccessKeyId>,
    puts: u64,
    max: usize,
}

#[derive(Debug)]
struct Entry<T> {
    value: T,
    until: Mono,
    put: u64,
}

impl<T> Shelf<T> {
    fn new(max: usize) -> Self {
        Self {
            entries: BTreeMap::new(),
            order: BTreeMap::new(),
            puts: 0,
            max,
        }
    }

    fn find(&self, key: &AccessKeyId, now: Mono) -> Option<&T> {
        let entry = self.entries.get(key)?;
        (now < entry.until).then_some(&entry.value)
    }

    fn put(&mut self, key: &AccessKeyId, value: T, until: Mono) {
        self.remove(key);
        self.puts += 1;
        self.order.insert(self.puts, key.clone());
        self.entries.insert(
            key.clone(),
            Entry {
                value,
                until,
                put: self.puts,
            },
        );
        if self.entries.len() > self.max
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.entries.remove(&oldest);
        }
    }

    fn remove(&mut self, key: &AccessKeyId) {
        if let Some(entry) = self.entries.remove(key) {
            self.order.remove(&entry.put);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::Secret;
    use crate::model::Principal;

    fn key(n: usize) -> AccessKeyId {
        AccessKeyId(format!("AK{n:06}").into())
    }

    fn credential() -> Credential {
        Credential {
            principal: Principal::Anonymous,
            secret: Secret::new("hush"),
            token: None,
            expires_at: None,
        }
    }

    fn keep(cache: &Cache, n: usize, found: Option<&Credential>, now: Mono) {
        let seen = cache.find(&key(n), now).expect_err("not cached yet");
        cache.keep(&key(n), found, now, seen);
    }

    #[test]
    fn answers_grow_stale() {
        let cache = Cache::default();
        let start = Duration::from_secs(100);
        keep(&cache, 1, Some(&credential()), start);
        keep(&cache, 2, None, start);
        let at = |ms| start + Duration::from_millis(ms);
        assert!(matches!(cache.find(&key(1), at(4999)), Ok(Some(_))));
        assert!(cache.find(&key(1), at(5000)).is_err());
        assert!(matches!(cache.find(&key(2), at(999)), Ok(None)));
        assert!(cache.find(&key(2), at(1000)).is_err());
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept() {
        let cache = Cache::default();
        let now = Duration::ZERO;
        let seen = cache.find(&key(1), now).expect_err("empty");
        cache.forget(&key(1));
        cache.keep(&key(1), Some(&credential()), now, seen);
        assert!(cache.find(&key(1), now).is_err());
    }

    #[test]
    fn it_is_bounded_and_unknown_keys_push_only_each_other_out() {
        let cache = Cache::default();
        let now = Duration::ZERO;
        keep(&cache, 0, Some(&credential()), now);
        let flood = 1..=limits::UNKNOWN_KEYS_CACHED_MAX + 1;
        for n in flood {
            keep(&cache, n, None, now);
        }
        assert!(matches!(cache.find(&key(0), now), Ok(Some(_))));
        assert!(cache.find(&key(1), now).is_err(), "the oldest made room");
        assert!(matches!(cache.find(&key(2), now), Ok(None)));
        let inner = cache.lock();
        assert_eq!(inner.unknown.entries.len(), limits::UNKNOWN_KEYS_CACHED_MAX);
        assert_eq!(inner.unknown.order.len(), limits::UNKNOWN_KEYS_CACHED_MAX);
    }

    #[test]
    fn debug_shows_no_secret() {
        let cache = Cache::default();
        keep(&cache, 1, Some(&credential()), Duration::ZERO);
        assert!(!format!("{cache:?}").contains("hush"));
    }
}
