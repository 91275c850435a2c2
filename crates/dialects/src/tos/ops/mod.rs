//! Operations by family. Each reads what the wire says, asks the engine once, and writes its answer;
//! nothing is decided here. What other dialects do too is in [`crate::common`].

mod body;
mod bucket;
mod bucket_config;
mod fetch;
mod inventory;
mod kinds;
mod list;
mod lock;
mod multipart;
mod notification;
mod object;
mod object_config;
mod object_sets;
mod replication;
mod settings;
mod website;

use cohong_core::engine::BucketPolicy;
use cohong_core::model::Encryption;
use cohong_core::model::{Cors, Lifecycle, Tags};
use cohong_core::model::{MirrorRule, Replication, SetLifecycles, Website};
use http::Response;

use super::Tos;
use super::error::TosError;
use super::route::Op;
use super::wire::inventory::INVENTORIES;
use super::words::{ACL, TOS};
use crate::common::bucket_policy;
use crate::common::settings::{delete_bucket, delete_document};
use crate::common::upload::abort_upload;
use crate::gate::OutBody;
use crate::gate::call::Call;
use crate::gate::origin::preflight;

type Answer = Result<Response<OutBody>, TosError>;

/// Serves a request whose signature holds; a form proves itself with its fields.
pub(super) async fn run(op: Op, call: Call, tos: &Tos) -> Answer {
    let engine = &*tos.engine;
    match op {
        Op::ListBuckets => bucket::list(call, engine).await,
        Op::CreateBucket => bucket::create(call, engine).await,
        Op::HeadBucket => website::head(call, engine).await,
        Op::DeleteBucket => Ok(delete_bucket(call, engine).await?),
        Op::GetBucketLocation => bucket::location(call, engine).await,
        Op::GetBucketInfo => bucket::info(call, engine).await,
        Op::PutBucketAcl => bucket_config::put_acl(call, engine).await,
        Op::GetBucketAcl => bucket_config::get_acl(call, engine).await,
        Op::PutBucketVersioning => bucket_config::put_versioning(call, engine).await,
        Op::GetBucketVersioning => bucket_config::get_versioning(call, engine).await,
        Op::PutBucketEncryption => bucket_config::put_encryption(call, engine).await,
        Op::GetBucketEncryption => bucket_config::get_encryption(call, engine).await,
        Op::DeleteBucketEncryption => Ok(delete_document::<Encryption>(&call, engine).await?),
        Op::PutBucketNotification => notification::put(call, engine).await,
        Op::GetBucketNotification => notification::get(call, engine).await,
        Op::PutBucketNotificationType2 => notification::put_type2(call, engine).await,
        Op::GetBucketNotificationType2 => notification::get_type2(call, engine).await,
        Op::PutBucketWebsite => website::put(call, engine).await,
        Op::GetBucketWebsite => website::get(call, engine).await,
        Op::DeleteBucketWebsite => Ok(delete_document::<Website>(&call, engine).await?),
        Op::PutBucketMirrorBack => website::put_mirror(call, engine).await,
        Op::GetBucketMirrorBack => website::get_mirror(call, engine).await,
        Op::DeleteBucketMirrorBack => Ok(delete_document::<Vec<MirrorRule>>(&call, engine).await?),
        Op::PutBucketLifecycle => settings::put_lifecycle(call, engine).await,
        Op::GetBucketLifecycle => settings::get_lifecycle(call, engine).await,
        Op::DeleteBucketLifecycle => Ok(delete_document::<Lifecycle>(&call, engine).await?),
        Op::PutBucketCors => settings::put_cors(call, engine).await,
        Op::GetBucketCors => settings::get_cors(call, engine).await,
        Op::DeleteBucketCors => Ok(delete_document::<Cors>(&call, engine).await?),
        Op::PutBucketPolicy => settings::put_policy(call, engine).await,
        Op::GetBucketPolicy => Ok(bucket_policy::get(&call, engine).await?),
        Op::DeleteBucketPolicy => Ok(delete_document::<BucketPolicy>(&call, engine).await?),
        Op::PutBucketTagging => settings::put_tags(call, engine).await,
        Op::GetBucketTagging => settings::get_tags(call, engine).await,
        Op::DeleteBucketTagging => Ok(delete_document::<Tags>(&call, engine).await?),
        Op::PutBucketStorageClass => settings::put_class(call, engine).await,
        Op::PutBucketQuota => settings::put_quota(call, engine).await,
        Op::GetBucketQuota => settings::get_quota(call, engine).await,
        Op::PutBucketRename => settings::put_rename(call, engine).await,
        Op::GetBucketRename => settings::get_rename(call, engine).await,
        Op::DeleteBucketRename => settings::delete_rename(call, engine).await,
        Op::PutBucketAccessMonitor => settings::put_monitor(call, engine).await,
        Op::GetBucketAccessMonitor => settings::get_monitor(call, engine).await,
        Op::PutBucketCustomDomain => settings::put_domain(call, tos).await,
        Op::ListBucketCustomDomain => settings::domains(call, engine).await,
        Op::DeleteBucketCustomDomain => settings::delete_domain(call, engine).await,
        Op::ListObjects => website::list(call, engine).await,
        Op::ListObjectsType2 => list::objects_type2(call, engine).await,
        Op::ListObjectVersions => list::versions(call, engine).await,
        Op::ListMultipartUploads => list::uploads(call, engine).await,
        Op::DeleteMultiObjects => object::delete_many(call, engine).await,
        Op::PostObject => object::post(call, tos).await,
        Op::PutObject => Ok(TOS.put_object(call, engine, ACL).await?),
        Op::AppendObject => Ok(TOS.append_object(call, engine, ACL).await?),
        Op::GetObject => Ok(TOS.visit(call, engine, website::manner(false)).await?),
        Op::HeadObject => kinds::head(call, engine).await,
        Op::DeleteObject => object::delete(call, engine).await,
        Op::CopyObject => object::copy(call, engine).await,
        Op::SetObjectMeta => object_config::set_meta(call, engine).await,
        Op::PutObjectAcl => object_config::put_acl(call, engine).await,
        Op::GetObjectAcl => object_config::get_acl(call, engine).await,
        Op::PutObjectTagging => object_config::put_tagging(call, engine).await,
        Op::GetObjectTagging => object_config::get_tagging(call, engine).await,
        Op::DeleteObjectTagging => Ok(TOS.delete_tags(call, engine).await?),
        Op::CreateMultipartUpload => multipart::create(call, engine).await,
        Op::UploadPart => Ok(TOS.upload_part(call, engine).await?),
        Op::UploadPartCopy => multipart::copy_part(call, engine).await,
        Op::ListParts => multipart::list_parts(call, engine).await,
        Op::CompleteMultipartUpload => multipart::complete(call, engine).await,
        Op::AbortMultipartUpload => Ok(abort_upload(call, engine).await?),
        Op::RestoreObject => kinds::restore(call, engine).await,
        Op::PutSymlink => kinds::put_symlink(call, engine).await,
        Op::GetSymlink => kinds::symlink(call, engine).await,
        Op::GetFileStatus => kinds::status(call, engine).await,
        Op::OptionsObject => Ok(preflight(&call, engine).await?),
        Op::RenameObject => object::rename(call, engine).await,
        Op::SetObjectExpires => object_config::set_expires(call, engine).await,
        Op::SetObjectTime => object_config::set_time(call, engine).await,
        Op::FetchObject => fetch::object(call, engine).await,
        Op::PutFetchTask => fetch::put_task(call, engine).await,
        Op::GetFetchTask => fetch::get_task(call, engine).await,
        Op::PutBucketObjectLock => lock::put(call, engine).await,
        Op::GetBucketObjectLock => lock::get(call, engine).await,
        Op::PutObjectRetention => lock::put_retention(call, engine).await,
        Op::GetObjectRetention => lock::get_retention(call, engine).await,
        Op::PutBucketInventory => inventory::put(call, engine).await,
        Op::GetBucketInventory => inventory::get(call, engine).await,
        Op::ListBucketInventory => inventory::list(call, engine).await,
        Op::DeleteBucketInventory => Ok(INVENTORIES.delete(&call, engine).await?),
        Op::PutBucketObjectSetConfiguration => object_sets::put_configuration(call, engine).await,
        Op::GetBucketObjectSetConfiguration => object_sets::configuration(call, engine).await,
        Op::PutObjectSet => object_sets::put(call, engine).await,
        Op::GetObjectSet | Op::GetObjectSetTagging => object_sets::get(call, engine).await,
        Op::ListObjectSet => object_sets::list(call, engine).await,
        Op::DeleteObjectSet => object_sets::delete(call, engine).await,
        Op::PutObjectSetTagging => object_sets::put_tags(call, engine).await,
        Op::GetObjectSetEndpoint => object_sets::endpoint(call, engine).await,
        Op::PutObjectSetQuota => object_sets::put_quota(call, engine).await,
        Op::GetObjectSetQuota => object_sets::quota(call, engine).await,
        Op::GetObjectSetStorage => object_sets::storage(call, engine).await,
        Op::PutObjectSetLifecycle => object_sets::put_lifecycle(call, engine).await,
        Op::GetObjectSetLifecycle => object_sets::lifecycle(call, engine).await,
        Op::DeleteObjectSetLifecycle => object_sets::delete_lifecycle(call, engine).await,
        Op::PutObjectSetQuotaByTag => object_sets::put_quotas(call, engine).await,
        Op::GetObjectSetQuotaByTag => object_sets::quotas(call, engine).await,
        Op::DeleteObjectSetQuotaByTag => object_sets::delete_quotas(call, engine).await,
        Op::PutObjectSetLifecycleByTag => object_sets::put_lifecycles(call, engine).await,
        Op::GetObjectSetLifecycleByTag => object_sets::lifecycles(call, engine).await,
        Op::DeleteObjectSetLifecycleByTag => {
            Ok(delete_document::<SetLifecycles>(&call, engine).await?)
        }
        Op::PutBucketReplication => replication::put(call, engine).await,
        Op::GetBucketReplication => replication::get(call, engine).await,
        Op::DeleteBucketReplication => Ok(delete_document::<Replication>(&call, engine).await?),
        Op::PutBucketTrash => bucket::put_trash(call, engine).await,
        Op::GetBucketTrash => bucket::trash(call, engine).await,
        Op::ModifyObject => kinds::modify(call, engine).await,
        Op::NotImplemented(name) => Err(TosError::not_implemented(name)),
    }
}
