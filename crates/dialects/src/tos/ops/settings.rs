//! Settings of buckets that are documents of their own or one word: lifecycle rules, rules for pages of
//! other origins, policy, tags, class, quota, renaming, access monitor, domains (sheet section 7).

use cohong_core::engine::{BucketChange, Engine};
use cohong_core::model::{Cors, Lifecycle, LifecycleRule, Tags};
use cohong_core::rules::access::Action;
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::Answer;
use super::body::{answer, read};
use crate::common::attributes::boolean;
use crate::common::bucket_policy;
use crate::common::lifecycle::{is_enabled, mixes_times, overlapping, status};
use crate::common::settings::{change_bucket, document, put_document, read_bucket};
use crate::gate::OutBody;
use crate::gate::call::Call;
use crate::tos::Tos;
use crate::tos::error::TosError;
use crate::tos::policy::POLICY;
use crate::tos::wire::lifecycle::{LifecycleBody, PutLifecycle};
use crate::tos::wire::object::{PutTagging, Tagging};
use crate::tos::wire::settings::{
    CorsBody, DomainList, MonitorBody, PutCors, PutDomain, PutMonitor, PutQuota, PutRename,
    QuotaBody, RenameBody,
};
use crate::tos::words::TOS;

/// Lets rules overlap that do the same.
const ALLOW: &str = "allow-same-action-overlap";

/// `PutBucketLifecycle`.
pub(super) async fn put_lifecycle(mut call: Call, engine: &Engine) -> Answer {
    let rules = read::<PutLifecycle>(&mut call).await?.rules()?;
    let may_overlap = may_overlap(&call, &rules)?;
    Ok(put_document(&call, engine, &Lifecycle { rules, may_overlap }).await?)
}

/// Checks rules that a request brings, and gives whether it says that they may overlap.
pub(super) fn may_overlap(call: &Call, rules: &[LifecycleRule]) -> Result<bool, TosError> {
    if rules.iter().any(mixes_times) {
        return Err(TosError::invalid_argument(
            "a lifecycle rule names either days or dates for Expiration and Transitions",
        ));
    }
    let given = TOS.given(call)?;
    // The SDK writes `None` where it was told nothing.
    let word = given.own_text(ALLOW).filter(|word| *word != "None");
    let may_overlap = word.map_or(Ok(false), |word| boolean(&given.name(ALLOW), word))?;
    if let Some(action) = overlapping(rules).filter(|_| !may_overlap) {
        return Err(TosError::invalid_argument(format!(
            "two lifecycle rules overlap in {action}; say x-tos-{ALLOW}: true if that is meant"
        )));
    }
    Ok(may_overlap)
}

/// Tells whether rules may overlap. Any value of the header is true to the SDK.
pub(super) fn overlap_headers(may_overlap: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if may_overlap {
        let yes = HeaderValue::from_static("true");
        headers.insert("x-tos-allow-same-action-overlap", yes);
    }
    headers
}

/// `GetBucketLifecycle`.
pub(super) async fn get_lifecycle(call: Call, engine: &Engine) -> Answer {
    let doc: Lifecycle = document(&call, engine).await?;
    let headers = overlap_headers(doc.may_overlap);
    Ok(answer(headers, &LifecycleBody::new(&doc.rules)))
}

/// `PutBucketCORS`.
pub(super) async fn put_cors(mut call: Call, engine: &Engine) -> Answer {
    let cors = read::<PutCors>(&mut call).await?.rules()?;
    Ok(put_document(&call, engine, &cors).await?)
}

/// `GetBucketCORS`.
pub(super) async fn get_cors(call: Call, engine: &Engine) -> Answer {
    let cors: Cors = document(&call, engine).await?;
    Ok(answer(HeaderMap::new(), &CorsBody::new(&cors)))
}

/// `PutBucketPolicy`.
pub(super) async fn put_policy(call: Call, engine: &Engine) -> Answer {
    let put = bucket_policy::put(call, engine, &POLICY).await?;
    Ok(no_content(put))
}

/// `PutBucketTagging`.
pub(super) async fn put_tags(mut call: Call, engine: &Engine) -> Answer {
    let tags = read::<PutTagging>(&mut call).await?.bucket_tags()?;
    Ok(put_document(&call, engine, &tags).await?)
}

/// `GetBucketTagging`: an error where there are none.
pub(super) async fn get_tags(call: Call, engine: &Engine) -> Answer {
    let tags: Tags = document(&call, engine).await?;
    Ok(answer(HeaderMap::new(), &Tagging::new(&tags)))
}

/// `PutBucketStorageClass`.
pub(super) async fn put_class(call: Call, engine: &Engine) -> Answer {
    let class = TOS.class_given(&TOS.given(&call)?)?;
    let class = class.ok_or_else(|| {
        TosError::invalid_argument("x-tos-storage-class names the class of new objects")
    })?;
    Ok(change_bucket(call, engine, BucketChange::DefaultClass(class)).await?)
}

/// `PutBucketQuota`.
pub(super) async fn put_quota(mut call: Call, engine: &Engine) -> Answer {
    let quota = read::<PutQuota>(&mut call).await?.quota()?;
    Ok(change_bucket(call, engine, BucketChange::Quota(quota)).await?)
}

/// `GetBucketQuota`.
pub(super) async fn get_quota(call: Call, engine: &Engine) -> Answer {
    let bucket = read_bucket(&call, engine, Action::ReadQuota).await?;
    Ok(answer(HeaderMap::new(), &QuotaBody::new(bucket.quota)))
}

/// `PutBucketRename`.
pub(super) async fn put_rename(mut call: Call, engine: &Engine) -> Answer {
    let enabled = read::<PutRename>(&mut call).await?.enabled;
    Ok(change_bucket(call, engine, BucketChange::Renames(enabled)).await?)
}

/// `GetBucketRename`.
pub(super) async fn get_rename(call: Call, engine: &Engine) -> Answer {
    let bucket = read_bucket(&call, engine, Action::ReadRename).await?;
    let body = RenameBody {
        rename_enable: bucket.renames || bucket.is_hierarchical(),
    };
    Ok(answer(HeaderMap::new(), &body))
}

/// `DeleteBucketRename`.
pub(super) async fn delete_rename(call: Call, engine: &Engine) -> Answer {
    let changed = change_bucket(call, engine, BucketChange::Renames(false)).await?;
    Ok(no_content(changed))
}

/// `PutBucketAccessMonitor`.
pub(super) async fn put_monitor(mut call: Call, engine: &Engine) -> Answer {
    let word = read::<PutMonitor>(&mut call).await?.status;
    let change = BucketChange::AccessMonitor(is_enabled(&word)?);
    Ok(change_bucket(call, engine, change).await?)
}

/// `GetBucketAccessMonitor`.
pub(super) async fn get_monitor(call: Call, engine: &Engine) -> Answer {
    let bucket = read_bucket(&call, engine, Action::ReadAccessMonitor).await?;
    let body = MonitorBody {
        status: status(bucket.notes_reads().is_some()),
    };
    Ok(answer(HeaderMap::new(), &body))
}

/// `PutBucketCustomDomain`. A name under one of the server's own would never lead to the bucket.
pub(super) async fn put_domain(mut call: Call, tos: &Tos) -> Answer {
    let domain = read::<PutDomain>(&mut call).await?.domain()?;
    if tos.addressing.domains.take_apart(&domain.name).is_some() {
        return Err(TosError::invalid_argument(
            "Domain is not one of the names of this server",
        ));
    }
    Ok(change_bucket(call, &tos.engine, BucketChange::AddDomain(domain)).await?)
}

/// `ListBucketCustomDomain`.
pub(super) async fn domains(call: Call, engine: &Engine) -> Answer {
    let bucket = read_bucket(&call, engine, Action::ReadDomains).await?;
    let cname = format!("{}.{}", bucket.name, call.address.endpoint);
    let body = DomainList::new(&bucket.domains, &cname);
    Ok(answer(HeaderMap::new(), &body))
}

/// `DeleteBucketCustomDomain`: 200, as the vendor's clients expect of this deletion alone.
pub(super) async fn delete_domain(call: Call, engine: &Engine) -> Answer {
    let name = call.query("customdomain").unwrap_or_default();
    let name = name.to_ascii_lowercase().into();
    Ok(change_bucket(call, engine, BucketChange::RemoveDomain(name)).await?)
}

/// An answer without body that says so.
fn no_content(mut response: Response<OutBody>) -> Response<OutBody> {
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}
