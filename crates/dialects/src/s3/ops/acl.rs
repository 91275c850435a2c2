//! Access control lists (sheet section 6, ACL).

use cohong_core::engine::{BucketChange, Engine, ObjectChange};
use cohong_core::model::{AccountId, Acl};
use cohong_core::rules::access::Action;
use http::{HeaderMap, StatusCode};

use super::Answer;
use crate::common::attributes::AclSaid;
use crate::common::document::read_any;
use crate::common::settings::{change_bucket, inspect, read_bucket};
use crate::gate::call::Call;
use crate::s3::error::S3Error;
use crate::s3::wire::acl::{AclBody, PutAclBody};
use crate::s3::words::{ACL, S3};

const ROOT: &str = "AccessControlPolicy";

/// `PutBucketAcl`.
pub(super) async fn put_of_bucket(mut call: Call, engine: &Engine) -> Answer {
    let owner = read_bucket(&call, engine, Action::WriteBucketAcl)
        .await?
        .owner;
    let acl = given(&mut call, &owner).await?;
    Ok(change_bucket(call, engine, BucketChange::Acl(acl)).await?)
}

/// `GetBucketAcl`.
pub(super) async fn get_of_bucket(call: Call, engine: &Engine) -> Answer {
    let bucket = read_bucket(&call, engine, Action::ReadBucketAcl).await?;
    let body = AclBody::new(&bucket.owner, &bucket.acl);
    Ok(S3.answer(HeaderMap::new(), ROOT, &body))
}

/// `PutObjectAcl`.
pub(super) async fn put_of_object(mut call: Call, engine: &Engine) -> Answer {
    let owner = inspect(&call, engine, Action::WriteObjectAcl)
        .await?
        .record
        .owner;
    let acl = given(&mut call, &owner).await?;
    let change = ObjectChange::Acl(Some(acl));
    Ok(S3
        .change_object(call, engine, change, StatusCode::OK)
        .await?)
}

/// `GetObjectAcl`. An object without a list of its own has its owner's right only; what is granted on the
/// bucket is told there.
pub(super) async fn get_of_object(call: Call, engine: &Engine) -> Answer {
    let info = inspect(&call, engine, Action::ReadObjectAcl).await?;
    let acl = info.record.acl.clone().unwrap_or_default();
    let body = AclBody::new(&info.record.owner, &acl);
    Ok(S3.answer(S3.of_version(&info), ROOT, &body))
}

/// The list that headers or the body give, not both.
async fn given(call: &mut Call, owner: &AccountId) -> Result<Acl, S3Error> {
    let body = read_any::<PutAclBody>(call, ROOT).await?;
    let said = S3.acl_given(&S3.given(call)?, ACL)?;
    match (said, body) {
        (AclSaid::Nothing, None) => Err(S3Error::bad(
            "MissingSecurityHeader",
            "give the list in x-amz-acl, in x-amz-grant headers or in the body",
        )),
        (AclSaid::Nothing, Some(body)) => body.acl(owner),
        (said, None) => Ok(said.own().unwrap_or_default()),
        (_, Some(_)) => Err(S3Error::bad(
            "UnexpectedContent",
            "This request does not support content: the list is in its headers",
        )),
    }
}
