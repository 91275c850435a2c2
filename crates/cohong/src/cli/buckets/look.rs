//! `cohong ls`, `cohong stat`, `cohong presign`.

use std::process::ExitCode;

use cohong_core::model::Timestamp;
use cohong_core::ports::{Source as _, SourceObject};
use cohong_egress::{Listing, Reader};
use http::Method;
use serde_json::{Value, json};

use super::place::{Remote, shown};
use super::stores::Stores;
use super::trouble::Trouble;
use crate::cli::args::Common;
use crate::cli::args::buckets::{Ls, Presign, Stat};
use crate::cli::failure::Failure;
use crate::cli::output::{Column, Output, lines, print, text};

pub(in crate::cli) async fn ls(
    order: &Ls,
    common: &Common,
    output: Output,
) -> Result<ExitCode, Failure> {
    let place = Remote::read(&order.place)?;
    let bucket = Stores::new(common, &order.store)?.open(place.speech, &place.bucket)?;
    let listed = if place.bucket.is_empty() {
        buckets(&bucket, output).await
    } else {
        let delimiter = if order.recursive { "" } else { "/" };
        keys(&bucket, &place.key, delimiter, output).await
    };
    match listed {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(Ended::Trouble(trouble)) => Err(trouble.failure(&place)),
        Err(Ended::Failure(failure)) => Err(failure),
    }
}

/// Why a list ended early.
enum Ended {
    Trouble(Trouble),
    Failure(Failure),
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

async fn buckets(store: &Reader, output: Output) -> Result<(), Ended> {
    let all = store.buckets().await;
    let all = all.map_err(|fault| Ended::Trouble(fault.into()))?;
    let line = |bucket: &cohong_egress::ListedBucket| json!({ "bucket": bucket.name, "created": bucket.created.map(instant) });
    let columns: [(&str, Column); 2] = [
        ("CREATED", |line| text(line, "created")),
        ("BUCKET", |line| text(line, "bucket")),
    ];
    let word = store.speech().word();
    let nothing = format!("no buckets; `cohong mb {word}://NAME` makes one");
    let lines: Vec<Value> = all.iter().map(line).collect();
    Ok(output.list(&lines.into(), columns, &nothing)?)
}

/// Prints page by page for people, and all at once for programs.
async fn keys(bucket: &Reader, prefix: &str, delimiter: &str, output: Output) -> Result<(), Ended> {
    let mut document = Vec::new();
    let mut from: Option<Box<str>> = None;
    loop {
        let page = bucket.page(prefix, delimiter, from.as_deref()).await;
        let page = page.map_err(|fault| Ended::Trouble(fault.into()))?;
        for line in in_order(&page) {
            if output.is_json() {
                document.push(line);
            } else {
                print(&words(&line))?;
            }
        }
        match page.next {
            Some(next) => from = Some(next),
            None => break,
        }
    }
    if output.is_json() {
        print(&Value::from(document).to_string())?;
    }
    Ok(())
}

/// Objects and folders of a page, in the order of their names.
fn in_order(page: &Listing) -> Vec<Value> {
    let objects = page.objects.iter().map(|object| {
        let line = json!({
            "key": object.key.as_str(),
            "bytes": object.size,
            "modified": instant(object.modified),
            "etag": object.etag,
        });
        (object.key.as_str(), line)
    });
    let folders = page
        .folders
        .iter()
        .map(|folder| (&**folder, json!({ "folder": folder })));
    let mut all: Vec<(&str, Value)> = objects.chain(folders).collect();
    all.sort_by_key(|(name, _)| *name);
    all.into_iter().map(|(_, line)| line).collect()
}

fn words(line: &Value) -> String {
    let name = line["folder"].as_str().or(line["key"].as_str());
    let (time, bytes) = (text(line, "modified"), text(line, "bytes"));
    format!(
        "{time:<24}  {bytes:>14}  {}",
        shown(name.unwrap_or_default())
    )
}

fn instant(at: Timestamp) -> String {
    let millis = i64::try_from(at.millis()).unwrap_or(i64::MAX);
    let at = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX);
    format!("{at:.3}")
}

pub(in crate::cli) async fn stat(
    order: &Stat,
    common: &Common,
    output: Output,
) -> Result<ExitCode, Failure> {
    let place = Remote::read(&order.place)?;
    if place.bucket.is_empty() {
        return Err(Failure::usage(format!("{place} names no bucket")));
    }
    let bucket = Stores::new(common, &order.store)?.open(place.speech, &place.bucket)?;
    let failed = |fault| Trouble::from(fault).failure(&place);
    let document = if place.key.is_empty() {
        bucket.probe().await.map_err(failed)?;
        json!({ "bucket": place.bucket })
    } else {
        let object = bucket.stat(&place.object()?).await.map_err(failed)?;
        let class = bucket.class_word(object.class);
        shown_object(&place, &object, class)
    };
    output.say(&document, lines)?;
    Ok(ExitCode::SUCCESS)
}

fn shown_object(place: &Remote, object: &SourceObject, class: Option<&str>) -> Value {
    let (digests, headers) = (&object.digests, &object.headers);
    let further = digests.further.as_ref();
    let metadata = object.user_meta.iter();
    let metadata: serde_json::Map<String, Value> = metadata
        .map(|(name, value)| (name.to_string(), value.as_ref().into()))
        .collect();
    let mut document = json!({
        "bucket": place.bucket,
        "key": place.key,
        "bytes": object.size,
        "modified": instant(object.modified),
        "etag": object.etag,
        "md5": digests.md5.map(hex::encode),
        "crc64": digests.crc64.map(|crc64| crc64.to_string()),
        "checksum": further.map(|sum| format!("{} {}", sum.algorithm(), hex::encode(sum.bytes()))),
        "type": headers.content_type,
        "encoding": headers.content_encoding,
        "language": headers.content_language,
        "disposition": headers.content_disposition,
        "cache": headers.cache_control,
        "expires": headers.expires,
        "class": class,
        "archived": object.archived,
    });
    if !metadata.is_empty() {
        document["metadata"] = metadata.into();
    }
    document
}

pub(in crate::cli) fn presign(
    order: &Presign,
    common: &Common,
    output: Output,
) -> Result<ExitCode, Failure> {
    let place = Remote::read(&order.place)?;
    let key = place.object()?;
    let bucket = Stores::new(common, &order.store)?.open(place.speech, &place.bucket)?;
    let method = if order.put { Method::PUT } else { Method::GET };
    let seconds = u32::try_from(order.expires.as_secs()).unwrap_or(u32::MAX);
    let url = bucket.presign(method.clone(), &key, seconds);
    let url = url.map_err(|fault| Trouble::from(fault).failure(&place))?;
    let answer = json!({ "url": url, "method": method.as_str(), "seconds": seconds });
    output.say(&answer, |_| url.clone())?;
    Ok(ExitCode::SUCCESS)
}
