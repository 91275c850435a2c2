//! Object sets: how a bucket is divided into them, what bounds them and what becomes of their objects.

use cohong_core::engine::{BucketChange, Engine, ListObjectSets, SetChange};
use cohong_core::model::{DocKind, SetLifecycles, SetQuotas};
use cohong_core::{Error, ErrorKind};
use http::{HeaderMap, StatusCode};

use super::Answer;
use super::body::{answer, read};
use super::settings::{may_overlap, overlap_headers};
use crate::common::answer::empty;
use crate::common::list::page_size;
use crate::common::settings::{change_bucket, document};
use crate::gate::call::Call;
use crate::tos::wire::lifecycle::{LifecycleBody, PutLifecycle};
use crate::tos::wire::object_sets::{
    Endpoint, LayoutBody, LifecyclesBody, PutLayout, PutLifecycles, PutQuotas, PutSet, PutSetQuota,
    QuotasBody, SetBody, SetList, SetQuotaBody, StorageBody,
};
use crate::tos::words::TOS;

/// The set of the query.
fn named(call: &Call) -> &str {
    call.query("ObjectSetName").unwrap_or_default()
}

async fn change(call: &Call, engine: &Engine, name: &str, change: SetChange) -> Answer {
    let bucket = call.bucket()?;
    engine
        .change_object_set(&call.cx, bucket, name, change)
        .await?;
    Ok(empty(StatusCode::OK, HeaderMap::new()))
}

/// The same for what is removed.
async fn remove(call: &Call, engine: &Engine, what: SetChange) -> Answer {
    let mut done = change(call, engine, named(call), what).await?;
    *done.status_mut() = StatusCode::NO_CONTENT;
    Ok(done)
}

/// `PutBucketObjectSetConfiguration`.
pub(super) async fn put_configuration(mut call: Call, engine: &Engine) -> Answer {
    let layout = read::<PutLayout>(&mut call).await?.layout()?;
    Ok(change_bucket(call, engine, BucketChange::Sets(layout)).await?)
}

/// `GetBucketObjectSetConfiguration`.
pub(super) async fn configuration(call: Call, engine: &Engine) -> Answer {
    let layout = engine.set_layout(&call.cx, call.bucket()?).await?;
    Ok(answer(HeaderMap::new(), &LayoutBody::new(&layout)))
}

/// `PutObjectSet`. One that is there gets the tags.
pub(super) async fn put(mut call: Call, engine: &Engine) -> Answer {
    let (name, tags) = read::<PutSet>(&mut call).await?.read()?;
    change(&call, engine, &name, SetChange::Make(tags)).await
}

/// `GetObjectSet` and `GetObjectSetTagging`.
pub(super) async fn get(call: Call, engine: &Engine) -> Answer {
    let found = engine.object_set(&call.cx, call.bucket()?, named(&call));
    let (name, set) = found.await?;
    Ok(answer(HeaderMap::new(), &SetBody::new(&name, &set)))
}

/// `DeleteObjectSet`. Its objects stay.
pub(super) async fn delete(call: Call, engine: &Engine) -> Answer {
    remove(&call, engine, SetChange::Remove).await
}

/// `ListObjectSets`.
pub(super) async fn list(call: Call, engine: &Engine) -> Answer {
    let text = |name| call.query(name).unwrap_or_default();
    let request = ListObjectSets {
        prefix: text("prefix").into(),
        tags: TOS.tags_of(text("tags"), "tags")?,
        after: text("marker").into(),
        limit: page_size(&call, "max-keys", TOS.pages)?,
    };
    let page = engine
        .list_object_sets(&call.cx, call.bucket()?, &request)
        .await?;
    Ok(answer(HeaderMap::new(), &SetList::new(&page)))
}

/// `PutObjectSetTagging`.
pub(super) async fn put_tags(mut call: Call, engine: &Engine) -> Answer {
    let (name, tags) = read::<PutSet>(&mut call).await?.read()?;
    change(&call, engine, &name, SetChange::Tags(tags)).await
}

/// `GetObjectSetEndpoint`: a set is reached where its bucket is.
pub(super) async fn endpoint(call: Call, engine: &Engine) -> Answer {
    let bucket = call.bucket()?;
    let found = engine.object_set(&call.cx, bucket, named(&call));
    let (name, _) = found.await?;
    let host = format!("{bucket}.{}", call.address.endpoint);
    let one = Endpoint {
        name: name.into(),
        hosts: vec![host.clone()],
        // The tongue of a request shows in its signature, not in its host.
        s3_hosts: vec![host],
    };
    Ok(answer(HeaderMap::new(), &[one]))
}

/// `PutObjectSetQuota`.
pub(super) async fn put_quota(mut call: Call, engine: &Engine) -> Answer {
    let quota = read::<PutSetQuota>(&mut call).await?.quota()?;
    change(&call, engine, named(&call), SetChange::Quota(quota)).await
}

/// `GetObjectSetQuota`: what was said of this set alone.
pub(super) async fn quota(call: Call, engine: &Engine) -> Answer {
    let found = engine.object_set(&call.cx, call.bucket()?, named(&call));
    let (_, set) = found.await?;
    Ok(answer(HeaderMap::new(), &SetQuotaBody::new(set.quota)))
}

/// `GetObjectSetStorage`.
pub(super) async fn storage(call: Call, engine: &Engine) -> Answer {
    let counted = engine.object_set_stat(&call.cx, call.bucket()?, named(&call));
    Ok(answer(HeaderMap::new(), &StorageBody::new(&counted.await?)))
}

/// `PutObjectSetLifecycle`.
pub(super) async fn put_lifecycle(mut call: Call, engine: &Engine) -> Answer {
    let rules = read::<PutLifecycle>(&mut call).await?.rules()?;
    if rules.is_empty() {
        let message = "a lifecycle configuration has at least one rule";
        return Err(Error::new(ErrorKind::InvalidArgument, message).into());
    }
    let may_overlap = may_overlap(&call, &rules)?;
    let rules = SetChange::Rules { rules, may_overlap };
    change(&call, engine, named(&call), rules).await
}

/// `GetObjectSetLifecycle`: as it was sent, without the rules for tags of the set.
pub(super) async fn lifecycle(call: Call, engine: &Engine) -> Answer {
    let found = engine.object_set(&call.cx, call.bucket()?, named(&call));
    let (_, set) = found.await?;
    if set.rules.is_empty() {
        let message = "the object set has no lifecycle rules";
        let kind = ErrorKind::NoSuchDocument(DocKind::Lifecycle);
        return Err(Error::new(kind, message).into());
    }
    let headers = overlap_headers(set.may_overlap);
    Ok(answer(headers, &LifecycleBody::new(&set.rules)))
}

/// `DeleteObjectSetLifecycle`.
pub(super) async fn delete_lifecycle(call: Call, engine: &Engine) -> Answer {
    let none = SetChange::Rules {
        rules: Vec::new(),
        may_overlap: false,
    };
    remove(&call, engine, none).await
}

/// `PutObjectSetQuotaByTag`.
pub(super) async fn put_quotas(mut call: Call, engine: &Engine) -> Answer {
    let quotas = read::<PutQuotas>(&mut call).await?.quotas()?;
    let bucket = call.bucket()?;
    engine
        .put_set_quotas(&call.cx, bucket, Some(&quotas))
        .await?;
    Ok(empty(StatusCode::OK, HeaderMap::new()))
}

/// `GetObjectSetQuotaByTag`.
pub(super) async fn quotas(call: Call, engine: &Engine) -> Answer {
    let quotas: SetQuotas = document(&call, engine).await?;
    Ok(answer(HeaderMap::new(), &QuotasBody::new(&quotas)))
}

/// `DeleteObjectSetQuotaByTag`.
pub(super) async fn delete_quotas(call: Call, engine: &Engine) -> Answer {
    engine
        .put_set_quotas(&call.cx, call.bucket()?, None)
        .await?;
    Ok(empty(StatusCode::NO_CONTENT, HeaderMap::new()))
}

/// `PutObjectSetLifecycleByTag`.
pub(super) async fn put_lifecycles(mut call: Call, engine: &Engine) -> Answer {
    let tags = read::<PutLifecycles>(&mut call).await?.rules()?;
    let mut all = SetLifecycles {
        tags,
        may_overlap: false,
    };
    for one in &all.tags {
        all.may_overlap |= may_overlap(&call, &one.rules)?;
    }
    engine
        .put_set_lifecycles(&call.cx, call.bucket()?, &all)
        .await?;
    Ok(empty(StatusCode::OK, HeaderMap::new()))
}

/// `GetObjectSetLifecycleByTag`.
pub(super) async fn lifecycles(call: Call, engine: &Engine) -> Answer {
    let all: SetLifecycles = document(&call, engine).await?;
    let headers = overlap_headers(all.may_overlap);
    Ok(answer(headers, &LifecyclesBody::new(&all)))
}
