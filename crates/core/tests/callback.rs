//! Upload callbacks through the engine: order of things, what is kept, what a crash leaves.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cohong_core::ErrorKind;
use cohong_core::engine::{
    Body, Conditions, Engine, GetObject, Ports, PutObject, SeenCall, VersionChoice,
};
use cohong_core::memory::MemoryMeta;
use cohong_core::model::{
    Accept, BodyType, BucketName, CallbackSpec, CallbackStyle, DialectId, EtagCase, JsonTemplate,
    ObjectKey,
};
use cohong_core::ports::{
    CallAttempt, CallbackAnswer, CallbackOutcome, CallbackRequest, CallbackSender, Failed, Fault,
    Phase, UnfitCall, Unmade,
};
use cohong_core::records::CallState;
use cohong_core::rules::access::Action;
use common::{World, owner, put, run};

fn spec(body: &str, body_type: BodyType) -> CallbackSpec {
    CallbackSpec {
        urls: vec![
            "http://user:pass@app.example/cb?token=1".into(),
            "https://other.example/".into(),
        ],
        host: Some("app.example".into()),
        body: body.into(),
        body_type,
        vars: vec![("x:a".into(), "1".into())],
        headers: vec![("x-from".into(), "photos".into())],
        style: CallbackStyle::default(),
    }
}

fn with(bucket: &BucketName, spec: CallbackSpec) -> PutObject {
    PutObject {
        callback: Some(spec),
        ..put(bucket, "dir/k")
    }
}

fn attempt(phase: Option<Phase>, why: &str) -> CallAttempt {
    let fault = Fault::Broken;
    CallAttempt {
        url: "http://app.example/cb".into(),
        status: None,
        failed: phase.map(|phase| Failed { phase, fault }),
        why: why.into(),
        took_ms: 3,
    }
}

fn accepted() -> CallbackOutcome {
    let answer = CallbackAnswer {
        content_type: Some("application/json".into()),
        body: "{\"ok\":true}".into(),
    };
    CallbackOutcome {
        attempts: vec![attempt(None, "")],
        answer: Some(answer),
        unmade: None,
    }
}

async fn run_tasks(world: &World) {
    for (_, task) in world.tasks.take() {
        task.await;
    }
}

async fn calls(world: &World, bucket: &BucketName) -> Vec<SeenCall> {
    let bucket = world
        .engine
        .read_bucket(&owner(), bucket, Action::ReadBucket)
        .await
        .unwrap();
    world
        .engine
        .calls_of(bucket.id, &ObjectKey::new("dir/k").unwrap())
        .await
        .unwrap()
}

#[test]
fn the_application_gets_what_was_ordered_and_its_answer_is_given_back() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        world.callbacks.answer(|_| accepted());
        let body = "{\"o\":${object},\"n\":${size},\"a\":${x:a},\"ip\":${clientIp},\"r\":${reqId}}";
        let req = with(&bucket, spec(body, BodyType::Json));
        let receipt = world.try_put(&owner(), req, "hello").await.unwrap();

        assert_eq!(receipt.callback, Some(accepted()));
        let sent = world.callbacks.sent.lock().unwrap().clone();
        assert_eq!(sent.len(), 1);
        assert_eq!(
            &sent[0].body[..],
            br#"{"o":"dir/k","n":5,"a":"1","ip":"127.0.0.1","r":"request-1"}"#
        );
        assert_eq!(sent[0].content_type, "application/json");
        assert_eq!(sent[0].host.as_deref(), Some("app.example"));
        assert_eq!(sent[0].urls.len(), 2);
        assert_eq!(sent[0].timeout, Duration::from_secs(18));
        assert_eq!(sent[0].headers, [("x-from".into(), "photos".into())]);
        assert_eq!(sent[0].accept, Accept::Any2xx);
        let about = &sent[0].about;
        assert_eq!((about.dialect, &about.bucket), (DialectId::Tos, &bucket));
        assert_eq!(about.requester.as_ref(), owner().principal.account());
        assert_eq!(&*about.request_id, "request-1");
    });
}

/// An application that reads the object back before it answers.
#[derive(Debug)]
struct ReadsBack {
    engine: Arc<Engine>,
    bucket: BucketName,
    sizes: Mutex<Vec<u64>>,
}

#[async_trait]
impl CallbackSender for ReadsBack {
    fn check(&self, _: &CallbackSpec) -> Result<(), UnfitCall> {
        Ok(())
    }

    async fn send(&self, _: &CallbackRequest) -> CallbackOutcome {
        let req = GetObject {
            target: common::target(&self.bucket, "dir/k", VersionChoice::Current),
            range: None,
            conditions: Conditions::default(),
        };
        let info = self.engine.head_object(&owner(), req).await.unwrap();
        self.sizes.lock().unwrap().push(info.record.size);
        accepted()
    }
}

#[test]
fn the_application_is_asked_after_the_commit() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        let application = Arc::new(ReadsBack {
            engine: Arc::clone(&world.engine),
            bucket: bucket.clone(),
            sizes: Mutex::default(),
        });
        let callbacks = Arc::clone(&application) as Arc<dyn CallbackSender>;
        let ports = Ports {
            callbacks,
            ..world.engine.ports().clone()
        };
        let world = World {
            engine: Arc::new(Engine::new(ports)),
            ..world
        };
        for bytes in ["hello", "hello again"] {
            let req = with(&bucket, spec("k=${object}", BodyType::Form));
            world.try_put(&owner(), req, bytes).await.unwrap();
        }
        assert_eq!(*application.sizes.lock().unwrap(), [5, 11]);
    });
}

#[test]
fn the_outcome_is_recorded_behind_the_answer_and_without_secrets() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        world.callbacks.answer(|_| accepted());
        let order = spec("k=${object}", BodyType::Form);
        world
            .try_put(&owner(), with(&bucket, order), "hello")
            .await
            .unwrap();
        let owed = calls(&world, &bucket).await;
        assert_eq!((owed.len(), owed[0].state), (1, CallState::Running));
        assert_eq!(&*owed[0].record.request_id, "request-1");
        assert_eq!(
            owed[0].record.urls,
            [
                "http://app.example/cb".into(),
                "https://other.example/".into()
            ]
        );

        run_tasks(&world).await;
        let done = calls(&world, &bucket).await;
        assert_eq!((done.len(), done[0].state), (1, CallState::Accepted));
        let result = done[0].record.result.as_ref().unwrap();
        assert_eq!(
            (result.attempts.len(), result.ok, &*result.failure),
            (1, true, "")
        );
    });
}

#[test]
fn whatever_fails_the_object_stays() {
    run(async {
        let refused = CallbackOutcome {
            attempts: vec![
                attempt(Some(Phase::Answer), "status 500"),
                attempt(Some(Phase::Connect), "refused"),
            ],
            ..CallbackOutcome::default()
        };
        let nobody = CallbackOutcome::default();
        let unrendered = CallbackOutcome::from(Unmade::Template);
        let cases = [
            (
                "k=${object}",
                BodyType::Form,
                refused.clone(),
                refused,
                1,
                "no URL accepted; the last one: refused",
            ),
            (
                "k=${object}",
                BodyType::Form,
                nobody.clone(),
                nobody,
                1,
                "no URL was tried",
            ),
            (
                "{\"b\": ${bucket, \"o\": ${object}}",
                BodyType::Json,
                accepted(),
                unrendered.clone(),
                0,
                "the callback body has a ${ that no } closes",
            ),
            (
                "{\"b\": \"${bucket}\"}",
                BodyType::Json,
                accepted(),
                unrendered,
                0,
                "the callback body is no JSON",
            ),
        ];
        for (body, body_type, answer, expected, sent, failure) in cases {
            let world = World::new();
            let bucket = world.bucket("photos").await;
            world.callbacks.answer(move |_| answer.clone());
            let receipt = world
                .try_put(&owner(), with(&bucket, spec(body, body_type)), "hello")
                .await
                .unwrap();
            assert_eq!(receipt.callback, Some(expected), "{body}");
            assert_eq!(world.callbacks.sent.lock().unwrap().len(), sent, "{body}");
            assert_eq!(
                world
                    .get(&bucket, "dir/k", VersionChoice::Current)
                    .await
                    .unwrap(),
                b"hello"
            );
            run_tasks(&world).await;
            let call = calls(&world, &bucket).await.remove(0);
            assert_eq!(call.state, CallState::Failed);
            let kept = call.record.result.unwrap();
            assert!(
                !kept.ok && kept.failure.starts_with(failure),
                "{body}: {}",
                kept.failure
            );
        }
    });
}

#[test]
fn an_upload_that_fails_calls_nobody() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        let mut req = with(&bucket, spec("k=${object}", BodyType::Form));
        req.digests.md5 = Some([0; 16]);
        let refused = world.try_put(&owner(), req, "hello").await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::BadDigest);
        assert!(world.callbacks.sent.lock().unwrap().is_empty());
        assert_eq!(calls(&world, &bucket).await, []);
    });
}

#[test]
fn a_bad_order_is_refused_before_the_body_is_read() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        let unread = || Body {
            stream: Box::pin(futures_util::stream::poll_fn(|_| {
                panic!("the body was read")
            })),
            len: Some(5),
        };
        let mut empty = spec("k=${object}", BodyType::Form);
        empty.body = "".into();
        let refused = world
            .engine
            .put_object(&owner(), with(&bucket, empty), unread())
            .await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidArgument);

        world
            .callbacks
            .refuse("10.0.0.1 is not allowed; set egress.allow");
        let req = with(&bucket, spec("k=${object}", BodyType::Form));
        let refused = world
            .engine
            .put_object(&owner(), req, unread())
            .await
            .unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
        assert_eq!(
            refused.message(),
            "10.0.0.1 is not allowed; set egress.allow"
        );
        let cause = std::error::Error::source(&refused).unwrap();
        let unfit = cause.downcast_ref::<UnfitCall>();
        assert!(matches!(unfit, Some(UnfitCall::Address(_))), "{unfit:?}");
    });
}

#[test]
fn the_vendors_way_reaches_template_and_sender() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        let order = CallbackSpec {
            style: CallbackStyle {
                etag: EtagCase::Upper,
                json: JsonTemplate::Lenient,
                accept: Accept::Document,
            },
            ..spec("{\"e\":\"${etag}\",\"m\":${contentMd5}", BodyType::Json)
        };
        world
            .try_put(&owner(), with(&bucket, order), "hello")
            .await
            .unwrap();
        let sent = world.callbacks.sent.lock().unwrap().clone();
        assert_eq!(
            &sent[0].body[..],
            br#"{"e":"5D41402ABC4B2A76B9719D911017C592","m":"XUFAKrxLKna5cZ2REBfFkg==""#
        );
        assert_eq!(sent[0].accept, Accept::Document);
    });
}

#[test]
fn every_attempt_is_kept_with_where_and_how_it_failed() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        let mut outcome = accepted();
        let failed = [
            attempt(Some(Phase::Connect), "refused"),
            CallAttempt {
                failed: Some(Failed {
                    phase: Phase::Request,
                    fault: Fault::TimedOut,
                }),
                ..attempt(None, "silent")
            },
        ];
        outcome.attempts.splice(0..0, failed);
        let said = outcome.clone();
        world.callbacks.answer(move |_| said.clone());
        let order = spec("k=${object}", BodyType::Form);
        world
            .try_put(&owner(), with(&bucket, order), "hello")
            .await
            .unwrap();
        run_tasks(&world).await;
        let call = calls(&world, &bucket).await.remove(0);
        assert_eq!(call.record.result.unwrap().attempts, outcome.attempts);
    });
}

#[test]
fn the_same_upload_again_is_another_call() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        for _ in 0..2 {
            let order = spec("k=${object}", BodyType::Form);
            world
                .try_put(&owner(), with(&bucket, order), "hello")
                .await
                .unwrap();
            run_tasks(&world).await;
        }
        let both = calls(&world, &bucket).await;
        assert_eq!(both.len(), 2);
        assert!(both[0].version < both[1].version, "oldest first");
    });
}

#[test]
fn a_crash_leaves_a_call_that_reads_as_unknown_and_is_not_made_again() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        world.callbacks.answer(|_| accepted());
        let order = spec("k=${object}", BodyType::Form);
        world
            .try_put(&owner(), with(&bucket, order), "hello")
            .await
            .unwrap();
        // The outcome was written, but not synced, when the power went.
        run_tasks(&world).await;
        let after = World::on(world.meta.inner.crash(), Arc::clone(&world.blobs));
        after.clock.advance(Duration::from_secs(1));
        let ports = after.engine.ports().clone();
        let after = World {
            engine: Arc::new(Engine::new(ports)),
            ..after
        };
        let call = calls(&after, &bucket).await.remove(0);
        assert_eq!(call.state, CallState::Unknown);
        assert_eq!(call.record.result, None);
        assert!(after.callbacks.sent.lock().unwrap().is_empty());
        assert_eq!(
            after
                .get(&bucket, "dir/k", VersionChoice::Current)
                .await
                .unwrap(),
            b"hello"
        );
    });
}

/// An application that never answers.
#[derive(Debug)]
struct Silent;

#[async_trait]
impl CallbackSender for Silent {
    fn check(&self, _: &CallbackSpec) -> Result<(), UnfitCall> {
        Ok(())
    }

    async fn send(&self, _: &CallbackRequest) -> CallbackOutcome {
        std::future::pending().await
    }
}

#[test]
fn no_uploader_waits_longer_than_the_deadline() {
    run(async {
        let world = World::new();
        world.clock.sleeping_moves_it();
        let bucket = world.bucket("photos").await;
        let ports = Ports {
            callbacks: Arc::new(Silent),
            ..world.engine.ports().clone()
        };
        let world = World {
            engine: Arc::new(Engine::new(ports)),
            ..world
        };
        let order = spec("k=${object}", BodyType::Form);
        let receipt = world
            .try_put(&owner(), with(&bucket, order), "hello")
            .await
            .unwrap();
        assert_eq!(
            receipt.callback,
            Some(CallbackOutcome::from(Unmade::TimeOver))
        );
        run_tasks(&world).await;
        let call = calls(&world, &bucket).await.remove(0);
        assert_eq!(
            &*call.record.result.unwrap().failure,
            "the time for all URLs together is over"
        );
    });
}

#[test]
fn an_image_tells_its_size_wherever_its_bytes_are() {
    run(async {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x07\0\0\0\x05\x08\x06\0\0\0".to_vec();
        png.resize(300_000, 0);
        for (world, bytes) in [
            (World::new(), &png[..100]),
            (World::new(), &png[..]),
            (World::without_small_bodies(), &png[..]),
        ] {
            let bucket = world.bucket("photos").await;
            let order = spec(
                "[${imageInfo.width},${imageInfo.height},${imageInfo.format}]",
                BodyType::Json,
            );
            let req = with(&bucket, order.clone());
            world
                .engine
                .put_object(&owner(), req, common::body(bytes))
                .await
                .unwrap();
            let req = with(&bucket, order);
            world
                .engine
                .put_object(&owner(), req, common::body(b""))
                .await
                .unwrap();
            let sent = world.callbacks.sent.lock().unwrap().clone();
            assert_eq!(&sent[0].body[..], br#"[7,5,"png"]"#);
            assert_eq!(&sent[1].body[..], br#"["","",""]"#);
        }
    });
}

#[test]
fn old_calls_are_forgotten_but_not_those_under_way() {
    run(async {
        let world = World::on(MemoryMeta::new(), <_>::default());
        let bucket = world.bucket("photos").await;
        let order = || with(&bucket, spec("k=${object}", BodyType::Form));
        world.try_put(&owner(), order(), "done, old").await.unwrap();
        run_tasks(&world).await;
        world
            .try_put(&owner(), order(), "under way, old")
            .await
            .unwrap();
        world.clock.advance(Duration::from_secs(10));
        let before = cohong_core::ports::Clock::now(&*world.clock);
        world.try_put(&owner(), order(), "new").await.unwrap();

        assert_eq!(world.engine.trim_calls(before).await.unwrap(), 1);
        assert_eq!(calls(&world, &bucket).await.len(), 2);
        // After a restart nothing of the former run is under way.
        let again = Engine::new(world.engine.ports().clone());
        assert_eq!(again.trim_calls(before).await.unwrap(), 1);
        assert_eq!(calls(&world, &bucket).await.len(), 1);
    });
}
