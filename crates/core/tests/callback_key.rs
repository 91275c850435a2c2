//! The key that signs callbacks, as it is kept.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod common;

use std::sync::Arc;

use cohong_core::ErrorKind;
use cohong_core::engine::CallbackKeys;
use cohong_core::ports::{MetadataStore, Write};
use cohong_core::records::FormerCallbackKey;
use common::{World, run};

fn keys(world: &World) -> CallbackKeys {
    let ports = world.engine.ports();
    CallbackKeys::new(
        Arc::clone(&world.meta) as Arc<dyn MetadataStore>,
        Arc::clone(&ports.sealer),
    )
}

fn former(id: &str) -> FormerCallbackKey {
    FormerCallbackKey {
        id: id.into(),
        public: format!("public {id}").into(),
    }
}

#[test]
fn the_first_key_stays_and_is_sealed() {
    run(async {
        let world = World::new();
        let keys = keys(&world);
        assert_eq!(keys.load().await.unwrap(), None);
        let first = keys.keep_first(b"first secret").await.unwrap();
        assert_eq!(
            (&first.secret[..], &first.former),
            (&b"first secret"[..], &None)
        );
        let late = keys.keep_first(b"second secret").await.unwrap();
        assert_eq!(late, first);
        assert_eq!(keys.load().await.unwrap(), Some(first.clone()));
        assert!(!format!("{first:?}").contains("secret:"), "{first:?}");
        for txn in world.meta.applied() {
            for write in txn.write {
                if let Write::Put(_, bytes) = write {
                    let plain = bytes.windows(12).any(|part| part == b"first secret");
                    assert!(!plain, "the key is stored as it is");
                }
            }
        }
    });
}

#[test]
fn a_key_is_replaced_once_and_only_its_predecessor_is_remembered() {
    run(async {
        let world = World::new();
        let keys = keys(&world);
        let first = keys.keep_first(b"1").await.unwrap();
        keys.replace(&first, former("1"), b"2").await.unwrap();
        let second = keys.load().await.unwrap().unwrap();
        assert_eq!(&second.secret[..], b"2");
        assert_eq!(second.former, Some(former("1")));

        let late = keys.replace(&first, former("1"), b"3").await.unwrap_err();
        assert_eq!(late.kind(), ErrorKind::Busy);
        assert_eq!(keys.load().await.unwrap(), Some(second.clone()));

        keys.replace(&second, former("2"), b"3").await.unwrap();
        let third = keys.load().await.unwrap().unwrap();
        assert_eq!(&third.secret[..], b"3");
        assert_eq!(third.former, Some(former("2")));
    });
}
