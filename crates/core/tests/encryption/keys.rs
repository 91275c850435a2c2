//! Who can read, write on and copy what is encrypted with a customer's key.

use super::ErrorKind::{KeyMissing, KeyUnasked, KeyWrong};
use super::*;

#[test]
fn a_customer_s_key_is_needed_it_must_be_the_one_and_only_where_it_is_one() {
    run(async {
        let world = world();
        let bucket = world.bucket("secrets").await;
        let (_, server) = ways().remove(0);
        let none = Encrypting::default();
        for len in [0, 100, 100_000] {
            store(&world, &keyed(&MINE), (&bucket, "mine"), &text(len))
                .await
                .unwrap();
            store(&world, &server, (&bucket, "server"), &text(len))
                .await
                .unwrap();
            store(&world, &none, (&bucket, "plain"), &text(len))
                .await
                .unwrap();
            for (key, way, wanted) in [
                ("mine", keyed(&MINE), None),
                ("mine", keyed(&OTHER), Some(KeyWrong)),
                ("mine", none.clone(), Some(KeyMissing)),
                ("server", none.clone(), None),
                ("server", keyed(&MINE), Some(KeyUnasked)),
                ("plain", none.clone(), None),
                ("plain", keyed(&MINE), Some(KeyUnasked)),
            ] {
                let at = (&bucket, key);
                assert_eq!(
                    read(&world, &way, at, None).await.err(),
                    wanted,
                    "GET {key}"
                );
                let looked = head(&world, &way, at).await.err();
                assert_eq!(looked.map(|e| e.kind()), wanted, "HEAD {key}");
                let from = Encrypting {
                    source_key: way.key.clone(),
                    ..Encrypting::default()
                };
                let copied = copy(&world, &from, at, (&bucket, "copy")).await.err();
                assert_eq!(copied.map(|e| e.kind()), wanted, "copy {key}");
                let begun = begin(&world, &none, &bucket, "parts").await;
                let copied = copy_part(&world, &from, at, &begun, 1).await.err();
                assert_eq!(copied.map(|e| e.kind()), wanted, "part of {key}");
            }
        }
    });
}

#[test]
fn parts_and_pieces_need_the_key_that_was_begun_with() {
    run(async {
        let world = world();
        let bucket = world.bucket("secrets").await;
        let none = Encrypting::default();
        let begun = begin(&world, &keyed(&MINE), &bucket, "parts").await;
        let plain = begin(&world, &none, &bucket, "plain").await;
        append(&world, &keyed(&MINE), (&bucket, "grown"), 0, b"1")
            .await
            .unwrap();
        append(&world, &none, (&bucket, "log"), 0, b"1")
            .await
            .unwrap();
        for (way, onto_mine, onto_plain) in [
            (keyed(&OTHER), Some(KeyWrong), Some(KeyUnasked)),
            (none.clone(), Some(KeyMissing), None),
            (keyed(&MINE), None, Some(KeyUnasked)),
        ] {
            let stored = part(&world, &way, &begun, 1, b"2").await.err();
            assert_eq!(stored.map(|e| e.kind()), onto_mine);
            let stored = part(&world, &way, &plain, 1, b"2").await.err();
            assert_eq!(stored.map(|e| e.kind()), onto_plain);
            let stored = append(&world, &way, (&bucket, "grown"), 1, b"2")
                .await
                .err();
            assert_eq!(stored.map(|e| e.kind()), onto_mine);
            let length = head(&world, &none, (&bucket, "log"))
                .await
                .unwrap()
                .record
                .size;
            let stored = append(&world, &way, (&bucket, "log"), length, b"2")
                .await
                .err();
            assert_eq!(stored.map(|e| e.kind()), onto_plain);
        }
        let way = keyed(&MINE);
        assert_eq!(
            read(&world, &way, (&bucket, "grown"), None).await.unwrap(),
            b"12"
        );
    });
}

#[test]
fn a_piece_for_an_object_that_went_begins_none_that_is_encrypted_otherwise_than_asked() {
    run(async {
        let (_, server) = ways().remove(0);
        let plain = Encrypting::default();
        for (before, asked) in [(&plain, &server), (&server, &plain)] {
            let world = Arc::new(world());
            let bucket = world.bucket("secrets").await;
            let at = (&bucket, "log");
            append(&world, before, at, 0, b"").await.unwrap();
            // The object is removed while the piece comes in.
            let (later, name) = (world.clone(), bucket.clone());
            let bytes = futures_util::stream::once(async move {
                let gone = later.delete(&name, "log", VersionChoice::Current).await;
                gone.unwrap();
                Ok(bytes::Bytes::from_static(LINE))
            });
            let late = Body {
                len: Some(LINE.len() as u64),
                stream: Box::pin(bytes),
            };
            let refused = append_body(&world, asked, at, 0, late).await;
            assert_eq!(refused.unwrap_err().kind(), ErrorKind::Busy);
            let gone = head(&world, &plain, at).await.unwrap_err();
            assert_eq!(gone.kind(), ErrorKind::NoSuchKey);
            append(&world, asked, at, 0, LINE).await.unwrap();
            let stored = head(&world, &plain, at).await.unwrap();
            assert_eq!(stored.record.encryption(), asked.with.as_ref());
        }
    });
}

#[test]
fn errors_and_contexts_show_no_key() {
    run(async {
        let world = world();
        let bucket = world.bucket("secrets").await;
        let way = Encrypting {
            source_key: Some(OTHER),
            ..keyed(&MINE)
        };
        let stored = store(&world, &way, (&bucket, "k"), b"x").await.unwrap();
        let wrong = head(&world, &keyed(&OTHER), (&bucket, "k"))
            .await
            .unwrap_err();
        let info = head(&world, &way, (&bucket, "k")).await.unwrap();
        let shown = format!("{:?} {stored:?} {wrong:?} {info:?}", cx(&way));
        for bytes in ["c1c1", "193, 193", "194, 194", "c2c2"] {
            assert!(!shown.contains(bytes), "{shown}");
        }
    });
}
