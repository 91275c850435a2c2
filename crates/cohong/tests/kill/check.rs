//! What must hold after a kill.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cohong_testkit::instance::Instance;
use cohong_testkit::receiver::{Arrived, Receiver};

use crate::BUCKET;
use crate::journal::{Journal, Op};

/// Every key reads as its last acknowledged write, or as one whose fate was unknown; what is read then
/// is the truth from now on, because a read never shows what a later crash could take back. An error is
/// a read that was not answered.
pub(crate) async fn objects(instance: &Instance, journal: &Journal) -> Result<(), String> {
    let mut client = instance.client();
    let histories: Vec<_> = journal
        .keys()
        .iter()
        .map(|(key, history)| (key.clone(), history.clone()))
        .collect();
    for (key, history) in histories {
        let found = client.get(BUCKET, &key).await?;
        let possible = history.possible();
        assert!(
            possible.contains(&found),
            "{key}: {} bytes found; {} acknowledged, {} unknown",
            found.map_or(0, |bytes| bytes.len()),
            history.etags.len(),
            history.unknown.len(),
        );
        if possible.first() != Some(&found) {
            // An unknown write was applied: a later kill must not take it back. Its event is owed too,
            // but nobody learnt its etag.
            let op = found.map_or(Op::Delete, Op::Put);
            journal.acknowledged(&key, op, None);
        } else if let Some(history) = journal.keys().get_mut(&key) {
            history.unknown.clear();
        }
    }
    Ok(())
}

/// Every acknowledged write's event arrived, and a key's events first arrived in the order of writes.
pub(crate) async fn events(
    instance: &Instance,
    binary: &Path,
    receiver: &Receiver,
    journal: &Journal,
) {
    let report = instance
        .command(binary, &["events", "wait", "--timeout", "120s"])
        .await;
    let report = report.expect("everything owed is delivered");
    assert_eq!(report["settled"], true, "{report}");
    assert_eq!(report["dead"], 0, "{report}");
    let mut first_arrivals: BTreeMap<String, Vec<Seen>> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for arrived in receiver.arrived() {
        let seen = Seen::read(&arrived);
        if ids.insert(seen.id.clone()) {
            first_arrivals
                .entry(seen.key.clone())
                .or_default()
                .push(seen);
        }
    }
    for (key, history) in journal.keys().iter() {
        let arrivals = first_arrivals.get(key).map_or(&[][..], Vec::as_slice);
        assert!(
            arrivals.is_sorted_by(|a, b| a.id < b.id),
            "{key}: events out of order"
        );
        let etags: Vec<&str> = arrivals
            .iter()
            .filter_map(|seen| seen.etag.as_deref())
            .collect();
        let owed = history.etags.iter().flatten();
        let mut from = 0;
        for etag in owed {
            let at = etags[from..].iter().position(|found| *found == etag);
            let at = at.unwrap_or_else(|| panic!("{key}: no event for {etag}, or out of order"));
            from += at + 1;
        }
    }
    println!(
        "{} deliveries of {} events",
        receiver.arrived().len(),
        ids.len()
    );
}

/// Nothing that the doctor finds wrong.
pub(crate) async fn health(instance: &Instance, binary: &Path) {
    let report = instance
        .command(binary, &["doctor"])
        .await
        .expect("a healthy server");
    assert_eq!(report["healthy"], true, "{report}");
}

/// No unfinished files, and no blob that nothing holds once owed work and the sweep have run.
pub(crate) async fn leftovers(folder: &Path) {
    let unfinished = std::fs::read_dir(folder.join("tmp"))
        .expect("a folder")
        .count();
    assert_eq!(unfinished, 0, "unfinished blobs");
    let swept = cohong_testkit::offline::sweep(folder).await.expect("swept");
    assert_eq!((swept.unheld, swept.owed), (0, 0), "{swept:?}");
    println!("{swept:?}");
}

struct Seen {
    id: String,
    key: String,
    etag: Option<String>,
}

impl Seen {
    fn read(arrived: &Arrived) -> Self {
        let id = arrived.headers.get("ce-id").and_then(|id| id.to_str().ok());
        let body: serde_json::Value = serde_json::from_slice(&arrived.body).expect("JSON");
        let object = &body["events"][0]["tos"]["object"];
        Self {
            id: id.expect("an id").to_owned(),
            key: object["key"].as_str().expect("a key").to_owned(),
            etag: object["eTag"]
                .as_str()
                .map(|etag| etag.trim_matches('"').to_owned()),
        }
    }
}
