//! What runs before the cut: some of everything that lasts.

use std::collections::BTreeSet;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cohong_testkit::client::{Answer, Ask, Client};
use cohong_testkit::instance::Instance;
use cohong_testkit::receiver::Receiver;
use cohong_testkit::seed::Seed;
use http::{Method, StatusCode};
use tokio::task::JoinSet;

use crate::journal::{At, Done, Journal, KEPT, Op, PLAIN};
use crate::vault::Vault;

/// Writers, each with keys of its own.
const WRITERS: u64 = 4;
/// Keys of a writer in each bucket.
const KEYS: u64 = 3;
/// Writes of a writer.
const WRITES: usize = 30;
/// Least size of a part that is not the last.
const PART: usize = 5 << 20;

/// Makes what the workload needs; all of it may be there already.
pub(crate) async fn prepare(
    instance: &Instance,
    binary: &Path,
    receiver: &Receiver,
) -> Result<(), String> {
    for name in ["live", "dead"] {
        let url = format!("{}/{name}", receiver.url());
        instance
            .command(binary, &["function", "add", name, &url])
            .await?;
    }
    let mut client = instance.client();
    for (bucket, function) in [(PLAIN, "live"), (KEPT, "dead")] {
        make(&mut client, bucket).await?;
        client.notify(bucket, "", function).await?;
    }
    let keep = Ask {
        bucket: Some(KEPT),
        query: &[("versioning", "")],
        body: Bytes::from_static(b"{\"Status\":\"Enabled\"}"),
        ..Ask::default()
    };
    client.must(Method::PUT, &keep).await.map(drop)
}

/// Makes a bucket, which may be there already.
async fn make(client: &mut Client, bucket: &str) -> Result<(), String> {
    let ask = Ask {
        bucket: Some(bucket),
        ..Ask::default()
    };
    let answer = client.send(Method::PUT, &ask).await?;
    if answer.status.is_success() || answer.status == StatusCode::CONFLICT {
        return Ok(());
    }
    Err(format!("{bucket}: {}", answer.status))
}

/// Objects that only make the engine work: 24 MiB of bodies that are small enough for its journal.
const LOADED: &str = "cut-loaded";
const LOADED_OBJECTS: u64 = 400;
const LOADED_BYTES: u64 = 60 << 10;

/// Runs the workload to its end and adds to the journal what it was answered.
pub(crate) async fn run(
    instance: &Instance,
    receiver: &Receiver,
    journal: &mut Journal,
    seed: u64,
) -> Result<(), String> {
    let mut writers = JoinSet::new();
    let present: BTreeSet<String> = journal.present(PLAIN);
    for number in 0..WRITERS {
        let writer = Writer {
            client: instance.client(),
            number,
            random: Seed::new(seed.wrapping_add(number)),
            present: present.clone(),
            callback: callback(receiver),
            done: Vec::new(),
        };
        writers.spawn(writer.run());
    }
    let mut vault = Vault::open(instance, Seed::new(seed ^ 1)).await?;
    vault.store(journal).await?;
    while let Some(done) = writers.join_next().await {
        for (at, done) in done.map_err(|e| e.to_string())?? {
            journal.keys.entry(at).or_default().push(done);
        }
    }
    Ok(())
}

/// Stores enough for a few journals of the metadata engine, in a bucket that nothing else is about.
pub(crate) async fn load(instance: &Instance, seed: u64) -> Result<(), String> {
    let mut random = Seed::new(seed);
    let mut client = instance.client();
    make(&mut client, LOADED).await?;
    for n in 0..LOADED_OBJECTS {
        let body = text(LOADED_BYTES, &mut random);
        client.put(LOADED, &n.to_string(), body).await?;
    }
    Ok(())
}

struct Writer {
    client: Client,
    number: u64,
    random: Seed,
    /// Keys that can be deleted where no versions are kept: nothing else makes an event.
    present: BTreeSet<String>,
    callback: String,
    done: Vec<(At, Done)>,
}

impl Writer {
    async fn run(mut self) -> Result<Vec<(At, Done)>, String> {
        for n in 0..WRITES {
            let key = format!("w{}/{}", self.number, self.random.below(KEYS));
            // One upload in parts, of the first writer.
            if n == WRITES / 2 && self.number == 0 {
                self.parts(key).await?;
            } else if self.random.below(3) == 0 {
                self.kept(key).await?;
            } else {
                self.plain(key).await?;
            }
        }
        Ok(self.done)
    }

    async fn plain(&mut self, key: String) -> Result<(), String> {
        if self.random.below(5) == 0 && self.present.remove(&key) {
            let answer = self.client.delete(PLAIN, &key).await?;
            self.note(PLAIN, key, Op::Delete, &answer);
            return Ok(());
        }
        let len = match self.random.below(8) {
            0 => 300_000,
            1 => 0,
            _ => self.random.below(60_000),
        };
        let body = text(len, &mut self.random);
        let callback = self.callback.clone();
        let with = [("x-tos-callback", callback.as_str())];
        let put = Ask {
            bucket: Some(PLAIN),
            key: Some(&key),
            headers: if self.random.below(8) == 0 {
                &with
            } else {
                &[]
            },
            body: body.clone(),
            ..Ask::default()
        };
        let answer = self.client.must(Method::PUT, &put).await?;
        self.present.insert(key.clone());
        self.note(PLAIN, key, Op::Put(body), &answer);
        Ok(())
    }

    async fn kept(&mut self, key: String) -> Result<(), String> {
        let (op, answer) = if self.random.below(4) == 0 {
            (Op::Delete, self.client.delete(KEPT, &key).await?)
        } else {
            let len = self.random.below(80_000);
            let body = text(len, &mut self.random);
            let answer = self.client.put(KEPT, &key, body.clone()).await?;
            (Op::Put(body), answer)
        };
        self.note(KEPT, key, op, &answer);
        Ok(())
    }

    async fn parts(&mut self, key: String) -> Result<(), String> {
        let parts = [
            text(PART as u64, &mut self.random),
            text(70_000, &mut self.random),
        ];
        let (_, answer) = self.client.put_parts(PLAIN, &key, &parts).await?;
        self.present.insert(key.clone());
        self.note(PLAIN, key, Op::Put(parts.concat().into()), &answer);
        Ok(())
    }

    fn note(&mut self, bucket: &'static str, key: String, op: Op, answer: &Answer) {
        let header = |name: &str| {
            let value = answer.headers.get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        let done = Done {
            op,
            request: header("x-tos-request-id").unwrap_or_default(),
            version: header("x-tos-version-id").filter(|_| bucket == KEPT),
            answered: 0,
            sent: None,
        };
        self.done.push(((bucket, key), done));
    }
}

fn callback(receiver: &Receiver) -> String {
    let order = serde_json::json!({
        "callbackUrl": format!("{}/callback", receiver.url()),
        "callbackBody": "key=${object}",
    });
    STANDARD.encode(order.to_string())
}

/// Bytes nobody else writes, in letters: they take no more room in a trace than on a disk.
pub(crate) fn text(len: u64, random: &mut Seed) -> Bytes {
    let len = usize::try_from(len).unwrap_or_default();
    let mut text = Vec::with_capacity(len + 16);
    while text.len() < len {
        text.extend_from_slice(format!("{:016x}", random.draw()).as_bytes());
    }
    text.truncate(len);
    text.into()
}
