//! Settings of buckets: access control list and versioning (sheet sections 4 and 7).

use cohong_core::engine::{BucketChange, Engine};
use cohong_core::model::Encryption;
use cohong_core::rules::access::Action;
use http::HeaderMap;

use super::Answer;
use super::body;
use crate::common::settings::{
    change_bucket, document, put_document, read_bucket, versioning, versioning_word,
};
use crate::common::wire::encryption::{Rule, RuleBody};
use crate::gate::call::Call;
use crate::tos::wire::acl::AclBody;
use crate::tos::wire::bucket::{PutVersioning, VersioningBody};
use crate::tos::words::TOS;

/// `PutBucketAcl`, by headers or else by body.
pub(super) async fn put_acl(mut call: Call, engine: &Engine) -> Answer {
    let acl = body::acl(&mut call).await?;
    // A bucket stands above nothing it could take grants from.
    let change = BucketChange::Acl(acl.unwrap_or_default());
    Ok(change_bucket(call, engine, change).await?)
}

/// `GetBucketAcl`.
pub(super) async fn get_acl(call: Call, engine: &Engine) -> Answer {
    let bucket = read_bucket(&call, engine, Action::ReadBucketAcl).await?;
    let acl = AclBody::of_bucket(&bucket.owner, &bucket.acl);
    Ok(body::answer(HeaderMap::new(), &acl))
}

/// `PutBucketEncryption`.
pub(super) async fn put_encryption(mut call: Call, engine: &Engine) -> Answer {
    let body: RuleBody = body::read(&mut call).await?;
    Ok(put_document(&call, engine, &body.rule.read(&TOS)?).await?)
}

/// `GetBucketEncryption`.
pub(super) async fn get_encryption(call: Call, engine: &Engine) -> Answer {
    let encryption: Encryption = document(&call, engine).await?;
    let rule = Rule::new(&TOS, &encryption);
    Ok(body::answer(HeaderMap::new(), &RuleBody { rule }))
}

/// `PutBucketVersioning`.
pub(super) async fn put_versioning(mut call: Call, engine: &Engine) -> Answer {
    let body: PutVersioning = body::read(&mut call).await?;
    let change = BucketChange::Versioning(versioning(&body.status)?);
    Ok(change_bucket(call, engine, change).await?)
}

/// `GetBucketVersioning`.
pub(super) async fn get_versioning(call: Call, engine: &Engine) -> Answer {
    let bucket = read_bucket(&call, engine, Action::ReadVersioning).await?;
    let status = versioning_word(bucket.versioning);
    Ok(body::answer(HeaderMap::new(), &VersioningBody { status }))
}
