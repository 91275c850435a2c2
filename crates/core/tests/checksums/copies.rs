//! Of copies, and of what grows or points elsewhere.

use cohong_core::engine::{
    AppendObject, Attributes, CompleteUpload, Conditions, CopyObject, CopySource, CreateUpload,
    FurtherDigest, ListObjects, ListVersions, ListingEntry, PutPart, PutSymlink, UploadTarget,
    VersionChoice,
};
use cohong_core::model::{
    BucketName, ChecksumAlgorithm, ChecksumForm, ChecksumKind, FurtherChecksum, ObjectKey,
};
use cohong_core::ports::BlobStore;
use sha2::{Digest as _, Sha256};

use ChecksumAlgorithm::{Crc32, Crc64Nvme, Sha1};

use crate::common::{World, body, owner, put, run, target};
use crate::{bodies, kept, value, with};

fn key(name: &str) -> ObjectKey {
    ObjectKey::new(name).unwrap()
}

async fn copy(
    world: &World,
    bucket: &BucketName,
    (from, to): (&str, &str),
    checksum: Option<ChecksumAlgorithm>,
) -> Option<FurtherChecksum> {
    let req = CopyObject {
        expires_days: None,
        lock: cohong_core::model::Lock::default(),
        source: CopySource {
            object: target(bucket, from, VersionChoice::Current),
            conditions: Conditions::default(),
        },
        bucket: bucket.clone(),
        key: key(to),
        replace: None,
        tags: None,
        class: None,
        acl: None,
        checksum,
        conditions: Conditions::default(),
    };
    let receipt = world.engine.copy_object(&owner(), req).await.unwrap();
    assert_eq!(receipt.stored.further, kept(world, bucket, to).await);
    receipt.stored.further
}

async fn append(world: &World, bucket: &BucketName, position: u64) {
    let req = AppendObject {
        modifies: false,
        if_match: None,
        bucket: bucket.clone(),
        key: key("log"),
        position,
        attributes: Attributes::default(),
        digests: with(FurtherDigest::Compute(Sha1)),
    };
    let stored = world
        .engine
        .append_object(&owner(), req, body(b"piece"))
        .await;
    assert_eq!(stored.unwrap().further, None);
    assert_eq!(kept(world, bucket, "log").await, None);
}

#[test]
fn a_copy_keeps_its_sources_checksum_or_gets_the_one_asked_for() {
    run(async {
        for world in [World::new(), World::without_small_bodies()] {
            let bucket = world.bucket("copies").await;
            for (bytes, sums) in bodies() {
                let full = |algorithm| Some(FurtherChecksum::full(value(&sums, algorithm)));
                for had in [None, Some(Crc32)] {
                    let mut req = put(&bucket, "source");
                    req.digests.further = had.map(FurtherDigest::Compute);
                    let stored = world.engine.put_object(&owner(), req, body(&bytes)).await;
                    stored.unwrap();
                    let before = world.blobs.scan(None, 100).await.unwrap().len();
                    let copied = copy(&world, &bucket, ("source", "copy"), None).await;
                    assert_eq!(copied, had.and_then(full));
                    for asked in ChecksumAlgorithm::ALL {
                        let copied = copy(&world, &bucket, ("source", "copy"), Some(asked)).await;
                        assert_eq!(copied, full(asked), "{asked}");
                    }
                    let read = world.get(&bucket, "copy", VersionChoice::Current).await;
                    assert_eq!(read.unwrap(), bytes);
                    let after = world.blobs.scan(None, 100).await.unwrap().len();
                    assert_eq!(after, before, "the bytes are shared");
                }
            }
        }
    });
}

#[test]
fn a_composite_checksum_is_copied_as_it_is_and_replaced_by_one_of_all_bytes() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("copies").await;
        let form = ChecksumForm {
            algorithm: Crc32,
            kind: ChecksumKind::Composite,
        };
        let req = CreateUpload {
            bucket: bucket.clone(),
            key: key("source"),
            attributes: Attributes::default(),
            conditions: Conditions::default(),
            sequential: false,
            checksum: Some(form),
        };
        let target = UploadTarget {
            bucket: bucket.clone(),
            key: key("source"),
            upload: world
                .engine
                .create_upload(&owner(), req)
                .await
                .unwrap()
                .upload,
        };
        for (number, bytes) in [(1, b"12345".as_slice()), (2, b"6789")] {
            let req = PutPart {
                target: target.clone(),
                number,
                digests: with(FurtherDigest::Compute(Crc32)),
            };
            let part = world.engine.put_part(&owner(), req, body(bytes)).await;
            part.unwrap();
        }
        let req = CompleteUpload {
            target,
            parts: None,
            part_bytes_min: 0,
            acl: None,
            conditions: Conditions::default(),
            checksum: None,
            size: None,
            callback: None,
        };
        let done = world.engine.complete_upload(&owner(), req).await.unwrap();
        let composite = done.stored.further;
        assert_eq!(composite.unwrap().kind, ChecksumKind::Composite);
        let kept = copy(&world, &bucket, ("source", "copy"), None).await;
        assert_eq!(kept, composite);
        let (_, sums) = &bodies()[1];
        let full = copy(&world, &bucket, ("source", "copy"), Some(Crc32)).await;
        assert_eq!(full, Some(FurtherChecksum::full(value(sums, Crc32))));
    });
}

#[test]
fn what_grows_and_what_points_elsewhere_has_none() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("copies").await;
        append(&world, &bucket, 0).await;
        append(&world, &bucket, 5).await;
        let copied = copy(
            &world,
            &bucket,
            ("log", "copy"),
            Some(ChecksumAlgorithm::Sha256),
        )
        .await;
        let wanted = Sha256::digest(b"piecepiece");
        assert_eq!(copied.unwrap().value.bytes(), &wanted[..]);
        let req = PutSymlink {
            bucket: bucket.clone(),
            key: key("link"),
            to: key("copy").into(),
            attributes: Attributes::default(),
            conditions: Conditions::default(),
        };
        let linked = world.engine.put_symlink(&owner(), req).await.unwrap();
        assert_eq!(linked.further, None);
        // Read through, it tells what its target has; copied, it stays a link.
        assert_eq!(kept(&world, &bucket, "link").await, copied);
        let req = CopyObject {
            expires_days: None,
            lock: cohong_core::model::Lock::default(),
            source: CopySource {
                object: target(&bucket, "link", VersionChoice::Current),
                conditions: Conditions::default(),
            },
            bucket: bucket.clone(),
            key: key("other"),
            replace: None,
            tags: None,
            class: None,
            acl: None,
            checksum: Some(Crc64Nvme),
            conditions: Conditions::default(),
        };
        let receipt = world.engine.copy_object(&owner(), req).await.unwrap();
        assert_eq!(receipt.stored.further, None);
    });
}

#[test]
fn lists_tell_the_checksum() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("copies").await;
        let mut req = put(&bucket, "a");
        req.digests = with(FurtherDigest::Compute(Sha1));
        let stored = world.try_put(&owner(), req, "123456789").await.unwrap();
        world.put(&bucket, "b", "123456789").await;
        let wanted = [stored.stored.further, None];
        assert!(wanted[0].is_some());
        let req = ListObjects {
            bucket: bucket.clone(),
            prefix: String::new(),
            delimiter: String::new(),
            after: String::new(),
            reverse: false,
            limit: 10,
        };
        let page = world.engine.list_objects(&owner(), req).await.unwrap();
        let told = page.entries.iter().map(|entry| match entry {
            ListingEntry::Object(object) => object.further,
            ListingEntry::Prefix(prefix) => panic!("{prefix} is no object"),
        });
        assert_eq!(told.collect::<Vec<_>>(), wanted);
        let req = ListVersions {
            bucket,
            prefix: String::new(),
            delimiter: String::new(),
            key_marker: String::new(),
            version_marker: None,
            limit: 10,
        };
        let page = world.engine.list_versions(&owner(), req).await.unwrap();
        let object = |version: &cohong_core::engine::VersionSummary| {
            version.object.as_ref().and_then(|object| object.further)
        };
        assert_eq!(page.versions.iter().map(object).collect::<Vec<_>>(), wanted);
    });
}
