//! Objects that are fetched from a URL by a task (sheet section 6).

use cohong_core::engine::{Attributes, Engine, FetchObject, IfThere};
use cohong_core::model::FetchId;
use cohong_core::{Error, ErrorKind};
use http::HeaderMap;

use super::Answer;
use crate::common::document::read;
use crate::common::input::md5_of;
use crate::gate::call::Call;
use crate::oss::error::OssError;
use crate::oss::wire::fetch::{CALLBACK, TaskBody, TaskInfo, TaskMade};
use crate::oss::words::OSS;

/// Names the task that is asked about.
const TASK: &str = "x-oss-task-id";

/// `PutAsyncFetchTask`.
pub(super) async fn put(mut call: Call, engine: &Engine) -> Answer {
    let body: TaskBody = read(&mut call, TaskBody::ROOT).await?;
    if let Some(name) = body.unserved() {
        return Err(OssError::not_implemented(name));
    }
    let some = |text: &'_ str| (!text.is_empty()).then(|| text.to_owned());
    let callback = OSS.callback_in(&call, engine, some(&body.callback)).await?;
    let class = some(&body.storage_class);
    let request = FetchObject {
        bucket: call.bucket()?.clone(),
        key: OSS.keys.read(&body.object)?,
        md5: some(&body.content_md5)
            .map(|text| md5_of(&text))
            .transpose()?,
        if_there: if body.keeps() {
            IfThere::Refuse
        } else {
            IfThere::Overwrite
        },
        attributes: Attributes {
            class: class.map(|word| OSS.class(&word)).transpose()?,
            ..Attributes::default()
        },
        callback,
        labels: some(&body.callback)
            .map(|order| (CALLBACK.into(), order.into()))
            .into_iter()
            .collect(),
        url: body.url.into(),
    };
    match engine.put_fetch_task(&call.cx, request).await {
        Ok(task) => {
            let task_id = task.to_string();
            Ok(OSS.answer(HeaderMap::new(), TaskMade::ROOT, &TaskMade { task_id }))
        }
        Err(error) if error.kind() == ErrorKind::ObjectExists => Err(OssError::object_is_there()),
        Err(error) => Err(error.into()),
    }
}

/// `GetAsyncFetchTask`.
pub(super) async fn get(call: Call, engine: &Engine) -> Answer {
    let id = call.header(TASK)?.unwrap_or_default();
    let task = FetchId::parse(id);
    let task = task.ok_or_else(|| Error::new(ErrorKind::NoSuchTask, "this is no id of a task"))?;
    let record = engine.fetch_task(&call.cx, call.bucket()?, task).await?;
    Ok(OSS.answer(
        HeaderMap::new(),
        TaskInfo::ROOT,
        &TaskInfo::new(id, &record),
    ))
}
