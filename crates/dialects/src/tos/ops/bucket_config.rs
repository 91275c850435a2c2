//! Settings of buckets: access control list and versioning (sheet sections 4 and 7).

use cohong_core::engine::{BucketChange, Engine};
use cohong_core::model::Versioning;
use cohong_core::rules::access::Action;
use http::{HeaderMap, StatusCode};

use super::Answer;
use super::answer::{empty, json};
use super::attributes::{AclHeaders, Given, acl};
use super::bucket::read;
use super::input::json_body;
use crate::tos::Call;
use crate::tos::error::TosError;
use crate::tos::wire::acl::{AclBody, PutAclBody};
use crate::tos::wire::bucket::{PutVersioning, VersioningBody, versioning_word};

/// `PutBucketAcl`, by headers or else by body.
pub(super) async fn put_acl(mut call: Call, engine: &Engine) -> Answer {
    let acl = match acl(&Given::headers(&call.headers)?)? {
        AclHeaders::Silent => json_body::<PutAclBody>(&mut call).await?.acl()?,
        said => said.own(),
    };
    // A bucket stands above nothing it could take grants from.
    change(call, engine, BucketChange::Acl(acl.unwrap_or_default())).await
}

/// `GetBucketAcl`.
pub(super) async fn get_acl(call: Call, engine: &Engine) -> Answer {
    let bucket = read(call, engine, Action::ReadBucketAcl).await?;
    Ok(json(
        HeaderMap::new(),
        &AclBody::of_bucket(&bucket.owner, &bucket.acl),
    ))
}

/// `PutBucketVersioning`.
pub(super) async fn put_versioning(mut call: Call, engine: &Engine) -> Answer {
    let body: PutVersioning = json_body(&mut call).await?;
    let state = [Versioning::Enabled, Versioning::Suspended]
        .into_iter()
        .find(|state| versioning_word(*state) == Some(&body.status))
        .ok_or_else(|| TosError::invalid_argument("Status is Enabled or Suspended"))?;
    change(call, engine, BucketChange::Versioning(state)).await
}

/// `GetBucketVersioning`.
pub(super) async fn get_versioning(call: Call, engine: &Engine) -> Answer {
    let bucket = read(call, engine, Action::ReadVersioning).await?;
    Ok(json(
        HeaderMap::new(),
        &VersioningBody {
            status: versioning_word(bucket.versioning),
        },
    ))
}

async fn change(call: Call, engine: &Engine, change: BucketChange) -> Answer {
    engine
        .change_bucket(&call.cx, call.bucket()?, change)
        .await?;
    Ok(empty(StatusCode::OK, HeaderMap::new()))
}
