//! Archives that come in parts.

use std::time::Duration;

use cohong_core::ErrorKind;
use cohong_core::engine::{Body, CompleteArchive, CreateArchiveUpload, PutArchivePart};
use cohong_core::model::{Archive, Etag, TreeHash, UploadId};
use cohong_core::ports::Table;
use cohong_core::rules::tree::combine;

use crate::common::run;
use crate::{MIB, Vaults, body, md5, noise, tree};

impl Vaults {
    async fn complete(
        &self,
        upload: UploadId,
        size: u64,
        tree: TreeHash,
    ) -> Result<Archive, ErrorKind> {
        let req = CompleteArchive {
            vault: self.vault,
            upload,
            size,
            tree,
        };
        self.engine
            .complete_archive(&self.cx, &req)
            .await
            .map_err(|error| error.kind())
    }

    /// Uploads bytes in parts, the last ones first.
    async fn parts(&self, part_size: u64, bytes: &[u8]) -> UploadId {
        let upload = self.begin(part_size).await;
        let chunk = usize::try_from(part_size).unwrap();
        let parts: Vec<&[u8]> = bytes.chunks(chunk).collect();
        for (n, part) in parts.iter().enumerate().rev() {
            let start = n as u64 * part_size;
            self.part(upload, start, part).await.unwrap();
        }
        upload
    }
}

/// The tree hash over those of the parts.
fn combined(part_size: u64, bytes: &[u8]) -> TreeHash {
    let parts = bytes.chunks(usize::try_from(part_size).unwrap());
    combine(parts.map(tree)).unwrap()
}

#[test]
fn parts_make_an_archive_with_its_true_tree() {
    run(async {
        // (part size, archive size): parts of a power of two and odd ones, one part, whole and short ends
        for (part_size, size) in [
            (MIB, 3 * MIB),
            (2 * MIB, 7 * MIB + 5),
            (3 * MIB, 8 * MIB + 1),
            (3 * MIB, 3 * MIB),
            (4 * MIB, 5),
        ] {
            let it = Vaults::new(Duration::ZERO).await;
            let bytes = noise(size);
            let upload = it.parts(part_size, &bytes).await;
            let archive = it.complete(upload, size, tree(&bytes)).await.unwrap();
            assert_eq!((archive.size, archive.tree), (size, tree(&bytes)));
            assert_eq!(&*archive.description, "parts");
            assert!(matches!(archive.etag, Etag::Parts { .. }));
            assert_eq!(it.usage().await, (1, size));
            let job = it.retrieve(archive.id, None).await.unwrap();
            let (output, read) = it.output(job, None).await.unwrap();
            assert!(read == bytes && output.tree == Some(archive.tree));
            // Every block, and every pair of blocks, by itself.
            for step in [MIB, 2 * MIB] {
                for start in (0..size).step_by(usize::try_from(step).unwrap()) {
                    let end = (start + step).min(size);
                    let part = Some((start, end - 1));
                    let (output, read) = it.output(job, part).await.unwrap();
                    let at = usize::try_from(start).unwrap()..usize::try_from(end).unwrap();
                    assert!(read == bytes[at], "{start}..{end}");
                    assert_eq!(output.tree, Some(tree(&read)), "{start}..{end} of {size}");
                }
            }
            assert_eq!(it.count(Table::ArchiveUploads).await, 0);
            it.work().await;
            assert_eq!(it.count(Table::Parts).await, 0);
        }
    });
}

#[test]
fn either_form_of_the_tree_completes_an_upload() {
    run(async {
        let (part_size, size) = (3 * MIB, 7 * MIB);
        let bytes = noise(size);
        let (whole, parts) = (tree(&bytes), combined(part_size, &bytes));
        assert_ne!(whole, parts);
        for sent in [whole, parts] {
            let it = Vaults::new(Duration::ZERO).await;
            let upload = it.parts(part_size, &bytes).await;
            let wrong = it.complete(upload, size, TreeHash([1; 16])).await;
            assert_eq!(wrong, Err(ErrorKind::BadDigest));
            let archive = it.complete(upload, size, sent).await.unwrap();
            assert_eq!(archive.tree, whole, "the true one is kept");
            let again = it.complete(upload, size, sent).await.unwrap();
            assert_eq!(again, archive, "a repeated Complete");
        }
    });
}

#[test]
fn a_completed_upload_is_gone_but_for_a_repeated_complete() {
    run(async {
        let it = Vaults::new(Duration::ZERO).await;
        let bytes = noise(2 * MIB);
        let upload = it.parts(MIB, &bytes).await;
        let archive = it.complete(upload, 2 * MIB, tree(&bytes)).await.unwrap();
        let other_size = it.complete(upload, MIB, tree(&bytes)).await;
        assert_eq!(other_size, Err(ErrorKind::NoSuchUpload));
        let other_tree = it.complete(upload, 2 * MIB, TreeHash([1; 16])).await;
        assert_eq!(other_tree, Err(ErrorKind::NoSuchUpload));
        let part = it.part(upload, 0, &bytes[..1 << 20]).await;
        assert_eq!(part, Err(ErrorKind::NoSuchUpload));
        let listed = it
            .engine
            .list_archive_parts(&it.cx, it.vault, upload, None, 9)
            .await;
        assert_eq!(
            listed.map_err(|error| error.kind()),
            Err(ErrorKind::NoSuchUpload)
        );
        let abort = it.engine.abort_archive_upload(&it.cx, it.vault, upload);
        assert_eq!(
            abort.await.map_err(|error| error.kind()),
            Err(ErrorKind::NoSuchUpload)
        );
        assert_eq!(it.usage().await, (1, 2 * MIB));
        let delete = it.engine.delete_archive(&it.cx, it.vault, archive.id);
        delete.await.unwrap();
        let again = it.complete(upload, 2 * MIB, tree(&bytes)).await;
        assert_eq!(again, Err(ErrorKind::NoSuchUpload));
        it.assert_nothing_is_left().await;
    });
}

#[test]
fn holes_and_wrong_lengths_leave_the_upload_as_it_is() {
    run(async {
        let it = Vaults::new(Duration::ZERO).await;
        let size = 3 * MIB + 5;
        let bytes = noise(size);
        let whole = tree(&bytes);
        let upload = it.begin(2 * MIB).await;
        let part = |n: usize| &bytes[n * (2 << 20)..bytes.len().min((n + 1) * (2 << 20))];
        let none = it.complete(upload, size, whole).await;
        assert_eq!(none, Err(ErrorKind::InvalidPart), "no part");
        it.part(upload, 2 * MIB, part(1)).await.unwrap();
        let hole = it.complete(upload, size, whole).await;
        assert_eq!(hole, Err(ErrorKind::InvalidPart), "the first is missing");
        it.part(upload, 0, &part(0)[..1 << 20]).await.unwrap();
        let short = it.complete(upload, size, whole).await;
        assert_eq!(short, Err(ErrorKind::InvalidPart), "the first is short");
        it.part(upload, 0, part(0)).await.unwrap();
        for size in [0, size - 1, size + 1] {
            let other = it.complete(upload, size, whole).await;
            assert_eq!(other, Err(ErrorKind::InvalidPart), "{size}");
        }
        it.complete(upload, size, whole).await.unwrap();
        it.work().await;
        assert_eq!(it.blobs().await, 2, "the short part is removed");
    });
}

#[test]
fn a_part_that_is_refused_leaves_the_one_before() {
    run(async {
        let it = Vaults::new(Duration::ZERO).await;
        let bytes = noise(2 * MIB);
        let upload = it.parts(2 * MIB, &bytes).await;
        let good = PutArchivePart {
            vault: it.vault,
            upload,
            range: 0..2 * MIB,
            md5: md5(&bytes),
            tree: tree(&bytes),
        };
        let cases = [
            (
                PutArchivePart {
                    md5: [1; 16],
                    ..good.clone()
                },
                ErrorKind::BadDigest,
            ),
            (
                PutArchivePart {
                    tree: TreeHash([1; 16]),
                    ..good.clone()
                },
                ErrorKind::BadDigest,
            ),
            (
                PutArchivePart {
                    range: 0..MIB,
                    ..good.clone()
                },
                ErrorKind::InvalidPart,
            ),
            (
                PutArchivePart {
                    range: MIB..3 * MIB,
                    ..good.clone()
                },
                ErrorKind::InvalidPart,
            ),
            (
                PutArchivePart {
                    upload: UploadId([9; 16]),
                    ..good.clone()
                },
                ErrorKind::NoSuchUpload,
            ),
        ];
        for (req, wanted) in cases {
            let put = it.engine.put_archive_part(&it.cx, req, body(&bytes)).await;
            assert_eq!(put.map_err(|error| error.kind()), Err(wanted));
        }
        for len in [None, Some(2 * MIB)] {
            let cut = Body {
                len,
                ..body(&bytes[..1000])
            };
            let put = it.engine.put_archive_part(&it.cx, good.clone(), cut).await;
            assert_eq!(
                put.map_err(|error| error.kind()),
                Err(ErrorKind::IncompleteBody)
            );
        }
        it.complete(upload, 2 * MIB, tree(&bytes)).await.unwrap();
        assert_eq!(it.blobs().await, 1);
    });
}

#[test]
fn uploads_and_parts_are_listed_page_by_page() {
    run(async {
        let it = Vaults::new(Duration::ZERO).await;
        let mut uploads = Vec::new();
        for _ in 0..5 {
            uploads.push(it.begin(MIB).await);
        }
        let list = async |from, limit| {
            let page = it
                .engine
                .list_archive_uploads(&it.cx, it.vault, from, limit);
            page.await.unwrap()
        };
        let page = list(None, 2).await;
        let ids: Vec<UploadId> = page.entries.iter().map(|upload| upload.id).collect();
        assert_eq!((ids, page.next), (uploads[..2].to_vec(), Some(uploads[2])));
        let upload = &page.entries[0];
        assert_eq!((&*upload.description, upload.part_size), ("parts", MIB));
        let page = list(page.next, 3).await;
        assert_eq!((page.entries.len(), page.next), (3, None));
        let upload = uploads[0];
        for start in [0, 3, 1] {
            it.part(upload, start * MIB, &noise(MIB)).await.unwrap();
        }
        it.part(upload, 4 * MIB, b"end").await.unwrap();
        let list = async |from, limit| {
            let page = it
                .engine
                .list_archive_parts(&it.cx, it.vault, upload, from, limit);
            page.await.unwrap()
        };
        let page = list(None, 2).await;
        let ranges: Vec<_> = page.parts.iter().map(|part| part.range.clone()).collect();
        assert_eq!(ranges, [0..MIB, MIB..2 * MIB]);
        assert_eq!((page.upload.id, page.next), (upload, Some(3 * MIB)));
        assert_eq!(page.parts[0].tree, tree(&noise(MIB)));
        assert_eq!(page.parts[0].md5, md5(&noise(MIB)));
        let page = list(page.next, 2).await;
        let ranges: Vec<_> = page.parts.iter().map(|part| part.range.clone()).collect();
        assert_eq!(ranges, [3 * MIB..4 * MIB, 4 * MIB..4 * MIB + 3]);
        assert_eq!(page.next, None);
        assert!(list(Some(5 * MIB), 2).await.parts.is_empty());
        for upload in uploads {
            let abort = it.engine.abort_archive_upload(&it.cx, it.vault, upload);
            abort.await.unwrap();
        }
        it.assert_nothing_is_left().await;
    });
}

#[test]
fn part_sizes_and_texts_are_checked() {
    run(async {
        let it = Vaults::new(Duration::ZERO).await;
        for (description, part_size, wanted) in [
            ("", MIB + 1, ErrorKind::InvalidArgument),
            ("", 8192 * MIB, ErrorKind::TooLarge),
            ("\0", MIB, ErrorKind::InvalidArgument),
        ] {
            let req = CreateArchiveUpload {
                vault: it.vault,
                description: description.into(),
                part_size,
            };
            let begun = it.engine.create_archive_upload(&it.cx, req).await;
            assert_eq!(begun.map_err(|error| error.kind()), Err(wanted));
        }
        it.assert_nothing_is_left().await;
    });
}

#[test]
fn a_part_that_comes_while_the_upload_is_completed_is_in_it_or_refused() {
    run(async {
        for round in 0..30 {
            let it = Vaults::new(Duration::ZERO).await;
            let (old, new) = (noise(MIB), vec![3; 1 << 20]);
            let upload = it.parts(MIB, &old).await;
            let put = async {
                for _ in 0..round {
                    tokio::task::yield_now().await;
                }
                it.part(upload, 0, &new).await
            };
            let complete = async { it.complete(upload, MIB, tree(&old)).await };
            let (put, completed) = futures_util::future::join(put, complete).await;
            match (put, completed) {
                (Ok(()), Err(ErrorKind::BadDigest)) => {
                    it.complete(upload, MIB, tree(&new)).await.unwrap();
                }
                (Err(ErrorKind::NoSuchUpload), Ok(archive)) => {
                    let job = it.retrieve(archive.id, None).await.unwrap();
                    let (_, read) = it.output(job, None).await.unwrap();
                    assert!(read == old, "round {round}");
                }
                other => panic!("round {round}: {other:?}"),
            }
            it.work().await;
            assert_eq!(it.blobs().await, 1, "round {round}");
        }
    });
}

#[test]
fn of_two_completes_both_get_the_same_archive() {
    run(async {
        let it = Vaults::new(Duration::ZERO).await;
        let bytes = noise(2 * MIB + 9);
        let upload = it.parts(MIB, &bytes).await;
        let size = bytes.len() as u64;
        let complete = || it.complete(upload, size, tree(&bytes));
        let all = [complete(), complete(), complete()];
        let made = futures_util::future::join_all(all).await;
        let first = made[0].as_ref().unwrap();
        assert!(made.iter().all(|one| one.as_ref() == Ok(first)));
        assert_eq!(it.usage().await, (1, size));
    });
}

#[test]
fn an_upload_goes_on_after_a_crash() {
    run(async {
        let it = Vaults::new(Duration::ZERO).await;
        let bytes = noise(3 * MIB);
        let upload = it.begin(MIB).await;
        it.part(upload, 0, &bytes[..1 << 20]).await.unwrap();
        let it = it.crashed();
        let listed = it
            .engine
            .list_archive_parts(&it.cx, it.vault, upload, None, 9)
            .await;
        assert_eq!(listed.unwrap().parts.len(), 1);
        for n in [1, 2] {
            let part = &bytes[n << 20..(n + 1) << 20];
            it.part(upload, n as u64 * MIB, part).await.unwrap();
        }
        let it = it.crashed();
        let archive = it.complete(upload, 3 * MIB, tree(&bytes)).await.unwrap();
        let it = it.crashed();
        it.work().await;
        let job = it.retrieve(archive.id, None).await.unwrap();
        let (_, read) = it.output(job, None).await.unwrap();
        assert!(read == bytes);
    });
}
