//! What is stored, and that everybody who may read it reads what was written.

use cohong_core::engine::BucketChange;
use cohong_core::model::{Encryption, Form};
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

/// One object of every making: small, large, of parts, grown, copied, from a copied part.
async fn every_making(
    world: &World,
    way: &Encrypting,
    bucket: &BucketName,
) -> Vec<(String, Vec<u8>)> {
    let (small, large) = (text(900), text(200_000));
    let mut made = Vec::new();
    for (key, bytes) in [
        ("empty", Vec::new()),
        ("small", small.clone()),
        ("large", large.clone()),
    ] {
        store(world, way, (bucket, key), &bytes).await.unwrap();
        made.push((key.to_owned(), bytes));
    }
    let begun = begin(world, way, bucket, "parts").await;
    for (number, len) in [(1, 70_000), (2, 10), (3, 65_536)] {
        part(world, way, &begun, number, &text(len)).await.unwrap();
    }
    let sourced = Encrypting {
        source_key: way.key.clone(),
        ..way.clone()
    };
    copy_part(world, &sourced, (bucket, "large"), &begun, 4)
        .await
        .unwrap();
    complete(world, &begun).await;
    let parts = [text(70_000), text(10), text(65_536), large.clone()];
    made.push(("parts".into(), parts.concat()));
    let mut grown = Vec::new();
    for len in [10, 500, 600, 300, 70_000, 20, 30] {
        let position = grown.len() as u64;
        let again = if position == 0 {
            way.clone()
        } else {
            reading(way)
        };
        append(world, &again, (bucket, "grown"), position, &text(len))
            .await
            .unwrap();
        grown.extend(text(len));
    }
    made.push(("grown".into(), grown));
    for (from, bytes) in made.clone() {
        let to = format!("{from} again");
        copy(world, &sourced, (bucket, &from), (bucket, &to))
            .await
            .unwrap();
        made.push((to, bytes));
    }
    made
}

#[test]
fn nothing_is_stored_as_it_is_and_everything_is_read() {
    run(async {
        for (name, way) in ways() {
            let world = world();
            let bucket = world.bucket("secrets").await;
            for (key, bytes) in every_making(&world, &way, &bucket).await {
                let at = (&bucket, key.as_str());
                let info = head(&world, &way, at).await.unwrap();
                let told = info.record.encryption().unwrap();
                let wanted = way.with.clone().unwrap_or(Encryption {
                    cipher: Cipher::Aes256,
                    holder: KeyHolder::Customer,
                });
                assert_eq!(*told, wanted, "{name} {key}");
                assert_eq!(info.record.size, bytes.len() as u64, "{name} {key}");
                assert_eq!(
                    read(&world, &way, at, None).await.unwrap(),
                    bytes,
                    "{name} {key}"
                );
                if !bytes.is_empty() {
                    let last = RangeSpec::Last(7);
                    let end = bytes[bytes.len().saturating_sub(7)..].to_vec();
                    assert_eq!(
                        read(&world, &way, at, Some(last)).await.unwrap(),
                        end,
                        "{name} {key}"
                    );
                }
            }
            let found = world.engine.inspect().await.unwrap();
            assert_eq!(
                (found.damaged, found.versions),
                (0, 10),
                "{name} {:?}",
                found.damage
            );
            let all = raw(&world).await;
            assert!(!holds(&all, LINE), "{name}");
            assert!(!holds(&all, &MINE.0), "{name}");
        }
        // Without encryption the same bytes are found, so the test above can fail.
        let world = world();
        let bucket = world.bucket("secrets").await;
        every_making(&world, &Encrypting::default(), &bucket).await;
        assert!(holds(&raw(&world).await, LINE));
    });
}

#[test]
fn digests_are_those_of_the_plain_bytes() {
    run(async {
        let world = world();
        let bucket = world.bucket("secrets").await;
        for len in [0, 900, 200_000] {
            let plain = store(
                &world,
                &Encrypting::default(),
                (&bucket, "plain"),
                &text(len),
            )
            .await
            .unwrap();
            for (name, way) in ways() {
                let stored = store(&world, &way, (&bucket, name), &text(len))
                    .await
                    .unwrap();
                assert_eq!(
                    (stored.etag, stored.crc64, stored.size),
                    (plain.etag.clone(), plain.crc64, plain.size)
                );
            }
        }
    });
}

#[test]
fn a_bucket_encrypts_what_says_nothing_from_then_on() {
    run(async {
        let world = world();
        let bucket = world.bucket("secrets").await;
        let plain = Encrypting::default();
        store(&world, &plain, (&bucket, "before"), &text(5000))
            .await
            .unwrap();
        let rule = Encryption {
            cipher: Cipher::Sm4,
            holder: KeyHolder::Server,
        };
        let engine = &world.engine;
        engine
            .put_bucket_doc(&owner(), &bucket, &rule)
            .await
            .unwrap();
        let kept: Encryption = engine.get_bucket_doc(&owner(), &bucket).await.unwrap();
        assert_eq!(kept, rule);
        world.meta.applied();
        every_making(&world, &plain, &bucket).await;
        let before = world.blobs.scan(None, 1000).await.unwrap()[0].id;
        assert!(holds(&blob(&world, before).await, LINE));
        world.blobs.delete(before).await.unwrap();
        assert!(!holds(&raw(&world).await, LINE));
        for key in ["empty", "small", "large", "parts", "grown", "grown again"] {
            let info = head(&world, &plain, (&bucket, key)).await.unwrap();
            assert_eq!(info.record.encryption(), Some(&rule), "{key}");
        }
        // Who says something else is heard.
        let (_, way) = ways().remove(0);
        let stored = store(&world, &way, (&bucket, "own"), b"x").await.unwrap();
        assert_eq!(stored.encryption, way.with);
        engine
            .delete_bucket_doc::<Encryption>(&owner(), &bucket)
            .await
            .unwrap();
        let stored = store(&world, &plain, (&bucket, "after"), b"x")
            .await
            .unwrap();
        assert_eq!(stored.encryption, None);
        let none = engine.get_bucket_doc::<Encryption>(&owner(), &bucket).await;
        let kind = cohong_core::model::DocKind::Encryption;
        assert_eq!(none.unwrap_err().kind(), ErrorKind::NoSuchDocument(kind));
    });
}

#[test]
fn no_bucket_encrypts_with_a_customer_s_key() {
    run(async {
        let world = world();
        let bucket = world.bucket("secrets").await;
        for (holder, fits) in [
            (KeyHolder::Customer, false),
            (KeyHolder::Service(Some("n".repeat(2049).into())), false),
            (KeyHolder::Service(Some("n".repeat(2048).into())), true),
            (KeyHolder::Service(None), true),
        ] {
            let rule = Encryption {
                cipher: Cipher::Aes256,
                holder,
            };
            let put = world.engine.put_bucket_doc(&owner(), &bucket, &rule).await;
            assert_eq!(put.is_ok(), fits, "{rule:?}");
        }
    });
}

#[test]
fn copies_are_encrypted_as_the_copy_is_asked_for() {
    run(async {
        let mut all = ways();
        all.push(("plain", Encrypting::default()));
        let other = keyed(&OTHER);
        all.push(("other customer", other));
        for (from, first) in &all {
            for (to, second) in &all {
                let world = world();
                let bucket = world.bucket("secrets").await;
                for len in [0, 900, 150_000] {
                    store(&world, first, (&bucket, "from"), &text(len))
                        .await
                        .unwrap();
                    let way = Encrypting {
                        source_key: first.key.clone(),
                        ..second.clone()
                    };
                    let source = (&bucket, "from");
                    copy(&world, &way, source, (&bucket, "to")).await.unwrap();
                    // The copy outlives its source.
                    world
                        .delete(&bucket, "from", VersionChoice::Current)
                        .await
                        .unwrap();
                    world.clock.advance(std::time::Duration::from_hours(1));
                    cohong_core::work::run_due_once(&world.engine)
                        .await
                        .unwrap();
                    let got = read(&world, second, (&bucket, "to"), None).await;
                    assert_eq!(got.unwrap(), text(len), "{from} to {to}, {len}");
                    let info = head(&world, second, (&bucket, "to")).await.unwrap();
                    let is_encrypted = second.with.is_some() || second.key.is_some();
                    assert_eq!(info.record.seal.is_some(), is_encrypted, "{from} to {to}");
                }
            }
        }
    });
}

#[test]
fn a_copy_stays_what_it_was_while_its_source_grows() {
    run(async {
        let world = world();
        let bucket = world.bucket("secrets").await;
        let (_, way) = ways().remove(0);
        let mut grown = Vec::new();
        for (n, len) in [900, 900, 70_000, 10, 20, 30].into_iter().enumerate() {
            append(
                &world,
                &way,
                (&bucket, "grown"),
                grown.len() as u64,
                &text(len),
            )
            .await
            .unwrap();
            grown.extend(text(len));
            let to = format!("copy {n}");
            copy(&world, &way, (&bucket, "grown"), (&bucket, &to))
                .await
                .unwrap();
            for n in 0..=n {
                let at = format!("copy {n}");
                let info = head(&world, &way, (&bucket, &at)).await.unwrap();
                assert_eq!(info.record.form, Form::Normal);
                let got = read(&world, &way, (&bucket, &at), None).await.unwrap();
                assert_eq!(got, grown[..usize::try_from(info.record.size).unwrap()]);
            }
        }
    });
}

#[test]
fn an_object_of_an_encrypted_bucket_can_be_read_through_links_and_after_a_change_of_metadata() {
    run(async {
        let world = world();
        let bucket = world.bucket("secrets").await;
        let (_, way) = ways().remove(0);
        store(&world, &way, (&bucket, "k"), &text(5000))
            .await
            .unwrap();
        let link = cohong_core::engine::PutSymlink {
            bucket: bucket.clone(),
            key: ObjectKey::new("link").unwrap(),
            to: ObjectKey::new("k").unwrap().into(),
            attributes: Attributes::default(),
            conditions: Conditions::default(),
        };
        world.engine.put_symlink(&owner(), link).await.unwrap();
        let change = cohong_core::engine::ObjectChange::Tags(vec![("a".into(), "b".into())]);
        let at = target(&bucket, "k", VersionChoice::Current);
        world
            .engine
            .change_object(&owner(), &at, change)
            .await
            .unwrap();
        let versioning = BucketChange::Versioning(cohong_core::model::Versioning::Enabled);
        world
            .engine
            .change_bucket(&owner(), &bucket, versioning)
            .await
            .unwrap();
        for key in ["k", "link"] {
            assert_eq!(
                read(&world, &way, (&bucket, key), None).await.unwrap(),
                text(5000)
            );
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn every_range_is_that_of_the_plain_bytes(
        lens in proptest::collection::vec(1..140_000_usize, 1..4),
        ranges in proptest::collection::vec(any::<(Index, Index)>(), 8),
    ) {
        run(async {
            let world = world();
            let bucket = world.bucket("secrets").await;
            let way = keyed(&MINE);
            let begun = begin(&world, &way, &bucket, "k").await;
            let mut plain = Vec::new();
            for (number, len) in (1..).zip(&lens) {
                let bytes: Vec<u8> = (0..=250).cycle().take(*len).collect();
                part(&world, &way, &begun, number, &bytes).await.unwrap();
                plain.extend(bytes);
            }
            complete(&world, &begun).await;
            for (from, to) in &ranges {
                let start = from.index(plain.len());
                let end = start + to.index(plain.len() - start);
                let range = RangeSpec::From(start as u64, Some(end as u64));
                let got = read(&world, &way, (&bucket, "k"), Some(range)).await.unwrap();
                assert_eq!(got, &plain[start..(end + 1).min(plain.len())]);
            }
        });
    }
}
