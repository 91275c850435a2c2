//! What stands beside an object's bytes: metadata, access control list, tags (sheet section 4).

use cohong_core::engine::{Engine, ObjectChange};
use cohong_core::model::Timestamp;
use cohong_core::rules::access::Action;
use http::StatusCode;

use super::Answer;
use super::body;
use crate::common::settings::inspect;
use crate::gate::call::Call;
use crate::tos::error::TosError;
use crate::tos::limits::SECONDS_MAX;
use crate::tos::wire::acl::AclBody;
use crate::tos::wire::object::{ExpiresBody, PutTagging, Tagging};
use crate::tos::words::TOS;

/// `SetObjectMeta`.
pub(super) async fn set_meta(call: Call, engine: &Engine) -> Answer {
    Ok(TOS.set_meta(call, engine).await?)
}

/// `SetObjectExpires`: 0 days take back what was said before.
pub(super) async fn set_expires(mut call: Call, engine: &Engine) -> Answer {
    let days = body::read::<ExpiresBody>(&mut call).await?.days;
    let change = ObjectChange::Expires(Some(days).filter(|days| *days > 0));
    Ok(TOS
        .change_object(call, engine, change, StatusCode::OK)
        .await?)
}

/// `SetObjectTime`. Without an instant it is now.
pub(super) async fn set_time(call: Call, engine: &Engine) -> Answer {
    let number = |name: &'static str| -> Result<Option<u64>, TosError> {
        let Some(text) = call.header(name)? else {
            return Ok(None);
        };
        let number = text.parse().ok().filter(|number| *number <= SECONDS_MAX);
        number.map(Some).ok_or_else(|| {
            TosError::invalid_argument(format!(
                "{name} is a number since the first of January 1970"
            ))
        })
    };
    let seconds = number("x-modify-timestamp")?;
    let nanos = number("x-modify-timestamp-ns")?.unwrap_or(0);
    if nanos >= 1_000_000_000 {
        return Err(TosError::invalid_argument(
            "x-modify-timestamp-ns is less than a second",
        ));
    }
    let (at, beyond) = match seconds {
        None => (call.cx.at, 0),
        Some(seconds) => {
            let at = Timestamp::from_millis(seconds * 1000 + nanos / 1_000_000);
            (at, u32::try_from(nanos % 1_000_000).unwrap_or(0))
        }
    };
    let change = ObjectChange::Written(at, beyond);
    Ok(TOS
        .change_object(call, engine, change, StatusCode::OK)
        .await?)
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
