//! Whether public access is blocked: of a bucket, and of all buckets of an account (sheet section 5).

use cohong_core::engine::{BucketChange, Engine};
use cohong_core::rules::access::Action;
use http::{HeaderMap, Response, StatusCode};

use super::Answer;
use crate::common::answer::empty;
use crate::common::document::read;
use crate::common::settings::{change_bucket, read_bucket};
use crate::gate::OutBody;
use crate::gate::call::Call;
use crate::oss::wire::settings::AccessBlock;
use crate::oss::words::OSS;

/// `PutBucketPublicAccessBlock`.
pub(super) async fn put_of_bucket(mut call: Call, engine: &Engine) -> Answer {
    let body: AccessBlock = read(&mut call, AccessBlock::ROOT).await?;
    let change = BucketChange::BlocksPublic(body.blocks);
    Ok(change_bucket(call, engine, change).await?)
}

/// `GetBucketPublicAccessBlock`.
pub(super) async fn get_of_bucket(call: Call, engine: &Engine) -> Answer {
    let bucket = read_bucket(&call, engine, Action::ReadAccessBlock).await?;
    Ok(told(bucket.blocks_public))
}

/// `DeleteBucketPublicAccessBlock`: public access is not blocked, which is the default here.
pub(super) async fn delete_of_bucket(call: Call, engine: &Engine) -> Answer {
    change_bucket(call, engine, BucketChange::BlocksPublic(false)).await?;
    Ok(empty(StatusCode::NO_CONTENT, HeaderMap::new()))
}

/// `PutPublicAccessBlock`.
pub(super) async fn put_of_account(mut call: Call, engine: &Engine) -> Answer {
    let body: AccessBlock = read(&mut call, AccessBlock::ROOT).await?;
    engine.block_public(&call.cx, body.blocks).await?;
    Ok(empty(StatusCode::OK, HeaderMap::new()))
}

/// `GetPublicAccessBlock`.
pub(super) async fn get_of_account(call: Call, engine: &Engine) -> Answer {
    Ok(told(engine.blocks_public(&call.cx).await?))
}

/// `DeletePublicAccessBlock`: every bucket is again what it says itself.
pub(super) async fn delete_of_account(call: Call, engine: &Engine) -> Answer {
    engine.block_public(&call.cx, false).await?;
    Ok(empty(StatusCode::NO_CONTENT, HeaderMap::new()))
}

fn told(blocks: bool) -> Response<OutBody> {
    OSS.answer(HeaderMap::new(), AccessBlock::ROOT, &AccessBlock { blocks })
}
