//! What a bucket holds, counted.

use cohong_core::ErrorKind;
use cohong_core::engine::{
    Attributes, BucketStat, Conditions, CreateUpload, ExpectedDigests, PutPart, PutSymlink,
    UploadTarget, Usage, VersionChoice,
};
use cohong_core::model::{ObjectKey, StorageClass, Versioning};

use crate::common::{World, anonymous, body, owner, put, run};

#[test]
fn versions_markers_and_uploads_are_counted_by_class() {
    run(async {
        let world = World::new();
        let (bucket, other) = (world.bucket("count").await, world.bucket("other").await);
        world.put(&other, "a", "not counted").await;
        let stat = async || world.engine.bucket_stat(&owner(), &bucket).await.unwrap();
        assert_eq!(stat().await, BucketStat::default());
        world.versioning(&bucket, Versioning::Enabled).await;
        for (key, class, bytes) in [
            ("a", StorageClass::Standard, "1"),
            ("a", StorageClass::Infrequent, "22"),
            ("b", StorageClass::Standard, "333"),
            ("c", StorageClass::Archive, "4444"),
        ] {
            let mut req = put(&bucket, key);
            req.attributes.class = Some(class);
            world.try_put(&owner(), req, bytes).await.unwrap();
        }
        for key in ["b", "b", "none"] {
            let choice = VersionChoice::Current;
            world.delete(&bucket, key, choice).await.unwrap();
        }
        let link = PutSymlink {
            bucket: bucket.clone(),
            key: ObjectKey::new("link").unwrap(),
            to: ObjectKey::new("a").unwrap().into(),
            attributes: Attributes::default(),
            conditions: Conditions::default(),
        };
        world.engine.put_symlink(&owner(), link).await.unwrap();
        for key in ["x", "y"] {
            let key = ObjectKey::new(key).unwrap();
            let req = CreateUpload {
                bucket: bucket.clone(),
                key: key.clone(),
                attributes: Attributes::default(),
                conditions: Conditions::default(),
                sequential: false,
                checksum: None,
            };
            let upload = world
                .engine
                .create_upload(&owner(), req)
                .await
                .unwrap()
                .upload;
            for number in [1, 5] {
                let part = PutPart {
                    target: UploadTarget {
                        bucket: bucket.clone(),
                        key: key.clone(),
                        upload,
                    },
                    number,
                    digests: ExpectedDigests::default(),
                };
                let stored = world.engine.put_part(&owner(), part, body(b"part")).await;
                stored.unwrap();
            }
        }
        let usage = |objects, bytes| Usage { objects, bytes };
        let wanted = BucketStat {
            classes: [
                (StorageClass::Standard, usage(3, 4)),
                (StorageClass::Infrequent, usage(1, 2)),
                (StorageClass::Archive, usage(1, 4)),
            ]
            .into(),
            delete_markers: 3,
            uploads: 2,
            parts: 4,
            part_bytes: 16,
        };
        assert_eq!(stat().await, wanted);
        let refused = world.engine.bucket_stat(&anonymous(), &bucket).await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Denied);
    });
}
