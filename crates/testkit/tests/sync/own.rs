//! This server's own buckets as sources.

use std::sync::Arc;

use cohong_core::engine::Secret;
use cohong_core::model::{ObjectKey, SyncSource};
use cohong_core::ports::{Source, SourceCredentials, SourceFault, Sources};
use cohong_core::sync::OwnBuckets;
use futures_util::StreamExt;

use crate::world::World;

fn open(
    world: &World,
    bucket: &str,
    access: &str,
    secret: &str,
) -> Result<Arc<dyn Source>, SourceFault> {
    let own = OwnBuckets::new(&world.engine);
    let source = SyncSource {
        cloud: "own".into(),
        region: "".into(),
        bucket: bucket.into(),
        prefix: "".into(),
    };
    let with = SourceCredentials {
        access: access.into(),
        secret: Secret::new(secret),
        token: None,
    };
    world.wait(async move { own.open(&source, &with).await })
}

#[test]
fn they_open_with_a_key_of_this_server_only() {
    let world = World::new(1);
    let (access, secret) = (world.key.0.to_string(), world.secret.expose().to_owned());
    assert!(open(&world, "into", &access, &secret).is_ok());
    let cases = [
        ("into", &*access, "wrong", SourceFault::Denied),
        ("into", "unknown", &*secret, SourceFault::Denied),
        ("No bucket", &*access, &*secret, SourceFault::Missing),
    ];
    for (bucket, access, secret, wanted) in cases {
        assert_eq!(open(&world, bucket, access, secret).err(), Some(wanted));
    }
}

#[test]
fn they_are_read_as_any_other() {
    let world = World::new(2);
    world.source.put("a", "0123456789");
    world.source.put("b", "b");
    let task = world.task(|settings| settings.metadata = true);
    world.accept(task, &["a", "b"]);
    world.settle(task, std::time::Duration::from_secs(5));
    let (access, secret) = (world.key.0.to_string(), world.secret.expose().to_owned());
    let own = open(&world, "into", &access, &secret).unwrap();
    let other = open(&world, "absent", &access, &secret).unwrap();
    world.wait(async move {
        let (a, absent) = (ObjectKey::new("a").unwrap(), ObjectKey::new("c").unwrap());
        let object = own.stat(&a).await.unwrap();
        assert_eq!(object.size, 10);
        assert!(object.digests.md5.is_some() && object.digests.crc64.is_some());
        assert_eq!(object.user_meta, [("from".into(), "source".into())]);
        let mut body = own
            .read(&a, Some(2..5), object.etag.as_deref())
            .await
            .unwrap();
        assert_eq!(body.next().await.unwrap().unwrap(), "234");
        assert!(body.next().await.is_none());
        let changed = own.read(&a, None, Some("other")).await.err();
        assert_eq!(changed, Some(SourceFault::Changed));
        assert_eq!(own.stat(&absent).await.err(), Some(SourceFault::Missing));
        assert_eq!(other.stat(&a).await.err(), Some(SourceFault::Missing));
        let page = own.list("", "", 1).await.unwrap();
        assert_eq!(page.objects, [(a.clone(), 10)]);
        assert!(page.more);
        let page = own.list("", "a", 10).await.unwrap();
        assert_eq!(page.objects.len(), 1);
        assert!(!page.more);
    });
}
