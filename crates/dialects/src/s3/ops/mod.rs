//! Operations by family. Each reads what the wire says, asks the engine once, and writes its answer;
//! nothing is decided here. What other dialects do too is in [`crate::common`].

mod acl;
mod bucket;
mod delete;
mod inventory;
mod lock;
mod multipart;
mod notification;
mod object;
mod post;
mod request;
mod service;
mod settings;
mod website;

use cohong_core::engine::BucketPolicy;
use cohong_core::model::{Cors, DialectId, Encryption, Lifecycle, Tags, Website};
use http::Response;

use super::S3 as Dialect;
use super::error::S3Error;
use super::route::Op;
use super::wire::inventory::INVENTORIES;
use super::words::{ACL, S3};
use crate::common::bucket_policy;
use crate::common::settings::{delete_bucket, delete_document};
use crate::common::upload::abort_upload;
use crate::gate::OutBody;
use crate::gate::call::Call;
use crate::gate::origin::preflight;

type Answer = Result<Response<OutBody>, S3Error>;

/// Serves a request whose signature holds; a form proves itself with its fields.
pub(super) async fn run(op: Op, mut call: Call, s3: &Dialect) -> Answer {
    let engine = &*s3.engine;
    if !matches!(op, Op::Page | Op::PageHead) {
        request::prepare(&mut call, op, engine).await?;
    }
    match op {
        Op::ListBuckets => service::list_buckets(call, engine).await,
        Op::CreateBucket => bucket::create(call, s3).await,
        Op::HeadBucket => bucket::head(call, engine).await,
        Op::DeleteBucket => Ok(delete_bucket(call, engine).await?),
        Op::GetBucketLocation => bucket::location(call, engine).await,
        Op::PutBucketAcl => acl::put_of_bucket(call, engine).await,
        Op::GetBucketAcl => acl::get_of_bucket(call, engine).await,
        Op::PutBucketVersioning => Ok(S3.put_versioning(call, engine).await?),
        Op::GetBucketVersioning => Ok(S3.get_versioning(call, engine).await?),
        Op::PutBucketRequestPayment => Ok(S3.put_payment(call, engine).await?),
        Op::GetBucketRequestPayment => Ok(S3.get_payment(call, engine).await?),
        Op::PutBucketPolicy => settings::put_policy(call, engine).await,
        Op::GetBucketPolicy => Ok(bucket_policy::get(&call, engine).await?),
        Op::DeleteBucketPolicy => Ok(delete_document::<BucketPolicy>(&call, engine).await?),
        Op::GetBucketPolicyStatus => Ok(S3.policy_status(call, engine).await?),
        Op::PutBucketCors => Ok(S3.put_cors(call, engine).await?),
        Op::GetBucketCors => Ok(S3.get_cors(call, engine).await?),
        Op::DeleteBucketCors => Ok(delete_document::<Cors>(&call, engine).await?),
        Op::PutBucketEncryption => settings::put_encryption(call, engine).await,
        Op::GetBucketEncryption => settings::get_encryption(call, engine).await,
        Op::DeleteBucketEncryption => Ok(delete_document::<Encryption>(&call, engine).await?),
        Op::PutBucketLifecycleConfiguration => settings::put_lifecycle(call, engine).await,
        Op::GetBucketLifecycleConfiguration => settings::get_lifecycle(call, engine).await,
        Op::DeleteBucketLifecycle => Ok(delete_document::<Lifecycle>(&call, engine).await?),
        Op::PutBucketTagging => Ok(S3.put_bucket_tags(call, engine).await?),
        Op::GetBucketTagging => settings::get_tags(call, engine).await,
        Op::DeleteBucketTagging => Ok(delete_document::<Tags>(&call, engine).await?),
        Op::PutBucketWebsite => website::put(call, engine).await,
        Op::GetBucketWebsite => website::get(call, engine).await,
        Op::DeleteBucketWebsite => Ok(delete_document::<Website>(&call, engine).await?),
        Op::PutBucketNotificationConfiguration => notification::put(call, engine).await,
        Op::GetBucketNotificationConfiguration => notification::get(call, engine).await,
        Op::PutObjectLockConfiguration => lock::put(call, engine).await,
        Op::GetObjectLockConfiguration => lock::get(call, engine).await,
        Op::ListObjects => Ok(S3.objects_page(call, engine).await?),
        Op::ListObjectsV2 => Ok(S3.objects_page_by_token(call, engine).await?),
        Op::ListObjectVersions => Ok(S3.versions_page(call, engine).await?),
        Op::ListMultipartUploads => Ok(S3.uploads_page(call, engine).await?),
        Op::DeleteObjects => delete::many(call, engine).await,
        Op::PostObject => post::post(call, s3).await,
        Op::PutObject => Ok(S3.put_object(call, engine, ACL).await?),
        Op::GetObject => Ok(S3.visit(call, engine, website::manner(false)).await?),
        Op::HeadObject => Ok(S3.visit(call, engine, website::manner(true)).await?),
        Op::GetObjectAttributes => object::attributes(call, engine).await,
        Op::CopyObject => object::copy(call, engine).await,
        Op::DeleteObject => Ok(S3.delete_object(call, engine).await?),
        Op::PutObjectAcl => acl::put_of_object(call, engine).await,
        Op::GetObjectAcl => acl::get_of_object(call, engine).await,
        Op::PutObjectTagging => Ok(S3.put_tags(call, engine).await?),
        Op::GetObjectTagging => Ok(S3.get_tags(call, engine).await?),
        Op::DeleteObjectTagging => Ok(S3.delete_tags(call, engine).await?),
        Op::PutObjectRetention => lock::put_retention(call, engine).await,
        Op::GetObjectRetention => lock::get_retention(call, engine).await,
        Op::PutObjectLegalHold => lock::put_hold(call, engine).await,
        Op::GetObjectLegalHold => lock::get_hold(call, engine).await,
        Op::RestoreObject => object::restore(call, engine).await,
        Op::OptionsObject => Ok(preflight(&call, engine).await?),
        Op::CreateMultipartUpload => multipart::create(call, engine).await,
        Op::UploadPart => multipart::part(call, engine).await,
        Op::UploadPartCopy => multipart::copy_part(call, engine).await,
        Op::ListParts => Ok(S3.parts_page(call, engine).await?),
        Op::CompleteMultipartUpload => multipart::complete(call, engine).await,
        Op::AbortMultipartUpload => Ok(abort_upload(call, engine).await?),
        Op::Page => website::page(call, engine, false).await,
        Op::PageHead => website::page(call, engine, true).await,
        Op::PutBucketInventoryConfiguration => inventory::put(call, engine).await,
        Op::GetBucketInventoryConfiguration => inventory::get(call, engine).await,
        Op::ListBucketInventoryConfigurations => inventory::list(call, engine).await,
        Op::DeleteBucketInventoryConfiguration => Ok(INVENTORIES.delete(&call, engine).await?),
        Op::PutBucketLogging => Ok(S3.put_logging(call, engine, DialectId::S3).await?),
        Op::GetBucketLogging => Ok(S3.get_logging(call, engine).await?),
        Op::NotImplemented(name) => Err(S3Error::not_implemented(name)),
    }
}
