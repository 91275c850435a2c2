//! Replication rules of a bucket (sheet section 7).

use cohong_core::engine::Engine;
use http::{HeaderMap, Response, StatusCode};

use super::Answer;
use super::body::{answer, read};
use crate::common::answer::empty;
use crate::gate::OutBody;
use crate::gate::call::Call;
use crate::gate::fault::Fault;
use crate::tos::wire::replication::{PutReplication, ReplicationBody};

/// `PutBucketReplication`.
pub(super) async fn put(mut call: Call, engine: &Engine) -> Answer {
    let rules = read::<PutReplication>(&mut call).await?.rules()?;
    Ok(set(&call, engine, rules).await?)
}

async fn set(
    call: &Call,
    engine: &Engine,
    rules: cohong_core::model::Replication,
) -> Result<Response<OutBody>, Fault> {
    engine
        .put_replication(&call.cx, call.bucket()?, &rules)
        .await?;
    Ok(empty(StatusCode::OK, HeaderMap::new()))
}

/// `GetBucketReplication`: with `progress` how far the rules were followed, with `rule-id` one rule alone.
pub(super) async fn get(call: Call, engine: &Engine) -> Answer {
    Ok(show(&call, engine).await?)
}

async fn show(call: &Call, engine: &Engine) -> Result<Response<OutBody>, Fault> {
    let bucket = call.bucket()?;
    let id = call.query("rule-id").filter(|id| !id.is_empty());
    let all = engine.get_replication(&call.cx, bucket, id).await?;
    let progress = if call.query("progress").is_some() {
        let progress = engine.replication_progress(&call.cx, bucket, &all.rules);
        progress.await?
    } else {
        Vec::new()
    };
    let body = ReplicationBody::new(&all, &progress);
    Ok(answer(HeaderMap::new(), &body))
}
