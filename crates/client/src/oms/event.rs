//! Sync events: the names of objects that are new or changed (OMS sheet section 4.1).

use cohong_sign::decode;
use serde::{Deserialize, Serialize};

use crate::web::ValueError;

/// Most keys of one event.
const KEYS_MAX: usize = 100;
/// Longest key, encoded.
const KEY_CHARS_MAX: usize = 16_384;

/// The body of a sync event, as it travels: each name is encoded as a value of a form is, a blank as `+`. A service of
/// one's own that takes the place of OMS reads it with [`names`](Self::names).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncEvent {
    /// The encoded names, 1 to 100.
    pub object_keys: Vec<String>,
}

impl SyncEvent {
    /// An event of objects by their names. Fails without a name, with more than 100, and with one that is empty or too
    /// long.
    pub fn of<T: AsRef<str>>(names: &[T]) -> Result<Self, ValueError> {
        let encoded =
            |name: &T| form_urlencoded::byte_serialize(name.as_ref().as_bytes()).collect();
        let event = Self {
            object_keys: names.iter().map(encoded).collect(),
        };
        event.check()?;
        Ok(event)
    }

    /// The names. Fails as a whole when one of them cannot be read: nothing is guessed.
    pub fn names(&self) -> Result<Vec<String>, ValueError> {
        self.check()?;
        self.object_keys.iter().map(|key| name(key)).collect()
    }

    fn check(&self) -> Result<(), ValueError> {
        if !(1..=KEYS_MAX).contains(&self.object_keys.len()) {
            return Err(ValueError::new("a sync event names 1 to 100 objects"));
        }
        let fits = |key: &String| (1..=KEY_CHARS_MAX).contains(&key.chars().count());
        if !self.object_keys.iter().all(fits) {
            return Err(ValueError::new(
                "an encoded name has 1 to 16,384 characters",
            ));
        }
        Ok(())
    }
}

fn name(key: &str) -> Result<String, ValueError> {
    let bytes = decode(&key.replace('+', " ")).ok();
    let name = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    name.ok_or_else(|| ValueError::new(format!("{key:?} is no encoded name")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_of_the_vendors_page() {
        let names = ["test/001.txt", "test+001.txt", "test 001.txt", "é"];
        let event = SyncEvent::of(&names).expect("an event");
        let keys = ["test%2F001.txt", "test%2B001.txt", "test+001.txt", "%C3%A9"];
        assert_eq!(event.object_keys, keys);
        assert_eq!(event.names().expect("names"), names);
    }

    #[test]
    fn what_is_no_event() {
        assert!(SyncEvent::of::<&str>(&[]).is_err());
        assert!(SyncEvent::of(&["a"; 101]).is_err() && SyncEvent::of(&["a"; 100]).is_ok());
        assert!(SyncEvent::of(&["a", ""]).is_err());
        assert!(
            SyncEvent::of(&["/".repeat(5462)]).is_err(),
            "encoded it is longer"
        );
        for bad in ["%", "%zz", "%ff", ""] {
            let object_keys = vec!["good".to_owned(), bad.to_owned()];
            assert!(SyncEvent { object_keys }.names().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn names_go_there_and_back(names in prop::collection::vec(".{1,40}", 1..20)) {
            prop_assert_eq!(SyncEvent::of(&names)?.names()?, names);
        }
    }
}
