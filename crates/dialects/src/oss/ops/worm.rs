//! The retention of a bucket, which the vendor calls WORM (sheet section 6).

use cohong_core::engine::{BucketChange, Engine};
use cohong_core::rules::access::Action;
use cohong_core::rules::retention::{RetentionStep, in_force};
use cohong_core::{Error, ErrorKind};
use http::{HeaderMap, HeaderName, StatusCode};

use super::Answer;
use crate::common::answer::{empty, put};
use crate::common::document::read;
use crate::common::settings::{change_bucket, read_bucket};
use crate::gate::call::Call;
use crate::oss::wire::worm::{WormConfiguration, WormPeriod};
use crate::oss::words::OSS;

const WORM_ID: HeaderName = HeaderName::from_static("x-oss-worm-id");

/// `InitiateBucketWorm`.
pub(super) async fn initiate(mut call: Call, engine: &Engine) -> Answer {
    let body: WormPeriod = read(&mut call, "InitiateWormConfiguration").await?;
    let step = RetentionStep::Begin(body.retention_period_in_days);
    let change = BucketChange::Retention(step);
    let bucket = engine
        .change_bucket(&call.cx, call.bucket()?, change)
        .await?;
    let mut headers = HeaderMap::new();
    if let Some(retention) = &bucket.retention {
        put(&mut headers, WORM_ID, &retention.id);
    }
    Ok(empty(StatusCode::OK, headers))
}

/// `CompleteBucketWorm`: locks it.
pub(super) async fn complete(call: Call, engine: &Engine) -> Answer {
    let step = RetentionStep::Lock(id(&call));
    Ok(change_bucket(call, engine, BucketChange::Retention(step)).await?)
}

/// `ExtendBucketWorm`.
pub(super) async fn extend(mut call: Call, engine: &Engine) -> Answer {
    let body: WormPeriod = read(&mut call, "ExtendWormConfiguration").await?;
    let step = RetentionStep::Extend(id(&call), body.retention_period_in_days);
    Ok(change_bucket(call, engine, BucketChange::Retention(step)).await?)
}

/// `AbortBucketWorm`.
pub(super) async fn abort(call: Call, engine: &Engine) -> Answer {
    let change = BucketChange::Retention(RetentionStep::Abort);
    engine
        .change_bucket(&call.cx, call.bucket()?, change)
        .await?;
    Ok(empty(StatusCode::NO_CONTENT, HeaderMap::new()))
}

/// `GetBucketWorm`.
pub(super) async fn get(call: Call, engine: &Engine) -> Answer {
    let bucket = read_bucket(&call, engine, Action::ReadRetention).await?;
    let missing = || Error::new(ErrorKind::NoSuchRetention, "the bucket has no retention");
    let retention = in_force(&bucket, call.cx.at).ok_or_else(missing)?;
    let body = WormConfiguration::new(retention);
    Ok(OSS.answer(HeaderMap::new(), "WormConfiguration", &body))
}

fn id(call: &Call) -> Box<str> {
    call.query("wormId").unwrap_or_default().into()
}
