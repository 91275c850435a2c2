//! Buckets: create, look at, list, delete (sheet section 4).

use cohong_core::engine::{BucketChange, CreateBucket, Engine};
use cohong_core::model::{Bucket, BucketKind};
use cohong_core::rules::access::Action;
use http::header::LOCATION;
use http::{HeaderMap, HeaderName, StatusCode};

use super::Answer;
use super::body::{answer, read};
use crate::common::answer::{empty, put_text};
use crate::common::settings::{change_bucket, label, read_bucket};
use crate::gate::call::Call;
use crate::gate::given::Given;
use crate::tos::error::TosError;
use crate::tos::limits::PROJECT_BYTES_MAX;
use crate::tos::wire::bucket::{
    BucketInfo, BucketList, DEFAULT_PROJECT, DEFAULT_REDUNDANCY, Location, PROJECT, PutTrash,
    REDUNDANCY, TrashBody, bucket_kind, type_word,
};
use crate::tos::words::{ACL, TOS};

/// Names how a bucket arranges its keys.
const BUCKET_TYPE: &str = "x-tos-bucket-type";

type Labels = Vec<(Box<str>, Box<str>)>;

/// `ListBuckets`.
pub(super) async fn list(call: Call, engine: &Engine) -> Answer {
    let buckets = engine.list_buckets(&call.cx).await?;
    let owner = call.cx.principal.account();
    let owner = owner.ok_or_else(|| TosError::access_denied("this needs a signed request"))?;
    let project = call
        .header("x-tos-project-name")?
        .filter(|name| !name.is_empty());
    let kind = call
        .header(BUCKET_TYPE)?
        .filter(|word| !word.is_empty())
        .map(kind_named)
        .transpose()?;
    let shown: Vec<Bucket> = buckets
        .into_iter()
        .filter(|bucket| kind.is_none_or(|kind| kind == bucket.kind))
        .filter(|bucket| project.is_none_or(|name| label(bucket, PROJECT, DEFAULT_PROJECT) == name))
        .collect();
    Ok(answer(
        HeaderMap::new(),
        &BucketList::new(owner, &shown, &call.address.endpoint),
    ))
}

/// `CreateBucket`.
pub(super) async fn create(call: Call, engine: &Engine) -> Answer {
    let given = TOS.given(&call)?;
    let kind = given.own_text("bucket-type").map(kind_named).transpose()?;
    let kind = kind.unwrap_or_default();
    if kind == BucketKind::Hierarchical && given.own("az-redundancy") == Some("multi-az") {
        return Err(TosError::invalid_argument(
            "the x-tos-az-redundancy of a hierarchical bucket is single-az",
        ));
    }
    let name = call.bucket()?.clone();
    let location = format!("/{name}");
    let request = CreateBucket {
        name,
        region: call.region.clone(),
        acl: TOS.acl_given(&given, ACL)?.own().unwrap_or_default(),
        default_class: TOS.class_given(&given)?.unwrap_or_default(),
        labels: labels(&given)?,
        locks: false,
        kind,
        tags: TOS.tags_given(&given)?,
    };
    engine.create_bucket(&call.cx, request).await?;
    let mut headers = HeaderMap::new();
    put_text(&mut headers, LOCATION, &location);
    Ok(empty(StatusCode::OK, headers))
}

/// The vendor's words that a bucket is to remember.
fn labels(given: &Given<'_>) -> Result<Labels, TosError> {
    let mut labels = Vec::new();
    if let Some(project) = given.own("project-name").filter(|name| !name.is_empty()) {
        if project.len() > PROJECT_BYTES_MAX {
            return Err(TosError::invalid_argument(
                "x-tos-project-name has at most 128 bytes",
            ));
        }
        labels.push((PROJECT.into(), project.into()));
    }
    match given.own("az-redundancy") {
        None | Some("") => {}
        Some(word @ ("single-az" | "multi-az")) => labels.push((REDUNDANCY.into(), word.into())),
        Some(_) => {
            return Err(TosError::invalid_argument(
                "x-tos-az-redundancy is single-az or multi-az",
            ));
        }
    }
    Ok(labels)
}

/// `HeadBucket`.
pub(super) async fn head(call: Call, engine: &Engine) -> Answer {
    let bucket = read_bucket(&call, engine, Action::ReadBucket).await?;
    let mut headers = HeaderMap::new();
    let facts = [
        (
            HeaderName::from_static("x-tos-bucket-region"),
            &*bucket.region,
        ),
        (
            TOS.names.storage_class.clone(),
            TOS.class_word(bucket.default_class),
        ),
        (
            HeaderName::from_static("x-tos-az-redundancy"),
            label(&bucket, REDUNDANCY, DEFAULT_REDUNDANCY),
        ),
        (
            HeaderName::from_static("x-tos-project-name"),
            label(&bucket, PROJECT, DEFAULT_PROJECT),
        ),
        (HeaderName::from_static(BUCKET_TYPE), type_word(&bucket)),
    ];
    for (name, value) in facts {
        put_text(&mut headers, name, value);
    }
    Ok(empty(StatusCode::OK, headers))
}

/// Reads how a bucket arranges its keys.
fn kind_named(word: &str) -> Result<BucketKind, TosError> {
    bucket_kind(word).ok_or_else(|| TosError::invalid_argument("x-tos-bucket-type is fns or hns"))
}

/// `PutBucketTrash`.
pub(super) async fn put_trash(mut call: Call, engine: &Engine) -> Answer {
    let trash = read::<PutTrash>(&mut call).await?.read()?;
    Ok(change_bucket(call, engine, BucketChange::Trash(trash)).await?)
}

/// `GetBucketTrash`.
pub(super) async fn trash(call: Call, engine: &Engine) -> Answer {
    let bucket = read_bucket(&call, engine, Action::ReadLifecycle).await?;
    let body = TrashBody::new(bucket.trash.as_ref());
    Ok(answer(HeaderMap::new(), &body))
}

/// `GetBucketLocation`.
pub(super) async fn location(call: Call, engine: &Engine) -> Answer {
    let endpoint = call.address.endpoint.clone();
    let bucket = read_bucket(&call, engine, Action::ReadBucket).await?;
    let body = Location {
        region: &bucket.region,
        extranet_endpoint: &endpoint,
        intranet_endpoint: &endpoint,
    };
    Ok(answer(HeaderMap::new(), &body))
}

/// `GetBucketInfo`.
pub(super) async fn info(call: Call, engine: &Engine) -> Answer {
    let endpoint = call.address.endpoint.clone();
    let bucket = read_bucket(&call, engine, Action::ReadBucket).await?;
    Ok(answer(
        HeaderMap::new(),
        &BucketInfo::new(&bucket, &endpoint),
    ))
}
