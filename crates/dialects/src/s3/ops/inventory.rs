//! Inventories of a bucket (sheet section 7).

use cohong_core::ErrorKind;
use cohong_core::engine::Engine;
use cohong_core::model::DialectId;
use http::HeaderMap;

use super::Answer;
use crate::common::document::read;
use crate::common::wire::inventory::{InventoryPage, ROOT};
use crate::gate::call::Call;
use crate::gate::fault::Fault;
use crate::s3::error::S3Error;
use crate::s3::wire::inventory::{INVENTORIES, S3Inventory};
use crate::s3::words::S3;

/// `PutBucketInventoryConfiguration`.
pub(super) async fn put(mut call: Call, engine: &Engine) -> Answer {
    let body: S3Inventory = read(&mut call, ROOT).await?;
    let inventory = body.read(&S3, &INVENTORIES, DialectId::S3)?;
    let put = INVENTORIES.put(&call, engine, inventory).await;
    put.map_err(|fault| match fault {
        Fault::Engine(error) if error.kind() == ErrorKind::NoTargetBucket => S3Error::bad(
            "InvalidS3DestinationBucket",
            "The destination bucket does not exist",
        ),
        fault => fault.into(),
    })
}

/// `GetBucketInventoryConfiguration`.
pub(super) async fn get(call: Call, engine: &Engine) -> Answer {
    let inventory = INVENTORIES.get(&call, engine).await?;
    let body = S3Inventory::new(&S3, &INVENTORIES, &inventory);
    Ok(S3.answer(HeaderMap::new(), ROOT, &body))
}

/// `ListBucketInventoryConfigurations`.
pub(super) async fn list(call: Call, engine: &Engine) -> Answer {
    let (all, next) = INVENTORIES.list(&call, engine).await?;
    let body = |inventory| S3Inventory::new(&S3, &INVENTORIES, inventory);
    let token = call.query("continuation-token");
    let page = InventoryPage::new(all.iter().map(body).collect(), token, next);
    Ok(S3.answer(HeaderMap::new(), "ListInventoryConfigurationsResult", &page))
}
