//! Inventories of a bucket, and what of its logs of requests is this vendor's own (sheet section 6).

use cohong_core::engine::{BucketChange, Engine};
use cohong_core::model::{DialectId, DocKind, LogFields};
use cohong_core::rules::access::Action;
use cohong_core::{Error, ErrorKind};
use http::{HeaderMap, StatusCode};

use super::Answer;
use crate::common::answer::empty;
use crate::common::document::read;
use crate::common::settings::{change_bucket, read_bucket};
use crate::common::wire::inventory::{InventoryPage, ROOT};
use crate::gate::call::Call;
use crate::oss::wire::access_log::LogFieldsBody;
use crate::oss::wire::inventory::{INVENTORIES, OssInventory};
use crate::oss::words::OSS;

/// `PutBucketInventory`.
pub(super) async fn put(mut call: Call, engine: &Engine) -> Answer {
    let body: OssInventory = read(&mut call, ROOT).await?;
    let inventory = body.read(&OSS, &INVENTORIES, DialectId::Oss)?;
    Ok(INVENTORIES.put(&call, engine, inventory).await?)
}

/// `GetBucketInventory`.
pub(super) async fn get(call: Call, engine: &Engine) -> Answer {
    let inventory = INVENTORIES.get(&call, engine).await?;
    let body = OssInventory::new(&OSS, &INVENTORIES, &inventory);
    Ok(OSS.answer(HeaderMap::new(), ROOT, &body))
}

/// `ListBucketInventory`: an error where there are none (vendor's test suite).
pub(super) async fn list(call: Call, engine: &Engine) -> Answer {
    let (all, next) = INVENTORIES.list(&call, engine).await?;
    let token = call.query("continuation-token");
    if all.is_empty() && token.is_none_or(str::is_empty) {
        let kind = ErrorKind::NoSuchDocument(DocKind::Inventories);
        return Err(Error::new(kind, "the bucket has no inventories").into());
    }
    let body = |inventory| OssInventory::new(&OSS, &INVENTORIES, inventory);
    let page = InventoryPage::new(all.iter().map(body).collect(), token, next);
    Ok(OSS.answer(HeaderMap::new(), "ListInventoryConfigurationsResult", &page))
}

/// `DeleteBucketLogging`.
pub(super) async fn delete_logging(call: Call, engine: &Engine) -> Answer {
    change_bucket(call, engine, BucketChange::AccessLog(None)).await?;
    Ok(empty(StatusCode::NO_CONTENT, HeaderMap::new()))
}

/// `PutUserDefinedLogFieldsConfig`.
pub(super) async fn put_log_fields(mut call: Call, engine: &Engine) -> Answer {
    let body: LogFieldsBody = read(&mut call, LogFieldsBody::ROOT).await?;
    let change = BucketChange::LogFields(body.read());
    Ok(change_bucket(call, engine, change).await?)
}

/// `GetUserDefinedLogFieldsConfig`.
pub(super) async fn get_log_fields(call: Call, engine: &Engine) -> Answer {
    let bucket = read_bucket(&call, engine, Action::ReadAccessLog).await?;
    let body = LogFieldsBody::new(&bucket.log_fields);
    Ok(OSS.answer(HeaderMap::new(), LogFieldsBody::ROOT, &body))
}

/// `DeleteUserDefinedLogFieldsConfig`.
pub(super) async fn delete_log_fields(call: Call, engine: &Engine) -> Answer {
    let change = BucketChange::LogFields(LogFields::default());
    change_bucket(call, engine, change).await?;
    Ok(empty(StatusCode::NO_CONTENT, HeaderMap::new()))
}
