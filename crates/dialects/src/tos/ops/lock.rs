//! Retention of objects, which the vendor has in one mode, and where versions are kept or not
//! (<https://www.volcengine.com/docs/6349/1764514>).

use cohong_core::engine::Engine;
use cohong_core::rules::access::Action;
use cohong_core::rules::lock::LockStep;
use http::{HeaderMap, StatusCode};

use super::Answer;
use super::body::{answer, read};
use crate::common::lock::kept;
use crate::common::settings::{change_bucket, read_bucket};
use crate::common::wire::lock::{LocksBody, RetentionBody};
use crate::gate::call::Call;
use crate::tos::error::TosError;
use crate::tos::words::{LOCKS, TOS};

/// `PutBucketObjectLock`.
pub(super) async fn put(mut call: Call, engine: &Engine) -> Answer {
    let change = read::<LocksBody>(&mut call).await?.change(LOCKS)?;
    Ok(change_bucket(call, engine, change).await?)
}

/// `GetBucketObjectLock`: an error where nothing is locked.
pub(super) async fn get(call: Call, engine: &Engine) -> Answer {
    let bucket = read_bucket(&call, engine, Action::ReadRetention).await?;
    let locks = bucket.locks.ok_or_else(|| {
        TosError::new(
            StatusCode::NOT_FOUND,
            "ObjectLockConfigurationNotFoundError",
            "0006-00000012",
            "the bucket locks no objects",
        )
    })?;
    Ok(answer(HeaderMap::new(), &LocksBody::new(locks)))
}

/// `PutObjectRetention`.
pub(super) async fn put_retention(mut call: Call, engine: &Engine) -> Answer {
    let body: RetentionBody = read(&mut call).await?;
    let step = LockStep::Keep(body.kept(LOCKS)?);
    Ok(TOS.change_lock(call, engine, step).await?)
}

/// `GetObjectRetention`.
pub(super) async fn get_retention(call: Call, engine: &Engine) -> Answer {
    let body = RetentionBody::new(&TOS, kept(&call, engine).await?);
    Ok(answer(HeaderMap::new(), &body))
}
