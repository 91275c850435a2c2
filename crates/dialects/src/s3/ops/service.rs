//! The service: its buckets (sheet section 6, `ListBuckets`).

use cohong_core::engine::Engine;
use cohong_core::model::Bucket;
use http::HeaderMap;

use super::Answer;
use crate::common::list::number;
use crate::gate::call::Call;
use crate::gate::fault::Fault;
use crate::s3::limits::BUCKETS_PAGE_MAX;
use crate::s3::wire::bucket::BucketList;
use crate::s3::words::S3;

/// `ListBuckets`. A token is the name of the last bucket.
pub(super) async fn list_buckets(call: Call, engine: &Engine) -> Answer {
    let limit = limit(&call)?;
    let buckets = engine.list_buckets(&call.cx).await?;
    let owner = call.cx.principal.account();
    let owner = owner.ok_or_else(|| Fault::denied("this needs a signed request"))?;
    let asked = |name: &str| call.query(name).filter(|text| !text.is_empty());
    let prefix = asked("prefix");
    let after = asked("continuation-token").unwrap_or_default();
    let region = asked("bucket-region");
    let fits = |bucket: &Bucket| {
        let name = bucket.name.as_str();
        name.starts_with(prefix.unwrap_or_default())
            && name > after
            && region.is_none_or(|region| *bucket.region == *region)
    };
    let mut page: Vec<Bucket> = buckets
        .into_iter()
        .filter(fits)
        .take(limit.saturating_add(1))
        .collect();
    let truncated = page.len() > limit;
    page.truncate(limit);
    let list = BucketList::new(owner, &page, prefix, truncated);
    Ok(S3.answer(HeaderMap::new(), "ListAllMyBucketsResult", &list))
}

fn limit(call: &Call) -> Result<usize, Fault> {
    const NAME: &str = "max-buckets";
    let Some(asked) = number(call, NAME)? else {
        return Ok(BUCKETS_PAGE_MAX);
    };
    let asked = usize::try_from(asked).unwrap_or(usize::MAX);
    if !(1..=BUCKETS_PAGE_MAX).contains(&asked) {
        let why = "max-buckets is between 1 and 10000";
        let given = call.query(NAME).unwrap_or_default();
        return Err(Fault::argument(NAME, given, why));
    }
    Ok(asked)
}
