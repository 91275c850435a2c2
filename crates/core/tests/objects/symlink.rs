//! Links: made, looked at, read through, listed, copied and deleted.

use cohong_core::engine::{
    Attributes, Conditions, CopyObject, CopySource, ETagMatch, GetObject, ListObjects,
    ListingEntry, ObjectInfo, ObjectReader, PutSymlink, RangeSpec, VersionChoice,
};
use cohong_core::model::{
    Acl, BucketName, EventKind, Grant, Grantee, LinkTarget, ObjectKey, ObjectType, Permission,
    VersionTag, Versioning,
};
use cohong_core::{Error, ErrorKind};
use futures_util::StreamExt;

use crate::common::{World, anonymous, owner, put, run, target};

fn key(key: &str) -> ObjectKey {
    ObjectKey::new(key).unwrap()
}

fn request(bucket: &BucketName, at: &str, to: &str) -> PutSymlink {
    PutSymlink {
        bucket: bucket.clone(),
        key: key(at),
        to: key(to).into(),
        attributes: Attributes {
            user_meta: vec![("n".into(), "link".into())],
            ..Attributes::default()
        },
        conditions: Conditions::default(),
    }
}

async fn link(world: &World, bucket: &BucketName, at: &str, to: &str) -> VersionTag {
    let req = request(bucket, at, to);
    let made = world.engine.put_symlink(&owner(), req).await;
    made.unwrap().version
}

/// A copy within a bucket.
fn copy(bucket: &BucketName, from: &str, to: &str) -> CopyObject {
    CopyObject {
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
        conditions: Conditions::default(),
        checksum: None,
    }
}

fn get(bucket: &BucketName, at: &str) -> GetObject {
    GetObject {
        target: target(bucket, at, VersionChoice::Current),
        range: None,
        conditions: Conditions::default(),
    }
}

async fn read(world: &World, req: GetObject) -> Result<(ObjectInfo, Vec<u8>), Error> {
    let ObjectReader { info, mut body, .. } = world.engine.get_object(&owner(), req).await?;
    let mut bytes = Vec::new();
    while let Some(chunk) = body.next().await {
        bytes.extend(chunk.unwrap());
    }
    Ok((info, bytes))
}

#[test]
fn a_link_gives_the_bytes_of_its_target_and_its_own_metadata() {
    run(async {
        for world in [World::new(), World::without_small_bodies()] {
            let bucket = world.bucket("links").await;
            world.rule(&bucket).await;
            let mut req = put(&bucket, "file");
            req.attributes.user_meta = vec![("n".into(), "file".into())];
            req.attributes.headers.content_type = Some("text/plain".into());
            let stored = world.try_put(&owner(), req, "0123456789").await.unwrap();
            link(&world, &bucket, "link", "file").await;
            let (info, bytes) = read(&world, get(&bucket, "link")).await.unwrap();
            assert_eq!(bytes, b"0123456789");
            assert_eq!(info.record.etag, stored.stored.etag);
            assert_eq!(info.record.size, 10);
            assert_eq!(info.record.checksums.crc64, stored.stored.crc64);
            assert_eq!(info.record.user_meta, [("n".into(), "link".into())]);
            let shown = info.record.headers.content_type.as_deref();
            assert_eq!(shown, Some("text/plain"));
            assert_eq!(info.record.object_type(), ObjectType::Symlink);
            let req = get(&bucket, "link");
            let head = world.engine.head_object(&owner(), req).await.unwrap();
            assert_eq!(head.record, info.record);
            let ranged = GetObject {
                range: Some(RangeSpec::From(3, Some(5))),
                ..get(&bucket, "link")
            };
            assert_eq!(read(&world, ranged).await.unwrap().1, b"345");
            let same = GetObject {
                conditions: Conditions {
                    if_none_match: Some(ETagMatch::OneOf(vec![
                        stored.stored.etag.to_string().into(),
                    ])),
                    ..Conditions::default()
                },
                ..get(&bucket, "link")
            };
            let refused = read(&world, same).await.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::NotModified);
            let events = world.events(&bucket).await;
            let kinds: Vec<_> = events.iter().map(|logged| logged.event.kind).collect();
            assert_eq!(kinds, [EventKind::CreatedPut, EventKind::CreatedSymlink]);
        }
    });
}

#[test]
fn links_that_lead_nowhere_are_told_apart() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("links").await;
        world.versioning(&bucket, Versioning::Enabled).await;
        world.put(&bucket, "file", "bytes").await;
        world.put(&bucket, "gone", "bytes").await;
        world
            .delete(&bucket, "gone", VersionChoice::Current)
            .await
            .unwrap();
        for (at, to) in [
            ("good", "file"),
            ("missing", "none"),
            ("deleted", "gone"),
            ("chain", "good"),
            ("circle", "circle"),
        ] {
            link(&world, &bucket, at, to).await;
        }
        let cases = [
            ("good", None),
            ("missing", Some(ErrorKind::NoSymlinkTarget)),
            ("deleted", Some(ErrorKind::NoSymlinkTarget)),
            ("chain", Some(ErrorKind::SymlinkToSymlink)),
            ("circle", Some(ErrorKind::SymlinkToSymlink)),
            ("none", Some(ErrorKind::NoSuchKey)),
        ];
        for (at, wanted) in cases {
            let seen = read(&world, get(&bucket, at)).await.err();
            assert_eq!(seen.map(|error| error.kind()), wanted, "{at}");
            let seen = world.engine.head_object(&owner(), get(&bucket, at)).await;
            assert_eq!(seen.err().map(|error| error.kind()), wanted, "{at}");
        }
        let look = async |at: &str| {
            let target = target(&bucket, at, VersionChoice::Current);
            world.engine.get_symlink(&owner(), &target).await
        };
        let found = look("missing").await.unwrap();
        assert_eq!((found.to, found.info.record.size), (key("none").into(), 0));
        let cases = [
            ("file", ErrorKind::NotSymlink),
            ("gone", ErrorKind::NoSuchKey),
        ];
        for (at, kind) in cases {
            assert_eq!(look(at).await.unwrap_err().kind(), kind, "{at}");
        }
        world.put(&bucket, "none", "later").await;
        let (_, bytes) = read(&world, get(&bucket, "missing")).await.unwrap();
        assert_eq!(bytes, b"later");
    });
}

#[test]
fn who_may_not_read_the_target_reads_no_link_to_it() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("links").await;
        let everybody = Acl {
            grants: vec![Grant {
                grantee: Grantee::AllUsers,
                permission: Permission::Read,
            }],
        };
        for (at, acl) in [("open", Some(everybody.clone())), ("closed", None)] {
            let mut req = put(&bucket, at);
            req.attributes.acl = acl;
            world.try_put(&owner(), req, "bytes").await.unwrap();
            let mut req = request(&bucket, &format!("to-{at}"), at);
            req.attributes.acl = Some(everybody.clone());
            world.engine.put_symlink(&owner(), req).await.unwrap();
        }
        for (at, wanted) in [("to-open", None), ("to-closed", Some(ErrorKind::Denied))] {
            let seen = world
                .engine
                .get_object(&anonymous(), get(&bucket, at))
                .await;
            assert_eq!(seen.err().map(|error| error.kind()), wanted, "{at}");
        }
        let refused = world
            .engine
            .put_symlink(&anonymous(), request(&bucket, "new", "open"))
            .await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Denied);
    });
}

#[test]
fn a_link_is_a_version_like_any_other() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("links").await;
        world.versioning(&bucket, Versioning::Enabled).await;
        world.put(&bucket, "file", "bytes").await;
        world.put(&bucket, "at", "was an object").await;
        let VersionTag::Id(id) = link(&world, &bucket, "at", "file").await else {
            panic!("the bucket keeps versions");
        };
        let forbidden = PutSymlink {
            conditions: Conditions {
                if_none_match: Some(ETagMatch::Any),
                ..Conditions::default()
            },
            ..request(&bucket, "at", "file")
        };
        let refused = world.engine.put_symlink(&owner(), forbidden).await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::ObjectExists);
        let req = ListObjects {
            bucket: bucket.clone(),
            prefix: String::new(),
            delimiter: String::new(),
            after: String::new(),
            reverse: false,
            limit: 10,
        };
        let page = world.engine.list_objects(&owner(), req).await.unwrap();
        let types: Vec<_> = page
            .entries
            .iter()
            .map(|entry| match entry {
                ListingEntry::Object(object) => object.object_type,
                ListingEntry::Prefix(prefix) => panic!("{prefix}"),
            })
            .collect();
        assert_eq!(types, [ObjectType::Symlink, ObjectType::Normal]);
        let copy = copy(&bucket, "at", "copy");
        world.engine.copy_object(&owner(), copy).await.unwrap();
        let place = target(&bucket, "copy", VersionChoice::Current);
        let copied = world.engine.get_symlink(&owner(), &place).await.unwrap();
        assert_eq!(copied.to, key("file").into());
        world
            .delete(&bucket, "at", VersionChoice::Id(id))
            .await
            .unwrap();
        let (_, bytes) = read(&world, get(&bucket, "at")).await.unwrap();
        assert_eq!(bytes, b"was an object");
    });
}

#[test]
fn a_link_leads_into_another_bucket() {
    run(async {
        let world = World::new();
        let (bucket, other) = (world.bucket("links").await, world.bucket("files").await);
        let third = world.bucket("copies").await;
        let into = |at: &str, named: &BucketName| PutSymlink {
            to: LinkTarget {
                bucket: Some(named.clone()),
                key: key("file"),
            },
            ..request(&bucket, at, "file")
        };
        for req in [into("link", &other), into("own", &bucket)] {
            world.engine.put_symlink(&owner(), req).await.unwrap();
        }
        let nothing = read(&world, get(&bucket, "link")).await.unwrap_err();
        assert_eq!(nothing.kind(), ErrorKind::NoSymlinkTarget);
        world.put(&other, "file", "elsewhere").await;
        world.put(&bucket, "file", "here").await;
        let copy = CopyObject {
            bucket: third.clone(),
            ..copy(&bucket, "link", "link")
        };
        world.engine.copy_object(&owner(), copy).await.unwrap();
        for (at, wanted) in [
            (get(&bucket, "link"), "elsewhere"),
            (get(&bucket, "own"), "here"),
            (get(&third, "link"), "elsewhere"),
        ] {
            let (told, bytes) = read(&world, at).await.unwrap();
            assert_eq!(bytes, wanted.as_bytes());
            assert_eq!(told.record.object_type(), ObjectType::Symlink);
        }
        for (at, named) in [("link", Some(other.clone())), ("own", None)] {
            let place = target(&bucket, at, VersionChoice::Current);
            let seen = world.engine.get_symlink(&owner(), &place).await.unwrap();
            assert_eq!((seen.to.bucket, seen.to.key), (named, key("file")));
        }
        let gone = BucketName::new("nowhere").unwrap();
        let req = into("lost", &gone);
        world.engine.put_symlink(&owner(), req).await.unwrap();
        let nothing = read(&world, get(&bucket, "lost")).await.unwrap_err();
        assert_eq!(nothing.kind(), ErrorKind::NoSymlinkTarget);
    });
}

#[test]
fn a_link_opens_no_other_bucket() {
    run(async {
        let world = World::new();
        let (bucket, other) = (world.bucket("links").await, world.bucket("files").await);
        let everybody = Acl {
            grants: vec![Grant {
                grantee: Grantee::AllUsers,
                permission: Permission::Read,
            }],
        };
        world.put(&other, "closed", "bytes").await;
        let mut open = put(&other, "open");
        open.attributes.acl = Some(everybody.clone());
        world.try_put(&owner(), open, "bytes").await.unwrap();
        for (at, wanted) in [("open", None), ("closed", Some(ErrorKind::Denied))] {
            let mut req = request(&bucket, at, at);
            req.to.bucket = Some(other.clone());
            req.attributes.acl = Some(everybody.clone());
            world.engine.put_symlink(&owner(), req).await.unwrap();
            let seen = world
                .engine
                .get_object(&anonymous(), get(&bucket, at))
                .await;
            assert_eq!(seen.err().map(|error| error.kind()), wanted, "{at}");
        }
    });
}
