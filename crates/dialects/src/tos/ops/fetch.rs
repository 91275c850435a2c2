//! Objects that are fetched from a URL (sheet section 7), at once or as a task.

use cohong_core::engine::{Attributes, Engine, FetchObject, IfThere};
use cohong_core::model::{FetchId, ObjectKey, StoredHeaders};
use cohong_core::{Error, ErrorKind};
use http::HeaderMap;

use super::Answer;
use super::body;
use crate::gate::call::Call;
use crate::tos::error::TosError;
use crate::tos::wire::fetch::{FetchBody, FetchDone, LABELS, TaskInfo, TaskMade};
use crate::tos::words::{ACL, TOS};

/// `FetchObject`.
pub(super) async fn object(mut call: Call, engine: &Engine) -> Answer {
    let body = body::read::<FetchBody>(&mut call).await?;
    let key = call.key()?.clone();
    let request = request(&call, key, body)?;
    let cx = TOS.encrypting(&call, &TOS.given(&call)?)?;
    let stored = engine.fetch_object(&cx, request).await?;
    let headers = TOS.uploaded(&stored, &cx);
    let etag = TOS.quoted(&stored.etag);
    Ok(body::answer(headers, &FetchDone { etag }))
}

/// `PutFetchTask`.
pub(super) async fn put_task(mut call: Call, engine: &Engine) -> Answer {
    let body = body::read::<FetchBody>(&mut call).await?;
    let key = TOS.keys.read(body.object.as_deref().unwrap_or_default())?;
    let callback = body.callback()?;
    let request = FetchObject {
        callback,
        labels: labels(&call)?,
        ..request(&call, key, body)?
    };
    let cx = TOS.encrypting(&call, &TOS.given(&call)?)?;
    if !cx.encrypting.is_unsaid() {
        // No key of a client's is kept for a task.
        return Err(TosError::not_implemented(
            "encryption asked for by a fetch task",
        ));
    }
    let task = engine.put_fetch_task(&call.cx, request).await?;
    let task_id = task.to_string();
    Ok(body::answer(HeaderMap::new(), &TaskMade { task_id }))
}

/// `GetFetchTask`.
pub(super) async fn get_task(call: Call, engine: &Engine) -> Answer {
    let id = call.query("taskId").and_then(FetchId::parse);
    let id = id.ok_or_else(|| Error::new(ErrorKind::NoSuchTask, "this is no id of a task"))?;
    let task = engine.fetch_task(&call.cx, call.bucket()?, id).await?;
    Ok(body::answer(HeaderMap::new(), &TaskInfo::new(&task)))
}

/// What is to be fetched, and what the object carries: the type of the request is that of its own body.
fn request(call: &Call, key: ObjectKey, body: FetchBody) -> Result<FetchObject, TosError> {
    let given = TOS.given(call)?;
    let attributes = TOS.attributes(&given, ACL)?;
    let attributes = Attributes {
        headers: StoredHeaders {
            content_type: None,
            ..attributes.headers
        },
        ..attributes
    };
    Ok(FetchObject {
        bucket: call.bucket()?.clone(),
        key,
        md5: body.md5()?,
        if_there: if body.keeps()? {
            IfThere::Keep
        } else {
            IfThere::Overwrite
        },
        url: body.url.unwrap_or_default().into(),
        attributes,
        callback: None,
        labels: Vec::new(),
    })
}

/// Words of a vendor's: name and value.
type Labels = Vec<(Box<str>, Box<str>)>;

/// The words of the request that the vendor gives back.
fn labels(call: &Call) -> Result<Labels, TosError> {
    let given = TOS.given(call)?;
    let said = |name: &&str| Some(((*name).into(), given.own_text(name)?.into()));
    Ok(LABELS.iter().filter_map(said).collect())
}
