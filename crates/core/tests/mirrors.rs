//! Objects that a bucket does not have, fetched from where they come from.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod common;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use cohong_core::ErrorKind;
use cohong_core::engine::{BucketChange, Cx, Engine, MirrorOrder, Ports, VersionChoice};
use cohong_core::memory::{MemoryBlobs, MemoryMeta};
use cohong_core::model::{
    Acl, BucketName, Grant, Grantee, KeyChange, Mirror, ObjectKey, Permission,
};
use cohong_core::ports::{BodyError, OriginFault, OriginObject, OriginRequest, Origins};
use futures_util::future::join_all;

use common::{
    FakeCallbacks, FakeClock, FakeIds, FakeSealer, Tasks, anonymous, create_bucket, owner, run,
    target,
};

/// What an origin does when it is asked.
#[derive(Clone, Debug)]
enum Does {
    Gives(&'static [u8]),
    BreaksOff,
    Misses,
    Fails,
}

#[derive(Debug)]
struct FakeOrigins {
    does: Does,
    asked: Mutex<Vec<OriginRequest>>,
}

#[async_trait]
impl Origins for FakeOrigins {
    async fn fetch(&self, request: OriginRequest) -> Result<OriginObject, OriginFault> {
        self.asked.lock().unwrap().push(request);
        let (len, pieces) = match self.does {
            Does::Gives(bytes) => (bytes.len(), vec![Ok(Bytes::from_static(bytes))]),
            Does::BreaksOff => (
                9,
                vec![
                    Ok(Bytes::from_static(b"half")),
                    Err(BodyError::Aborted("gone".into())),
                ],
            ),
            Does::Misses => return Err(OriginFault::Missing),
            Does::Fails => return Err(OriginFault::Failed("refused".into())),
        };
        Ok(OriginObject {
            headers: vec![
                ("content-type".into(), "text/css".into()),
                ("x-from".into(), "there".into()),
            ],
            len: Some(len as u64),
            body: Box::pin(futures_util::stream::iter(pieces)),
        })
    }
}

/// An engine with an origin, and a bucket that everybody may read.
async fn world(does: Does) -> (Engine, Arc<FakeOrigins>, BucketName) {
    let origins = Arc::new(FakeOrigins {
        does,
        asked: Mutex::default(),
    });
    let engine = Engine::new(Ports {
        meta: Arc::new(MemoryMeta::new()),
        blobs: Arc::new(MemoryBlobs::new()),
        clock: Arc::new(FakeClock::default()),
        ids: Arc::new(FakeIds::default()),
        spawner: Arc::new(Tasks::default()),
        callbacks: Arc::new(FakeCallbacks::default()),
        sealer: Arc::new(FakeSealer::default()),
    });
    let engine = engine.with_origins(origins.clone());
    let everybody = Grant {
        grantee: Grantee::AllUsers,
        permission: Permission::Read,
    };
    let req = create_bucket(
        "mirror",
        Acl {
            grants: vec![everybody],
        },
    );
    let name = req.name.clone();
    engine.create_bucket(&owner(), req).await.unwrap();
    (engine, origins, name)
}

fn mirror() -> Mirror {
    Mirror {
        origins: vec!["http://origin/".into()],
        spares: vec!["http://spare/".into()],
        key: KeyChange {
            before: "pre/".into(),
            ..KeyChange::default()
        },
        pass_query: true,
        metadata: vec![("X-From".into(), "from".into())],
        ..Mirror::default()
    }
}

async fn fetch(
    engine: &Engine,
    cx: &Cx,
    bucket: &BucketName,
    mirror: &Mirror,
) -> Result<(), ErrorKind> {
    let key = ObjectKey::new("k").unwrap();
    let order = MirrorOrder {
        bucket,
        key: &key,
        mirror,
        headers: Vec::new(),
        query: "a=b".into(),
    };
    let done = engine.mirror_back(cx, order).await;
    done.map_err(|error| error.kind())
}

#[test]
fn what_is_missing_is_fetched_once_and_is_the_owners() {
    run(async {
        let (engine, origins, bucket) = world(Does::Gives(b"bytes")).await;
        let mirror = mirror();
        let anybody = anonymous();
        let one = || fetch(&engine, &anybody, &bucket, &mirror);
        let all = join_all((0..3).map(|_| one())).await;
        assert_eq!(all, [Ok(()), Ok(()), Ok(())]);
        let asked = origins.asked.lock().unwrap().clone();
        let wanted = OriginRequest {
            origins: vec!["http://origin/".into(), "http://spare/".into()],
            key: "pre/k".into(),
            query: "a=b".into(),
            headers: Vec::new(),
            follow: false,
        };
        assert_eq!(asked, [wanted]);
        let at = target(&bucket, "k", VersionChoice::Current);
        let read = cohong_core::engine::GetObject {
            target: at,
            range: None,
            conditions: cohong_core::engine::Conditions::default(),
        };
        let info = engine.head_object(&owner(), read).await.unwrap();
        assert_eq!(info.record.size, 5);
        assert_eq!(
            info.record.headers.content_type.as_deref(),
            Some("text/css")
        );
        assert_eq!(info.record.user_meta, [("from".into(), "there".into())]);
        assert_eq!(Some(&info.record.owner), owner().principal.account());
    });
}

#[test]
fn what_an_origin_does_not_give_is_not_stored() {
    run(async {
        let cases = [
            (Does::Misses, ErrorKind::NoSuchKey),
            (Does::Fails, ErrorKind::OriginFailed),
            (Does::BreaksOff, ErrorKind::OriginFailed),
        ];
        for (does, wanted) in cases {
            let (engine, _, bucket) = world(does.clone()).await;
            let failed = fetch(&engine, &owner(), &bucket, &mirror()).await;
            assert_eq!(failed, Err(wanted), "{does:?}");
            let key = ObjectKey::new("k").unwrap();
            assert!(engine.is_missing(&owner(), &bucket, &key).await.unwrap());
        }
    });
}

#[test]
fn only_who_may_read_a_key_has_it_fetched() {
    run(async {
        let (engine, origins, bucket) = world(Does::Gives(b"bytes")).await;
        let change = BucketChange::Acl(Acl::default());
        engine
            .change_bucket(&owner(), &bucket, change)
            .await
            .unwrap();
        let refused = fetch(&engine, &anonymous(), &bucket, &mirror()).await;
        assert_eq!(refused, Err(ErrorKind::Denied));
        let key = ObjectKey::new("k").unwrap();
        assert!(
            !engine
                .is_missing(&anonymous(), &bucket, &key)
                .await
                .unwrap()
        );
        assert!(origins.asked.lock().unwrap().is_empty());
    });
}

#[test]
fn clients_that_are_sent_on_have_it_fetched_only_where_the_rule_says() {
    run(async {
        let cases = [(false, false, 0), (true, false, 0), (true, true, 1)];
        for (fetches, queries, wanted) in cases {
            let (engine, origins, bucket) = world(Does::Gives(b"bytes")).await;
            let rule = Mirror {
                redirects: true,
                fetches_redirected: fetches,
                fetches_queries: queries,
                ..mirror()
            };
            fetch(&engine, &owner(), &bucket, &rule).await.unwrap();
            let asked = origins.asked.lock().unwrap().len();
            assert_eq!(asked, wanted, "{fetches} {queries}");
        }
    });
}
