//! Those who are told: targets of notifications and the application behind callbacks. They fail in
//! every way, and check order and truth of what they are told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cohong_core::limits::DELIVERY_ATTEMPTS_MAX;
use cohong_core::model::{BucketId, CallbackSpec, Destination, Event as Told};
use cohong_core::ports::{
    CallAttempt, CallbackAnswer, CallbackOutcome, CallbackRequest, CallbackSender, EventFormat,
    Failed, Fault, Message, MessageContext, Phase, Position, Target, Undelivered, UnfitCall,
};

use super::Weather;
use crate::sim::exec::Sim;
use crate::sim::model::Event;
use crate::sim::oracle::{Oracle, POISON, destinations};

/// Whether a destination never takes events of a key.
pub(crate) fn is_poison(to: &str, key: &str) -> bool {
    key == POISON && to == destinations()[0].id()
}

/// A message: to whom, which event, by which rule.
pub(crate) type Sent = (String, Position, String);

/// What became of messages.
#[derive(Debug, Default)]
pub(crate) struct Book {
    /// Accepted, and the sender was told so.
    pub(crate) accepted: BTreeSet<Sent>,
    /// Tries that failed. A failure of the target counts against an event too, when others succeed.
    pub(crate) failed: BTreeMap<Sent, u32>,
    /// Begun at least once, outside of replays.
    begun: BTreeSet<Sent>,
    /// Being sent now: one a destination, bucket and key.
    active: BTreeSet<(String, BucketId, String)>,
    /// Tries of replays: by replay, event, destination. `None` when it was accepted.
    pub(crate) replayed: BTreeMap<(String, Position, String), Option<u32>>,
}

impl Book {
    /// Whether an event failed so often at a destination that it may be given up.
    pub(crate) fn may_be_dead(&self, to: &str, at: Position) -> bool {
        let tries = self.failed.range((to.to_owned(), at, String::new())..);
        let tries = tries.take_while(|((of, tried, _), _)| of == to && *tried == at);
        tries.map(|(_, n)| *n).sum::<u32>() >= DELIVERY_ATTEMPTS_MAX
    }
}

/// All targets. See the module's text.
#[derive(Debug)]
pub(crate) struct Receivers {
    sim: Sim,
    weather: Weather,
    oracle: Oracle,
    book: Mutex<Book>,
}

impl Receivers {
    pub(crate) fn new(sim: &Sim, weather: &Weather, oracle: &Oracle) -> Self {
        Self {
            sim: sim.clone(),
            weather: weather.clone(),
            oracle: oracle.clone(),
            book: Mutex::default(),
        }
    }

    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sender died: nothing is being sent.
    pub(crate) fn crash(&self) {
        self.book().active.clear();
    }

    /// What the model knows of the event.
    fn event(&self, at: Position) -> (BucketId, Event) {
        let bucket = self.oracle.bucket_of(at);
        let bucket = bucket.unwrap_or_else(|| panic!("event {at:?} never happened"));
        let event = self.oracle.look(|model| model.log[&(bucket, at)].clone());
        (bucket, event)
    }

    /// First deliveries of a key come in order, and each only after the one before has its end.
    fn check_turn(&self, sent: &Sent, bucket: BucketId, event: &Event) {
        let (to, at, rule) = sent;
        let hit = (to.clone(), rule.clone());
        assert!(
            event.hits.contains(&hit),
            "{to} is told of {at:?} by {rule}, which did not match"
        );
        let mut book = self.book();
        let lane = (to.clone(), bucket, event.key.clone());
        assert!(
            book.active.insert(lane),
            "two events of {} at once at {to}",
            event.key
        );
        if !book.begun.insert(sent.clone()) {
            return;
        }
        let before = self.oracle.look(|model| {
            let log = model.log.range((bucket, Position(0))..(bucket, *at));
            let same = log.filter(|(_, earlier)| earlier.key == event.key);
            let hits = same.flat_map(|((_, at), earlier)| {
                earlier
                    .hits
                    .iter()
                    .map(|(to, rule)| (to.clone(), *at, rule.clone()))
            });
            hits.filter(|(earlier, ..)| earlier == to)
                .collect::<Vec<Sent>>()
        });
        for earlier in before {
            let ended = book.accepted.contains(&earlier) || book.may_be_dead(to, earlier.1);
            assert!(ended, "{sent:?} begins but {earlier:?} has no end");
        }
    }

    /// What the target does, when, and whether it is told.
    fn script(&self, to: &Destination, key: &str) -> (u64, Result<u16, Undelivered>, bool) {
        let id = to.id();
        let target = |after: Option<u64>, status: Option<u16>| Undelivered::Target {
            after: after.map(Duration::from_secs),
            why: "weather".into(),
            status,
        };
        let unknown = match to {
            Destination::Function(name) => !self
                .oracle
                .look(|model| model.functions.contains(&name.to_string())),
            _ => false,
        };
        if unknown || self.weather.now().down.contains(&id) {
            return (1, Err(target(None, None)), false);
        }
        if is_poison(&id, key) {
            let refused = Undelivered::Event {
                why: "poison".into(),
                status: Some(400),
            };
            return (5, Err(refused), false);
        }
        if !self.weather.is_rough() {
            return (5, Ok(200), true);
        }
        let takes = self.sim.random(80);
        if !self.weather.strikes(&self.sim, 3) {
            return (takes, Ok(200), true);
        }
        match self.sim.random(5) {
            0 => (takes, Err(target(None, Some(500))), false),
            1 => (takes, Err(target(Some(3), Some(429))), false),
            2 => (30_000, Err(target(None, None)), false),
            3 => (takes, Err(target(None, None)), true),
            _ => (takes, Ok(200), true),
        }
    }
}

fn header<'a>(message: &'a Message, name: &str) -> Option<&'a str> {
    let found = message.headers.iter().find(|(n, _)| n == name);
    found.map(|(_, value)| value.as_str())
}

#[async_trait]
impl Target for Receivers {
    async fn deliver(&self, to: &Destination, message: &Message) -> Result<u16, Undelivered> {
        let at = Position(message.id.parse().expect("ids are numbers"));
        let (bucket, event) = self.event(at);
        let body = format!("{:?} {} {:?}", event.kind, event.key, event.tag);
        assert_eq!(
            message.body,
            Bytes::from(body),
            "event {at:?} tells something else"
        );
        assert_eq!(header(message, "request"), Some(event.request.as_str()));
        let rule = header(message, "rule").expect("it is written").to_owned();
        let sent: Sent = (to.id(), at, rule);
        let replay = header(message, "replay").map(str::to_owned);
        if replay.is_none() {
            self.check_turn(&sent, bucket, &event);
        }
        let (takes, result, kept) = self.script(to, &event.key);
        self.sim.note(format_args!(
            "{sent:?} replay {replay:?} kept {kept} {}",
            result.is_ok()
        ));
        self.sim.pass(Duration::from_millis(takes)).await;
        let mut book = self.book();
        if let Some(replay) = replay {
            let tries = book
                .replayed
                .entry((replay, at, to.id()))
                .or_insert(Some(0));
            *tries = tries.filter(|_| result.is_err()).map(|tries| tries + 1);
            return result;
        }
        book.active.remove(&(to.id(), bucket, event.key));
        if result.is_ok() {
            book.accepted.insert(sent);
        } else {
            *book.failed.entry(sent).or_default() += 1;
        }
        result
    }
}

/// Writes what the receivers look at.
#[derive(Debug)]
pub(crate) struct Plain;

impl EventFormat for Plain {
    fn encode(&self, event: &Told, cx: &MessageContext<'_>) -> Message {
        let mut headers = vec![
            ("rule".to_owned(), cx.rule.id.0.to_string()),
            ("request".to_owned(), event.request_id.to_string()),
        ];
        headers.extend(cx.replay.map(|id| ("replay".to_owned(), id.to_owned())));
        let body = format!(
            "{:?} {} {:?}",
            event.kind,
            event.key.as_str(),
            event.version
        );
        Message {
            id: cx.position.0.to_string(),
            headers,
            content_type: "text/plain",
            body: body.into(),
        }
    }
}

/// The application behind callbacks; the body of a call is the id of the request.
#[derive(Debug)]
pub(crate) struct Callbacks {
    pub(crate) sim: Sim,
    pub(crate) oracle: Oracle,
}

#[async_trait]
impl CallbackSender for Callbacks {
    fn check(&self, _spec: &CallbackSpec) -> Result<(), UnfitCall> {
        Ok(())
    }

    async fn send(&self, call: &CallbackRequest) -> CallbackOutcome {
        let request = String::from_utf8(call.body.to_vec()).expect("it was written as text");
        let request = request.trim_start_matches("request=").to_owned();
        self.oracle.called(&request);
        let takes = if self.sim.one_in(10) {
            25_000
        } else {
            self.sim.random(200)
        };
        self.sim.pass(Duration::from_millis(takes)).await;
        let ok = !self.sim.one_in(4);
        let answer = CallbackAnswer {
            content_type: None,
            body: Bytes::from_static(b"{}"),
        };
        CallbackOutcome {
            attempts: vec![CallAttempt {
                url: "http://app/".into(),
                status: Some(if ok { 200 } else { 500 }),
                failed: (!ok).then_some(Failed {
                    phase: Phase::Request,
                    fault: Fault::Status,
                }),
                why: Box::default(),
                took_ms: takes,
            }],
            answer: ok.then_some(answer),
            unmade: None,
        }
    }
}
