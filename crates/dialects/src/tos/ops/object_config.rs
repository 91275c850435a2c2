//! What stands beside an object's bytes: metadata, access control list, tags (sheet section 4).

use cohong_core::engine::{Engine, ObjectChange};
use cohong_core::rules::access::Action;
use http::StatusCode;

use super::Answer;
use super::body;
use crate::common::settings::inspect;
use crate::gate::call::Call;
use crate::tos::wire::acl::AclBody;
use crate::tos::wire::object::{PutTagging, Tagging};
use crate::tos::words::TOS;

/// `SetObjectMeta`.
pub(super) async fn set_meta(call: Call, engine: &Engine) -> Answer {
    Ok(TOS.set_meta(call, engine).await?)
}

/// `PutObjectAcl`, by headers or else by body.
pub(super) async fn put_acl(mut call: Call, engine: &Engine) -> Answer {
    let change = ObjectChange::Acl(body::acl(&mut call).await?);
    Ok(TOS
        .change_object(call, engine, change, StatusCode::OK)
        .await?)
}

/// `GetObjectAcl`.
pub(super) async fn get_acl(call: Call, engine: &Engine) -> Answer {
    let info = inspect(&call, engine, Action::ReadObjectAcl).await?;
    let acl = AclBody::of_object(&info.record.owner, info.record.acl.as_ref());
    Ok(body::answer(TOS.of_version(&info), &acl))
}

/// `PutObjectTagging`.
pub(super) async fn put_tagging(mut call: Call, engine: &Engine) -> Answer {
    let tags = body::read::<PutTagging>(&mut call).await?.tags()?;
    let change = ObjectChange::Tags(tags);
    Ok(TOS
        .change_object(call, engine, change, StatusCode::OK)
        .await?)
}

/// `GetObjectTagging`: an empty set where there are no tags.
pub(super) async fn get_tagging(call: Call, engine: &Engine) -> Answer {
    let info = inspect(&call, engine, Action::ReadObjectTags).await?;
    let tags = Tagging::new(&info.record.tags);
    Ok(body::answer(TOS.of_version(&info), &tags))
}
