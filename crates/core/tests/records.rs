//! Stored bytes stay readable: a sample of every stored record, and of every word that records are
//! made of, as bytes in `fixtures/records.txt`. A line there may be added, never changed, once a
//! release has written such records: a changed type needs a new record version and a migration.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[path = "records/bounds.rs"]
mod bounds;
#[path = "records/fetch.rs"]
mod fetch;
#[path = "records/inventory.rs"]
mod inventory;
#[path = "records/lock.rs"]
mod lock;
#[path = "records/object_set.rs"]
mod object_set;
#[path = "records/replication.rs"]
mod replication;
#[path = "records/seal.rs"]
mod seal;
#[path = "records/sync.rs"]
mod sync;
#[path = "records/vault.rs"]
mod vault;
#[path = "records/words.rs"]
mod words;

use std::collections::BTreeMap;
use std::fmt::{Debug, Write};

use cohong_core::engine::BucketPolicy;
use cohong_core::model::{
    AccessKeyId, AccessMonitor, AccountId, Acl, Action, Actions, BlobId, Broker, Bucket,
    BucketDomain, BucketId, BucketKind, BucketName, BucketState, ChecksumAlgorithm, ChecksumForm,
    ChecksumKind, ChecksumValue, Checksums, Condition, Cors, CorsMethod, CorsRule, Destination,
    DialectId, Due, Effect, Etag, Event, EventKind, EventKinds, Extent, Fact, Form,
    FurtherChecksum, Grant, Grantee, Lifecycle, LifecycleException, LifecycleFilter, LifecycleRule,
    Likeness, LogFields, Network, NotificationRule, ObjectKey, ObjectRecord, ObjectVersion,
    PayloadId, PayloadRef, Permission, Place, Principal, Principals, Referers, Relation,
    Replicated, Restore, Retention, RuleForm, RuleId, RuleSetVersion, Statement, StorageClass,
    StoredHeaders, SyncPast, SyncTaskId, Timestamp, Transition, UnreadMove, UploadId, VersionId,
    VersionKind, VersionTag, Versioning, WorkId,
};
use cohong_core::ports::{CallAttempt, Failed, Fault, Phase, Position};
use cohong_core::records::{
    AccountRecord, AttemptBlock, AttemptRecord, CallRecord, CallResult, CallbackKeyRecord,
    CredentialRecord, CurrentRecord, DeadRecord, DomainRecord, FormerCallbackKey, FunctionRecord,
    HeldRecord, Hit, LifecycleStage, LoggedEvent, PartRecord, PayloadRecord, PayloadState,
    ReadRecord, ReplayRecord, ReplaySource, ReplayState, RootRecord, RuleSetRecord, SourceRecord,
    SubRecord, SubState, UploadRecord, UploadState, WorkKind, WorkRecord, decode, encode,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

#[path = "records/websites.rs"]
mod websites;

use seal::seals;

const FIXTURES: &str = include_str!("fixtures/records.txt");

/// Compares samples with the fixtures and gathers what does not fit.
struct Samples {
    kept: BTreeMap<&'static str, &'static str>,
    /// The file as it would have to be.
    wanted: String,
    wrong: Vec<&'static str>,
}

impl Samples {
    fn new() -> Self {
        let kept = FIXTURES.lines().filter_map(|line| line.split_once(' '));
        Self {
            kept: kept.collect(),
            wanted: String::new(),
            wrong: Vec::new(),
        }
    }

    /// A sample: its bytes are those kept, and the bytes kept are it.
    fn check<T>(&mut self, name: &'static str, sample: &T)
    where
        T: Serialize + DeserializeOwned + PartialEq + Debug,
    {
        let bytes = hex::encode(encode(sample));
        writeln!(self.wanted, "{name} {bytes}").unwrap();
        let kept = self.kept.remove(name).unwrap_or_default();
        let kept = hex::decode(kept).unwrap();
        let read = decode::<T>(&kept).ok();
        let again = read.as_ref().map(encode);
        if read.as_ref() != Some(sample) || again.as_deref() != Some(&kept[..]) {
            self.wrong.push(name);
        }
    }
}

fn time(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn pair(name: &str, value: &str) -> (Box<str>, Box<str>) {
    (name.into(), value.into())
}

fn key() -> ObjectKey {
    ObjectKey::new("photos/公行.jpg").unwrap()
}

fn account() -> AccountId {
    AccountId("account".into())
}

fn grantees() -> [Grantee; 3] {
    [
        Grantee::Account(account()),
        Grantee::AllUsers,
        Grantee::AuthenticatedUsers,
    ]
}

fn acl() -> Acl {
    let grant = |grantee| Grant {
        grantee,
        permission: Permission::Read,
    };
    Acl {
        grants: grantees().map(grant).to_vec(),
    }
}

fn headers() -> StoredHeaders {
    StoredHeaders {
        content_type: Some("image/jpeg".into()),
        cache_control: Some("no-cache".into()),
        content_disposition: Some("inline".into()),
        content_encoding: Some("identity".into()),
        content_language: Some("zh".into()),
        expires: Some("never".into()),
        website_redirect: Some("/elsewhere".into()),
    }
}

fn extents() -> Vec<Extent> {
    let payload = PayloadId([7; 16]);
    let blob = BlobId { payload, n: 300 };
    let extent = |at| Extent {
        at,
        offset: 0,
        len: 1 << 40,
    };
    vec![extent(Place::Meta(blob)), extent(Place::Hot(blob))]
}

fn payloads() -> Vec<PayloadRef> {
    let id = PayloadId([7; 16]);
    vec![
        PayloadRef::Empty,
        PayloadRef::One {
            id,
            extent: extents()[1],
        },
        PayloadRef::Manifest { id, extents: 9999 },
    ]
}

fn etags() -> Vec<Etag> {
    vec![
        Etag::Md5([1; 16]),
        Etag::Parts {
            digest: [2; 16],
            count: 10_000,
        },
        Etag::Opaque([3; 16]),
    ]
}

fn checksums() -> [ChecksumValue; 5] {
    [
        ChecksumValue::Crc32([1; 4]),
        ChecksumValue::Crc32c([2; 4]),
        ChecksumValue::Crc64Nvme([3; 8]),
        ChecksumValue::Sha1([4; 20]),
        ChecksumValue::Sha256([5; 32]),
    ]
}

fn version() -> ObjectVersion {
    let record = ObjectRecord {
        size: 1 << 40,
        etag: etags()[0].clone(),
        checksums: Checksums {
            crc64: u64::MAX,
            further: Some(FurtherChecksum {
                value: checksums()[3],
                kind: ChecksumKind::Composite,
            }),
        },
        payload: payloads()[1].clone(),
        headers: headers(),
        user_meta: vec![pair("name", "value")],
        tags: vec![pair("tag", "red")],
        class: StorageClass::Infrequent,
        upload: Some(UploadId([3; 16])),
        owner: account(),
        acl: Some(acl()),
        form: Form::Appendable,
        restore: Some(Restore {
            ready_at: time(1_700_000_000_001),
            expires_at: time(1_700_000_000_002),
            told: true,
        }),
        seal: Some(seals()[0].clone()),
        expires_at: Some(time(1_700_000_000_003)),
        lock: lock::lock(),
        replicated: Replicated::Copy(VersionId(8)),
        nanos: 999_999,
    };
    ObjectVersion {
        id: VersionId(1_700_000_000_000_000_000),
        is_null: true,
        written_at: time(1_700_000_000_000),
        kind: VersionKind::Object(Box::new(record)),
    }
}

fn marker() -> ObjectVersion {
    ObjectVersion {
        id: VersionId(u64::MAX),
        is_null: false,
        written_at: time(0),
        kind: VersionKind::DeleteMarker { owner: account() },
    }
}

fn destinations() -> Vec<Destination> {
    let broker = |kind| Destination::Broker {
        kind,
        settings: [("topic".into(), "t".into())].into(),
    };
    vec![
        Destination::Function("resize".into()),
        Destination::Webhook("http://127.0.0.1:8080/hook".into()),
        broker(Broker::RocketMq),
        broker(Broker::Kafka),
        Destination::Sync(SyncTaskId([6; 16])),
    ]
}

fn rules() -> Vec<NotificationRule> {
    [RuleForm::V1, RuleForm::V2]
        .map(|form| NotificationRule {
            id: RuleId("rule".into()),
            kinds: EventKinds::of(EventKind::ALL),
            event_names: vec!["tos:ObjectCreated:*".into()],
            prefix: "photos/".into(),
            suffix: ".jpg".into(),
            destinations: destinations(),
            via: DialectId::Tos,
            form,
            named: Some("arn".into()),
        })
        .to_vec()
}

fn logged() -> LoggedEvent {
    LoggedEvent {
        event: Event {
            kind: EventKind::CreatedPut,
            key: key(),
            version: VersionTag::Id(VersionId(9)),
            size: 77,
            etag: Some(etags()[0].clone()),
            time: time(1_700_000_000_000),
            principal: Some(account()),
            source: Some([127, 0, 0, 1].into()),
            request_id: "request".into(),
            dialect: DialectId::Tos,
            vars: vec![pair("x:user", "7")],
            past: SyncPast::Passed(vec![SyncTaskId([7; 16])]),
        },
        rule_set: RuleSetVersion(1_700_000_000_000_000_000),
        hits: vec![Hit {
            rule: 1,
            destination: 2,
        }],
    }
}

fn buckets(samples: &mut Samples) {
    let name = BucketName::new("photos").unwrap();
    let bucket = Bucket {
        id: BucketId(5),
        name: name.clone(),
        owner: account(),
        created_at: time(1_700_000_000_000),
        region: "cn-beijing".into(),
        home: DialectId::Tos,
        state: BucketState::Deleting,
        versioning: Versioning::Suspended,
        acl: acl(),
        default_class: StorageClass::Intelligent,
        labels: vec![pair("project", "default")],
        rules: rules(),
        rule_set: RuleSetVersion(1),
        policy: statements(),
        requester_pays: true,
        has_cors: true,
        lifecycle: Some(WorkId([4; 16])),
        retention: Some(Retention {
            id: "0102".into(),
            days: 365,
            since: time(1_700_000_000_000),
            locked: true,
        }),
        encryption: Some(seals()[2].encryption.clone()),
        referers: Referers {
            allow_empty: false,
            allowed: vec!["https://a".into()],
            denied: vec!["http://b".into()],
            cut_query: true,
            cut_path: false,
        },
        has_website: true,
        has_mirrors: false,
        access_log: Some(inventory::access_log()),
        log_fields: LogFields {
            headers: vec!["x-forwarded-for".into()],
            parameters: vec!["from".into()],
        },
        replicated: vec!["photos/".into()],
        blocks_public: true,
        account_blocks_public: true,
        reads_archive: true,
        renames: true,
        quota: Some(300),
        domains: vec![BucketDomain {
            name: "files.example.com".into(),
            dialect: DialectId::S3,
        }],
        expires: true,
        locks: Some(lock::locks()),
        tls: Some(bounds::tls()),
        kept: bounds::kept(),
        access_monitor: Some(AccessMonitor {
            on: true,
            since: time(1_700_000_000_004),
        }),
        sets: Some(object_set::layout()),
        kind: BucketKind::Hierarchical,
        trash: Some(bounds::trash()),
    };
    samples.check("bucket", &bucket);
    bounds::samples(samples);
    samples.check("last-bucket", &BucketId(5));
    let domain = DomainRecord {
        bucket: BucketId(5),
        name: name.clone(),
        dialect: DialectId::S3,
    };
    samples.check("domain", &domain);
    let rule_set = RuleSetRecord {
        bucket: BucketId(5),
        name,
        owner: "account".into(),
        region: "cn-beijing".into(),
        rules: rules(),
    };
    samples.check("rule-set", &rule_set);
}

fn statements() -> Vec<Statement> {
    let networks = ["10.0.0.0/8", "::1"].map(|text| Network::parse(text).unwrap());
    let texts = |all: &[&str]| all.iter().map(|&text| text.into()).collect();
    let facts = [
        (Fact::ListPrefix, Likeness::Same),
        (Fact::ListDelimiter, Likeness::SameButCase),
        (Fact::UserAgent, Likeness::Pattern),
        (Fact::Referer, Likeness::Pattern),
    ];
    let text = |(fact, likeness)| Condition::Text {
        fact,
        likeness,
        fits: true,
        values: texts(&["a", "b*"]),
    };
    let relations = [
        Relation::Before,
        Relation::Until,
        Relation::After,
        Relation::From,
    ];
    let when = |relation| Condition::Time {
        relation,
        instants: vec![time(7)],
    };
    let source = Condition::Source {
        within: true,
        networks: networks.to_vec(),
    };
    let own = [source, Condition::Secure(true)].into_iter();
    let statement = |effect, principals, conditions| Statement {
        effect,
        principals,
        actions: Actions::of(Action::ALL),
        resources: texts(&["photos", "photos/*"]),
        conditions,
    };
    let times = relations.map(when);
    vec![
        statement(
            Effect::Deny,
            Principals::Everyone,
            own.chain(times).chain(facts.map(text)).collect(),
        ),
        statement(
            Effect::Allow,
            Principals::Accounts(vec![account()]),
            Vec::new(),
        ),
    ]
}

fn documents(samples: &mut Samples) {
    let policy = BucketPolicy {
        text: "{}".into(),
        statements: statements(),
    };
    samples.check("policy", &policy);
    let cors = Cors {
        rules: vec![CorsRule {
            origins: vec!["http://*".into()],
            methods: vec![
                CorsMethod::Get,
                CorsMethod::Put,
                CorsMethod::Post,
                CorsMethod::Delete,
                CorsMethod::Head,
            ],
            headers: vec!["*".into()],
            exposed: vec!["etag".into()],
            max_age_s: Some(60),
            vary: true,
        }],
    };
    samples.check("cors", &cors);
    websites::samples(samples);
    let transitions = |dues: &[Due]| {
        let one = |&due| Transition {
            due,
            class: StorageClass::Infrequent,
        };
        dues.iter().map(one).collect()
    };
    let unread = |comes_back| UnreadMove {
        days: 200,
        class: StorageClass::Infrequent,
        comes_back,
        small: !comes_back,
    };
    let rule = LifecycleRule {
        id: "rule".into(),
        enabled: true,
        filter: LifecycleFilter {
            prefix: "logs/".into(),
            tags: vec![pair("a", "b")],
            larger_than: Some(1),
            smaller_than: Some(300),
            except: vec![LifecycleException {
                prefix: "logs/kept/".into(),
                tag: Some(pair("c", "d")),
            }],
            at_least: Some(2),
            at_most: Some(299),
        },
        expire: Some(Due::Days(9)),
        expire_markers: true,
        expire_older: Some(Due::Days(5)),
        keep_older: 7,
        transitions: transitions(&[Due::Date(time(1)), Due::WrittenBefore(time(2))]),
        older_transitions: transitions(&[Due::Days(1)]),
        abort: Some(Due::Days(3)),
        unread: vec![unread(true)],
        older_unread: vec![unread(false)],
    };
    let lifecycle = Lifecycle {
        rules: vec![rule],
        may_overlap: true,
    };
    samples.check("lifecycle", &lifecycle);
    samples.check("bucket-tags", &vec![pair("a", "b")]);
    let stages = [
        LifecycleStage::Objects,
        LifecycleStage::Older,
        LifecycleStage::Markers,
        LifecycleStage::Uploads,
        LifecycleStage::Trash,
    ];
    samples.check("lifecycle-stages", &stages);
}

fn objects(samples: &mut Samples) {
    let current = |version| CurrentRecord {
        version,
        null_at: Some(VersionId(4)),
    };
    samples.check("head", &current(version()));
    samples.check("grave", &current(marker()));
    samples.check("version", &version());
    samples.check("extents", &extents());
    samples.check("payload-ref", &());
    let states = [
        ("payload-open", PayloadState::Open),
        ("payload-live", PayloadState::Live),
        ("payload-dropping", PayloadState::Dropping),
        ("payload-doomed", PayloadState::Doomed),
    ];
    for (name, state) in states {
        samples.check(name, &PayloadRecord { state });
    }
    let upload = UploadRecord {
        state: UploadState::Completing,
        created_at: time(1),
        owner: principals()[1].clone(),
        headers: headers(),
        user_meta: vec![pair("name", "value")],
        tags: vec![pair("tag", "red")],
        class: StorageClass::ArchiveInstant,
        acl: Some(acl()),
        last_part: Some(2),
        checksum: Some(ChecksumForm {
            algorithm: ChecksumAlgorithm::Crc32c,
            kind: ChecksumKind::Composite,
        }),
        seal: Some(seals()[1].clone()),
        expires_days: Some(3),
        lock: lock::lock(),
    };
    samples.check("upload", &upload);
    let part = PartRecord {
        md5: [6; 16],
        checksums: Checksums {
            crc64: 1,
            further: Some(FurtherChecksum::full(checksums()[1])),
        },
        extents: extents(),
        size: 5 << 20,
        written_at: time(2),
    };
    samples.check("part", &part);
}

fn checksum_words(samples: &mut Samples) {
    samples.check("checksum-algorithms", &ChecksumAlgorithm::ALL);
    samples.check("checksums", &checksums());
    samples.check(
        "checksum-kinds",
        &[ChecksumKind::Full, ChecksumKind::Composite],
    );
}

fn principals() -> Vec<Principal> {
    vec![
        Principal::Anonymous,
        Principal::Account {
            account: account(),
            key: AccessKeyId("AK".into()),
        },
    ]
}

fn delivery(samples: &mut Samples) {
    samples.check("event", &logged());
    let sub = SubRecord {
        bucket: BucketId(5),
        destination: destinations()[0].clone(),
        cursor: Position(1000),
        done: vec![Position(1002), Position(1005)],
        state: SubState::Active,
        next_block: 3,
    };
    samples.check("sub", &sub);
    let held = HeldRecord {
        logged: logged(),
        accepted: 1,
        attempts: 2,
        due: time(3),
        first_failed_at: Some(time(2)),
        errors: vec!["refused".into()],
    };
    samples.check("held", &held);
    let dead = DeadRecord {
        destination: destinations()[1].clone(),
        logged: logged(),
        attempts: 10,
        errors: vec!["refused".into()],
        died_at: time(4),
        cancelled: true,
    };
    samples.check("dead", &dead);
    let attempt = AttemptRecord {
        position: Position(1000),
        key: "a".into(),
        version: VersionTag::Null,
        rule: "rule".into(),
        attempt: 1,
        started: time(5),
        took_ms: 6,
        status: Some(503),
        outcome: "busy".into(),
        replay: Some("r".into()),
    };
    let block = AttemptBlock {
        destination: "function:resize".into(),
        written_at: time(6),
        attempts: vec![attempt],
    };
    samples.check("attempts", &block);
    let replay = ReplayRecord {
        id: WorkId([8; 16]),
        bucket: BucketId(5),
        source: ReplaySource::Dead {
            destination: destinations()[0].clone(),
        },
        cursor: Position(1),
        upto: Position(2),
        state: ReplayState::Running,
        accepted: 3,
        refused: 4,
        created_at: time(7),
        next_block: 8,
    };
    samples.check("replay", &replay);
}

fn rest(samples: &mut Samples) {
    let attempt = CallAttempt {
        url: "http://app.test/cb".into(),
        status: Some(500),
        failed: Some(Failed {
            phase: Phase::Answer,
            fault: Fault::TooLong,
        }),
        why: "status".into(),
        took_ms: 9,
    };
    let call = CallRecord {
        request_id: "request".into(),
        urls: vec!["http://app.test/cb".into()],
        boot: 1_700_000_000_000,
        started_at: time(8),
        result: Some(CallResult {
            attempts: vec![attempt],
            ok: false,
            finished_at: time(9),
            failure: "no application accepted".into(),
        }),
    };
    samples.check("call", &call);
    let key = CallbackKeyRecord {
        sealed: vec![1, 2, 3],
        former: Some(FormerCallbackKey {
            id: "id".into(),
            public: "pem".into(),
        }),
    };
    samples.check("callback-key", &key);
    let work = WorkRecord {
        kind: WorkKind::DropPayload {
            payload: PayloadId([7; 16]),
        },
        attempt: 2,
        due: time(10),
        created_at: time(11),
        last_error: Some("busy".into()),
        dead: true,
    };
    samples.check("work", &work);
    let read = ReadRecord {
        at: time(1_700_000_000_000),
    };
    samples.check("read", &read);
    let created_at = time(12);
    let account_record = AccountRecord {
        created_at,
        blocks_public: true,
    };
    samples.check("account", &account_record);
    let credential = CredentialRecord {
        account: account(),
        secret: vec![1, 2, 3],
        token: Some(vec![4]),
        created_at,
        expires_at: Some(time(13)),
    };
    samples.check("credential", &credential);
    let access = AccessKeyId("AK".into());
    samples.check("root-key", &RootRecord { access });
    let function = FunctionRecord {
        url: "http://127.0.0.1:8000/".into(),
        added_at: time(14),
    };
    samples.check("function", &function);
    let source = SourceRecord {
        cloud: "cloud".into(),
        region: "*".into(),
        speech: "s3".into(),
        endpoint: "https://store.example.com".into(),
        path_style: true,
        signing_region: Some("here".into()),
        added_at: time(14),
    };
    samples.check("source", &source);
}

#[test]
fn every_record_reads_and_writes_the_bytes_kept() {
    let mut samples = Samples::new();
    buckets(&mut samples);
    documents(&mut samples);
    objects(&mut samples);
    delivery(&mut samples);
    rest(&mut samples);
    words::samples(&mut samples);
    checksum_words(&mut samples);
    fetch::samples(&mut samples);
    inventory::samples(&mut samples);
    object_set::samples(&mut samples);
    replication::samples(&mut samples);
    sync::samples(&mut samples);
    vault::samples(&mut samples);
    let Samples {
        kept,
        wanted,
        wrong,
    } = samples;
    assert!(
        wrong.is_empty() && kept.is_empty(),
        "changed or missing: {wrong:?}; without a sample: {:?}; the samples are\n{wanted}",
        kept.keys(),
    );
}

#[test]
fn what_is_no_record_is_damage() {
    let good = encode(&logged());
    assert!(decode::<LoggedEvent>(&[]).is_err());
    assert!(decode::<LoggedEvent>(&good[..good.len() - 1]).is_err());
    let mut newer = good.to_vec();
    newer[0] = 2;
    assert!(decode::<LoggedEvent>(&newer).is_err());
}
