//! What must hold after a cut. An error is a promise that was broken.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bytes::Bytes;
use cohong_testkit::client::{Ask, Client};
use cohong_testkit::instance::Instance;
use cohong_testkit::receiver::Arrived;
use cohong_testkit::seed::Seed;
use http::{Method, StatusCode};
use serde_json::Value;

use crate::journal::{At, Done, Found, Journal, KEPT, Op, PLAIN};
use crate::vault::Vault;

/// Everything that a server shows by itself: what is there is what was answered before `step`, and of each
/// key perhaps the one write that was not answered yet; it is there as a whole or not at all.
pub(crate) async fn shown(
    instance: &Instance,
    binary: &Path,
    journal: &Journal,
    step: usize,
) -> Result<Found, String> {
    let mut found = Found::default();
    let mut client = instance.client();
    for bucket in [PLAIN, KEPT] {
        let mut log = logged(instance, binary, bucket).await?;
        let histories = journal.keys.iter().filter(|((of, _), _)| *of == bucket);
        for (at, history) in histories {
            let events = log.remove(&at.1).unwrap_or_default();
            found.writes.insert(at.clone(), events.len());
            matches(&events, history, step).map_err(|broken| format!("{}: {broken}", at.1))?;
        }
        if let Some((key, _)) = log.pop_first() {
            return Err(format!("{key} has events, and nobody wrote it"));
        }
        if bucket == KEPT {
            versions(&mut client, journal, &found).await?;
        }
        objects(&mut client, bucket, journal, &found).await?;
    }
    let mut vault = Vault::open(instance, Seed::new(0)).await?;
    found.archives = vault.check(journal, step).await?;
    Ok(found)
}

/// The request ids of the events in a bucket's log, by key and in order.
async fn logged(
    instance: &Instance,
    binary: &Path,
    bucket: &str,
) -> Result<BTreeMap<String, Vec<String>>, String> {
    let words = ["events", "tail", bucket, "-n", "1000"];
    let log = instance.command(binary, &words).await?;
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for event in log.as_array().ok_or("no log")? {
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        found
            .entry(text("key"))
            .or_default()
            .push(text("request_id"));
    }
    Ok(found)
}

/// A key's events are those of its writes, each once: of all that were answered, and perhaps of the next.
fn matches(events: &[String], history: &[Done], step: usize) -> Result<(), String> {
    let answered = Journal::answered(history, step);
    if events.len() != answered && events.len() != answered + 1 {
        let count = events.len();
        return Err(format!(
            "{count} events, and {answered} writes were answered"
        ));
    }
    let written = history.iter().map(|done| &done.request);
    if events.iter().eq(written.take(events.len())) {
        return Ok(());
    }
    Err(format!(
        "its events are not those of its writes: {events:?}"
    ))
}

/// Every key reads as its last write, and the listing shows exactly the keys that can be read.
async fn objects(
    client: &mut Client,
    bucket: &str,
    journal: &Journal,
    found: &Found,
) -> Result<(), String> {
    let mut there = BTreeSet::new();
    for (at, history) in journal.keys.iter().filter(|((of, _), _)| *of == bucket) {
        let last = found.writes[at]
            .checked_sub(1)
            .map(|last| &history[last].op);
        let expected = match last {
            Some(Op::Put(bytes)) => Some(bytes.clone()),
            Some(Op::Delete) | None => None,
        };
        let read = client.get(bucket, &at.1).await?;
        if read != expected {
            let len = |bytes: Option<Bytes>| bytes.map(|bytes| bytes.len());
            let (read, expected) = (len(read), len(expected));
            return Err(format!(
                "{}: {read:?} bytes found, its log says {expected:?}",
                at.1
            ));
        }
        if read.is_some() {
            there.insert(at.1.clone());
        }
    }
    let listed = list(client, bucket, &[]).await?;
    let listed: BTreeSet<String> = keys(&listed["Contents"]).collect();
    if listed != there {
        return Err(format!(
            "{bucket} lists {listed:?}, and {there:?} can be read"
        ));
    }
    Ok(())
}

/// A bucket that keeps versions has one for each write, the newest first, each with its bytes.
async fn versions(client: &mut Client, journal: &Journal, found: &Found) -> Result<(), String> {
    let listed = list(client, KEPT, &[("versions", ""), ("max-keys", "1000")]).await?;
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for list in ["Versions", "DeleteMarkers"] {
        for line in listed[list].as_array().into_iter().flatten() {
            let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
            seen.entry(text("Key"))
                .or_default()
                .insert(text("VersionId"));
        }
    }
    for (at, history) in journal.keys.iter().filter(|((of, _), _)| *of == KEPT) {
        let written = &history[..found.writes[at]];
        let made = written.iter().filter_map(|done| done.version.clone());
        let made: BTreeSet<String> = made.collect();
        let seen = seen.remove(&at.1).unwrap_or_default();
        if seen != made || made.len() != written.len() {
            return Err(format!("{}: versions {seen:?}, made were {made:?}", at.1));
        }
        for done in written {
            read_version(client, at, done).await?;
        }
    }
    match seen.pop_first() {
        Some((key, _)) => Err(format!("{key} has versions, and nobody wrote it")),
        None => Ok(()),
    }
}

async fn read_version(client: &mut Client, at: &At, done: &Done) -> Result<(), String> {
    let (Op::Put(bytes), Some(version)) = (&done.op, &done.version) else {
        return Ok(());
    };
    let ask = Ask {
        bucket: Some(KEPT),
        key: Some(&at.1),
        query: &[("versionId", version)],
        ..Ask::default()
    };
    let read = client.send(Method::GET, &ask).await?;
    if read.status != StatusCode::OK || read.body != *bytes {
        let (status, len) = (read.status, read.body.len());
        return Err(format!(
            "{}, version {version}: {status}, {len} bytes",
            at.1
        ));
    }
    Ok(())
}

async fn list(client: &mut Client, bucket: &str, query: &[(&str, &str)]) -> Result<Value, String> {
    let ask = Ask {
        bucket: Some(bucket),
        query,
        ..Ask::default()
    };
    let answer = client.must(Method::GET, &ask).await?;
    serde_json::from_slice(&answer.body).map_err(|e| e.to_string())
}

fn keys(lines: &Value) -> impl Iterator<Item = String> {
    let lines = lines.as_array().into_iter().flatten();
    lines.filter_map(|line| line["Key"].as_str().map(ToOwned::to_owned))
}

/// Everything owed is delivered once receivers take it, and each event arrives that had not left before the
/// cut, those of a key in order.
pub(crate) async fn delivered(
    instance: &Instance,
    binary: &Path,
    journal: &Journal,
    (found, step): (&Found, usize),
    arrived: impl FnOnce() -> Vec<Arrived>,
) -> Result<(), String> {
    let words = ["events", "wait", "--timeout", "60s"];
    let report = instance.command(binary, &words).await?;
    if report["settled"] != true || report["dead"] != 0 {
        return Err(format!("not everything owed is delivered: {report}"));
    }
    let mut first: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (n, arrived) in arrived().iter().enumerate() {
        let cause = arrived.headers.get("x-faas-request-id");
        let cause = cause.and_then(|id| id.to_str().ok()).unwrap_or_default();
        first
            .entry((arrived.target.clone(), cause.to_owned()))
            .or_insert(n);
    }
    for (at, history) in &journal.keys {
        let target = if at.0 == PLAIN { "/live" } else { "/dead" };
        let mut last = None;
        for done in &history[..found.writes[at]] {
            let arrival = first.get(&(target.to_owned(), done.request.clone()));
            let before = done.sent.is_some_and(|sent| sent < step);
            match arrival {
                None if before => {}
                None => return Err(format!("{}: the event of {} is lost", at.1, done.request)),
                Some(n) if last > Some(*n) => {
                    return Err(format!("{}: events out of order", at.1));
                }
                Some(n) => last = Some(*n),
            }
        }
    }
    Ok(())
}

/// Nothing that the doctor finds wrong.
pub(crate) async fn health(instance: &Instance, binary: &Path) -> Result<(), String> {
    let report = instance.command(binary, &["doctor"]).await?;
    if report["healthy"] == true {
        return Ok(());
    }
    Err(format!("the doctor is not content: {report}"))
}

/// Gives up uploads that the cut left open.
pub(crate) async fn abort_uploads(instance: &Instance) -> Result<(), String> {
    instance.client().abort_uploads(PLAIN).await?;
    let mut vault = Vault::open(instance, Seed::new(0)).await?;
    vault.abort_uploads().await
}

/// No unfinished files, and no blob that nothing holds once owed work and the sweep have run.
pub(crate) async fn leftovers(folder: &Path) -> Result<(), String> {
    let unfinished = std::fs::read_dir(folder.join("tmp")).map_err(|e| e.to_string())?;
    let unfinished = unfinished.count();
    let swept = cohong_testkit::offline::sweep(folder).await?;
    if (unfinished, swept.unheld, swept.owed) == (0, 0, 0) {
        return Ok(());
    }
    Err(format!(
        "left behind: {unfinished} unfinished files, {swept:?}"
    ))
}
