//! Objects, versions and uploads in parts.

use bytes::Bytes;
use http::Method;

use crate::demo::client::Ask;
use crate::demo::notes::{Deviation, Notes, missing};
use crate::demo::world::World;

/// The least size of a part that is not the last one.
const PART_BYTES: usize = 5 << 20;

pub(super) async fn objects(world: &mut World, notes: &mut Notes) -> Result<(), Deviation> {
    let (bucket, key) = ("demo-objects", "hello.txt");
    notes.did("Requests are signed as the vendor's SDK signs them, and answered in its forms.");
    world.bucket(bucket, notes).await?;
    let put = world.put(bucket, key, "hello, cohong").await?;
    notes.see("PUT hello.txt", 200, put.status.as_u16())?;
    let md5 = "\"a7bf7ea13dcb35b7a35f11f68983a7cc\"";
    let read = world.get(bucket, key).await?;
    notes.see("GET hello.txt", "hello, cohong", read.text())?;
    notes.see("its ETag is the MD5 of the text", md5, read.header("etag"))
}

pub(super) async fn versions(world: &mut World, notes: &mut Notes) -> Result<(), Deviation> {
    let (bucket, key) = ("demo-versions", "contract.txt");
    world.bucket(bucket, notes).await?;
    notes.did("The bucket is asked to keep versions; then one key is written twice.");
    let query = &[("versioning", "")];
    let body = Bytes::from_static(br#"{"Status":"Enabled"}"#);
    let ask = Ask {
        bucket,
        query,
        body,
        ..Ask::default()
    };
    let set = world.client.send(Method::PUT, ask).await?;
    notes.see("PUT ?versioning", 200, set.status.as_u16())?;
    let first = world
        .put(bucket, key, "first draft")
        .await?
        .header("x-tos-version-id");
    let second = world
        .put(bucket, key, "second draft")
        .await?
        .header("x-tos-version-id");
    notes.holds(
        "both have a version of their own",
        first != second && !first.is_empty(),
    )?;
    let current = world.get(bucket, key).await?;
    notes.see("GET contract.txt", "second draft", current.text())?;
    let query = &[("versionId", first.as_str())];
    let ask = Ask {
        bucket,
        key,
        query,
        ..Ask::default()
    };
    let old = world.client.send(Method::GET, ask).await?;
    notes.see(
        "GET contract.txt?versionId of the first",
        "first draft",
        old.text(),
    )
}

pub(super) async fn multipart(world: &mut World, notes: &mut Notes) -> Result<(), Deviation> {
    let (bucket, key) = ("demo-multipart", "film.mp4");
    world.bucket(bucket, notes).await?;
    let query = &[("uploads", "")];
    let begun = world
        .client
        .send(
            Method::POST,
            Ask {
                bucket,
                key,
                query,
                ..Ask::default()
            },
        )
        .await?;
    let upload = begun.member("UploadId");
    if upload.is_empty() {
        return Err(missing("POST ?uploads", begun.text()));
    }
    notes.did("An upload is begun; its second part is sent before its first one.");
    let parts = [
        ("2", Bytes::from_static(b"the end")),
        ("1", vec![b'a'; PART_BYTES].into()),
    ];
    for (number, body) in parts {
        let query = &[("partNumber", number), ("uploadId", upload.as_str())];
        let sent = world.client.send(
            Method::PUT,
            Ask {
                bucket,
                key,
                query,
                body,
                ..Ask::default()
            },
        );
        notes.see("PUT of a part", 200, sent.await?.status.as_u16())?;
    }
    let missing_yet = world.get(bucket, key).await?;
    notes.see(
        "GET before it is completed",
        404,
        missing_yet.status.as_u16(),
    )?;
    let query = &[("uploadId", upload.as_str())];
    let headers = &[("x-tos-complete-all", "yes")];
    let ask = Ask {
        bucket,
        key,
        query,
        headers,
        ..Ask::default()
    };
    let completed = world.client.send(Method::POST, ask).await?;
    notes.see(
        "POST ?uploadId, no list of parts",
        200,
        completed.status.as_u16(),
    )?;
    let read = world.get(bucket, key).await?;
    let in_order = read.body.ends_with(b"athe end");
    notes.see("bytes of the object", PART_BYTES + 7, read.body.len())?;
    notes.holds("its parts are in order", in_order)
}
