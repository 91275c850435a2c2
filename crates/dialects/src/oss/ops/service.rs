//! The service: its buckets and its regions (sheet section 5, Service).

use cohong_core::limits::BUCKETS_MAX;
use cohong_core::model::Bucket;
use http::HeaderMap;

use super::Answer;
use crate::common::list::page_size;
use crate::gate::call::Call;
use crate::gate::fault::Fault;
use crate::oss::error::OssError;
use crate::oss::wire::bucket::BucketList;
use crate::oss::wire::region::{RegionInfo, RegionList};
use crate::oss::words::OSS;
use crate::oss::{Oss, VENDOR_REGIONS};

/// `ListBuckets`.
pub(super) async fn list_buckets(call: Call, oss: &Oss) -> Answer {
    if call.query("tagging").is_some() {
        return Err(Fault::NotServed("tagging".into()).into());
    }
    let limit = page_size(&call, "max-keys", OSS.pages)?;
    let group = call.header("x-oss-resource-group-id")?;
    let group = group.filter(|group| !group.is_empty());
    let buckets = match (call.query("tag-key"), call.query("tag-value")) {
        (None, None) => oss.engine.list_buckets(&call.cx).await?,
        (None, Some(value)) => {
            let why = "tag-value needs a tag-key beside it";
            return Err(Fault::argument("tag-value", value, why).into());
        }
        (Some(name), value) => {
            oss.engine
                .list_buckets_tagged(&call.cx, name, value)
                .await?
        }
    };
    let owner = call.cx.principal.account();
    let owner = owner.ok_or_else(|| Fault::denied("this needs a signed request"))?;
    let asked = |name: &str| call.query(name).unwrap_or_default();
    let (prefix, marker) = (asked("prefix"), asked("marker"));
    let mut page: Vec<Bucket> = buckets
        .into_iter()
        .filter(|bucket| bucket.name.as_str().starts_with(prefix))
        .filter(|bucket| bucket.name.as_str() > marker)
        .filter(|bucket| group.is_none_or(|group| crate::oss::wire::bucket::group(bucket) == group))
        .take(limit.min(BUCKETS_MAX) + 1)
        .collect();
    let truncated = page.len() > limit;
    page.truncate(limit);
    let list = BucketList::new(owner, &page, &oss.endpoint(&call));
    let list = list.asked(prefix, marker, limit, truncated);
    Ok(OSS.answer(HeaderMap::new(), "ListAllMyBucketsResult", &list))
}

/// `DescribeRegions`: all, or the one that is named as in `regions=oss-cn-hangzhou`.
pub(super) fn regions(call: &Call, oss: &Oss) -> Answer {
    let asked = call.query("regions").filter(|region| !region.is_empty());
    let endpoint = oss.endpoint(call);
    let lines: Vec<RegionInfo> = oss
        .rules
        .regions
        .iter()
        .map(|region| {
            if VENDOR_REGIONS.contains(&region.as_str()) {
                RegionInfo::of_vendor(region)
            } else {
                RegionInfo::own(region, &endpoint)
            }
        })
        .filter(|line| asked.is_none_or(|asked| asked == line.region))
        .collect();
    if lines.is_empty() {
        return Err(OssError::no_such_region());
    }
    let list = RegionList { region_info: lines };
    Ok(OSS.answer(HeaderMap::new(), "RegionInfoList", &list))
}
