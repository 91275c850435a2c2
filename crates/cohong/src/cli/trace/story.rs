//! The answer of the trace in words.

use serde_json::Value;

use super::tree::Tree;
use crate::cli::output::text;

/// The whole chain of a key, newest change first.
pub(super) fn tell(answer: &Value) -> Tree {
    let logs = answer["logs_events"] == true;
    let changes = members(answer, "changes").map(|line| change(line, logs));
    Tree::new(format!(
        "{}/{}",
        text(answer, "bucket"),
        text(answer, "key")
    ))
    .with(changes)
    .with(members(answer, "syncs").map(task))
}

fn change(line: &Value, logs: bool) -> Tree {
    let kind = match line["kind"].as_str() {
        Some(kind) => what(kind),
        None => "written, and gone since",
    };
    let mut facts = vec![format!("{}  {kind}", text(line, "time"))];
    let is_object = !line["etag"].is_null();
    if is_object {
        facts.push(format!("{} bytes", text(line, "size")));
        facts.push(format!("etag {}", text(line, "etag")));
    }
    if !line["version"].is_null() {
        facts.push(format!("version {}", text(line, "version")));
    }
    let state = match (line["current"] == true, line["stored"] == true) {
        (true, _) => " (current)",
        (false, true) => " (older version)",
        (false, false) if is_object => " (replaced or removed since)",
        (false, false) => "",
    };
    let mut branches = Vec::new();
    branches.extend(request(line));
    branches.extend(line.get("callback").map(callback));
    branches.push(event(line, logs));
    Tree::new(facts.join(", ") + state).with(branches)
}

fn what(kind: &str) -> &'static str {
    match kind {
        "created:put" => "uploaded",
        "created:post" => "uploaded by a form",
        "created:copy" => "copied here",
        "created:multipart" => "uploaded in parts",
        "removed:delete" => "deleted",
        "removed:marker" => "deleted, older versions kept",
        "expired:delete" | "expired:marker" => "expired by a rule",
        kind if kind.starts_with("removed") => "deleted",
        _ => "written",
    }
}

fn request(line: &Value) -> Option<Tree> {
    let id = line["request_id"].as_str()?;
    let part = |name: &str, before: &str, after: &str| match line[name].as_str() {
        Some(value) => format!("{before}{value}{after}"),
        None => String::new(),
    };
    let dialect = part("dialect", "", " ").to_uppercase();
    let (account, source) = (part("account", " by ", ""), part("source", " from ", ""));
    if let Some(task) = id.strip_prefix("sync-") {
        return Some(Tree::new(format!("brought by sync task {task}{account}")));
    }
    Some(Tree::new(format!("{dialect}request {id}{account}{source}")))
}

fn callback(call: &Value) -> Tree {
    let state = match call["state"].as_str() {
        Some("accepted") => "callback: accepted before the uploader was answered".to_owned(),
        Some("failed") => format!("callback: failed: {}", text(call, "failure")),
        Some("running") => "callback: under way".to_owned(),
        _ => "callback: not called or outcome unknown, because the server stopped".to_owned(),
    };
    let attempts: Vec<Tree> = members(call, "attempts").map(call_attempt).collect();
    if attempts.is_empty() {
        let urls = members(call, "urls").filter_map(Value::as_str);
        return Tree::new(state).with(urls.map(Tree::new));
    }
    Tree::new(state).with(attempts)
}

fn call_attempt(attempt: &Value) -> Tree {
    let (url, took) = (text(attempt, "url"), text(attempt, "took_ms"));
    let status = match attempt["status"].as_u64() {
        Some(status) => format!("status {status}"),
        None => "no answer".into(),
    };
    let phase = match attempt["failed"].as_str() {
        None => return Tree::new(format!("{url}: {status} after {took} ms")),
        Some("policy") => "refused by the outbound policy",
        Some("resolve") => "its name could not be resolved",
        Some("connect") => "no connection",
        Some("request") => "the request failed",
        Some(_) => "its answer was not accepted",
    };
    let why = text(attempt, "why");
    Tree::new(format!("{url}: {phase}: {why} ({status} after {took} ms)"))
}

fn event(line: &Value, logs: bool) -> Tree {
    let Some(id) = line["event"].as_u64() else {
        return Tree::new(if logs {
            "no event: written before the bucket had a notification rule, or no longer in the log"
        } else {
            "no event: the bucket never had a notification rule"
        });
    };
    let deliveries: Vec<Tree> = members(line, "deliveries").map(delivery).collect();
    if deliveries.is_empty() {
        return Tree::new(format!("event {id}: no rule matched, so nobody is told"));
    }
    Tree::new(format!("event {id}")).with(deliveries)
}

fn delivery(line: &Value) -> Tree {
    let state = match line["state"].as_str() {
        Some("delivered") => "delivered",
        Some("held") => "set aside",
        Some("dead") => "given up, see `cohong events dead`",
        Some("waiting") => "waiting",
        Some("ended") => "not delivered",
        _ => "settled",
    };
    let why = line["why"]
        .as_str()
        .map(|why| format!(": {why}"))
        .unwrap_or_default();
    let destination = text(line, "destination");
    Tree::new(format!("{destination}: {state}{why}"))
        .with(members(line, "attempts").map(attempt))
        .with(line.get("sync").map(carried))
}

/// A sync task that has to do with the key, beside those that a rule told.
fn task(sync: &Value) -> Tree {
    let (task, from) = (text(sync, "task"), text(sync, "from"));
    Tree::new(format!("sync task {task} copies from {from}")).with([carried(sync)])
}

/// What became of the key at a sync task.
fn carried(sync: &Value) -> Tree {
    let why = match sync["why"].as_str() {
        Some(why) => format!(": {why}"),
        None => String::new(),
    };
    let (size, etag, time) = (text(sync, "size"), text(sync, "etag"), text(sync, "time"));
    let there = format!("{size} bytes, etag {etag}");
    let state = match sync["state"].as_str() {
        Some("waiting") => format!("waits to be copied{why}"),
        Some("failed") => format!("failed {}", why.trim_start_matches(": ")),
        Some("copied") => format!("copied, {there}, at {time}"),
        Some("kept") => format!("nothing to do; there are {there}, since {time}"),
        Some("settled") => "nothing is owed".to_owned(),
        _ => "is not there".to_owned(),
    };
    Tree::new(format!("{}: {state}", text(sync, "to")))
}

fn attempt(attempt: &Value) -> Tree {
    let (time, took) = (text(attempt, "time"), text(attempt, "took_ms"));
    let outcome = match (text(attempt, "outcome"), attempt["status"].as_u64()) {
        (outcome, Some(status)) if outcome == "accepted" => format!("accepted with {status}"),
        (outcome, _) => outcome,
    };
    let replay = match attempt["replay"].as_str() {
        Some(id) => format!(", replay {id}"),
        None => String::new(),
    };
    let rule = text(attempt, "rule");
    Tree::new(format!(
        "{time}  {outcome} after {took} ms (rule {rule}{replay})"
    ))
}

fn members<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value[name].as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_key_is_followed_into_its_sync_tasks() {
        let sync = |state: &str, why: Option<&str>| {
            json!({ "task": "0-1", "from": "local/photos", "to": "copies/a", "state": state, "why": why,
                    "size": 5, "etag": "ab", "time": "2026-01-31T10:00:01.000Z" })
        };
        let answer = json!({
            "bucket": "photos", "key": "a", "logs_events": true,
            "changes": [
                { "time": "2026-01-31T10:00:00.000Z", "kind": "created:put", "event": 7,
                  "stored": true, "current": true, "version": null, "size": 5, "etag": "ab",
                  "request_id": "sync-0-2", "dialect": "oms", "account": "root", "source": null,
                  "deliveries": [
                    { "destination": "sync:0-1", "state": "delivered", "why": null, "attempts": [],
                      "sync": sync("copied", None) } ] },
            ],
            "syncs": [
                sync("waiting", Some("the task is stopped")), sync("waiting", None),
                sync("failed", Some("reading the source: gone")), sync("kept", None), sync("absent", None),
            ],
        });
        insta::assert_snapshot!(tell(&answer).text(), @r"
        photos/a
        ├─ 2026-01-31T10:00:00.000Z  uploaded, 5 bytes, etag ab (current)
        │  ├─ brought by sync task 0-2 by root
        │  └─ event 7
        │     └─ sync:0-1: delivered
        │        └─ copies/a: copied, 5 bytes, etag ab, at 2026-01-31T10:00:01.000Z
        ├─ sync task 0-1 copies from local/photos
        │  └─ copies/a: waits to be copied: the task is stopped
        ├─ sync task 0-1 copies from local/photos
        │  └─ copies/a: waits to be copied
        ├─ sync task 0-1 copies from local/photos
        │  └─ copies/a: failed reading the source: gone
        ├─ sync task 0-1 copies from local/photos
        │  └─ copies/a: nothing to do; there are 5 bytes, etag ab, since 2026-01-31T10:00:01.000Z
        └─ sync task 0-1 copies from local/photos
           └─ copies/a: is not there
        ");
    }

    #[test]
    fn a_chain_is_told_from_upload_to_delivery() {
        let attempt = |outcome: &str, status: Option<u16>| {
            json!({ "time": "2026-01-31T10:00:01.000Z", "rule": "r1", "status": status,
                    "outcome": outcome, "took_ms": 12, "replay": null })
        };
        let answer = json!({
            "bucket": "photos", "key": "2026/cat.jpg", "logs_events": true,
            "changes": [
                { "time": "2026-01-31T10:00:03.000Z", "kind": "removed:delete", "event": 9,
                  "stored": false, "current": false, "version": null, "size": 0, "etag": null,
                  "request_id": "0c", "dialect": "tos", "account": "root", "source": "127.0.0.1",
                  "deliveries": [
                    { "destination": "function:thumb", "state": "waiting",
                      "why": "function thumb is not registered; add it with `cohong function add thumb URL`",
                      "attempts": [] } ] },
                { "time": "2026-01-31T10:00:00.000Z", "kind": "created:put", "event": 7,
                  "stored": false, "current": false, "version": null, "size": 5, "etag": "ab",
                  "request_id": "0a", "dialect": "tos", "account": "root", "source": "127.0.0.1",
                  "callback": { "state": "failed", "urls": ["http://a/cb"],
                    "failure": "no URL accepted; the last one: refused",
                    "attempts": [ { "url": "http://a/cb", "status": null, "failed": "connect",
                                    "why": "refused", "took_ms": 1 } ] },
                  "deliveries": [
                    { "destination": "function:resize", "state": "delivered", "why": null,
                      "attempts": [attempt("the receiver answered 503", Some(503)), attempt("accepted", Some(200))] } ] },
                { "time": "2026-01-30T10:00:00.000Z", "kind": "created", "stored": true,
                  "current": false, "version": "0001", "size": 3, "etag": "cd" },
            ],
        });
        insta::assert_snapshot!(tell(&answer).text(), @r"
        photos/2026/cat.jpg
        ├─ 2026-01-31T10:00:03.000Z  deleted
        │  ├─ TOS request 0c by root from 127.0.0.1
        │  └─ event 9
        │     └─ function:thumb: waiting: function thumb is not registered; add it with `cohong function add thumb URL`
        ├─ 2026-01-31T10:00:00.000Z  uploaded, 5 bytes, etag ab (replaced or removed since)
        │  ├─ TOS request 0a by root from 127.0.0.1
        │  ├─ callback: failed: no URL accepted; the last one: refused
        │  │  └─ http://a/cb: no connection: refused (no answer after 1 ms)
        │  └─ event 7
        │     └─ function:resize: delivered
        │        ├─ 2026-01-31T10:00:01.000Z  the receiver answered 503 after 12 ms (rule r1)
        │        └─ 2026-01-31T10:00:01.000Z  accepted with 200 after 12 ms (rule r1)
        └─ 2026-01-30T10:00:00.000Z  written, 3 bytes, etag cd, version 0001 (older version)
           └─ no event: written before the bucket had a notification rule, or no longer in the log
        ");
    }
}
