//! Tasks that fetch, while other things happen.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cohong_core::ErrorKind;
use cohong_core::engine::{Attributes, Cx, Engine, FetchObject, IfThere, VersionChoice};
use cohong_core::limits::{FETCH_KEPT, FETCH_TRIED_MAX};
use cohong_core::memory::Fate;
use cohong_core::model::{
    AccountId, Acl, BodyType, BucketName, CallbackSpec, CallbackStyle, FetchId, ObjectKey,
    Principal,
};
use cohong_core::ports::{FetchFault, Fetched, Fetcher, Table, Txn, When, Write};
use cohong_core::records::{FetchRecord, FetchState, decode, keys};
use cohong_core::work;
use common::{FakeClock, WatchedMeta, World, create_bucket, owner, run};

/// A server that answers when the task has been tried for as long as it may; and the answer of the commit
/// that follows is lost.
#[derive(Debug)]
struct Late {
    clock: Arc<FakeClock>,
    meta: Arc<WatchedMeta>,
}

impl Late {
    fn of(world: &World) -> Self {
        Self {
            clock: world.clock.clone(),
            meta: world.meta.clone(),
        }
    }
}

#[async_trait]
impl Fetcher for Late {
    fn check(&self, _url: &str) -> Result<(), FetchFault> {
        Ok(())
    }

    async fn fetch(&self, _url: &str) -> Result<Fetched, FetchFault> {
        self.clock.advance(FETCH_TRIED_MAX);
        self.meta.inner.fail_commits(1, Fate::AnswerLost);
        Ok(found())
    }
}

/// A server that takes so long that the bucket of the task is deleted meanwhile, and another has its name.
#[derive(Debug)]
struct Slow(Arc<Engine>, BucketName);

#[async_trait]
impl Fetcher for Slow {
    fn check(&self, _url: &str) -> Result<(), FetchFault> {
        Ok(())
    }

    async fn fetch(&self, _url: &str) -> Result<Fetched, FetchFault> {
        let Self(engine, bucket) = self;
        engine.delete_bucket(&owner(), bucket).await.unwrap();
        let again = create_bucket(bucket.as_str(), Acl::default());
        engine.create_bucket(&owner(), again).await.unwrap();
        Ok(found())
    }
}

fn found() -> Fetched {
    let bytes = Bytes::from_static(b"bytes");
    Fetched {
        len: Some(bytes.len() as u64),
        content_type: None,
        body: Box::pin(futures_util::stream::iter([Ok(bytes)])),
    }
}

fn cat(bucket: &BucketName) -> FetchObject {
    FetchObject {
        bucket: bucket.clone(),
        key: ObjectKey::new("cat").unwrap(),
        url: "http://elsewhere/cat".into(),
        md5: None,
        if_there: IfThere::Overwrite,
        attributes: Attributes::default(),
        callback: None,
        labels: Vec::new(),
    }
}

/// An engine of the world's that fetches; who may give it tasks; and one.
async fn fetching(world: &World, req: FetchObject, from: impl Fetcher) -> (Engine, Cx, FetchId) {
    let engine = Engine::new(world.engine.ports().clone()).with_fetcher(Arc::new(from));
    let account: AccountId = owner().principal.account().unwrap().clone();
    let key = engine.create_key(&account, None).await.unwrap().access;
    let cx = Cx {
        principal: Principal::Account { account, key },
        ..owner()
    };
    let id = engine.put_fetch_task(&cx, req).await.unwrap();
    (engine, cx, id)
}

#[test]
fn a_task_that_stored_its_object_has_not_failed_whatever_was_answered() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        let late = Late::of(&world);
        let (engine, cx, id) = fetching(&world, cat(&bucket), late).await;
        assert_eq!(work::run_due_once(&engine).await.unwrap(), 1);
        let read = world.get(&bucket, "cat", VersionChoice::Current).await;
        assert!(read.is_ok(), "{read:?}");
        let task = engine.fetch_task(&cx, &bucket, id).await.unwrap();
        assert_eq!(task.state, FetchState::Stored);
    });
}

#[test]
fn a_task_writes_into_no_other_bucket_of_the_name() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        let slow = Slow(world.engine.clone(), bucket.clone());
        let (engine, ..) = fetching(&world, cat(&bucket), slow).await;
        work::run_due_once(&engine).await.unwrap();
        let read = world.get(&bucket, "cat", VersionChoice::Current).await;
        assert_eq!(read, Err(ErrorKind::NoSuchKey));
        let (_, row) = world.rows(Table::Fetches).await.remove(0);
        let task: FetchRecord = decode(&row.bytes).unwrap();
        assert!(matches!(task.state, FetchState::Failed(_)), "{task:?}");
    });
}

#[test]
fn no_task_is_accepted_for_a_bucket_that_is_gone() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        let late = Late::of(&world);
        let engine = Engine::new(world.engine.ports().clone()).with_fetcher(Arc::new(late));
        let gone = vec![Write::Delete(keys::bucket(&bucket))];
        world.meta.overtake(vec![Txn {
            when: When::Now,
            expect: Vec::new(),
            write: gone,
            payloads: Vec::new(),
        }]);
        let refused = engine.put_fetch_task(&owner(), cat(&bucket)).await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::NoSuchBucket);
        assert!(world.rows(Table::Fetches).await.is_empty());
    });
}

#[test]
fn a_task_whose_commit_was_not_answered_has_not_called_its_application() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        let late = Late::of(&world);
        let req = FetchObject {
            callback: Some(CallbackSpec {
                urls: vec!["http://app/".into()],
                host: None,
                body: "x".into(),
                body_type: BodyType::Form,
                vars: Vec::new(),
                headers: Vec::new(),
                style: CallbackStyle::default(),
            }),
            ..cat(&bucket)
        };
        let (engine, cx, id) = fetching(&world, req, late).await;
        assert_eq!(work::run_due_once(&engine).await.unwrap(), 1);
        let task = engine.fetch_task(&cx, &bucket, id).await.unwrap();
        assert_eq!(task.state, FetchState::Uncalled);
    });
}

#[test]
fn only_tasks_that_have_ended_are_forgotten() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        let late = Late::of(&world);
        let (engine, ..) = fetching(&world, cat(&bucket), late).await;
        world.clock.advance(FETCH_KEPT + Duration::from_secs(1));
        engine.expire_fetches().await.unwrap();
        assert_eq!(world.rows(Table::Fetches).await.len(), 1);
        assert_eq!(work::run_due_once(&engine).await.unwrap(), 1);
        engine.expire_fetches().await.unwrap();
        assert!(world.rows(Table::Fetches).await.is_empty());
    });
}
