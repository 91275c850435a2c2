//! Encryption at rest: what is stored, who can read it, and what is found when it was changed.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[path = "../common/mod.rs"]
mod common;

mod damage;
mod keys;
mod stored;

use std::sync::Arc;

use cohong_core::engine::{
    AppendObject, Attributes, Body, CompleteUpload, Conditions, CopyObject, CopyPart, CopySource,
    CreateUpload, Cx, Encrypting, ExpectedDigests, GetObject, NewVersion, ObjectInfo, PutPart,
    RangeSpec, UploadTarget, VersionChoice,
};
use cohong_core::memory::{MemoryBlobs, MemoryMeta};
use cohong_core::model::{
    BlobId, BucketName, Cipher, CustomerKey, Encryption, KeyHolder, ObjectKey, UploadId,
};
use cohong_core::ports::{BlobStore, BodyError, Write};
use cohong_core::{Error, ErrorKind};
use futures_util::StreamExt;

use common::{World, body, owner, put, run, target};

/// A world where bodies of up to 1,000 bytes travel in the commit.
fn world() -> World {
    let meta = MemoryMeta::with_small_payload_max(1000);
    World::on(meta, Arc::new(MemoryBlobs::new()))
}

const MINE: CustomerKey = CustomerKey([0xc1; 32]);
const OTHER: CustomerKey = CustomerKey([0xc2; 32]);

/// Every way in which a request may ask for encryption.
fn ways() -> Vec<(&'static str, Encrypting)> {
    let with = |cipher, holder| Encrypting {
        with: Some(Encryption { cipher, holder }),
        ..Encrypting::default()
    };
    vec![
        ("server", with(Cipher::Aes256, KeyHolder::Server)),
        ("sm4", with(Cipher::Sm4, KeyHolder::Server)),
        (
            "service",
            with(Cipher::Aes256, KeyHolder::Service(Some("name".into()))),
        ),
        ("customer", keyed(&MINE)),
    ]
}

/// A request with a customer's key.
fn keyed(key: &CustomerKey) -> Encrypting {
    Encrypting {
        key: Some(key.clone()),
        ..Encrypting::default()
    }
}

fn cx(encrypting: &Encrypting) -> Cx {
    Cx {
        encrypting: encrypting.clone(),
        ..owner()
    }
}

/// Of a request that reads what `way` wrote: only keys.
fn reading(way: &Encrypting) -> Encrypting {
    Encrypting {
        with: None,
        ..way.clone()
    }
}

const LINE: &[u8] = b"this line is a secret of its owner. ";

/// Bytes that repeat a line, so that they are found where they are stored as they are.
fn text(len: usize) -> Vec<u8> {
    LINE.iter().copied().cycle().take(len).collect()
}

async fn store(
    world: &World,
    way: &Encrypting,
    (bucket, key): (&BucketName, &str),
    bytes: &[u8],
) -> Result<NewVersion, Error> {
    let stored = world
        .engine
        .put_object(&cx(way), put(bucket, key), body(bytes))
        .await;
    stored.map(|receipt| receipt.stored)
}

async fn append(
    world: &World,
    way: &Encrypting,
    at: (&BucketName, &str),
    position: u64,
    bytes: &[u8],
) -> Result<NewVersion, Error> {
    append_body(world, way, at, position, body(bytes)).await
}

async fn append_body(
    world: &World,
    way: &Encrypting,
    (bucket, key): (&BucketName, &str),
    position: u64,
    body: Body,
) -> Result<NewVersion, Error> {
    let req = AppendObject {
        modifies: false,
        if_match: None,
        bucket: bucket.clone(),
        key: ObjectKey::new(key).unwrap(),
        position,
        attributes: Attributes::default(),
        digests: ExpectedDigests::default(),
    };
    world.engine.append_object(&cx(way), req, body).await
}

async fn begin(world: &World, way: &Encrypting, bucket: &BucketName, key: &str) -> UploadTarget {
    let req = CreateUpload {
        bucket: bucket.clone(),
        key: ObjectKey::new(key).unwrap(),
        attributes: Attributes::default(),
        conditions: Conditions::default(),
        sequential: false,
        checksum: None,
    };
    let begun = world.engine.create_upload(&cx(way), req).await.unwrap();
    upload(bucket, key, begun.upload)
}

fn upload(bucket: &BucketName, key: &str, upload: UploadId) -> UploadTarget {
    UploadTarget {
        bucket: bucket.clone(),
        key: ObjectKey::new(key).unwrap(),
        upload,
    }
}

async fn part(
    world: &World,
    way: &Encrypting,
    target: &UploadTarget,
    number: u32,
    bytes: &[u8],
) -> Result<(), Error> {
    let req = PutPart {
        target: target.clone(),
        number,
        digests: ExpectedDigests::default(),
    };
    let stored = world.engine.put_part(&cx(way), req, body(bytes)).await;
    stored.map(drop)
}

async fn complete(world: &World, target: &UploadTarget) -> NewVersion {
    let req = CompleteUpload {
        target: target.clone(),
        parts: None,
        part_bytes_min: 0,
        acl: None,
        conditions: Conditions::default(),
        callback: None,
        checksum: None,
        size: None,
    };
    let done = world.engine.complete_upload(&owner(), req).await;
    done.unwrap().stored
}

fn source(bucket: &BucketName, key: &str) -> CopySource {
    CopySource {
        object: target(bucket, key, VersionChoice::Current),
        conditions: Conditions::default(),
    }
}

async fn copy(
    world: &World,
    way: &Encrypting,
    from: (&BucketName, &str),
    to: (&BucketName, &str),
) -> Result<NewVersion, Error> {
    let req = CopyObject {
        source: source(from.0, from.1),
        bucket: to.0.clone(),
        key: ObjectKey::new(to.1).unwrap(),
        replace: None,
        tags: None,
        class: None,
        acl: None,
        conditions: Conditions::default(),
        checksum: None,
        expires_days: None,
        lock: cohong_core::model::Lock::default(),
    };
    let copied = world.engine.copy_object(&cx(way), req).await;
    copied.map(|receipt| receipt.stored)
}

async fn copy_part(
    world: &World,
    way: &Encrypting,
    from: (&BucketName, &str),
    target: &UploadTarget,
    number: u32,
) -> Result<(), Error> {
    let req = CopyPart {
        target: target.clone(),
        number,
        source: source(from.0, from.1),
        range: None,
        checksum: None,
    };
    world.engine.copy_part(&cx(way), req).await.map(drop)
}

fn asked(bucket: &BucketName, key: &str, range: Option<RangeSpec>) -> GetObject {
    GetObject {
        target: target(bucket, key, VersionChoice::Current),
        range,
        conditions: Conditions::default(),
    }
}

async fn head(
    world: &World,
    way: &Encrypting,
    (bucket, key): (&BucketName, &str),
) -> Result<ObjectInfo, Error> {
    let req = asked(bucket, key, None);
    world.engine.head_object(&cx(&reading(way)), req).await
}

/// Reads bytes; what is wrong with them may show at once or on the way.
async fn read(
    world: &World,
    way: &Encrypting,
    (bucket, key): (&BucketName, &str),
    range: Option<RangeSpec>,
) -> Result<Vec<u8>, ErrorKind> {
    let req = asked(bucket, key, range);
    let reader = world.engine.get_object(&cx(&reading(way)), req).await;
    let mut body = reader.map_err(|error| error.kind())?.body;
    let mut bytes = Vec::new();
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|error: BodyError| Error::from(error).kind())?;
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// All bytes that were stored since this was asked last: blobs, and whatever transactions wrote.
async fn raw(world: &World) -> Vec<u8> {
    let mut all = Vec::new();
    for info in world.blobs.scan(None, 1000).await.unwrap() {
        all.extend(blob(world, info.id).await);
    }
    for txn in world.meta.applied() {
        for write in txn.write {
            if let Write::Put(key, bytes) = write {
                all.extend_from_slice(&key.bytes);
                all.extend_from_slice(&bytes);
            }
        }
        all.extend(txn.payloads.iter().flat_map(|(_, bytes)| bytes.to_vec()));
    }
    all
}

/// The bytes of a blob as they are stored.
async fn blob(world: &World, id: BlobId) -> Vec<u8> {
    let len = world.blobs.len(id).unwrap();
    let mut stream = world.blobs.read(id, 0..len).await.unwrap();
    let mut all = Vec::new();
    while let Some(piece) = stream.next().await {
        all.extend_from_slice(&piece.unwrap());
    }
    all
}

fn holds(all: &[u8], run: &[u8]) -> bool {
    all.windows(run.len()).any(|window| window == run)
}
