//! Parts of an upload: their digests, and uploads whose parts have to come in order.

use cohong_core::engine::{
    Attributes, Conditions, CreateUpload, ExpectedDigests, ListParts, PutPart, UploadTarget,
};
use cohong_core::model::{BucketName, ObjectKey};
use cohong_core::{Error, ErrorKind};
use crc_fast::{CrcAlgorithm, checksum};
use futures_util::future::join;

use crate::common::{World, body, owner, run};

async fn begin(world: &World, bucket: &BucketName) -> UploadTarget {
    let key = ObjectKey::new("k").unwrap();
    let req = CreateUpload {
        bucket: bucket.clone(),
        key: key.clone(),
        attributes: Attributes::default(),
        conditions: Conditions::default(),
        sequential: true,
        checksum: None,
    };
    UploadTarget {
        bucket: bucket.clone(),
        key,
        upload: world
            .engine
            .create_upload(&owner(), req)
            .await
            .unwrap()
            .upload,
    }
}

async fn part(world: &World, target: &UploadTarget, number: u32) -> Result<(), Error> {
    let req = PutPart {
        target: target.clone(),
        number,
        digests: ExpectedDigests::default(),
    };
    let bytes = format!("part {number}");
    let stored = world
        .engine
        .put_part(&owner(), req, body(bytes.as_bytes()))
        .await;
    stored.map(|_| ())
}

#[test]
fn parts_come_in_order_where_they_have_to() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("uploads").await;
        let target = begin(&world, &bucket).await;
        // (number, whether it is taken)
        let cases = [
            (2, false),
            (1, true),
            (1, true),
            (3, false),
            (2, true),
            (1, false),
            (3, true),
        ];
        for (number, taken) in cases {
            let kind = part(&world, &target, number).await.err().map(|e| e.kind());
            let wanted = (!taken).then_some(ErrorKind::PartNotSequential);
            assert_eq!(kind, wanted, "part {number}");
        }
        let (one, two) = join(part(&world, &target, 4), part(&world, &target, 5)).await;
        assert!(one.is_ok(), "the next part is taken whoever else comes");
        let late = two.unwrap_err().kind();
        assert_eq!(late, ErrorKind::PartNotSequential);
    });
}

#[test]
fn every_part_tells_its_digests() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("uploads").await;
        let target = begin(&world, &bucket).await;
        for number in 1..=2 {
            part(&world, &target, number).await.unwrap();
        }
        let req = ListParts {
            target,
            after: 0,
            limit: 10,
        };
        let page = world.engine.list_parts(&owner(), req).await.unwrap();
        let seen: Vec<u64> = page.parts.iter().map(|part| part.crc64).collect();
        let crc = |text: &str| checksum(CrcAlgorithm::Crc64Xz, text.as_bytes());
        assert_eq!(seen, [crc("part 1"), crc("part 2")]);
    });
}
