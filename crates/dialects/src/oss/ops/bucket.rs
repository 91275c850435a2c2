//! Buckets: create, look at, and some of their settings (sheet sections 5 and 6).

use cohong_core::ErrorKind;
use cohong_core::engine::{BucketChange, CreateBucket, Engine};
use cohong_core::model::{BucketKind, BucketName, StorageClass, Tags};
use cohong_core::rules::access::Action;
use http::header::LOCATION;
use http::{HeaderMap, StatusCode};

use super::Answer;
use crate::common::answer::{empty, put as header};
use crate::common::attributes::AclSaid;
use crate::common::document::read_any;
use crate::common::settings::read_bucket;
use crate::gate::call::Call;
use crate::oss::Oss;
use crate::oss::limits::GROUP_BYTES_MAX;
use crate::oss::wire::acl::AclBody;
use crate::oss::wire::bucket::{BucketInfo, GROUP, Location, PutBucketBody, REDUNDANCY};
use crate::oss::wire::stat::Stat;
use crate::oss::words::{BUCKET_ACL, OSS};

/// `PutBucket`: once more by its owner changes at most its access control list.
pub(super) async fn put(mut call: Call, engine: &Engine) -> Answer {
    let body = read_any::<PutBucketBody>(&mut call, "CreateBucketConfiguration").await?;
    let body = body.unwrap_or_default();
    let given = OSS.given(&call)?;
    let acl = OSS.acl_given(&given, BUCKET_ACL)?.own();
    let name = call.bucket()?.clone();
    let class = body.class().or(given.own_text("storage-class"));
    let mut labels = Vec::new();
    if let Some(group) = given.own_text("resource-group-id") {
        if group.len() > GROUP_BYTES_MAX {
            return Err(given.bad("resource-group-id", "it is too long").into());
        }
        labels.push((GROUP.into(), group.into()));
    }
    if let Some(word) = body.redundancy()? {
        labels.push((REDUNDANCY.into(), word.into()));
    }
    let request = CreateBucket {
        kind: BucketKind::Flat,
        locks: false,
        name: name.clone(),
        region: call.region.clone(),
        acl: acl.clone().unwrap_or_default(),
        default_class: class
            .map(|word| OSS.class(word))
            .transpose()?
            .unwrap_or_default(),
        labels,
        tags: Vec::new(),
    };
    let cx = OSS.encrypting(&call, &given)?;
    match engine.create_bucket(&cx, request).await {
        Err(error) if error.kind() == ErrorKind::BucketAlreadyOwned => {
            if let Some(acl) = acl {
                let change = BucketChange::Acl(acl);
                engine.change_bucket(&call.cx, &name, change).await?;
            }
        }
        done => done?,
    }
    Ok(empty(StatusCode::OK, located(&name)))
}

/// Where a bucket is, for those who made it.
fn located(name: &BucketName) -> HeaderMap {
    let mut headers = HeaderMap::new();
    header(&mut headers, LOCATION, &format!("/{name}"));
    headers
}

/// `GetBucketInfo`.
pub(super) async fn info(call: Call, oss: &Oss) -> Answer {
    let bucket = read_bucket(&call, &oss.engine, Action::ReadBucket).await?;
    let info = BucketInfo::new(&bucket, &oss.endpoint(&call));
    Ok(OSS.answer(HeaderMap::new(), "BucketInfo", &info))
}

/// `GetBucketStat`, counted when it is asked for.
pub(super) async fn stat(call: Call, engine: &Engine) -> Answer {
    let stat = engine.bucket_stat(&call.cx, call.bucket()?).await?;
    let body = Stat::new(&stat, call.cx.at);
    Ok(OSS.answer(HeaderMap::new(), "BucketStat", &body))
}

/// `GetBucketLocation`.
pub(super) async fn location(call: Call, engine: &Engine) -> Answer {
    let bucket = read_bucket(&call, engine, Action::ReadBucket).await?;
    let location = Location::new(&bucket);
    Ok(OSS.answer(HeaderMap::new(), "LocationConstraint", &location))
}

/// `PutBucketAcl`: makes a bucket that does not exist.
pub(super) async fn put_acl(call: Call, engine: &Engine) -> Answer {
    let given = OSS.given(&call)?;
    let AclSaid::Own(acl) = OSS.acl_given(&given, BUCKET_ACL)? else {
        let why = "x-oss-acl is private, public-read or public-read-write";
        return Err(given.bad(BUCKET_ACL, why).into());
    };
    let name = call.bucket()?.clone();
    let change = BucketChange::Acl(acl.clone());
    match engine.change_bucket(&call.cx, &name, change).await {
        Err(error) if error.kind() == ErrorKind::NoSuchBucket => {
            let request = CreateBucket {
                kind: BucketKind::Flat,
                locks: false,
                name: name.clone(),
                region: call.region.clone(),
                acl,
                default_class: StorageClass::default(),
                labels: Vec::new(),
                tags: Tags::default(),
            };
            engine.create_bucket(&call.cx, request).await?;
        }
        done => done.map(drop)?,
    }
    Ok(empty(StatusCode::OK, located(&name)))
}

/// `GetBucketAcl`.
pub(super) async fn get_acl(call: Call, engine: &Engine) -> Answer {
    let bucket = read_bucket(&call, engine, Action::ReadBucketAcl).await?;
    let body = AclBody::of_bucket(&bucket.owner, &bucket.acl);
    Ok(OSS.answer(HeaderMap::new(), "AccessControlPolicy", &body))
}
