//! Object lock (sheet section 6).

use cohong_core::engine::Engine;
use cohong_core::rules::access::Action;
use cohong_core::rules::lock::LockStep;
use http::{HeaderMap, StatusCode};

use super::Answer;
use crate::common::document::read;
use crate::common::lock::{held, kept};
use crate::common::settings::{change_bucket, read_bucket};
use crate::common::wire::lock::{HoldBody, LocksBody, RetentionBody};
use crate::gate::call::Call;
use crate::s3::error::S3Error;
use crate::s3::words::{LOCKS, S3};

const CONFIGURATION: &str = "ObjectLockConfiguration";
const RETENTION: &str = "Retention";
const HOLD: &str = "LegalHold";

/// `PutObjectLockConfiguration`.
pub(super) async fn put(mut call: Call, engine: &Engine) -> Answer {
    let body: LocksBody = read(&mut call, CONFIGURATION).await?;
    let change = body.change(LOCKS)?;
    Ok(change_bucket(call, engine, change).await?)
}

/// `GetObjectLockConfiguration`: an error where nothing is locked.
pub(super) async fn get(call: Call, engine: &Engine) -> Answer {
    let bucket = read_bucket(&call, engine, Action::ReadRetention).await?;
    let locks = bucket.locks.ok_or_else(|| {
        S3Error::of(
            StatusCode::NOT_FOUND,
            "ObjectLockConfigurationNotFoundError",
            "Object Lock configuration does not exist for this bucket",
        )
    })?;
    Ok(S3.answer(HeaderMap::new(), CONFIGURATION, &LocksBody::new(locks)))
}

/// `PutObjectRetention`.
pub(super) async fn put_retention(mut call: Call, engine: &Engine) -> Answer {
    let body: RetentionBody = read(&mut call, RETENTION).await?;
    let step = LockStep::Keep(body.kept(LOCKS)?);
    Ok(S3.change_lock(call, engine, step).await?)
}

/// `GetObjectRetention`.
pub(super) async fn get_retention(call: Call, engine: &Engine) -> Answer {
    let body = RetentionBody::new(&S3, kept(&call, engine).await?);
    Ok(S3.answer(HeaderMap::new(), RETENTION, &body))
}

/// `PutObjectLegalHold`.
pub(super) async fn put_hold(mut call: Call, engine: &Engine) -> Answer {
    let body: HoldBody = read(&mut call, HOLD).await?;
    let step = LockStep::Hold(body.held()?);
    Ok(S3.change_lock(call, engine, step).await?)
}

/// `GetObjectLegalHold`.
pub(super) async fn get_hold(call: Call, engine: &Engine) -> Answer {
    let body = HoldBody::new(held(&call, engine).await?);
    Ok(S3.answer(HeaderMap::new(), HOLD, &body))
}
