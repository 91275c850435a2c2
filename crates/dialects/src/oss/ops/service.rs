//! The service: its buckets and its regions (sheet section 5, Service).

use cohong_core::limits::BUCKETS_MAX;
use cohong_core::model::Bucket;
use http::HeaderMap;

use super::Answer;
use crate::common::list::page_size;
use crate::common::owner::Owner;
use crate::gate::call::Call;
use crate::gate::fault::Fault;
use crate::oss::error::OssError;
use crate::oss::wire::bucket::{BucketList, CloudBoxList};
use crate::oss::wire::region::{RegionInfo, RegionList};
use crate::oss::words::OSS;
use crate::oss::{Oss, VENDOR_REGIONS};

/// `ListBuckets`.
pub(super) async fn list_buckets(call: Call, oss: &Oss) -> Answer {
    let limit = page_size(&call, "max-keys", OSS.pages)?;
    let group = call.header("x-oss-resource-group-id")?;
    let group = group.filter(|group| !group.is_empty());
    let mut wanted = Vec::new();
    match (call.query("tag-key"), call.query("tag-value")) {
        (None, None) => {}
        (None, Some(value)) => {
            let why = "tag-value needs a tag-key beside it";
            return Err(Fault::argument("tag-value", value, why).into());
        }
        (Some(name), value) => wanted.push((name.to_owned(), value.map(ToOwned::to_owned))),
    }
    if let Some(text) = call.query("tagging").filter(|text| !text.is_empty()) {
        let tags = tags_asked(text)?.into_iter();
        wanted.extend(tags.map(|(name, value)| (name, Some(value))));
    }
    let buckets = if wanted.is_empty() {
        oss.engine.list_buckets(&call.cx).await?
    } else {
        oss.engine.list_buckets_tagged(&call.cx, &wanted).await?
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

/// `ListCloudBoxes`: there are none.
pub(super) fn cloud_boxes(call: &Call) -> Answer {
    let owner = call.cx.principal.account();
    let owner = owner.ok_or_else(|| Fault::denied("this needs a signed request"))?;
    let asked = |name: &str| call.query(name).unwrap_or_default().to_owned();
    let body = CloudBoxList {
        owner: Owner::new(owner),
        prefix: asked("prefix"),
        marker: asked("marker"),
        max_keys: page_size(call, "max-keys", OSS.pages)?,
        is_truncated: false,
        cloud_boxes: "",
    };
    Ok(OSS.answer(HeaderMap::new(), "ListCloudBoxResult", &body))
}

/// Tags as a list of buckets asks for them: `"name":"value"`, with commas between them.
fn tags_asked(text: &str) -> Result<Vec<(String, String)>, Fault> {
    let bad = || {
        let why = "tagging is \"name\":\"value\" with commas between them";
        Fault::argument("tagging", text, why)
    };
    let quoted = |part: &str| {
        let inner = part.trim().strip_prefix('"')?.strip_suffix('"')?;
        Some(inner.to_owned())
    };
    let pair = |part: &str| {
        let (name, value) = part.split_once(':')?;
        Some((quoted(name)?, quoted(value)?))
    };
    let pairs: Option<Vec<_>> = text.split(',').map(pair).collect();
    pairs.ok_or_else(bad)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_asked_for_in_quotes() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        // (text, tags)
        let cases = [
            (r#""a":"1""#, Some(vec![pair("a", "1")])),
            (
                r#""a":"1", "b":"" "#,
                Some(vec![pair("a", "1"), pair("b", "")]),
            ),
            ("a:1", None),
            (r#""a""#, None),
            (r#""a":"1","#, None),
        ];
        for (text, wanted) in cases {
            assert_eq!(tags_asked(text).ok(), wanted, "{text}");
        }
    }
}
