//! Objects: what this vendor tells in other ways than its family (sheet section 5, Object).

use cohong_core::ErrorKind;
use cohong_core::engine::{Engine, ObjectChange};
use cohong_core::rules::access::Action;
use http::header::{CONTENT_LENGTH, ETAG, LAST_MODIFIED};
use http::{HeaderMap, HeaderName, StatusCode};

use super::Answer;
use crate::common::answer::{empty, put};
use crate::common::attributes::AclSaid;
use crate::common::date;
use crate::common::document::read_any;
use crate::common::input::target;
use crate::common::settings::inspect;
use crate::gate::body::unsent;
use crate::gate::call::Call;
use crate::oss::error::OssError;
use crate::oss::wire::acl::AclBody;
use crate::oss::wire::object::RestoreBody;
use crate::oss::words::{OBJECT_ACL, OSS};

/// Tells how urgent a restore is.
const PRIORITY: HeaderName = HeaderName::from_static("x-oss-object-restore-priority");

/// Tells when an object was read last, where its bucket notes that.
const LAST_ACCESS: HeaderName = HeaderName::from_static("x-oss-last-access-time");

/// `GetObjectMeta`: the few headers that need little but the object's record.
pub(super) async fn meta(call: Call, engine: &Engine) -> Answer {
    let (info, cx) = OSS.look(&call, engine).await?;
    let all = OSS.described(&info, &cx);
    let own = [&OSS.names.version_id].into_iter().chain(&OSS.names.crc64);
    let mut headers = HeaderMap::new();
    for name in [&ETAG, &LAST_MODIFIED].into_iter().chain(own) {
        if let Some(value) = all.get(name) {
            headers.insert(name.clone(), value.clone());
        }
    }
    headers.insert(CONTENT_LENGTH, info.record.size.into());
    if let Some(at) = info.read_at {
        put(&mut headers, LAST_ACCESS, &date::http(at));
    }
    Ok(empty(StatusCode::OK, headers))
}

/// `GetObjectMeta` by `GET`: the answer tells how long the object is and has nothing of it, so the connection ends
/// behind its head. Clients that ask so do not read on.
pub(super) async fn meta_by_get(call: Call, engine: &Engine) -> Answer {
    let head = meta(call, engine).await?;
    Ok(head.map(|_| unsent()))
}

/// `GetSymlink`.
pub(super) async fn symlink(call: Call, engine: &Engine) -> Answer {
    let link = engine.get_symlink(&call.cx, &target(&call)?).await?;
    Ok(empty(StatusCode::OK, OSS.of_symlink(&link)))
}

/// `CopyObject`.
pub(super) async fn copy(call: Call, engine: &Engine) -> Answer {
    let copied = OSS.copy_object(&call, engine, OBJECT_ACL).await?;
    Ok(OSS.answer(copied.headers, "CopyObjectResult", &copied.result))
}

/// `RestoreObject`. How urgent it is makes no difference here.
pub(super) async fn restore(mut call: Call, engine: &Engine) -> Answer {
    let body = read_any::<RestoreBody>(&mut call, "RestoreRequest").await?;
    let body = body.unwrap_or_default();
    let tier = body.tier()?;
    if tier.is_some() {
        let info = inspect(&call, engine, Action::RestoreObject).await?;
        if !body.fits(info.record.class) {
            return Err(OssError::malformed_xml());
        }
    }
    let mut restored = OSS.restore_object(&call, engine, body.days()).await?;
    if let Some(tier) = tier {
        put(restored.headers_mut(), PRIORITY, tier);
    }
    Ok(restored)
}

/// `CleanRestoredObject`: has numbers and words of its own for what cannot be ended.
pub(super) async fn end_restore(call: Call, engine: &Engine) -> Answer {
    match engine.end_restore(&call.cx, &target(&call)?).await {
        Ok(()) => Ok(empty(StatusCode::OK, HeaderMap::new())),
        Err(error) => Err(match error.kind() {
            ErrorKind::RestoreInProgress => OssError::restore_stands("ArchiveRestoreNotFinished"),
            ErrorKind::NotRestored => OssError::restore_stands("ArchiveRestoreFileStale"),
            _ => error.into(),
        }),
    }
}

/// `PutObjectACL`.
pub(super) async fn put_acl(call: Call, engine: &Engine) -> Answer {
    let given = OSS.given(&call)?;
    let acl = match OSS.acl_given(&given, OBJECT_ACL)? {
        AclSaid::Nothing => return Err(OssError::missing_argument("x-oss-object-acl")),
        said => said.own(),
    };
    let change = ObjectChange::Acl(acl);
    Ok(OSS
        .change_object(call, engine, change, StatusCode::OK)
        .await?)
}

/// `GetObjectACL`.
pub(super) async fn get_acl(call: Call, engine: &Engine) -> Answer {
    let info = inspect(&call, engine, Action::ReadObjectAcl).await?;
    let body = AclBody::of_object(&info.record);
    Ok(OSS.answer(OSS.of_version(&info), "AccessControlPolicy", &body))
}
