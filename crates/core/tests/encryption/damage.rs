//! Bytes and records that were changed behind the engine's back: an error, never other bytes.

use bytes::Bytes;
use cohong_core::model::{Extent, ObjectRecord, PayloadRef, Place, VersionKind};
use cohong_core::ports::{Key, MetadataStore, Table, Txn, When};
use cohong_core::records::{CurrentRecord, decode, encode};

use super::*;

fn way() -> Encrypting {
    ways().remove(0).1
}

/// The blob of an object that has one.
async fn blob_of(world: &World, bucket: &BucketName, key: &str) -> BlobId {
    let info = head(world, &way(), (bucket, key)).await.unwrap();
    let PayloadRef::One { extent, .. } = info.record.payload else {
        panic!("{key} has one blob");
    };
    let (Place::Hot(blob) | Place::Meta(blob)) = extent.at;
    blob
}

/// Puts other bytes in the place of a blob's, with checksums that fit.
async fn replace(world: &World, id: BlobId, bytes: Vec<u8>) {
    world.blobs.delete(id).await.unwrap();
    let mut writer = world.blobs.create(id, None).await.unwrap();
    writer.write(Bytes::from(bytes)).await.unwrap();
    writer.finish().await.unwrap();
}

/// Changes the record of an object.
async fn tamper(world: &World, change: impl Fn(&mut ObjectRecord)) {
    let (bytes, record) = world.rows(Table::Heads).await.remove(0);
    let mut current: CurrentRecord = decode(&record.bytes).unwrap();
    let VersionKind::Object(object) = &mut current.version.kind else {
        panic!("an object");
    };
    change(object);
    let table = Table::Heads;
    let txn = Txn {
        when: When::Now,
        expect: Vec::new(),
        write: vec![Write::Put(Key { table, bytes }, encode(&current))],
        payloads: Vec::new(),
    };
    for outcome in world.meta.commit(vec![txn]).await {
        outcome.unwrap();
    }
}

/// A blob that has fewer bytes than its record says cannot be asked for them.
fn is_damage(error: Option<&ErrorKind>) -> bool {
    matches!(error, Some(ErrorKind::Internal | ErrorKind::Unavailable))
}

const SEALED: usize = (64 << 10) + 16;

#[test]
fn changed_moved_and_missing_segments_are_found() {
    run(async {
        let world = world();
        let bucket = world.bucket("secrets").await;
        let plain = text(200_000);
        store(&world, &way(), (&bucket, "k"), &plain).await.unwrap();
        store(&world, &way(), (&bucket, "other"), &plain)
            .await
            .unwrap();
        let id = blob_of(&world, &bucket, "k").await;
        let good = blob(&world, id).await;
        let other = blob(&world, blob_of(&world, &bucket, "other").await).await;
        let mut flipped = good.clone();
        flipped[70_000] ^= 1;
        let moved = [
            &good[SEALED..2 * SEALED],
            &good[..SEALED],
            &good[2 * SEALED..],
        ]
        .concat();
        let cut = good[..2 * SEALED].to_vec();
        let whole = vec![
            ("flipped", flipped),
            ("moved", moved),
            ("cut", cut),
            ("of another object", other),
            ("plain", [&plain[..], &[0; 64]].concat()),
        ];
        for (what, bytes) in whole {
            replace(&world, id, bytes).await;
            let got = read(&world, &way(), (&bucket, "k"), None).await;
            assert!(is_damage(got.as_ref().err()), "{what}: {:?}", got.err());
        }
        replace(&world, id, good).await;
        assert_eq!(
            read(&world, &way(), (&bucket, "k"), None).await.unwrap(),
            plain
        );
    });
}

#[test]
fn a_range_reads_only_the_segments_it_touches() {
    run(async {
        let world = world();
        let bucket = world.bucket("secrets").await;
        let plain = text(200_000);
        store(&world, &way(), (&bucket, "k"), &plain).await.unwrap();
        let id = blob_of(&world, &bucket, "k").await;
        let mut bytes = blob(&world, id).await;
        // The second segment is damaged; the others are read in spite of it.
        bytes[SEALED + 5] ^= 1;
        replace(&world, id, bytes).await;
        for (from, to, reads) in [
            (0, 65_535, true),
            (65_535, 65_536, false),
            (65_536, 65_536, false),
            (131_071, 131_072, false),
            (131_072, 199_999, true),
        ] {
            let range = Some(RangeSpec::From(from as u64, Some(to as u64)));
            let got = read(&world, &way(), (&bucket, "k"), range).await;
            let wanted = &plain[from..=to];
            assert_eq!(got.ok().as_deref(), reads.then_some(wanted), "{from}-{to}");
        }
    });
}

#[test]
fn a_record_that_was_changed_gives_an_error() {
    run(async {
        type Change = fn(&mut ObjectRecord);
        let changes: [(&str, Change); 7] = [
            ("the key", |record| {
                record.seal.as_mut().unwrap().key[20] ^= 1;
            }),
            ("no key", |record| {
                record.seal.as_mut().unwrap().key = Box::from([]);
            }),
            ("the cipher", |record| {
                record.seal.as_mut().unwrap().encryption.cipher = Cipher::Sm4;
            }),
            ("shorter", |record| with_len(record, 60_000)),
            ("shorter by a segment", |record| with_len(record, 131_072)),
            ("longer", |record| with_len(record, 200_001)),
            ("moved on", |record| {
                with_len(record, 199_000);
                if let PayloadRef::One { extent, .. } = &mut record.payload {
                    extent.offset = 1;
                }
            }),
        ];
        for (what, change) in changes {
            let world = world();
            let bucket = world.bucket("secrets").await;
            store(&world, &way(), (&bucket, "k"), &text(200_000))
                .await
                .unwrap();
            tamper(&world, change).await;
            let got = read(&world, &way(), (&bucket, "k"), None).await;
            assert!(is_damage(got.as_ref().err()), "{what}: {:?}", got.err());
        }
    });
}

fn with_len(record: &mut ObjectRecord, len: u64) {
    record.size = len;
    if let PayloadRef::One { extent, .. } = &mut record.payload {
        *extent = Extent { len, ..*extent };
    }
}
