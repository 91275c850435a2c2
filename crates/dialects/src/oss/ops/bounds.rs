//! Settings that bound what may be done with a bucket: its capacity, versions of TLS, objects that are not overwritten
//! (sheet section 6).

use cohong_core::engine::{BucketChange, Engine};
use cohong_core::rules::access::Action;
use http::{HeaderMap, StatusCode};

use super::Answer;
use crate::common::answer::empty;
use crate::common::document::read;
use crate::common::settings::{change_bucket, read_bucket};
use crate::gate::call::Call;
use crate::oss::error::OssError;
use crate::oss::wire::bounds::{Capacity, HttpsBody, OverwriteBody};
use crate::oss::words::OSS;

/// Sets the bucket's capacity, which is all of `qos` that the SDKs send.
pub(super) async fn put_capacity(mut call: Call, engine: &Engine) -> Answer {
    let body: Capacity = read(&mut call, Capacity::ROOT).await?;
    let change = BucketChange::Quota(body.quota()?);
    Ok(change_bucket(call, engine, change).await?)
}

/// Tells the bucket's capacity.
pub(super) async fn get_capacity(call: Call, engine: &Engine) -> Answer {
    let bucket = read_bucket(&call, engine, Action::ReadQuota).await?;
    let body = Capacity::new(bucket.quota);
    Ok(OSS.answer(HeaderMap::new(), Capacity::ROOT, &body))
}

/// `PutBucketHttpsConfig`.
pub(super) async fn put_https(mut call: Call, engine: &Engine) -> Answer {
    let body: HttpsBody = read(&mut call, HttpsBody::ROOT).await?;
    if body.chooses_suites() {
        return Err(OssError::not_implemented("CipherSuite"));
    }
    let change = BucketChange::Tls(body.versions()?);
    Ok(change_bucket(call, engine, change).await?)
}

/// `GetBucketHttpsConfig`.
pub(super) async fn get_https(call: Call, engine: &Engine) -> Answer {
    let bucket = read_bucket(&call, engine, Action::ReadTls).await?;
    let body = HttpsBody::new(bucket.tls.as_deref());
    Ok(OSS.answer(HeaderMap::new(), HttpsBody::ROOT, &body))
}

/// `PutBucketOverwriteConfig`.
pub(super) async fn put_overwrites(mut call: Call, engine: &Engine) -> Answer {
    let body: OverwriteBody = read(&mut call, OverwriteBody::ROOT).await?;
    let change = BucketChange::Overwrites(body.read()?);
    Ok(change_bucket(call, engine, change).await?)
}

/// `GetBucketOverwriteConfig`.
pub(super) async fn get_overwrites(call: Call, engine: &Engine) -> Answer {
    let bucket = read_bucket(&call, engine, Action::ReadOverwrites).await?;
    if bucket.kept.is_empty() {
        return Err(OssError::no_overwrite_rules());
    }
    let body = OverwriteBody::new(&bucket.kept);
    Ok(OSS.answer(HeaderMap::new(), OverwriteBody::ROOT, &body))
}

/// `DeleteBucketOverwriteConfig`.
pub(super) async fn delete_overwrites(call: Call, engine: &Engine) -> Answer {
    change_bucket(call, engine, BucketChange::Overwrites(Vec::new())).await?;
    Ok(empty(StatusCode::NO_CONTENT, HeaderMap::new()))
}
