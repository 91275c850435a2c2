//! A server whose receivers are scripted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cohong_core::delivery::{self, DeliveryHandle, Registry, SubStatus, TargetKind, WaitReport};
use cohong_core::engine::{BucketChange, DeleteObject, Deletion, Engine, Ports, VersionChoice};
use cohong_core::memory::{MemoryBlobs, MemoryMeta};
use cohong_core::model::{
    Acl, BucketId, BucketName, Destination, DialectId, Event, EventKind, EventKinds,
    NotificationRule, RuleForm, RuleId, WorkId,
};
use cohong_core::ports::{
    Clock, EventFormat, Message, MessageContext, MetadataStore, Mono, Target, Undelivered,
};
use cohong_core::records::ReplayRecord;

use crate::busy::Busy;
use crate::common::{self, FakeCallbacks, FakeSealer, owner};
use crate::sim::Sim;

/// A message that reached a receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) to: String,
    /// Position of the event.
    pub(crate) at: u64,
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) kind: EventKind,
    pub(crate) rule: String,
    pub(crate) replay: Option<String>,
    pub(crate) begun: Mono,
    /// When the receiver was done with it; `None` while it is not.
    pub(crate) ended: Option<Mono>,
    pub(crate) accepted: bool,
}

/// Receiver, bucket and key: what has an order.
type Lane = (String, String, String);

impl Sent {
    fn lane(&self) -> Lane {
        (self.to.clone(), self.bucket.clone(), self.key.clone())
    }
}

/// What a receiver does with a message.
pub(crate) type Answer = (Duration, Result<u16, Undelivered>);
type Script = Box<dyn FnMut(&Sent) -> Answer + Send>;

/// All receivers.
pub(crate) struct Receivers {
    sim: Sim,
    pub(crate) sent: Mutex<Vec<Sent>>,
    script: Mutex<Script>,
}

impl std::fmt::Debug for Receivers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Receivers(..)")
    }
}

impl Receivers {
    pub(crate) fn answer(&self, script: impl FnMut(&Sent) -> Answer + Send + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
    }

    pub(crate) fn all(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    /// What reached one receiver: key and kind.
    pub(crate) fn told(&self, to: &str) -> Vec<(String, EventKind)> {
        let sent = self.all().into_iter().filter(|sent| sent.to == to);
        sent.map(|sent| (sent.key, sent.kind)).collect()
    }

    /// The promise: of one key and receiver no two sends overlap, and those never sent before come
    /// in log order, each after the one before ended.
    pub(crate) fn check_order(&self) {
        let mut last: BTreeMap<Lane, (u64, Option<Mono>)> = BTreeMap::new();
        for sent in self.all().iter().filter(|sent| sent.replay.is_none()) {
            let of = sent.lane();
            if let Some((at, ended)) = last.get(&of) {
                let ended = ended.unwrap_or_else(|| panic!("{sent:?} began before {at} ended"));
                assert!(ended <= sent.begun, "{sent:?} overlaps {at}");
            }
            let at = last.get(&of).map_or(0, |(at, _)| *at).max(sent.at);
            last.insert(of, (at, sent.ended));
        }
        let mut first: BTreeMap<Lane, u64> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for sent in self.all().iter().filter(|sent| sent.replay.is_none()) {
            if seen.insert((sent.to.clone(), sent.at, sent.rule.clone())) {
                let before = first.insert(sent.lane(), sent.at);
                assert!(
                    before.is_none_or(|before| before <= sent.at),
                    "{sent:?} is late"
                );
            }
        }
    }
}

#[async_trait]
impl Target for Receivers {
    async fn deliver(&self, to: &Destination, message: &Message) -> Result<u16, Undelivered> {
        let header = |name: &str| {
            let found = message.headers.iter().find(|(n, _)| n == name);
            found.map(|(_, value)| value.clone())
        };
        let number: usize = std::str::from_utf8(&message.body).unwrap().parse().unwrap();
        let sent = Sent {
            to: to.id(),
            at: message.id.parse().unwrap(),
            bucket: header("bucket").unwrap(),
            key: header("key").unwrap(),
            kind: EventKind::ALL[number],
            rule: header("rule").unwrap(),
            replay: header("replay"),
            begun: self.sim.mono(),
            ended: None,
            accepted: false,
        };
        let (takes, result) = (*self.script.lock().unwrap())(&sent);
        let n = {
            let mut all = self.sent.lock().unwrap();
            all.push(sent);
            all.len() - 1
        };
        self.sim.pass(takes).await;
        let mut all = self.sent.lock().unwrap();
        all[n].ended = Some(self.sim.mono());
        all[n].accepted = result.is_ok();
        result
    }
}

/// Writes everything the tests look at.
#[derive(Debug)]
struct Plain;

impl EventFormat for Plain {
    fn encode(&self, event: &Event, cx: &MessageContext<'_>) -> Message {
        let mut headers = vec![
            ("bucket".to_owned(), cx.bucket.as_str().to_owned()),
            ("key".to_owned(), event.key.as_str().to_owned()),
            ("rule".to_owned(), cx.rule.id.0.to_string()),
        ];
        headers.extend(cx.replay.map(|id| ("replay".to_owned(), id.to_owned())));
        Message {
            id: cx.position.0.to_string(),
            headers,
            content_type: "text/plain",
            body: Bytes::from((event.kind as usize).to_string()),
        }
    }
}

/// A server: its store outlives it.
pub(crate) struct World {
    pub(crate) sim: Sim,
    pub(crate) meta: Arc<MemoryMeta>,
    pub(crate) busy: Arc<Busy>,
    pub(crate) engine: Arc<Engine>,
    pub(crate) receivers: Arc<Receivers>,
    pub(crate) delivery: DeliveryHandle,
}

impl World {
    /// A server with an empty store, delivering.
    pub(crate) fn new(seed: u64) -> Self {
        let sim = Sim::new(seed);
        let receivers = Arc::new(Receivers {
            sim: sim.clone(),
            sent: Mutex::default(),
            script: Mutex::new(Box::new(|_| accept())),
        });
        Self::on(sim, receivers, MemoryMeta::new())
    }

    fn on(sim: Sim, receivers: Arc<Receivers>, meta: MemoryMeta) -> Self {
        let meta = Arc::new(meta);
        let busy = Arc::new(Busy::new(meta.clone()));
        let engine = Arc::new(Engine::new(Ports {
            meta: busy.clone(),
            blobs: Arc::new(MemoryBlobs::new()),
            clock: Arc::new(sim.clone()),
            ids: Arc::new(sim.clone()),
            spawner: Arc::new(sim.clone()),
            callbacks: Arc::new(FakeCallbacks::default()),
            sealer: Arc::new(FakeSealer::default()),
        }));
        let target: Arc<dyn Target> = receivers.clone();
        let format: Arc<dyn EventFormat> = Arc::new(Plain);
        let registry = Registry {
            targets: BTreeMap::from([
                (TargetKind::Function, target.clone()),
                (TargetKind::Webhook, target),
            ]),
            formats: BTreeMap::from([(DialectId::Tos, format)]),
        };
        let delivery = delivery::start(&engine, registry, Arc::new(sim.clone()));
        Self {
            sim,
            meta,
            busy,
            engine,
            receivers,
            delivery,
        }
    }

    /// The process dies with everything that was not synced, and starts again.
    pub(crate) fn crash(self) -> Self {
        let after = self.meta.crash();
        self.sim.kill();
        Self::on(self.sim, self.receivers, after)
    }

    pub(crate) async fn bucket(&self, name: &str) -> BucketName {
        let req = common::create_bucket(name, Acl::default());
        let name = req.name.clone();
        self.engine.create_bucket(&owner(), req).await.unwrap();
        name
    }

    pub(crate) async fn id(&self, bucket: &BucketName) -> BucketId {
        self.delivery.bucket_id(bucket).await.unwrap().unwrap()
    }

    /// A bucket whose every change is told to the destinations.
    pub(crate) async fn told_bucket(&self, name: &str, to: &[Destination]) -> BucketName {
        let bucket = self.bucket(name).await;
        self.rules(&bucket, vec![rule("all", "", to)]).await;
        bucket
    }

    pub(crate) async fn rules(&self, bucket: &BucketName, rules: Vec<NotificationRule>) {
        let change = BucketChange::Rules { rules, seen: None };
        let changed = self.engine.change_bucket(&owner(), bucket, change).await;
        changed.unwrap();
    }

    pub(crate) async fn put(&self, bucket: &BucketName, key: &str) {
        let body = common::body(b"x");
        let (cx, req) = (owner(), common::put(bucket, key));
        self.engine.put_object(&cx, req, body).await.unwrap();
    }

    pub(crate) async fn delete(&self, bucket: &BucketName, key: &str) {
        let target = common::target(bucket, key, VersionChoice::Current);
        let req = DeleteObject {
            target,
            if_match: None,
            how: Deletion::default(),
        };
        self.engine.delete_object(&owner(), req).await.unwrap();
    }

    pub(crate) async fn wait(&self, seconds: u64) -> WaitReport {
        let timeout = Duration::from_secs(seconds);
        self.delivery.wait(timeout).await.unwrap()
    }

    /// Waits and insists that everything is delivered or dead.
    pub(crate) async fn settle(&self, seconds: u64) -> WaitReport {
        let report = self.wait(seconds).await;
        assert!(report.settled, "{report:?}");
        self.receivers.check_order();
        report
    }

    pub(crate) async fn sub(&self, to: &Destination) -> Option<SubStatus> {
        let subs = self.delivery.subs().await.unwrap();
        subs.into_iter().find(|sub| sub.destination == to.id())
    }

    pub(crate) async fn replay(&self, id: WorkId) -> ReplayRecord {
        let replays = self.delivery.replays().await.unwrap();
        replays.into_iter().find(|replay| replay.id == id).unwrap()
    }

    pub(crate) fn meta(&self) -> &dyn MetadataStore {
        &*self.meta
    }
}

pub(crate) fn function(name: &str) -> Destination {
    Destination::Function(name.into())
}

pub(crate) fn rule(id: &str, prefix: &str, to: &[Destination]) -> NotificationRule {
    NotificationRule {
        named: None,
        id: RuleId(id.into()),
        kinds: EventKinds::of(EventKind::ALL),
        event_names: Vec::new(),
        prefix: prefix.into(),
        suffix: Box::default(),
        destinations: to.to_vec(),
        via: DialectId::Tos,
        form: RuleForm::V2,
    }
}

pub(crate) fn accept() -> Answer {
    (Duration::from_millis(5), Ok(200))
}

pub(crate) fn down(status: Option<u16>, after: Option<Duration>) -> Answer {
    let failure = Undelivered::Target {
        after,
        why: "the target is down".into(),
        status,
    };
    (Duration::from_millis(5), Err(failure))
}

pub(crate) fn refuse() -> Answer {
    let failure = Undelivered::Event {
        why: "the event is refused".into(),
        status: Some(400),
    };
    (Duration::from_millis(5), Err(failure))
}
