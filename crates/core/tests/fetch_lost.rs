//! Tasks that fetch, where the store loses an answer.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use cohong_core::engine::{Attributes, Cx, Engine, FetchObject, IfThere, VersionChoice};
use cohong_core::limits::FETCH_TRIED_MAX;
use cohong_core::memory::Fate;
use cohong_core::model::{AccountId, ObjectKey, Principal};
use cohong_core::ports::{FetchFault, Fetched, Fetcher};
use cohong_core::records::FetchState;
use cohong_core::work;
use common::{FakeClock, WatchedMeta, World, owner, run};

/// A server that answers when the task has been tried for as long as it may; and the answer of the commit
/// that follows is lost.
#[derive(Debug)]
struct Late {
    clock: Arc<FakeClock>,
    meta: Arc<WatchedMeta>,
}

#[async_trait]
impl Fetcher for Late {
    fn check(&self, _url: &str) -> Result<(), FetchFault> {
        Ok(())
    }

    async fn fetch(&self, _url: &str) -> Result<Fetched, FetchFault> {
        self.clock.advance(FETCH_TRIED_MAX);
        self.meta.inner.fail_commits(1, Fate::AnswerLost);
        let bytes = Bytes::from_static(b"bytes");
        Ok(Fetched {
            len: Some(bytes.len() as u64),
            content_type: None,
            body: Box::pin(futures_util::stream::iter([Ok(bytes)])),
        })
    }
}

#[test]
fn a_task_that_stored_its_object_has_not_failed_whatever_was_answered() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        let late = Late {
            clock: world.clock.clone(),
            meta: world.meta.clone(),
        };
        let engine = Engine::new(world.engine.ports().clone()).with_fetcher(Arc::new(late));
        let account: AccountId = owner().principal.account().unwrap().clone();
        let key = engine.create_key(&account, None).await.unwrap().access;
        let cx = Cx {
            principal: Principal::Account { account, key },
            ..owner()
        };
        let req = FetchObject {
            bucket: bucket.clone(),
            key: ObjectKey::new("cat").unwrap(),
            url: "http://elsewhere/cat".into(),
            md5: None,
            if_there: IfThere::Overwrite,
            attributes: Attributes::default(),
            callback: None,
            labels: Vec::new(),
        };
        let id = engine.put_fetch_task(&cx, req).await.unwrap();
        assert_eq!(work::run_due_once(&engine).await.unwrap(), 1);
        let read = world.get(&bucket, "cat", VersionChoice::Current).await;
        assert!(read.is_ok(), "{read:?}");
        let task = engine.fetch_task(&cx, &bucket, id).await.unwrap();
        assert_eq!(task.state, FetchState::Stored);
    });
}
