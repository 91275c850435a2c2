//! Operations by family. Each reads what the wire says, asks the engine once, and writes its answer;
//! nothing is decided here.

mod answer;
mod attributes;
mod bucket;
mod bucket_config;
mod callback;
mod copy;
mod delete;
mod input;
mod list;
mod multipart;
mod notification;
mod object;
mod object_config;
mod post;

use cohong_core::engine::Engine;
use http::{HeaderMap, Response};

use super::Call;
use super::auth::Auth;
use super::error::TosError;
use super::route::Op;
use crate::gate::OutBody;

type Answer = Result<Response<OutBody>, TosError>;

/// Refuses headers that operations would have to choose from: those that are given twice, or are no
/// text.
pub(super) fn check_headers(headers: &HeaderMap) -> Result<(), TosError> {
    attributes::Given::headers(headers).map(|_| ())
}

/// Serves a request whose signature holds; a form proves itself with its fields.
pub(super) async fn run(call: Call, engine: &Engine, auth: &Auth) -> Answer {
    match call.op {
        Op::ListBuckets => bucket::list(call, engine).await,
        Op::CreateBucket => bucket::create(call, engine).await,
        Op::HeadBucket => bucket::head(call, engine).await,
        Op::DeleteBucket => bucket::delete(call, engine).await,
        Op::GetBucketLocation => bucket::location(call, engine).await,
        Op::GetBucketInfo => bucket::info(call, engine).await,
        Op::PutBucketAcl => bucket_config::put_acl(call, engine).await,
        Op::GetBucketAcl => bucket_config::get_acl(call, engine).await,
        Op::PutBucketVersioning => bucket_config::put_versioning(call, engine).await,
        Op::GetBucketVersioning => bucket_config::get_versioning(call, engine).await,
        Op::PutBucketNotification => notification::put(call, engine).await,
        Op::GetBucketNotification => notification::get(call, engine).await,
        Op::PutBucketNotificationType2 => notification::put_type2(call, engine).await,
        Op::GetBucketNotificationType2 => notification::get_type2(call, engine).await,
        Op::ListObjects => list::objects(call, engine).await,
        Op::ListObjectsType2 => list::objects_type2(call, engine).await,
        Op::ListObjectVersions => list::versions(call, engine).await,
        Op::ListMultipartUploads => list::uploads(call, engine).await,
        Op::DeleteMultiObjects => delete::many(call, engine).await,
        Op::PostObject => post::post(call, engine, auth).await,
        Op::PutObject => object::put_object(call, engine).await,
        Op::GetObject => object::get(call, engine).await,
        Op::HeadObject => object::head(call, engine).await,
        Op::DeleteObject => delete::one(call, engine).await,
        Op::CopyObject => copy::object(call, engine).await,
        Op::SetObjectMeta => object_config::set_meta(call, engine).await,
        Op::PutObjectAcl => object_config::put_acl(call, engine).await,
        Op::GetObjectAcl => object_config::get_acl(call, engine).await,
        Op::PutObjectTagging => object_config::put_tagging(call, engine).await,
        Op::GetObjectTagging => object_config::get_tagging(call, engine).await,
        Op::DeleteObjectTagging => object_config::delete_tagging(call, engine).await,
        Op::CreateMultipartUpload => multipart::create(call, engine).await,
        Op::UploadPart => multipart::upload_part(call, engine).await,
        Op::UploadPartCopy => copy::part(call, engine).await,
        Op::ListParts => list::parts(call, engine).await,
        Op::CompleteMultipartUpload => multipart::complete(call, engine).await,
        Op::AbortMultipartUpload => multipart::abort(call, engine).await,
        Op::NotImplemented(name) => Err(TosError::not_implemented(name)),
    }
}
