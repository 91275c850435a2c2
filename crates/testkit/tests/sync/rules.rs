//! Notification rules that name sync tasks.

use std::time::Duration;

use bytes::Bytes;
use cohong_core::engine::{
    Attributes, Body, BucketChange, Conditions, CreateBucket, DeleteObject, Deletion,
    ExpectedDigests, ObjectTarget, PutObject, VersionChoice,
};
use cohong_core::limits::SYNC_LIST_AFTER;
use cohong_core::model::{
    AccountId, Acl, BucketKind, BucketName, Destination, DialectId, EventKind, EventKinds,
    NotificationRule, ObjectKey, Principal, RuleForm, RuleId, StorageClass, SyncTaskId,
};

use crate::world::{World, outcomes, owner};

const SOON: Duration = Duration::from_secs(10);

fn bucket(world: &World, name: &str, of: &str) -> BucketName {
    let (engine, name) = (world.engine.clone(), BucketName::new(name).unwrap());
    let req = CreateBucket {
        kind: BucketKind::Flat,
        locks: false,
        name: name.clone(),
        region: "here".into(),
        acl: Acl::default(),
        default_class: StorageClass::Standard,
        labels: Vec::new(),
        tags: Vec::new(),
    };
    let mut cx = owner();
    if let Principal::Account { account, .. } = &mut cx.principal {
        *account = AccountId(of.into());
    }
    world.wait(async move { engine.create_bucket(&cx, req).await.unwrap() });
    name
}

/// Every change of a bucket is told to a task.
fn rule(world: &World, bucket: &BucketName, of: &str, task: SyncTaskId) {
    let rule = NotificationRule {
        named: None,
        id: RuleId("carry".into()),
        kinds: EventKinds::of(EventKind::ALL),
        event_names: Vec::new(),
        prefix: "".into(),
        suffix: "".into(),
        destinations: vec![Destination::Sync(task)],
        via: DialectId::Tos,
        form: RuleForm::V2,
    };
    let change = BucketChange::Rules {
        rules: vec![rule],
        seen: None,
    };
    let mut cx = owner();
    if let Principal::Account { account, .. } = &mut cx.principal {
        *account = AccountId(of.into());
    }
    let (engine, bucket) = (world.engine.clone(), bucket.clone());
    world.wait(async move { engine.change_bucket(&cx, &bucket, change).await.unwrap() });
}

fn put(world: &World, bucket: &BucketName, key: &str, text: &'static str) {
    let req = PutObject {
        bucket: bucket.clone(),
        key: ObjectKey::new(key).unwrap(),
        attributes: Attributes::default(),
        conditions: Conditions::default(),
        digests: ExpectedDigests::default(),
        size: None,
        callback: None,
        kind: EventKind::CreatedPut,
    };
    let body = Body {
        stream: Box::pin(futures_util::stream::iter([Ok(Bytes::from(text))])),
        len: Some(text.len() as u64),
    };
    let engine = world.engine.clone();
    world.wait(async move { engine.put_object(&owner(), req, body).await.unwrap() });
}

fn delete(world: &World, bucket: &BucketName, key: &str) {
    let target = ObjectTarget {
        bucket: bucket.clone(),
        key: ObjectKey::new(key).unwrap(),
        version: VersionChoice::Current,
    };
    let engine = world.engine.clone();
    world.wait(async move {
        let if_match = None;
        let req = DeleteObject {
            target,
            if_match,
            how: Deletion::default(),
        };
        engine.delete_object(&owner(), req).await.unwrap()
    });
}

/// A task from one bucket of this server to another.
fn carry(world: &World, from: &BucketName, to: &BucketName, deletes: bool) -> SyncTaskId {
    world.task(|settings| {
        settings.source.cloud = "own".into();
        settings.source.bucket = from.as_str().into();
        settings.bucket = to.clone();
        settings.deletes = deletes;
    })
}

#[test]
fn an_upload_in_one_bucket_is_carried_to_another_also_through_a_crash() {
    let mut world = World::new(1);
    let from = bucket(&world, "from-here", "owner");
    let task = carry(&world, &from, &world.bucket.clone(), false);
    rule(&world, &from, "owner", task);
    put(&world, &from, "a/b", "one");
    world = world.crash();
    world.pass(SOON);
    assert_eq!(world.bytes("a/b").unwrap(), "one");
    delete(&world, &from, "a/b");
    world.pass(SOON);
    assert_eq!(world.bytes("a/b").unwrap(), "one", "removals stay here");
    assert_eq!(outcomes(world.counts(task)), (1, 0, 0));
}

#[test]
fn removals_are_carried_where_the_task_says_so() {
    let world = World::new(2);
    let from = bucket(&world, "from-here", "owner");
    let task = carry(&world, &from, &world.bucket.clone(), true);
    rule(&world, &from, "owner", task);
    put(&world, &from, "a", "one");
    world.pass(SOON);
    assert_eq!(world.bytes("a").unwrap(), "one");
    delete(&world, &from, "a");
    world.pass(SOON);
    assert_eq!(world.bytes("a"), None);
    put(&world, &from, "a", "two");
    delete(&world, &from, "a");
    put(&world, &from, "a", "three");
    world.pass(SOON);
    assert_eq!(world.bytes("a").unwrap(), "three");
}

/// Two buckets that are carried to each other: a change goes there and does not come back.
#[test]
fn no_change_goes_round_in_a_loop() {
    let world = World::new(3);
    let (one, other) = (bucket(&world, "one", "owner"), world.bucket.clone());
    let there = carry(&world, &one, &other, true);
    let back = carry(&world, &other, &one, true);
    rule(&world, &one, "owner", there);
    rule(&world, &other, "owner", back);
    put(&world, &one, "a", "from one");
    put(&world, &other, "b", "from other");
    world.pass(SOON);
    delete(&world, &one, "a");
    world.pass(SOON * 6);
    assert_eq!(world.bytes("a"), None);
    assert_eq!(world.bytes("b").unwrap(), "from other");
    // There: a comes, what back brought comes as well, a goes. Nothing goes there a second time.
    let (there, back) = (world.counts(there), world.counts(back));
    assert!(
        there.requests <= 3 && back.requests <= 3,
        "{there:?} {back:?}"
    );
    assert_eq!((there.failure, back.failure), (0, 0));
}

#[test]
fn a_rule_names_only_tasks_of_the_owner_of_its_bucket() {
    let world = World::new(4);
    world.source.put("a", "1");
    let foreign = bucket(&world, "foreign", "stranger");
    let task = world.task(|_| {});
    rule(&world, &foreign, "stranger", task);
    let mut cx = owner();
    if let Principal::Account { account, .. } = &mut cx.principal {
        *account = AccountId("stranger".into());
    }
    let req = PutObject {
        bucket: foreign,
        key: ObjectKey::new("a").unwrap(),
        attributes: Attributes::default(),
        conditions: Conditions::default(),
        digests: ExpectedDigests::default(),
        size: None,
        callback: None,
        kind: EventKind::CreatedPut,
    };
    let body = Body {
        stream: Box::pin(futures_util::stream::iter([Ok(Bytes::from("x"))])),
        len: Some(1),
    };
    let engine = world.engine.clone();
    world.wait(async move { engine.put_object(&cx, req, body).await.unwrap() });
    world.pass(SOON);
    assert_eq!(world.counts(task).requests, 0);
    assert_eq!(world.bytes("a"), None);
}

#[test]
fn lists_are_carried_nowhere() {
    let world = World::new(5);
    world.source.put("a", "1");
    let first = world.task(|settings| settings.lists = true);
    let into = world.bucket.clone();
    let second = bucket(&world, "second", "owner");
    let onward = carry(&world, &into, &second, false);
    rule(&world, &into, "owner", onward);
    world.accept(first, &["a"]);
    world.settle(first, SOON);
    world.pass(SYNC_LIST_AFTER + SOON);
    assert_eq!(world.list("lists/").len(), 1);
    assert_eq!(
        outcomes(world.counts(onward)),
        (1, 0, 0),
        "a and nothing else"
    );
}

#[test]
fn events_wait_for_a_task_that_is_stopped() {
    let world = World::new(6);
    let from = bucket(&world, "from-here", "owner");
    let task = carry(&world, &from, &world.bucket.clone(), false);
    rule(&world, &from, "owner", task);
    let engine = world.engine.clone();
    world.wait(async move { engine.stop_sync_task(&owner(), task).await.unwrap() });
    put(&world, &from, "a", "one");
    world.pass(Duration::from_mins(30));
    assert_eq!(world.bytes("a"), None);
    let (engine, keys) = (world.engine.clone(), world.keys());
    world.wait(async move { engine.start_sync_task(&owner(), task, keys).await.unwrap() });
    world.pass(Duration::from_mins(6));
    assert_eq!(world.bytes("a").unwrap(), "one");
}
