//! What clients ask next: anything that can be asked of what there is, and some that cannot.

use bytes::Bytes;
use cohong_core::engine::{BucketChange, VersionChoice};
use cohong_core::model::{
    AccountId, ChecksumAlgorithm, ChecksumForm, Destination, Form, Timestamp, UploadId, VersionId,
    Versioning,
};

use super::Oracle;
use crate::sim::exec::Sim;
use crate::sim::model::{
    At, Bucket, Cond, FORMS, Model, Named, Object, Op, RuleSpec, Says, md5_of, sum_of,
};

/// Buckets that clients use.
pub(crate) const BUCKETS: [&str; 3] = ["alpha", "beta", "gamma"];
/// The bucket that encrypts what is written.
pub(crate) const ENCRYPTING: &str = BUCKETS[1];
/// Keys that clients use.
pub(crate) const KEYS: [&str; 6] = ["a/1", "a/2", "b", "c", "log", POISON];
/// A key that one destination never accepts.
pub(crate) const POISON: &str = "poison";
/// Functions that rules name; they are registered later.
pub(crate) const FUNCTIONS: [&str; 1] = ["resize"];

/// Who asks most of the time, and owns most of what there is.
pub(crate) const OWNER: &str = "owner";
/// Its access key: the first that a server makes whose randomness is none.
pub(crate) const OWNER_KEY: &str = "AK00000000000000000000";
/// Another account, which nobody has granted anything.
pub(crate) const STRANGER: &str = "stranger";

/// The account that is not this one.
pub(crate) fn other_account(account: &AccountId) -> AccountId {
    let other = if *account.0 == *OWNER {
        STRANGER
    } else {
        OWNER
    };
    AccountId(other.into())
}

/// Who can be told.
pub(crate) fn destinations() -> [Destination; 3] {
    [
        Destination::Webhook("http://one/".into()),
        Destination::Webhook("http://two/".into()),
        Destination::Function(FUNCTIONS[0].into()),
    ]
}

impl Oracle {
    /// The next request of a client.
    pub(crate) fn choose(&self) -> (Op, Says) {
        self.tick();
        let mut inner = self.inner();
        inner.contents += 1;
        let content = inner.contents;
        let from = Chooser {
            sim: &self.sim,
            model: &inner.model,
            content,
            now: inner.now,
        };
        let op = from.op();
        let says = from.says(&op);
        (op, says)
    }
}

pub(super) struct Chooser<'a> {
    pub(super) sim: &'a Sim,
    pub(super) model: &'a Model,
    /// Makes contents unique.
    content: u64,
    pub(super) now: Timestamp,
}

impl Chooser<'_> {
    fn op(&self) -> Op {
        let (bucket, key) = (self.bucket(), self.key());
        let content = self.content;
        match self.sim.random(146) {
            0..5 => {
                Op::CreateBucket((*self.sim.pick(&BUCKETS).expect("there are names")).to_owned())
            }
            5..7 => Op::DeleteBucket(self.unwanted()),
            7..10 => {
                let on = !self.sim.one_in(3);
                let versioning = if on {
                    Versioning::Enabled
                } else {
                    Versioning::Suspended
                };
                Op::Change(bucket, BucketChange::Versioning(versioning))
            }
            10..14 => Op::Rules(bucket, self.rules()),
            14..38 => self.put(bucket, key),
            38..50 => Op::Get(self.at()),
            50..60 => {
                let (bucket, key, choice) = self.at();
                Op::Delete(bucket, vec![(key, choice)])
            }
            60..63 => self.delete_many(),
            63..70 => Op::Copy {
                from: self.at(),
                bucket,
                key,
                meta: self.sim.one_in(3).then_some(content),
                checksum: self.algorithm(),
            },
            70..74 => Op::Create {
                bucket,
                key,
                meta: content,
                checksum: self.form(),
            },
            74..90 => self.of_upload(bucket, key),
            90..93 => Op::Meta(self.at(), content),
            93..95 => Op::Tags(self.at(), content),
            95..97 => Op::Acl(self.at(), self.sim.one_in(2)),
            97..98 => Op::AddFunction(FUNCTIONS[0].to_owned()),
            98..111 => self.append(bucket),
            111..114 => Op::Symlink {
                cond: self.cond(&bucket, &key),
                bucket,
                key,
                to: self.key(),
                meta: content,
            },
            114..116 => self.replay(bucket, key),
            116..118 => Op::Change(bucket, BucketChange::Renames(!self.sim.one_in(3))),
            118..123 => self.rename(bucket),
            123..127 => self.fetch(bucket, key),
            127..130 => self.quota(bucket),
            130..132 => self.locks(bucket),
            132..137 => self.lock(),
            137..139 => self.retention(bucket),
            139..143 => self.public(bucket),
            _ => {
                let prefix = self.sim.one_in(2).then(|| "a/".to_owned());
                let prefix = prefix.or_else(|| self.sim.one_in(2).then(String::new));
                Op::Lifecycle(bucket, prefix)
            }
        }
    }

    fn rename(&self, bucket: String) -> Op {
        let lets = |found: &&String| self.model.buckets[*found].renames;
        let fit: Vec<&String> = self.model.buckets.keys().filter(lets).collect();
        let bucket = match self.sim.pick(&fit) {
            Some(fit) if !self.sim.one_in(8) => (*fit).clone(),
            _ => bucket,
        };
        let (from, to) = (self.key(), self.key());
        let to = if from == to { "moved".to_owned() } else { to };
        Op::Rename { bucket, from, to }
    }

    fn fetch(&self, bucket: String, key: String) -> Op {
        let object = Object::new(self.bytes(), self.content);
        let text = String::from_utf8_lossy(&object.bytes);
        Op::Fetch {
            url: format!("http://web/{text}"),
            bucket,
            key,
            object,
        }
    }

    /// A bucket, most often one that is there.
    fn bucket(&self) -> String {
        let there: Vec<&String> = self.model.buckets.keys().collect();
        let any = (*self.sim.pick(&BUCKETS).expect("there are names")).to_owned();
        match self.sim.pick(&there) {
            Some(there) if !self.sim.one_in(20) => (*there).clone(),
            _ => any,
        }
    }

    /// A bucket to be removed, at times one that can be.
    fn unwanted(&self) -> String {
        let buckets = self.model.buckets.iter();
        let empty = buckets.filter(|(_, bucket)| bucket.is_empty());
        let empty: Vec<&String> = empty.map(|(name, _)| name).collect();
        match self.sim.pick(&empty) {
            Some(empty) if self.sim.one_in(2) => (*empty).clone(),
            _ => self.bucket(),
        }
    }

    fn key(&self) -> String {
        let key = *self.sim.pick(&KEYS).expect("there are keys");
        let spared = key == POISON && !self.sim.one_in(3);
        (if spared { KEYS[0] } else { key }).to_owned()
    }

    /// A key and version, most often one that is there.
    pub(super) fn at(&self) -> At {
        let (bucket, key) = (self.bucket(), self.key());
        let stack = self
            .model
            .buckets
            .get(&bucket)
            .and_then(|found| found.keys.get(&key));
        let versions = stack.map_or(&[][..], |stack| &stack.versions);
        let choice = match (self.sim.random(10), self.sim.pick(versions)) {
            (0..5, _) => VersionChoice::Current,
            (5, _) => VersionChoice::Null,
            (_, Some(version)) if !version.null => VersionChoice::Id(VersionId(version.id)),
            (6, _) => VersionChoice::Id(VersionId(7)),
            _ => VersionChoice::Current,
        };
        (bucket, key, choice)
    }

    /// A body of its own, over or under the size that travels in a commit; seldom an empty one.
    fn bytes(&self) -> Bytes {
        let times = match self.sim.random(12) {
            0 => return Bytes::new(),
            1..7 => 1,
            _ => 6 + self.sim.random(20),
        };
        let word = format!("<{}>", self.content);
        word.repeat(usize::try_from(times).unwrap_or(1)).into()
    }

    /// A further checksum; none half of the time.
    fn algorithm(&self) -> Option<ChecksumAlgorithm> {
        let some = self.sim.one_in(2);
        some.then(|| {
            *self
                .sim
                .pick(&ChecksumAlgorithm::ALL)
                .expect("there are some")
        })
    }

    /// What an upload fixes; nothing half of the time.
    fn form(&self) -> Option<ChecksumForm> {
        let some = self.sim.one_in(2);
        some.then(|| *self.sim.pick(&FORMS).expect("there are some"))
    }

    pub(super) fn current(&self, bucket: &str, key: &str) -> Option<&Object> {
        self.model.buckets.get(bucket)?.keys.get(key)?.object()
    }

    fn cond(&self, bucket: &str, key: &str) -> Cond {
        match (self.sim.random(8), self.current(bucket, key)) {
            (0, _) => Cond::Absent,
            (1, Some(current)) => Cond::Etag(current.etag.clone()),
            (2, None) => Cond::Etag(hex::encode([0; 16])),
            _ => Cond::Always,
        }
    }

    /// Appends, most often where something was appended before and at its end.
    fn append(&self, bucket: String) -> Op {
        let grows = |key: &&&str| {
            let found = self.current(&bucket, key);
            found.is_some_and(|object| object.form == Form::Appendable)
        };
        let growing: Vec<&&str> = KEYS.iter().filter(grows).collect();
        let key = match self.sim.pick(&growing) {
            Some(key) if !self.sim.one_in(4) => (**key).to_owned(),
            _ => self.key(),
        };
        let length = self
            .current(&bucket, &key)
            .map_or(0, |object| object.bytes.len() as u64);
        Op::Append {
            bucket,
            key,
            position: length + u64::from(self.sim.one_in(12)),
            bytes: self.bytes(),
            meta: self.content,
            broken: self.sim.one_in(20),
        }
    }

    fn put(&self, bucket: String, key: String) -> Op {
        Op::Put {
            object: Object::new(self.bytes(), self.content).summed(self.algorithm()),
            cond: self.cond(&bucket, &key),
            bucket,
            key,
            callback: self.sim.one_in(8),
            broken: self.sim.one_in(20),
        }
    }

    fn delete_many(&self) -> Op {
        let (bucket, ..) = self.at();
        let mut items = Vec::new();
        for key in KEYS {
            let (_, _, choice) = self.at();
            let choice = match choice {
                VersionChoice::Id(_) => VersionChoice::Null,
                other => other,
            };
            if self.sim.one_in(2) {
                items.push((key.to_owned(), choice));
            }
        }
        if items.is_empty() {
            items.push((self.key(), VersionChoice::Current));
        }
        Op::Delete(bucket, items)
    }

    fn open(&self) -> Option<(String, String, UploadId)> {
        let of = |(name, bucket): (&String, &Bucket)| {
            let name = name.clone();
            let one = move |(id, upload): (&UploadId, &crate::sim::model::Upload)| {
                (name.clone(), upload.key.clone(), *id)
            };
            bucket.uploads.iter().map(one).collect::<Vec<_>>()
        };
        let all: Vec<_> = self.model.buckets.iter().flat_map(of).collect();
        self.sim.pick(&all).cloned()
    }

    fn of_upload(&self, bucket: String, key: String) -> Op {
        if self.sim.one_in(6) {
            return self.complete_again(bucket, key);
        }
        let Some((bucket, key, upload)) = self.open() else {
            return Op::Create {
                bucket,
                key,
                meta: self.content,
                checksum: self.form(),
            };
        };
        let number = 1 + u32::try_from(self.sim.random(4)).unwrap_or(0);
        match self.sim.random(12) {
            0..6 => Op::Part {
                checksum: self.fixed(&bucket, upload).map(|form| form.algorithm),
                bucket,
                key,
                upload,
                number,
                bytes: self.bytes(),
            },
            6..8 => Op::CopyPart {
                bucket,
                key,
                upload,
                number,
                from: self.at(),
            },
            8 => Op::Abort(bucket, key, upload),
            _ => Op::Complete {
                named: self.named(&bucket, upload),
                bucket,
                key,
                upload,
            },
        }
    }

    fn fixed(&self, bucket: &str, upload: UploadId) -> Option<ChecksumForm> {
        let open = self.model.buckets.get(bucket)?.uploads.get(&upload)?;
        open.checksum
    }

    /// All parts, those the client knows, or one that is not there.
    fn named(&self, bucket: &str, upload: UploadId) -> Option<Vec<Named>> {
        let open = self.model.buckets.get(bucket)?.uploads.get(&upload)?;
        let sum = |bytes: &[u8]| Some(sum_of(open.checksum?.algorithm, bytes));
        let part =
            |(number, bytes): (&u32, &Bytes)| (*number, hex::encode(md5_of(bytes)), sum(bytes));
        let mut parts: Vec<_> = open.parts.iter().map(part).collect();
        match self.sim.random(6) {
            0..2 => return None,
            2 => parts.push((9, hex::encode([0; 16]), sum(&[]))),
            3 if parts.len() > 1 => drop(parts.remove(0)),
            _ => {}
        }
        Some(parts)
    }

    /// Completes what is complete already.
    fn complete_again(&self, bucket: String, key: String) -> Op {
        let buckets = self.model.buckets.iter();
        let done: Vec<(String, String, UploadId)> = buckets
            .flat_map(|(name, bucket)| {
                bucket
                    .keys
                    .iter()
                    .map(move |(key, stack)| (name, key, stack))
            })
            .flat_map(|(name, key, stack)| {
                let objects = stack
                    .versions
                    .iter()
                    .filter_map(|version| version.object.as_ref());
                let uploads = objects.filter_map(|object| object.upload);
                uploads.map(|upload| (name.clone(), key.clone(), upload))
            })
            .collect();
        let unknown = (bucket, key, UploadId([9; 16]));
        let (bucket, key, upload) = self.sim.pick(&done).cloned().unwrap_or(unknown);
        Op::Complete {
            bucket,
            key,
            upload,
            named: None,
        }
    }

    fn rules(&self) -> Vec<RuleSpec> {
        if self.sim.one_in(6) {
            return Vec::new();
        }
        let some = |n: u64| {
            let to: Vec<Destination> = destinations()
                .into_iter()
                .filter(|_| self.sim.one_in(2))
                .collect();
            RuleSpec {
                id: format!("rule{}-{n}", self.content),
                prefix: if self.sim.one_in(3) {
                    "a/".to_owned()
                } else {
                    String::new()
                },
                created_only: self.sim.one_in(4),
                to,
            }
        };
        let rules = (0..=self.sim.random(2)).map(some);
        rules.filter(|rule| !rule.to.is_empty()).collect()
    }

    fn replay(&self, bucket: String, key: String) -> Op {
        let found = self
            .model
            .buckets
            .get(&bucket)
            .filter(|found| found.logs && !found.closing);
        let Some(found) = found else {
            return self.put(bucket, key);
        };
        let to = self.sim.one_in(2).then(|| destinations()[0].clone());
        Op::Replay(found.id, to)
    }
}
