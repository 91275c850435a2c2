//! Inventories of a bucket (sheet section 7).

use cohong_core::engine::Engine;
use http::HeaderMap;

use super::Answer;
use super::body::{answer, read};
use crate::gate::call::Call;
use crate::tos::wire::inventory::{INVENTORIES, InventoryBody, InventoryList, PutInventory};

/// `PutBucketInventory`.
pub(super) async fn put(mut call: Call, engine: &Engine) -> Answer {
    let inventory = read::<PutInventory>(&mut call).await?.read()?;
    Ok(INVENTORIES.put(&call, engine, inventory).await?)
}

/// `GetBucketInventory`.
pub(super) async fn get(call: Call, engine: &Engine) -> Answer {
    let inventory = INVENTORIES.get(&call, engine).await?;
    Ok(answer(HeaderMap::new(), &InventoryBody::new(&inventory)))
}

/// `ListBucketInventory`.
pub(super) async fn list(call: Call, engine: &Engine) -> Answer {
    let (all, next) = INVENTORIES.list(&call, engine).await?;
    Ok(answer(HeaderMap::new(), &InventoryList::new(&all, next)))
}
