//! Of bodies: sent, asked for, or behind the body.

use cohong_core::engine::{ExpectedDigests, FurtherDigest, LateChecksum};
use cohong_core::model::{ChecksumAlgorithm, ChecksumValue, FurtherChecksum};
use cohong_core::ports::{BlobStore, Table};
use cohong_core::{BodyDigest, ErrorKind};
use sha2::{Digest as _, Sha256};

use crate::common::{World, body, owner, put, run};
use crate::{bodies, failed, flipped, kept, trailed, value, with};

#[test]
fn a_body_gets_the_checksum_that_was_sent_asked_for_or_came_behind_it() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("bodies").await;
        for (bytes, sums) in bodies() {
            for algorithm in ChecksumAlgorithm::ALL {
                let right = value(&sums, algorithm);
                let late = LateChecksum::new(algorithm);
                let cases = [
                    (FurtherDigest::Compute(algorithm), body(&bytes)),
                    (FurtherDigest::Sent(right), body(&bytes)),
                    (
                        FurtherDigest::Late(late.clone()),
                        trailed(&bytes, &late, Some(right)),
                    ),
                ];
                for (further, body) in cases {
                    let mut req = put(&bucket, "k");
                    req.digests = with(further);
                    let receipt = world.engine.put_object(&owner(), req, body).await.unwrap();
                    let wanted = Some(FurtherChecksum::full(right));
                    assert_eq!(receipt.stored.further, wanted, "{algorithm}");
                    assert_eq!(kept(&world, &bucket, "k").await, wanted, "{algorithm}");
                }
            }
        }
        world.put(&bucket, "k", "none was asked for").await;
        assert_eq!(kept(&world, &bucket, "k").await, None);
    });
}

#[test]
fn nothing_of_a_body_with_a_wrong_or_missing_checksum_is_seen() {
    run(async {
        for world in [World::new(), World::without_small_bodies()] {
            let bucket = world.bucket("bodies").await;
            for (bytes, sums) in bodies() {
                for algorithm in ChecksumAlgorithm::ALL {
                    let wrong = flipped(value(&sums, algorithm));
                    let late = LateChecksum::new(algorithm);
                    let missing = LateChecksum::new(algorithm);
                    let bad = (ErrorKind::BadDigest, Some(BodyDigest::Further));
                    let cases = [
                        (FurtherDigest::Sent(wrong), body(&bytes), bad),
                        (
                            FurtherDigest::Late(late.clone()),
                            trailed(&bytes, &late, Some(wrong)),
                            bad,
                        ),
                        (
                            FurtherDigest::Late(missing.clone()),
                            trailed(&bytes, &missing, None),
                            (ErrorKind::MissingDigest, None),
                        ),
                    ];
                    for (further, body, wanted) in cases {
                        let mut req = put(&bucket, "k");
                        req.digests = with(further);
                        let outcome = world.engine.put_object(&owner(), req, body).await;
                        assert_eq!(failed(&outcome.unwrap_err()), wanted, "{algorithm}");
                    }
                }
            }
            assert!(world.rows(Table::Heads).await.is_empty());
            assert!(world.blobs.scan(None, 100).await.unwrap().is_empty());
        }
    });
}

#[test]
fn a_sha256_that_was_signed_is_the_one_that_is_kept() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("bodies").await;
        let right: [u8; 32] = Sha256::digest(b"abc").into();
        let wrong: [u8; 32] = Sha256::digest(b"abd").into();
        let sent = |sum| FurtherDigest::Sent(ChecksumValue::Sha256(sum));
        let bad = |digest| Some((ErrorKind::BadDigest, Some(digest)));
        let cases = [
            (right, sent(right), None),
            (
                right,
                FurtherDigest::Compute(ChecksumAlgorithm::Sha256),
                None,
            ),
            (wrong, sent(right), bad(BodyDigest::Sha256)),
            (right, sent(wrong), bad(BodyDigest::Further)),
            (
                wrong,
                FurtherDigest::Compute(ChecksumAlgorithm::Sha256),
                bad(BodyDigest::Sha256),
            ),
            (
                wrong,
                FurtherDigest::Compute(ChecksumAlgorithm::Crc32),
                bad(BodyDigest::Sha256),
            ),
        ];
        for (signed, further, wanted) in cases {
            let case = format!("{signed:?} {further:?}");
            let mut req = put(&bucket, "k");
            req.digests = ExpectedDigests {
                sha256: Some(signed),
                ..with(further)
            };
            let outcome = world.try_put(&owner(), req, "abc").await;
            assert_eq!(outcome.err().as_ref().map(failed), wanted, "{case}");
        }
    });
}
