//! Archives that come in one body.

use std::time::Duration;

use cohong_core::ErrorKind;
use cohong_core::engine::{Body, PutArchive};
use cohong_core::model::{Archive, BlobId, Etag, TreeHash};
use cohong_core::ports::{BlobStore, BodyError, Table, Txn, When, Write};
use cohong_core::records::keys;

use crate::common::run;
use crate::{MIB, Vaults, body, noise, tree};

#[test]
fn archives_are_kept_counted_and_removed() {
    run(async {
        let it = Vaults::new(Duration::ZERO).await;
        let mut archives: Vec<Archive> = Vec::new();
        for len in [1, 5, MIB, MIB + 1, 3 * MIB + 7] {
            let bytes = noise(len);
            let archive = it.put(&bytes).await;
            assert_eq!((archive.size, &*archive.description), (len, "holiday"));
            assert_eq!(archive.tree, tree(&bytes));
            assert_eq!(archive.etag, Etag::Md5(crate::md5(&bytes)));
            let seen = it.engine.archive(&it.cx, it.vault, archive.id).await;
            assert_eq!(seen.unwrap(), archive);
            archives.push(archive);
        }
        let same = it.put(b"x").await;
        assert_ne!(same.id, it.put(b"x").await.id, "the same bytes twice");
        let bytes: u64 = archives.iter().map(|archive| archive.size).sum();
        assert_eq!(it.usage().await, (7, bytes + 2));
        for archive in &archives {
            let delete = || it.engine.delete_archive(&it.cx, it.vault, archive.id);
            delete().await.unwrap();
            assert_eq!(
                delete().await.map_err(|error| error.kind()),
                Err(ErrorKind::NoSuchArchive)
            );
        }
        assert_eq!(it.usage().await, (2, 2));
    });
}

#[test]
fn a_body_that_is_not_the_one_meant_leaves_nothing() {
    run(async {
        let it = Vaults::new(Duration::ZERO).await;
        let bytes = noise(MIB + 3);
        let good = it.order(&bytes);
        let wrong_tree = TreeHash([7; 16]);
        let text = |text: &str| PutArchive {
            description: text.into(),
            ..good.clone()
        };
        let wrong = [
            (
                PutArchive {
                    md5: [7; 16],
                    ..good.clone()
                },
                ErrorKind::BadDigest,
            ),
            (
                PutArchive {
                    tree: wrong_tree,
                    ..good.clone()
                },
                ErrorKind::BadDigest,
            ),
            (text("a\nb"), ErrorKind::InvalidArgument),
            (text(&"x".repeat(1025)), ErrorKind::InvalidArgument),
        ];
        for (req, wanted) in wrong {
            assert_eq!(it.try_put(req, &bytes).await, Err(wanted));
        }
        let none = it.try_put(it.order(b""), b"").await;
        assert_eq!(none, Err(ErrorKind::InvalidArgument));
        let cut = Body {
            stream: Box::pin(futures_util::stream::iter([
                Ok(bytes::Bytes::from(bytes.clone())),
                Err(BodyError::Aborted("gone".into())),
            ])),
            len: Some(2 * MIB),
        };
        let cut = it.engine.put_archive(&it.cx, good.clone(), cut).await;
        assert_eq!(
            cut.map_err(|error| error.kind()),
            Err(ErrorKind::IncompleteBody)
        );
        let short = Body {
            len: Some(2 * MIB),
            ..body(&bytes)
        };
        let short = it.engine.put_archive(&it.cx, good.clone(), short).await;
        assert_eq!(
            short.map_err(|error| error.kind()),
            Err(ErrorKind::IncompleteBody)
        );
        assert_eq!(it.usage().await, (0, 0));
        it.assert_nothing_is_left().await;
    });
}

#[test]
fn a_commit_that_fails_leaves_no_bytes() {
    run(async {
        let it = Vaults::new(Duration::ZERO).await;
        it.world.meta.overtake_always();
        let refused = it.try_put(it.order(b"bytes"), b"bytes").await;
        assert_eq!(refused, Err(ErrorKind::Busy));
        assert_eq!(it.blobs().await, 0);
        let it = Vaults::new(Duration::ZERO).await;
        let touched = it.world.touch(Table::VaultUsage).await;
        it.world.meta.overtake(touched);
        it.put(b"bytes").await;
        assert_eq!(it.usage().await, (1, 5), "others were counted first");
    });
}

#[test]
fn what_is_put_and_deleted_at_once_is_counted_exactly() {
    run(async {
        let it = Vaults::new(Duration::ZERO).await;
        let first = it.put(b"first").await;
        let puts = (0..20).map(|_| it.put(b"bytes"));
        let deletes = (0..3).map(|_| it.engine.delete_archive(&it.cx, it.vault, first.id));
        let (_, outcomes) = futures_util::future::join(
            futures_util::future::join_all(puts),
            futures_util::future::join_all(deletes),
        )
        .await;
        assert_eq!(outcomes.iter().filter(|one| one.is_ok()).count(), 1);
        assert_eq!(it.usage().await, (20, 100));
    });
}

#[test]
fn an_acknowledged_archive_survives_a_crash() {
    run(async {
        let it = Vaults::new(Duration::ZERO).await;
        let bytes = noise(2 * MIB + 1);
        let archive = it.put(&bytes).await;
        let it = it.crashed();
        let job = it.retrieve(archive.id, None).await.unwrap();
        let (output, read) = it.output(job, None).await.unwrap();
        assert!(read == bytes, "the bytes are those stored");
        assert_eq!(output.tree, Some(archive.tree));
    });
}

#[test]
fn archives_without_their_bytes_are_noticed() {
    run(async {
        let it = Vaults::new(Duration::ZERO).await;
        it.put(&noise(MIB + 1)).await;
        let archive = it.put(b"bytes").await;
        let seen = it.engine.inspect().await.unwrap();
        assert_eq!((seen.archives, seen.bytes, seen.damaged), (2, MIB + 6, 0));
        let payload = archive.id.payload();
        it.world
            .blobs
            .delete(BlobId { payload, n: 0 })
            .await
            .unwrap();
        let seen = it.engine.inspect().await.unwrap();
        assert_eq!((seen.archives, seen.damaged), (2, 1));
        let named = &seen.damage[0];
        assert_eq!((named.vault, named.bucket), (Some(it.vault), None));
        assert_eq!(named.key, archive.id.to_string());
        assert!(named.what.contains("no such blob"), "{}", named.what);
        let holder = keys::held_by_archive(payload, it.vault, archive.id);
        let txn = Txn {
            when: When::Now,
            expect: Vec::new(),
            write: vec![Write::Delete(holder)],
            payloads: Vec::new(),
        };
        it.world.meta.overtake(vec![txn]);
        it.put(b"another").await;
        let seen = it.engine.inspect().await.unwrap();
        let what = &seen.damage[0].what;
        assert!(what.contains("does not know it"), "{what}");
    });
}
