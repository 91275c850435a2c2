//! Fetch tasks: a bucket is not another of its name.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::sync::{Arc, OnceLock, Weak};

use async_trait::async_trait;
use bytes::Bytes;
use cohong_core::engine::{Attributes, Cx, Engine, FetchObject, IfThere, VersionChoice};
use cohong_core::model::{AccountId, Acl, BucketName, FetchId, ObjectKey, Principal};
use cohong_core::ports::{FetchFault, Fetched, Fetcher, Table};
use cohong_core::work;
use common::{World, create_bucket, owner, run};

/// Gives a page, after it deleted the bucket that the page is for and made it anew.
#[derive(Debug, Default)]
struct Remaking {
    engine: OnceLock<Weak<Engine>>,
    bucket: OnceLock<BucketName>,
}

#[async_trait]
impl Fetcher for Remaking {
    fn check(&self, _: &str) -> Result<(), FetchFault> {
        Ok(())
    }

    async fn fetch(&self, _: &str) -> Result<Fetched, FetchFault> {
        if let (Some(engine), Some(bucket)) = (self.engine.get(), self.bucket.get()) {
            let engine = engine.upgrade().unwrap();
            engine.delete_bucket(&owner(), bucket).await.unwrap();
            let again = create_bucket(bucket.as_str(), Acl::default());
            engine.create_bucket(&owner(), again).await.unwrap();
        }
        let page = Ok(Bytes::from_static(b"page"));
        Ok(Fetched {
            len: Some(4),
            content_type: None,
            body: Box::pin(futures_util::stream::iter([page])),
        })
    }
}

async fn task(engine: &Engine, bucket: &BucketName) -> FetchId {
    let req = FetchObject {
        bucket: bucket.clone(),
        key: ObjectKey::new("k").unwrap(),
        url: "http://origin.example/page".into(),
        md5: None,
        if_there: IfThere::Overwrite,
        attributes: Attributes::default(),
        callback: None,
        labels: Vec::new(),
    };
    let account = AccountId("owner".into());
    let key = engine.create_key(&account, None).await.unwrap().access;
    let cx = Cx {
        principal: Principal::Account { account, key },
        ..owner()
    };
    engine.put_fetch_task(&cx, req).await.unwrap()
}

#[test]
fn a_task_writes_into_no_other_bucket_of_the_name() {
    run(async {
        for remakes in [false, true] {
            let mut world = World::new();
            let bucket = world.bucket("fetched").await;
            let fetcher = Arc::new(Remaking::default());
            let engine = Arc::into_inner(world.engine).unwrap();
            let engine = Arc::new(engine.with_fetcher(fetcher.clone()));
            world.engine = engine.clone();
            task(&engine, &bucket).await;
            if remakes {
                fetcher.engine.set(Arc::downgrade(&engine)).unwrap();
                fetcher.bucket.set(bucket.clone()).unwrap();
            }
            while work::run_due_once(&engine).await.unwrap() > 0 {}
            let heads = world.rows(Table::Heads).await.len();
            assert_eq!(heads, usize::from(!remakes));
            let read = world.get(&bucket, "k", VersionChoice::Current).await;
            assert_eq!(read.is_ok(), !remakes);
        }
    });
}
