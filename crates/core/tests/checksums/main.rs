//! Further checksums of objects and parts: computed, compared, kept, told. Values are those of
//! `vectors/s3.json`.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[path = "../common/mod.rs"]
mod common;

mod bodies;
mod copies;
mod uploads;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cohong_core::engine::{
    Body, Conditions, ExpectedDigests, FurtherDigest, GetObject, LateChecksum, VersionChoice,
};
use cohong_core::model::{BucketName, ChecksumAlgorithm, ChecksumValue, FurtherChecksum};
use cohong_core::{BodyDigest, Error, ErrorKind};
use futures_util::stream;
use serde_json::Value;

use crate::common::{World, owner, target};

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../../vectors/s3.json")).unwrap()
}

/// A checksum of the vectors; of a composite one without the number of parts.
fn value(sums: &Value, algorithm: ChecksumAlgorithm) -> ChecksumValue {
    let name = match algorithm {
        ChecksumAlgorithm::Crc32 => "crc32",
        ChecksumAlgorithm::Crc32c => "crc32c",
        ChecksumAlgorithm::Crc64Nvme => "crc64nvme",
        ChecksumAlgorithm::Sha1 => "sha1",
        ChecksumAlgorithm::Sha256 => "sha256",
    };
    let text = sums[name].as_str().unwrap();
    let text = text.split_once('-').map_or(text, |(sum, _)| sum);
    ChecksumValue::new(algorithm, &STANDARD.decode(text).unwrap()).unwrap()
}

fn flipped(value: ChecksumValue) -> ChecksumValue {
    let mut bytes = value.bytes().to_vec();
    bytes[0] ^= 1;
    ChecksumValue::new(value.algorithm(), &bytes).unwrap()
}

/// The bodies of the vectors, with what is known of them.
fn bodies() -> Vec<(Vec<u8>, Value)> {
    let bytes = |entry: &Value| match entry["name"].as_str().unwrap() {
        "empty" => Vec::new(),
        "check" => b"123456789".to_vec(),
        "hello" => b"hello".to_vec(),
        "zeros-1MiB" => vec![0; 1 << 20],
        "ramp-100000" => (0..100_000_u32).map(|i| (i * 7).to_le_bytes()[0]).collect(),
        other => panic!("unknown body {other}"),
    };
    let vectors = vectors();
    let entries = vectors["checksums"].as_array().unwrap();
    entries.iter().map(|e| (bytes(e), e.clone())).collect()
}

fn with(further: FurtherDigest) -> ExpectedDigests {
    ExpectedDigests {
        further: Some(further),
        ..ExpectedDigests::default()
    }
}

/// A body behind whose bytes `sum` comes, when there is one.
fn trailed(bytes: &[u8], late: &LateChecksum, sum: Option<ChecksumValue>) -> Body {
    let late = late.clone();
    let bytes = Bytes::copy_from_slice(bytes);
    let len = Some(bytes.len() as u64);
    let stream = stream::unfold(Some(bytes), move |bytes| {
        let late = late.clone();
        async move {
            let Some(bytes) = bytes else {
                if let Some(sum) = sum {
                    assert!(late.fill(sum.bytes()));
                }
                return None;
            };
            Some((Ok(bytes), None))
        }
    });
    Body {
        stream: Box::pin(stream),
        len,
    }
}

async fn kept(world: &World, bucket: &BucketName, key: &str) -> Option<FurtherChecksum> {
    let req = GetObject {
        target: target(bucket, key, VersionChoice::Current),
        range: None,
        conditions: Conditions::default(),
    };
    let info = world.engine.head_object(&owner(), req).await.unwrap();
    info.record.checksums.further
}

fn failed(error: &Error) -> (ErrorKind, Option<BodyDigest>) {
    (error.kind(), error.digest())
}
