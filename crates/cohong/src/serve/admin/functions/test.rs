//! A made-up event for a function, sent the way real ones are, so that its owner sees at once whether
//! it can be reached and accepts. Nothing is stored, and nothing real is touched.

use std::time::Instant;

use cohong_core::delivery::TargetKind;
use cohong_core::model::{
    BucketName, Destination, DialectId, Etag, Event, EventKind, EventKinds, NotificationRule,
    ObjectKey, RuleForm, RuleId, SyncPast, VersionTag,
};
use cohong_core::ports::{Message, MessageContext, Position, Undelivered};

use super::super::Admin;
use super::super::answer::Problem;

/// The header that marks the message, beside the replay mark that all unordered messages carry.
const MARK: &str = "x-cohong-test";
/// Bucket, rule and replay that the message names.
const NAME: &str = "cohong-test";
/// MD5 of nothing: the made-up object is empty.
const EMPTY_MD5: [u8; 16] = [
    0xd4, 0x1d, 0x8c, 0xd9, 0x8f, 0x00, 0xb2, 0x04, 0xe9, 0x80, 0x09, 0x98, 0xec, 0xf8, 0x42, 0x7e,
];

/// What became of it.
pub(super) struct Outcome {
    pub accepted: bool,
    pub status: Option<u16>,
    pub took_ms: u64,
    pub why: String,
}

pub(super) async fn deliver(admin: &Admin, function: Box<str>) -> Result<Outcome, Problem> {
    let kind = TargetKind::Function;
    let target = admin.registry.targets.get(&kind);
    let target = target.ok_or_else(|| Problem::invalid("this server calls no functions"))?;
    let to = Destination::Function(function);
    let message = message(admin, &to)?;
    let started = Instant::now();
    let verdict = target.deliver(&to, &message).await;
    let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(match verdict {
        Ok(status) => Outcome {
            accepted: true,
            status: Some(status),
            took_ms,
            why: String::new(),
        },
        Err(Undelivered::Target { why, status, .. } | Undelivered::Event { why, status }) => {
            Outcome {
                accepted: false,
                status,
                took_ms,
                why,
            }
        }
    })
}

fn message(admin: &Admin, to: &Destination) -> Result<Message, Problem> {
    let via = DialectId::Tos;
    let format = admin.registry.formats.get(&via);
    let format = format.ok_or_else(|| Problem::invalid("this server writes no TOS messages"))?;
    let bucket = BucketName::new(NAME).map_err(|why| Problem::invalid(why.0))?;
    let kind = EventKind::CreatedPut;
    let rule = NotificationRule {
        named: None,
        id: RuleId(NAME.into()),
        kinds: EventKinds::of([kind]),
        event_names: Vec::new(),
        prefix: "".into(),
        suffix: "".into(),
        destinations: vec![to.clone()],
        via,
        form: RuleForm::V1,
    };
    let event = Event {
        kind,
        key: ObjectKey::new("hello.txt").map_err(|why| Problem::invalid(why.0))?,
        version: VersionTag::Unversioned,
        size: 0,
        etag: Some(Etag::Md5(EMPTY_MD5)),
        time: admin.engine.ports().clock.now(),
        principal: None,
        source: None,
        request_id: NAME.into(),
        dialect: via,
        vars: Vec::new(),
        past: SyncPast::None,
    };
    let cx = MessageContext {
        bucket: &bucket,
        owner: "root",
        region: "test",
        rule: &rule,
        position: Position(0),
        replay: Some(NAME),
    };
    let mut message = format.encode(&event, &cx);
    message.headers.push((MARK.into(), "1".into()));
    Ok(message)
}
