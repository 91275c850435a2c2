//! A source that fails in every way, read by the running server: what becomes of each key, in which list it
//! stands, and why.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cohong_core::ports::SourceFault;
use cohong_testkit::client::{Ask, Client};
use cohong_testkit::instance::{Instance, SECRET_KEY};
use cohong_testkit::source::{MachineClock, MemorySource, Mishap, Publishes, WireSource};
use cohong_testkit::sync_task::{Counts, From, Task};
use http::Method;

use crate::{add_source, bucket, bytes_of, folder, port, start};

const WAY: (&str, &str, &str, &str) = ("s3", "path", "us-east-1", "127.0.0.1");
const INTO: &str = "copies";
/// Two pieces of a body of the source.
const LEN: usize = 100_000;

/// What goes wrong with a key: so many times, or always.
enum Goes {
    Well,
    Wrong(Mishap),
    AlwaysWrong(Mishap),
}

use Goes::{AlwaysWrong, Well, Wrong};

/// A key, what goes wrong with it, and the reason in the list of failures; none when it is brought.
type Case = (String, Goes, Option<&'static str>);

fn cases() -> Vec<Case> {
    let fault = |fault| Mishap::Fault(fault);
    let busy = |after| fault(SourceFault::Busy(after));
    let broken = || fault(SourceFault::Broken("down".into()));
    let second = Some(Duration::from_secs(1));
    let new = bytes_of(9, LEN / 2);
    let cases: Vec<(&str, Goes, Option<&'static str>)> = vec![
        ("plain", Well, None),
        ("folder/", Well, None),
        ("a+b %2B%", Well, None),
        ("503", Wrong(busy(None)), None),
        ("503 with a time", Wrong(busy(second)), None),
        ("500", Wrong(broken()), None),
        (
            "slow",
            Wrong(Mishap::Slow(Duration::from_millis(300))),
            None,
        ),
        ("cut", Wrong(Mishap::Cut(70_000)), None),
        ("cut at once", Wrong(Mishap::Cut(0)), None),
        ("wrong bytes once", Wrong(Mishap::WrongByte), None),
        ("changed", Wrong(Mishap::Replaced(new)), None),
        (
            "missing",
            Well,
            Some("GET_SRC_OBJ_META_FAILURE: the source has no such object or bucket"),
        ),
        (
            "denied",
            AlwaysWrong(fault(SourceFault::Denied)),
            Some("GET_SRC_OBJ_META_FAILURE: the source refuses the credentials"),
        ),
        (
            "archived",
            Well,
            Some("GET_SRC_OBJ_META_FAILURE: the object is archived at the source"),
        ),
        ("..", Well, UNASKABLE),
        ("./dots", Well, UNASKABLE),
        ("a/../dots", Well, UNASKABLE),
        (
            "503 for ever",
            AlwaysWrong(busy(None)),
            Some("GET_SRC_OBJ_META_FAILURE: the source is busy"),
        ),
        (
            "cut for ever",
            AlwaysWrong(Mishap::Cut(70_000)),
            Some("GET_SRC_OBJ_FAILURE: the body ended before the object did"),
        ),
        (
            "wrong bytes for ever",
            AlwaysWrong(Mishap::WrongByte),
            Some("GET_SRC_OBJ_FAILURE: the bytes that came are not those of the source"),
        ),
    ];
    let cases = cases.into_iter();
    let mut cases: Vec<Case> = cases
        .map(|(key, goes, why)| (key.to_owned(), goes, why))
        .collect();
    cases.push(("k".repeat(1024), Well, None));
    cases
}

const UNASKABLE: Option<&str> = Some(
    "GET_SRC_OBJ_META_FAILURE: the source cannot be asked for such a key: it has segments '.' or '..', which \
     are resolved on the way",
);

/// Sets everything up at both sides.
async fn prepare(source: &MemorySource, copies: &mut Client, cases: Vec<Case>) {
    for (n, (key, goes, _)) in cases.into_iter().enumerate() {
        match key.as_str() {
            "missing" => continue,
            "folder/" => source.put(&key, Bytes::new()),
            _ => source.put(&key, bytes_of(n, LEN)),
        }
        match key.as_str() {
            "archived" => source.archive(&key),
            // What is there already is looked at before it is read.
            "changed" => drop(copies.put(INTO, &key, "older".into()).await.unwrap()),
            _ => {}
        }
        match goes {
            Well => {}
            Wrong(mishap) => source.fail(&key, [mishap]),
            AlwaysWrong(mishap) => source.fail_always(&key, Some(mishap)),
        }
    }
}

/// The lines of a kind of lists, once there are so many.
async fn lines(client: &mut Client, task: &Task, folder: &str, count: u64) -> Vec<Vec<String>> {
    let prefix = format!("oms/sync_task/{}/{folder}", task.id());
    loop {
        let ask = Ask {
            bucket: Some(INTO),
            query: &[("prefix", &prefix)],
            ..Ask::default()
        };
        let page = client.must(Method::GET, &ask).await.unwrap();
        let page: serde_json::Value = serde_json::from_slice(&page.body).unwrap();
        let lists = page["Contents"].as_array().cloned().unwrap_or_default();
        let mut lines = Vec::new();
        for list in lists {
            let key = list["Key"].as_str().unwrap();
            let text = client.get(INTO, key).await.unwrap().unwrap();
            let text = String::from_utf8(text.into()).unwrap();
            let members = |line: &str| line.split('\t').map(ToOwned::to_owned).collect();
            lines.extend(text.lines().map(members).collect::<Vec<Vec<String>>>());
        }
        if lines.len() as u64 >= count {
            return lines;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

struct Setting {
    server: Instance,
    source: MemorySource,
    task: Task,
    _wire: WireSource,
    _folder: tempfile::TempDir,
}

impl Setting {
    async fn new(publishes: Publishes) -> Self {
        let folder = folder();
        let server = start(&folder).await;
        let source = MemorySource::new(Arc::new(MachineClock::new()));
        source.publish(publishes);
        let wire = WireSource::start(source.clone()).await.unwrap();
        add_source(&server, WAY, port(wire.address())).await;
        drop(bucket(&server, INTO).await);
        let from = From {
            region: WAY.0,
            bucket: "from",
            secret: SECRET_KEY,
        };
        let task = Task::create(&server, &from, INTO).await.unwrap();
        Self {
            server,
            source,
            task,
            _wire: wire,
            _folder: folder,
        }
    }

    async fn ended(&self, keys: &[String]) -> Counts {
        self.task.event(&self.server, keys).await.unwrap();
        self.task.ended(&self.server).await.unwrap()
    }
}

async fn every_key_has_its_outcome(publishes: Publishes) {
    let setting = Setting::new(publishes).await;
    let (server, source, task) = (&setting.server, &setting.source, &setting.task);
    let mut copies = server.client();
    prepare(source, &mut copies, cases()).await;
    let cases = cases();
    let keys: Vec<String> = cases.iter().map(|(key, _, _)| key.clone()).collect();
    let counts = setting.ended(&keys).await;
    let failures = cases.iter().filter(|(_, _, why)| why.is_some()).count() as u64;
    let brought = cases.len() as u64 - failures;
    assert_eq!(
        (counts.success, counts.failure, counts.skip),
        (brought, failures, 0)
    );
    let failed = lines(&mut copies, task, "failed_object_lists/", failures).await;
    let why: BTreeMap<&str, &str> = failed.iter().map(|line| (&*line[1], &*line[2])).collect();
    let success = lines(&mut copies, task, "success_object_lists/", brought).await;
    let sizes: BTreeMap<&str, (&str, &str)> = success
        .iter()
        .map(|line| (&*line[1], (&*line[2], &*line[3])))
        .collect();
    for (key, _, reason) in &cases {
        // The longest key is too long for the words of this client.
        let asked = if key.len() < 512 { key } else { "" };
        let there = match asked {
            "" => source.get(key),
            key => copies.get(INTO, key).await.unwrap(),
        };
        if let Some(reason) = reason {
            let told = why.get(&**key).copied().unwrap_or_default();
            assert!(told.starts_with(reason), "{publishes:?} {key}: {told}");
            assert_eq!(there, None, "{publishes:?} {key}");
        } else {
            let bytes = source.get(key).unwrap();
            let size = bytes.len().to_string();
            assert_eq!(sizes.get(&**key), Some(&(&*size, "digest")), "{key}");
            assert_eq!(there, Some(bytes), "{publishes:?} {key}");
        }
    }
    // The credentials are revoked, and given again.
    source.put("late", "late");
    source.refuse(true);
    let late = ["late".to_owned()];
    assert_eq!(setting.ended(&late).await.failure, failures + 1);
    let failed = lines(&mut copies, task, "failed_object_lists/", failures + 1).await;
    let told = failed.iter().find(|line| line[1] == "late").unwrap();
    assert_eq!(
        told[2],
        "GET_SRC_OBJ_META_FAILURE: the source refuses the credentials"
    );
    source.refuse(false);
    assert_eq!(setting.ended(&late).await.success, brought + 1);
    assert_eq!(setting.server.stop().await.unwrap(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_a_source_has_its_outcome() {
    tokio::join!(
        every_key_has_its_outcome(Publishes::Md5),
        every_key_has_its_outcome(Publishes::Crc64)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_without_digests_is_believed_and_the_list_says_so() {
    let setting = Setting::new(Publishes::Nothing).await;
    setting.source.put("a", bytes_of(1, LEN));
    setting.source.fail("a", [Mishap::WrongByte]);
    let counts = setting.ended(&["a".to_owned()]).await;
    assert_eq!((counts.success, counts.failure), (1, 0));
    let mut copies = setting.server.client();
    let lines = lines(&mut copies, &setting.task, "success_object_lists/", 1).await;
    assert_eq!(lines[0][3], "size");
    setting.server.kill().await.unwrap();
}
