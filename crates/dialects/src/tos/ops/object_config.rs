//! What stands beside an object's bytes: metadata, access control list, tags (sheet section 4).

use cohong_core::engine::{Engine, ObjectChange, ObjectInfo};
use cohong_core::rules::access::Action;
use http::{HeaderMap, StatusCode};

use super::Answer;
use super::answer::{empty, json};
use super::attributes::{AclHeaders, Given, acl, refuse_unkept, stored_headers, user_meta};
use super::input::{json_body, target};
use crate::tos::Call;
use crate::tos::error::TosError;
use crate::tos::wire::acl::{AclBody, PutAclBody};
use crate::tos::wire::header::put_version;
use crate::tos::wire::object::{PutTagging, Tagging};

/// `SetObjectMeta`: replaces headers and user metadata.
pub(super) async fn set_meta(call: Call, engine: &Engine) -> Answer {
    let given = Given::headers(&call.headers)?;
    refuse_unkept(&given)?;
    let new = ObjectChange::Meta(stored_headers(&given), user_meta(&given));
    change(call, engine, new, StatusCode::OK).await
}

/// `PutObjectAcl`, by headers or else by body.
pub(super) async fn put_acl(mut call: Call, engine: &Engine) -> Answer {
    let acl = match acl(&Given::headers(&call.headers)?)? {
        AclHeaders::Silent => json_body::<PutAclBody>(&mut call).await?.acl()?,
        said => said.own(),
    };
    change(call, engine, ObjectChange::Acl(acl), StatusCode::OK).await
}

/// `GetObjectAcl`.
pub(super) async fn get_acl(call: Call, engine: &Engine) -> Answer {
    let info = inspect(call, engine, Action::ReadObjectAcl).await?;
    let body = AclBody::of_object(&info.record.owner, info.record.acl.as_ref());
    Ok(json(version(&info), &body))
}

/// `PutObjectTagging`.
pub(super) async fn put_tagging(mut call: Call, engine: &Engine) -> Answer {
    let tags = json_body::<PutTagging>(&mut call).await?.tags()?;
    change(call, engine, ObjectChange::Tags(tags), StatusCode::OK).await
}

/// `GetObjectTagging`: an empty set where there are no tags.
pub(super) async fn get_tagging(call: Call, engine: &Engine) -> Answer {
    let info = inspect(call, engine, Action::ReadObjectTags).await?;
    Ok(json(version(&info), &Tagging::new(&info.record.tags)))
}

/// `DeleteObjectTagging`.
pub(super) async fn delete_tagging(call: Call, engine: &Engine) -> Answer {
    change(
        call,
        engine,
        ObjectChange::Tags(Vec::new()),
        StatusCode::NO_CONTENT,
    )
    .await
}

async fn change(call: Call, engine: &Engine, change: ObjectChange, status: StatusCode) -> Answer {
    let version = engine
        .change_object(&call.cx, &target(&call)?, change)
        .await?;
    let mut headers = HeaderMap::new();
    put_version(&mut headers, version);
    Ok(empty(status, headers))
}

async fn inspect(call: Call, engine: &Engine, action: Action) -> Result<ObjectInfo, TosError> {
    Ok(engine
        .inspect_object(&call.cx, &target(&call)?, action)
        .await?)
}

fn version(info: &ObjectInfo) -> HeaderMap {
    let mut headers = HeaderMap::new();
    put_version(&mut headers, info.version);
    headers
}
