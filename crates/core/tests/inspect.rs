//! What operators see of stored versions, and that missing bytes are noticed.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod common;

use cohong_core::engine::VersionChoice;
use cohong_core::model::{ObjectKey, PayloadRef, Place, Timestamp, VersionId, Versioning, WorkId};
use cohong_core::ports::{BlobStore, Key, MetadataStore, Table, Txn, When, Write};
use cohong_core::records::{ReadRecord, encode, keys};
use cohong_core::work::Mismatch;
use common::{World, run};

#[test]
fn versions_of_a_key_come_newest_first_with_markers() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        world.versioning(&bucket, Versioning::Enabled).await;
        world.put(&bucket, "cat", "one").await;
        world.put(&bucket, "cat", "three").await;
        world.put(&bucket, "catalogue", "another key").await;
        world
            .delete(&bucket, "cat", VersionChoice::Current)
            .await
            .unwrap();
        let id = world.engine.all_buckets().await.unwrap()[0].id;
        let key = ObjectKey::new("cat").unwrap();
        let versions = world.engine.versions_of(id, &key).await.unwrap();
        let sizes: Vec<Option<u64>> = versions
            .iter()
            .map(|version| version.object().map(|object| object.size))
            .collect();
        assert_eq!(sizes, [None, Some(5), Some(3)]);
        assert!(versions.is_sorted_by(|newer, older| newer.id > older.id));
        let none = ObjectKey::new("dog").unwrap();
        assert!(
            world
                .engine
                .versions_of(id, &none)
                .await
                .unwrap()
                .is_empty()
        );
    });
}

#[test]
fn whole_versions_pass_and_missing_bytes_are_named() {
    run(async {
        for world in [World::new(), World::without_small_bodies()] {
            let bucket = world.bucket("photos").await;
            world.versioning(&bucket, Versioning::Enabled).await;
            world.put(&bucket, "cat", "old bytes").await;
            world.put(&bucket, "cat", "new bytes").await;
            world.put(&bucket, "empty", "").await;
            let whole = world.engine.inspect().await.unwrap();
            assert_eq!((whole.versions, whole.bytes), (3, 18));
            assert_eq!((whole.damaged, whole.damage.len()), (0, 0));

            let id = world.engine.all_buckets().await.unwrap()[0].id;
            let key = ObjectKey::new("cat").unwrap();
            let versions = world.engine.versions_of(id, &key).await.unwrap();
            let oldest = versions.last().unwrap();
            let PayloadRef::One { extent, .. } = oldest.object().unwrap().payload else {
                panic!("one extent");
            };
            match extent.at {
                Place::Hot(blob) => world.blobs.delete(blob).await.unwrap(),
                Place::Meta(blob) => write(&world, Write::DropPayload(blob)).await,
            }
            let damaged = world.engine.inspect().await.unwrap();
            assert_eq!((damaged.versions, damaged.damaged), (3, 1));
            let named = &damaged.damage[0];
            assert_eq!((&*named.key, named.version), ("cat", Some(oldest.id)));
            assert!(named.what.contains("no such blob"), "{}", named.what);
        }
    });
}

#[test]
fn a_version_whose_payload_does_not_know_it_is_named() {
    run(async {
        let cases = [
            (Table::PayloadRefs, None, "does not know it"),
            (Table::Payloads, None, "no record"),
            (Table::Payloads, Some(&[9, 9][..]), "unknown format"),
        ];
        for (table, instead, expected) in cases {
            let world = World::without_small_bodies();
            let bucket = world.bucket("photos").await;
            world.put(&bucket, "cat", "bytes").await;
            let (at, _) = world.rows(table).await.remove(0);
            let at = Key { table, bytes: at };
            let change = match instead {
                Some(bytes) => Write::Put(at, bytes::Bytes::from_static(bytes)),
                None => Write::Delete(at),
            };
            write(&world, change).await;
            let damaged = world.engine.inspect().await.unwrap();
            assert_eq!(damaged.damaged, 1);
            let what = &damaged.damage[0].what;
            assert!(what.contains(expected), "{what}");
        }
    });
}

#[test]
fn a_record_that_cannot_be_read_is_named_and_passed() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        world.put(&bucket, "cat", "bytes").await;
        world.put(&bucket, "dog", "bytes").await;
        let id = world.engine.all_buckets().await.unwrap()[0].id;
        let at = keys::head(id, &ObjectKey::new("cat").unwrap());
        write(&world, Write::Put(at, bytes::Bytes::from_static(&[9, 9]))).await;
        let damaged = world.engine.inspect().await.unwrap();
        assert_eq!((damaged.versions, damaged.damaged), (1, 1));
        assert!(damaged.damage[0].what.contains("unknown format"));
    });
}

#[test]
fn records_that_do_not_agree_are_named_and_put_right() {
    run(async {
        let world = World::without_small_bodies();
        let bucket = world.bucket("photos").await;
        world.put(&bucket, "cat", "one").await;
        // Its first bytes are owed to be removed.
        world.put(&bucket, "cat", "two").await;
        assert_eq!(world.engine.mismatches().await.unwrap(), []);

        let (turn, record) = world.rows(Table::WorkDue).await.remove(0);
        let turn = Key {
            table: Table::WorkDue,
            bytes: turn,
        };
        write(&world, Write::Delete(turn.clone())).await;
        let work = keys::work_of_due(&turn.bytes).unwrap().1;
        assert_eq!(
            world.engine.mismatches().await.unwrap(),
            [Mismatch::WorkWithoutTurn(work)]
        );
        world.engine.mend().await.unwrap();
        assert_eq!(world.engine.mismatches().await.unwrap(), []);
        let (again, same) = world.rows(Table::WorkDue).await.remove(0);
        assert_eq!((again, same.bytes), (turn.bytes, record.bytes));

        let other = WorkId([9; 16]);
        let turn = keys::work_due(Timestamp::from_millis(7), other);
        write(&world, Write::Put(turn, bytes::Bytes::new())).await;
        let found = [Mismatch::TurnWithoutWork(other)];
        assert_eq!(world.engine.mismatches().await.unwrap(), found);
        assert_eq!(world.engine.mend().await.unwrap(), found);
        assert_eq!(world.engine.mismatches().await.unwrap(), []);

        let (holder, _) = world.rows(Table::PayloadRefs).await.remove(0);
        let holder = Key {
            table: Table::PayloadRefs,
            bytes: holder,
        };
        write(&world, Write::Delete(holder)).await;
        let alone = world.engine.mismatches().await.unwrap();
        assert!(
            matches!(&alone[..], [Mismatch::PayloadWithoutHolder(_)]),
            "{alone:?}"
        );
        assert_eq!(world.engine.mend().await.unwrap(), []);
    });
}

#[test]
fn notes_of_reads_without_a_version_are_named_and_removed() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        world.versioning(&bucket, Versioning::Enabled).await;
        for bytes in ["one", "two"] {
            world.put(&bucket, "cat", bytes).await;
        }
        let id = world.engine.all_buckets().await.unwrap()[0].id;
        let cat = ObjectKey::new("cat").unwrap();
        let versions = world.engine.versions_of(id, &cat).await.unwrap();
        let at = Timestamp::from_millis(7);
        let note = |version| Write::Put(keys::read(id, &cat, version), encode(&ReadRecord { at }));
        for version in &versions {
            write(&world, note(version.id)).await;
        }
        assert_eq!(world.engine.mismatches().await.unwrap(), []);
        let gone = VersionId(versions[1].id.0 - 1);
        write(&world, note(gone)).await;
        let found = [Mismatch::ReadWithoutVersion(id, cat.clone(), gone)];
        assert_eq!(world.engine.mismatches().await.unwrap(), found);
        assert_eq!(world.engine.mend().await.unwrap(), found);
        assert_eq!(world.rows(Table::Reads).await.len(), 2);
        let head = keys::head(id, &cat);
        write(&world, Write::Put(head, bytes::Bytes::from_static(&[9, 9]))).await;
        assert_eq!(
            world.engine.mismatches().await.unwrap(),
            [],
            "nobody can say"
        );
    });
}

async fn write(world: &World, write: Write) {
    let txn = Txn {
        when: When::Now,
        expect: Vec::new(),
        write: vec![write],
        payloads: Vec::new(),
    };
    for outcome in world.meta.commit(vec![txn]).await {
        outcome.unwrap();
    }
}
