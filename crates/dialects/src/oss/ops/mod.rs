//! Operations by family. Each reads what the wire says, asks the engine once, and writes its answer;
//! nothing is decided here. What other dialects do too is in [`crate::common`].

mod access_block;
mod bounds;
mod bucket;
mod callbacks;
mod delete;
mod fetch;
mod inventory;
mod lock;
mod multipart;
mod object;
mod post;
mod service;
mod settings;
mod website;
mod worm;

use cohong_core::engine::BucketPolicy;
use cohong_core::model::{Cors, DialectId, Encryption, Lifecycle, NamedCallback, Website};
use http::Response;

use super::Oss;
use super::error::OssError;
use super::policy::POLICY;
use super::route::Op;
use super::wire::inventory::INVENTORIES;
use super::words::{OBJECT_ACL, OSS};
use crate::common::bucket_policy;
use crate::common::settings::{delete_bucket, delete_document};
use crate::gate::OutBody;
use crate::gate::call::Call;
use crate::gate::origin::preflight;

type Answer = Result<Response<OutBody>, OssError>;

/// Serves a request whose signature holds; a form proves itself with its fields.
pub(super) async fn run(op: Op, mut call: Call, oss: &Oss) -> Answer {
    lock::note_bypass(&mut call)?;
    let engine = &*oss.engine;
    match op {
        Op::ListBuckets => service::list_buckets(call, oss).await,
        Op::DescribeRegions => service::regions(&call, oss),
        Op::PutBucket => bucket::put(call, engine).await,
        Op::DeleteBucket => Ok(delete_bucket(call, engine).await?),
        Op::GetBucketInfo => bucket::info(call, oss).await,
        Op::GetBucketLocation => bucket::location(call, engine).await,
        Op::GetBucketStat => bucket::stat(call, engine).await,
        Op::PutBucketAcl => bucket::put_acl(call, engine).await,
        Op::GetBucketAcl => bucket::get_acl(call, engine).await,
        Op::PutBucketRequestPayment => Ok(OSS.put_payment(call, engine).await?),
        Op::GetBucketRequestPayment => Ok(OSS.get_payment(call, engine).await?),
        Op::PutBucketVersioning => Ok(OSS.put_versioning(call, engine).await?),
        Op::GetBucketVersioning => Ok(OSS.get_versioning(call, engine).await?),
        Op::PutBucketPolicy => Ok(bucket_policy::put(call, engine, &POLICY).await?),
        Op::GetBucketPolicy => Ok(bucket_policy::get(&call, engine).await?),
        Op::DeleteBucketPolicy => Ok(delete_document::<BucketPolicy>(&call, engine).await?),
        Op::GetBucketPolicyStatus => Ok(OSS.policy_status(call, engine).await?),
        Op::PutBucketCors => Ok(OSS.put_cors(call, engine).await?),
        Op::GetBucketCors => Ok(OSS.get_cors(call, engine).await?),
        Op::DeleteBucketCors => Ok(delete_document::<Cors>(&call, engine).await?),
        Op::PutBucketEncryption => settings::put_encryption(call, engine).await,
        Op::GetBucketEncryption => settings::get_encryption(call, engine).await,
        Op::DeleteBucketEncryption => Ok(delete_document::<Encryption>(&call, engine).await?),
        Op::PutBucketLifecycle => settings::put_lifecycle(call, engine).await,
        Op::GetBucketLifecycle => settings::get_lifecycle(call, engine).await,
        Op::DeleteBucketLifecycle => Ok(delete_document::<Lifecycle>(&call, engine).await?),
        Op::PutBucketTags => Ok(OSS.put_bucket_tags(call, engine).await?),
        Op::GetBucketTags => settings::get_tags(call, engine).await,
        Op::DeleteBucketTags => settings::delete_tags(call, engine).await,
        Op::InitiateBucketWorm => worm::initiate(call, engine).await,
        Op::CompleteBucketWorm => worm::complete(call, engine).await,
        Op::ExtendBucketWorm => worm::extend(call, engine).await,
        Op::AbortBucketWorm => worm::abort(call, engine).await,
        Op::GetBucketWorm => worm::get(call, engine).await,
        Op::PutBucketWebsite => website::put(call, engine).await,
        Op::GetBucketWebsite => website::get(call, engine).await,
        Op::DeleteBucketWebsite => Ok(delete_document::<Website>(&call, engine).await?),
        Op::PutBucketReferer => website::put_referer(call, engine).await,
        Op::GetBucketReferer => website::get_referer(call, engine).await,
        Op::ListLiveChannel => settings::live_channels(call, engine).await,
        Op::ListObjects => website::list(call, engine).await,
        Op::ListObjectsV2 => Ok(OSS.objects_page_by_token(call, engine).await?),
        Op::DeleteMultipleObjects => delete::many(call, engine).await,
        Op::PostObject => post::post(call, oss).await,
        Op::PutObject => Ok(OSS.put_object(call, engine, OBJECT_ACL).await?),
        Op::AppendObject => Ok(OSS.append_object(call, engine, OBJECT_ACL).await?),
        Op::PutSymlink => Ok(OSS.put_symlink(call, engine, None, OBJECT_ACL).await?),
        Op::GetSymlink => object::symlink(call, engine).await,
        Op::RestoreObject => object::restore(call, engine).await,
        Op::GetObject => Ok(OSS.visit(call, engine, website::manner(false)).await?),
        Op::HeadObject => Ok(OSS.visit(call, engine, website::manner(true)).await?),
        Op::GetObjectMeta => object::meta(call, engine).await,
        Op::GetObjectMetaByGet => object::meta_by_get(call, engine).await,
        Op::DeleteObject => Ok(OSS.delete_object(call, engine).await?),
        Op::PutObjectAcl => object::put_acl(call, engine).await,
        Op::GetObjectAcl => object::get_acl(call, engine).await,
        Op::PutObjectTagging => Ok(OSS.put_tags(call, engine).await?),
        Op::GetObjectTagging => Ok(OSS.get_tags(call, engine).await?),
        Op::DeleteObjectTagging => Ok(OSS.delete_tags(call, engine).await?),
        Op::CopyObject => object::copy(call, engine).await,
        Op::ListObjectVersions => Ok(OSS.versions_page(call, engine).await?),
        Op::ListMultipartUploads => Ok(OSS.uploads_page(call, engine).await?),
        Op::InitiateMultipartUpload => multipart::initiate(call, engine).await,
        Op::UploadPart => multipart::part(call, engine).await,
        Op::UploadPartCopy => multipart::copy_part(call, engine).await,
        Op::ListParts => multipart::list_parts(call, engine).await,
        Op::CompleteMultipartUpload => multipart::complete(call, engine).await,
        Op::AbortMultipartUpload => multipart::abort(call, engine).await,
        Op::OptionObject => Ok(preflight(&call, engine).await?),
        Op::GetBucketPublicAccessBlock => access_block::get_of_bucket(call, engine).await,
        Op::PutBucketPublicAccessBlock => access_block::put_of_bucket(call, engine).await,
        Op::DeleteBucketPublicAccessBlock => access_block::delete_of_bucket(call, engine).await,
        Op::GetPublicAccessBlock => access_block::get_of_account(call, engine).await,
        Op::PutPublicAccessBlock => access_block::put_of_account(call, engine).await,
        Op::DeletePublicAccessBlock => access_block::delete_of_account(call, engine).await,
        Op::GetBucketResourceGroup => settings::get_group(call, engine).await,
        Op::PutBucketResourceGroup => settings::put_group(call, engine).await,
        Op::GetBucketArchiveDirectRead => settings::get_archive_reads(call, engine).await,
        Op::PutBucketArchiveDirectRead => settings::put_archive_reads(call, engine).await,
        Op::GetBucketAccessMonitor => settings::get_monitor(call, engine).await,
        Op::PutBucketAccessMonitor => settings::put_monitor(call, engine).await,
        Op::ListCloudBoxes => service::cloud_boxes(&call),
        Op::CleanRestoredObject => object::end_restore(call, engine).await,
        Op::PutAsyncFetchTask => fetch::put(call, engine).await,
        Op::GetAsyncFetchTask => fetch::get(call, engine).await,
        Op::PutBucketCapacity => bounds::put_capacity(call, engine).await,
        Op::GetBucketCapacity => bounds::get_capacity(call, engine).await,
        Op::PutBucketHttpsConfig => bounds::put_https(call, engine).await,
        Op::GetBucketHttpsConfig => bounds::get_https(call, engine).await,
        Op::PutBucketOverwriteConfig => bounds::put_overwrites(call, engine).await,
        Op::GetBucketOverwriteConfig => bounds::get_overwrites(call, engine).await,
        Op::DeleteBucketOverwriteConfig => bounds::delete_overwrites(call, engine).await,
        Op::PutBucketCallbackPolicy => callbacks::put(call, engine).await,
        Op::GetBucketCallbackPolicy => callbacks::get(call, engine).await,
        Op::DeleteBucketCallbackPolicy => {
            Ok(delete_document::<Vec<NamedCallback>>(&call, engine).await?)
        }
        Op::PutBucketObjectWormConfiguration => lock::put(call, engine).await,
        Op::GetBucketObjectWormConfiguration => lock::get(call, engine).await,
        Op::PutObjectRetention => lock::put_retention(call, engine).await,
        Op::GetObjectRetention => lock::get_retention(call, engine).await,
        Op::PutObjectLegalHold => lock::put_hold(call, engine).await,
        Op::GetObjectLegalHold => lock::get_hold(call, engine).await,
        Op::PutBucketInventory => inventory::put(call, engine).await,
        Op::GetBucketInventory => inventory::get(call, engine).await,
        Op::ListBucketInventory => inventory::list(call, engine).await,
        Op::DeleteBucketInventory => Ok(INVENTORIES.delete(&call, engine).await?),
        Op::PutBucketLogging => Ok(OSS.put_logging(call, engine, DialectId::Oss).await?),
        Op::GetBucketLogging => Ok(OSS.get_logging(call, engine).await?),
        Op::DeleteBucketLogging => inventory::delete_logging(call, engine).await,
        Op::PutUserDefinedLogFieldsConfig => inventory::put_log_fields(call, engine).await,
        Op::GetUserDefinedLogFieldsConfig => inventory::get_log_fields(call, engine).await,
        Op::DeleteUserDefinedLogFieldsConfig => inventory::delete_log_fields(call, engine).await,
        Op::NotImplemented(name) => Err(OssError::not_implemented(name)),
    }
}
