//! The keys of a subscription that are set aside, and when each is tried again. Pure; the events
//! themselves are in the store.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::ObjectKey;
use crate::ports::Mono;

/// Keys with held events.
#[derive(Debug, Default)]
pub(super) struct HeldKeys {
    /// When each is due; `None` while its first event is being sent.
    keys: BTreeMap<ObjectKey, Option<Mono>>,
    due: BTreeSet<(Mono, ObjectKey)>,
}

impl HeldKeys {
    /// Whether later events of the key have to join.
    pub(super) fn holds(&self, key: &ObjectKey) -> bool {
        self.keys.contains_key(key)
    }

    /// How many keys are held.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The key is held and due at `at`, whatever it was before.
    pub(super) fn wait(&mut self, key: ObjectKey, at: Mono) {
        self.forget(&key);
        self.due.insert((at, key.clone()));
        self.keys.insert(key, Some(at));
    }

    /// Nothing of the key is held any more.
    pub(super) fn release(&mut self, key: &ObjectKey) {
        self.forget(key);
    }

    /// Takes the key that has been due longest; it is being sent until `wait` or `release`.
    pub(super) fn take_due(&mut self, now: Mono) -> Option<ObjectKey> {
        let (at, key) = self.due.first()?.clone();
        (at <= now).then(|| self.take(&key)).flatten()
    }

    /// Takes a key that waits, due or not.
    pub(super) fn take(&mut self, key: &ObjectKey) -> Option<ObjectKey> {
        let at = self.keys.get_mut(key)?.take()?;
        self.due.remove(&(at, key.clone()));
        Some(key.clone())
    }

    /// Keys that wait, those due first before the others; at most `max`.
    pub(super) fn waiting(&self, max: usize) -> Vec<ObjectKey> {
        let keys = self.due.iter().map(|(_, key)| key.clone());
        keys.take(max).collect()
    }

    /// When the next key is due.
    pub(super) fn next_due(&self) -> Option<Mono> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Everything that waits is due at `now`.
    pub(super) fn hurry(&mut self, now: Mono) {
        for (_, key) in std::mem::take(&mut self.due) {
            self.wait(key, now);
        }
    }

    fn forget(&mut self, key: &ObjectKey) {
        if let Some(Some(at)) = self.keys.remove(key) {
            self.due.remove(&(at, key.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn key(name: &str) -> ObjectKey {
        ObjectKey::new(name).unwrap()
    }

    fn s(seconds: u64) -> Mono {
        Duration::from_secs(seconds)
    }

    #[test]
    fn keys_are_taken_when_due_and_once() {
        let mut held = HeldKeys::default();
        held.wait(key("late"), s(5));
        held.wait(key("soon"), s(1));
        assert_eq!(held.take_due(s(0)), None);
        assert_eq!(held.next_due(), Some(s(1)));
        assert_eq!(held.take_due(s(9)), Some(key("soon")));
        assert_eq!(held.take_due(s(9)), Some(key("late")));
        assert_eq!(held.take_due(s(9)), None, "both are being sent");
        assert!(held.holds(&key("soon")) && held.len() == 2);
    }

    #[test]
    fn a_key_waits_again_or_is_released() {
        let mut held = HeldKeys::default();
        held.wait(key("a"), s(1));
        assert_eq!(held.take(&key("a")), Some(key("a")));
        assert_eq!(held.take(&key("a")), None);
        held.wait(key("a"), s(7));
        assert_eq!(
            (held.next_due(), held.waiting(9)),
            (Some(s(7)), vec![key("a")])
        );
        held.hurry(s(2));
        assert_eq!(held.next_due(), Some(s(2)));
        held.release(&key("a"));
        assert_eq!((held.len(), held.next_due()), (0, None));
    }
}
