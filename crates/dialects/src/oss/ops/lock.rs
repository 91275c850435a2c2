//! Locks of single objects, which the vendor calls WORM too
//! (<https://help.aliyun.com/zh/oss/developer-reference/putbucketobjectwormconfiguration>).

use cohong_core::engine::Engine;
use cohong_core::rules::access::Action;
use cohong_core::rules::lock::LockStep;
use http::HeaderMap;

use super::Answer;
use crate::common::attributes::boolean;
use crate::common::document::read;
use crate::common::lock::{held, kept};
use crate::common::settings::{change_bucket, read_bucket};
use crate::common::wire::lock::{HoldBody, RetentionBody};
use crate::gate::call::Call;
use crate::gate::fault::Fault;
use crate::oss::error::OssError;
use crate::oss::wire::worm::LocksBody;
use crate::oss::words::{LOCKS, OSS};

const RETENTION: &str = "Retention";
const HOLD: &str = "LegalHold";

/// Notes whether the request asks to pass over what keeps versions.
pub(super) fn note_bypass(call: &mut Call) -> Result<(), Fault> {
    const NAME: &str = "bypass-governance-retention";
    let given = OSS.given(call)?;
    let said = given.own_text(NAME);
    let bypasses = said.map_or(Ok(false), |word| boolean(&given.name(NAME), word))?;
    call.cx.bypasses = bypasses;
    Ok(())
}

/// `PutBucketObjectWormConfiguration`.
pub(super) async fn put(mut call: Call, engine: &Engine) -> Answer {
    let body: LocksBody = read(&mut call, LocksBody::ROOT).await?;
    let change = body.change(LOCKS)?;
    Ok(change_bucket(call, engine, change).await?)
}

/// `GetBucketObjectWormConfiguration`: an error where nothing is locked.
pub(super) async fn get(call: Call, engine: &Engine) -> Answer {
    let bucket = read_bucket(&call, engine, Action::ReadRetention).await?;
    let locks = bucket.locks.ok_or_else(OssError::no_locks)?;
    Ok(OSS.answer(HeaderMap::new(), LocksBody::ROOT, &LocksBody::new(locks)))
}

/// `PutObjectRetention`.
pub(super) async fn put_retention(mut call: Call, engine: &Engine) -> Answer {
    let body: RetentionBody = read(&mut call, RETENTION).await?;
    let step = LockStep::Keep(body.kept(LOCKS)?);
    Ok(OSS.change_lock(call, engine, step).await?)
}

/// `GetObjectRetention`.
pub(super) async fn get_retention(call: Call, engine: &Engine) -> Answer {
    let body = RetentionBody::new(&OSS, kept(&call, engine).await?);
    Ok(OSS.answer(HeaderMap::new(), RETENTION, &body))
}

/// `PutObjectLegalHold`.
pub(super) async fn put_hold(mut call: Call, engine: &Engine) -> Answer {
    let body: HoldBody = read(&mut call, HOLD).await?;
    let step = LockStep::Hold(body.held()?);
    Ok(OSS.change_lock(call, engine, step).await?)
}

/// `GetObjectLegalHold`.
pub(super) async fn get_hold(call: Call, engine: &Engine) -> Answer {
    let body = HoldBody::new(held(&call, engine).await?);
    Ok(OSS.answer(HeaderMap::new(), HOLD, &body))
}
