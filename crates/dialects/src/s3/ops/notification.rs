//! Notification configurations of buckets (sheet section 8).

use cohong_core::engine::{BucketChange, Engine};
use cohong_core::model::{Destination, NotificationRule};
use cohong_core::rules::access::Action;
use http::HeaderMap;

use super::Answer;
use crate::common::attributes::boolean;
use crate::common::document::read;
use crate::common::settings::{change_bucket, read_bucket};
use crate::gate::call::Call;
use crate::s3::error::S3Error;
use crate::s3::wire::notification::NotificationBody;
use crate::s3::words::S3;

const ROOT: &str = "NotificationConfiguration";
/// Has targets that are not registered taken all the same.
const SKIP: &str = "skip-destination-validation";

/// `PutBucketNotificationConfiguration`: replaces the whole configuration, whichever dialect wrote it.
pub(super) async fn put(mut call: Call, engine: &Engine) -> Answer {
    let body: NotificationBody = read(&mut call, ROOT).await?;
    let rules = body.rules()?;
    let given = S3.given(&call)?;
    let skip = given.own_text(SKIP);
    if !skip.map_or(Ok(false), |word| boolean(&given.name(SKIP), word))? {
        check_targets(engine, &rules).await?;
    }
    let change = BucketChange::Rules { rules, seen: None };
    Ok(change_bucket(call, engine, change).await?)
}

/// Refuses a target that is not registered.
async fn check_targets(engine: &Engine, rules: &[NotificationRule]) -> Result<(), S3Error> {
    for to in rules.iter().flat_map(|rule| &rule.destinations) {
        if let Destination::Function(name) = to
            && engine.function(name).await?.is_none()
        {
            let why = "Unable to validate the following destination configurations";
            return Err(S3Error::bad("InvalidArgument", why)
                .with("ArgumentName", name)
                .with(
                    "ArgumentValue",
                    "no target of this name is registered; add it with `cohong function add`",
                ));
        }
    }
    Ok(())
}

/// `GetBucketNotificationConfiguration`: empty where there are no rules.
pub(super) async fn get(call: Call, engine: &Engine) -> Answer {
    let bucket = read_bucket(&call, engine, Action::ReadNotification).await?;
    let body = NotificationBody::new(&bucket.rules, &bucket.region, &bucket.owner.0);
    Ok(S3.answer(HeaderMap::new(), ROOT, &body))
}
