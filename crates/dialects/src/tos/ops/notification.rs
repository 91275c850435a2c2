//! Notification configurations of buckets, version 1 and Type2 (sheet section 6).

use cohong_core::ErrorKind;
use cohong_core::engine::{BucketChange, Engine};
use cohong_core::model::{Destination, RuleSetVersion};
use cohong_core::rules::access::Action;
use http::{HeaderMap, StatusCode};

use super::Answer;
use super::body::{self, answer};
use crate::common::answer::empty;
use crate::common::settings::read_bucket;
use crate::common::unserved::warn_of_unserved;
use crate::gate::call::Call;
use crate::tos::error::TosError;
use crate::tos::wire::notification::rules::rules;
use crate::tos::wire::notification::{Draft, PutV1, PutV2, ShownV1, ShownV2};

/// `PutBucketNotification`: replaces the whole configuration, whichever version wrote it.
pub(super) async fn put(mut call: Call, engine: &Engine) -> Answer {
    let body: PutV1 = body::read(&mut call).await?;
    store(call, engine, body.drafts(), None).await
}

/// `PutBucketNotificationType2`.
pub(super) async fn put_type2(mut call: Call, engine: &Engine) -> Answer {
    let mut body: PutV2 = body::read(&mut call).await?;
    let drafts = body.drafts();
    let seen = body.version.filter(|version| !version.is_empty());
    let seen = seen
        .map(|version| version.parse().map(RuleSetVersion))
        .transpose();
    let seen =
        seen.map_err(|_| TosError::invalid_argument("Version is what the last GET showed"))?;
    store(call, engine, drafts, seen).await
}

async fn store(
    call: Call,
    engine: &Engine,
    drafts: Vec<Draft>,
    seen: Option<RuleSetVersion>,
) -> Answer {
    let rules = rules(drafts)?;
    for destination in rules.iter().flat_map(|rule| &rule.destinations) {
        if let Destination::Webhook(url) = destination {
            engine.check_url(url)?;
        }
    }
    let change = BucketChange::Rules {
        rules: rules.clone(),
        seen,
    };
    let stored = engine.change_bucket(&call.cx, call.bucket()?, change).await;
    stored.map_err(|error| match (error.kind(), seen) {
        (ErrorKind::Busy, Some(_)) => stale(),
        _ => error.into(),
    })?;
    warn_of_unserved(engine, call.bucket()?, &rules).await?;
    Ok(empty(StatusCode::OK, HeaderMap::new()))
}

/// 409: the configuration was changed after the client read it (sheet section 6, `Version`).
fn stale() -> TosError {
    TosError::new(
        StatusCode::CONFLICT,
        "OperationAborted",
        "0014-00000409",
        "the configuration is no longer the one of this Version; read it again, then change it",
    )
}

/// `GetBucketNotification`.
pub(super) async fn get(call: Call, engine: &Engine) -> Answer {
    let bucket = read_bucket(&call, engine, Action::ReadNotification).await?;
    Ok(answer(HeaderMap::new(), &ShownV1::new(&bucket.rules)))
}

/// `GetBucketNotificationType2`.
pub(super) async fn get_type2(call: Call, engine: &Engine) -> Answer {
    let bucket = read_bucket(&call, engine, Action::ReadNotification).await?;
    Ok(answer(
        HeaderMap::new(),
        &ShownV2::new(&bucket.rules, bucket.rule_set),
    ))
}
