//! Callbacks that uploads order by name. What they are is in [`crate::oss::callback`].

use cohong_core::engine::Engine;
use cohong_core::model::NamedCallback;
use http::{HeaderMap, StatusCode};

use super::Answer;
use crate::common::answer::empty;
use crate::common::callback::{BadCallback, decode};
use crate::common::document::read;
use crate::common::settings::{delete_document, document, put_document};
use crate::gate::call::Call;
use crate::gate::fault::Fault;
use crate::oss::callback::CALLBACKS;
use crate::oss::wire::callbacks::CallbacksBody;
use crate::oss::words::OSS;

/// `PutBucketCallbackPolicy`: without any it is as if they were deleted.
pub(super) async fn put(mut call: Call, engine: &Engine) -> Answer {
    let body: CallbacksBody = read(&mut call, CallbacksBody::ROOT).await?;
    let all = body.read();
    if all.is_empty() {
        delete_document::<Vec<NamedCallback>>(&call, engine).await?;
        return Ok(empty(StatusCode::OK, HeaderMap::new()));
    }
    for one in &all {
        let vars = one.vars.as_deref();
        let spec = decode(&CALLBACKS, Some(&one.order), vars, std::iter::empty());
        if spec.map_err(Fault::Callback)?.is_none() {
            return Err(Fault::Callback(BadCallback::Url("is missing")).into());
        }
    }
    Ok(put_document(&call, engine, &all).await?)
}

/// `GetBucketCallbackPolicy`.
pub(super) async fn get(call: Call, engine: &Engine) -> Answer {
    let all: Vec<NamedCallback> = document(&call, engine).await?;
    let body = CallbacksBody::new(&all);
    Ok(OSS.answer(HeaderMap::new(), CallbacksBody::ROOT, &body))
}
