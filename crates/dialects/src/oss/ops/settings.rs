//! Settings of buckets that this vendor tells in other ways than its family: lifecycle rules, tags
//! (sheet section 6).

use cohong_core::ErrorKind;
use cohong_core::engine::{BucketChange, Engine};
use cohong_core::model::{Encryption, Lifecycle, Tags};
use cohong_core::rules::access::Action;
use http::{HeaderMap, StatusCode};

use super::Answer;
use crate::common::answer::empty;
use crate::common::attributes::boolean;
use crate::common::document::read;
use crate::common::lifecycle::{mixes_times, overlapping};
use crate::common::list::page_size;
use crate::common::settings::{
    change_bucket, delete_document, document, put_document, read_bucket,
};
use crate::common::wire::encryption::Rule;
use crate::gate::call::Call;
use crate::oss::error::OssError;
use crate::oss::limits::GROUP_BYTES_MAX;
use crate::oss::wire::bucket::{GROUP, group};
use crate::oss::wire::lifecycle::LifecycleBody;
use crate::oss::wire::live::LiveChannelList;
use crate::oss::wire::settings::{AccessMonitor, ArchiveReads, ResourceGroup};
use crate::oss::words::OSS;

const ENCRYPTION: &str = "ServerSideEncryptionRule";

/// Lets rules overlap that do the same.
const ALLOW: &str = "allow-same-action-overlap";

/// `PutBucketLifecycle`.
pub(super) async fn put_lifecycle(mut call: Call, engine: &Engine) -> Answer {
    let body: LifecycleBody = read(&mut call, "LifecycleConfiguration").await?;
    let rules = body.rules()?;
    if rules.iter().any(mixes_times) {
        return Err(OssError::invalid_request(
            "a lifecycle rule names either days or dates for Expiration and Transition",
        ));
    }
    let given = OSS.given(&call)?;
    let may_overlap = given
        .own(ALLOW)
        .map_or(Ok(false), |word| boolean(&given.name(ALLOW), word))?;
    if let Some(action) = overlapping(&rules).filter(|_| !may_overlap) {
        let message = format!("Overlap for same action type {action}");
        return Err(OssError::invalid_argument(message));
    }
    Ok(put_document(&call, engine, &Lifecycle { rules, may_overlap }).await?)
}

/// `PutBucketEncryption`.
pub(super) async fn put_encryption(mut call: Call, engine: &Engine) -> Answer {
    let rule: Rule = read(&mut call, ENCRYPTION).await?;
    Ok(put_document(&call, engine, &rule.read(&OSS)?).await?)
}

/// `GetBucketEncryption`.
pub(super) async fn get_encryption(call: Call, engine: &Engine) -> Answer {
    let encryption: Encryption = document(&call, engine).await?;
    let rule = Rule::new(&OSS, &encryption);
    Ok(OSS.answer(HeaderMap::new(), ENCRYPTION, &rule))
}

/// `GetBucketLifecycle`.
pub(super) async fn get_lifecycle(call: Call, engine: &Engine) -> Answer {
    let doc: Lifecycle = document(&call, engine).await?;
    let body = LifecycleBody::new(&doc.rules);
    Ok(OSS.answer(HeaderMap::new(), "LifecycleConfiguration", &body))
}

/// `GetBucketTags`: an empty set where there are none.
pub(super) async fn get_tags(call: Call, engine: &Engine) -> Answer {
    let tags = engine
        .get_bucket_doc::<Tags>(&call.cx, call.bucket()?)
        .await;
    let tags = match tags {
        Err(error) if matches!(error.kind(), ErrorKind::NoSuchDocument(_)) => Tags::new(),
        tags => tags?,
    };
    Ok(OSS.tell_bucket_tags(&tags))
}

/// `DeleteBucketTags`: all, or those whose names the parameter lists.
pub(super) async fn delete_tags(call: Call, engine: &Engine) -> Answer {
    let named = call.query("tagging").unwrap_or_default();
    if named.is_empty() {
        return Ok(delete_document::<Tags>(&call, engine).await?);
    }
    let named: Vec<&str> = named.split(',').collect();
    engine
        .delete_bucket_tags(&call.cx, call.bucket()?, &named)
        .await?;
    Ok(empty(StatusCode::NO_CONTENT, HeaderMap::new()))
}

/// `PutBucketResourceGroup`: an empty name is the account's own group.
pub(super) async fn put_group(mut call: Call, engine: &Engine) -> Answer {
    let body: ResourceGroup = read(&mut call, ResourceGroup::ROOT).await?;
    if body.id.len() > GROUP_BYTES_MAX {
        return Err(OssError::invalid_argument("ResourceGroupId is too long"));
    }
    let change = BucketChange::Label(GROUP.into(), body.id.into());
    Ok(change_bucket(call, engine, change).await?)
}

/// `GetBucketResourceGroup`.
pub(super) async fn get_group(call: Call, engine: &Engine) -> Answer {
    let bucket = read_bucket(&call, engine, Action::ReadBucket).await?;
    let id = group(&bucket).to_owned();
    Ok(OSS.answer(HeaderMap::new(), ResourceGroup::ROOT, &ResourceGroup { id }))
}

/// `PutBucketArchiveDirectRead`.
pub(super) async fn put_archive_reads(mut call: Call, engine: &Engine) -> Answer {
    let body: ArchiveReads = read(&mut call, ArchiveReads::ROOT).await?;
    let change = BucketChange::ReadsArchive(body.enabled);
    Ok(change_bucket(call, engine, change).await?)
}

/// `GetBucketArchiveDirectRead`.
pub(super) async fn get_archive_reads(call: Call, engine: &Engine) -> Answer {
    let bucket = read_bucket(&call, engine, Action::ReadArchiveReads).await?;
    let enabled = bucket.reads_archive;
    Ok(OSS.answer(
        HeaderMap::new(),
        ArchiveReads::ROOT,
        &ArchiveReads { enabled },
    ))
}

/// `PutBucketAccessMonitor`.
pub(super) async fn put_monitor(mut call: Call, engine: &Engine) -> Answer {
    let body: AccessMonitor = read(&mut call, AccessMonitor::ROOT).await?;
    let change = BucketChange::AccessMonitor(body.is_on()?);
    Ok(change_bucket(call, engine, change).await?)
}

/// `GetBucketAccessMonitor`.
pub(super) async fn get_monitor(call: Call, engine: &Engine) -> Answer {
    let bucket = read_bucket(&call, engine, Action::ReadAccessMonitor).await?;
    let body = AccessMonitor::new(bucket.notes_reads().is_some());
    Ok(OSS.answer(HeaderMap::new(), AccessMonitor::ROOT, &body))
}

/// `ListLiveChannel`: there are none.
pub(super) async fn live_channels(call: Call, engine: &Engine) -> Answer {
    read_bucket(&call, engine, Action::ReadBucket).await?;
    let asked = |name: &str| call.query(name).unwrap_or_default().to_owned();
    let body = LiveChannelList {
        prefix: asked("prefix"),
        marker: asked("marker"),
        max_keys: page_size(&call, "max-keys", OSS.pages)?,
        is_truncated: false,
    };
    Ok(OSS.answer(HeaderMap::new(), "ListLiveChannelResult", &body))
}
