//! Buckets: create and look at (sheet section 6, Buckets).

use cohong_core::ErrorKind;
use cohong_core::engine::{BucketChange, CreateBucket, Engine};
use cohong_core::model::{BucketKind, StorageClass};
use cohong_core::rules::access::Action;
use http::header::LOCATION;
use http::{HeaderMap, StatusCode};

use super::Answer;
use crate::common::answer::{empty, put, put_text};
use crate::common::attributes::boolean;
use crate::common::document::read_any;
use crate::common::settings::read_bucket;
use crate::gate::call::Call;
use crate::gate::fault::Fault;
use crate::gate::given::Given;
use crate::s3::S3 as Dialect;
use crate::s3::error::S3Error;
use crate::s3::wire::bucket::{CreateBody, FIRST_REGION, Location};
use crate::s3::words::{ACL, BUCKET_REGION, S3};

/// `CreateBucket`. Once more by its owner it is an error, except in the vendor's first region, where it
/// changes at most the access control list.
pub(super) async fn create(mut call: Call, s3: &Dialect) -> Answer {
    let body = read_any::<CreateBody>(&mut call, "CreateBucketConfiguration").await?;
    let body = body.unwrap_or_default();
    let given = S3.given(&call)?;
    refuse_unkept(&given)?;
    let acl = S3.acl_given(&given, ACL)?.own();
    let region: Box<str> = body.region()?.unwrap_or(&call.region).into();
    if !s3.serves(&region) {
        let why = "The specified location-constraint is not valid";
        return Err(
            S3Error::bad("InvalidLocationConstraint", why).with("LocationConstraint", &region)
        );
    }
    let name = call.bucket()?.clone();
    let location = format!("/{name}");
    let engine = &*s3.engine;
    let request = CreateBucket {
        kind: BucketKind::Flat,
        name: name.clone(),
        region: region.clone(),
        acl: acl.clone().unwrap_or_default(),
        default_class: StorageClass::default(),
        labels: Vec::new(),
        tags: Vec::new(),
        locks: locks(&given)?,
    };
    match engine.create_bucket(&call.cx, request).await {
        Err(error) if error.kind() == ErrorKind::BucketAlreadyOwned && *region == *FIRST_REGION => {
            if let Some(acl) = acl {
                let change = BucketChange::Acl(acl);
                engine.change_bucket(&call.cx, &name, change).await?;
            }
        }
        done => done?,
    }
    let mut headers = HeaderMap::new();
    put(&mut headers, LOCATION, &location);
    Ok(empty(StatusCode::OK, headers))
}

/// Whether objects of the bucket may be locked.
fn locks(given: &Given<'_>) -> Result<bool, Fault> {
    const NAME: &str = "bucket-object-lock-enabled";
    let said = given.own_text(NAME);
    said.map_or(Ok(false), |word| boolean(&given.name(NAME), word))
}

/// Refuses what would be a promise about all objects of the bucket.
fn refuse_unkept(given: &Given<'_>) -> Result<(), Fault> {
    const OWNERSHIP: &str = "object-ownership";
    // Whoever writes an object owns it; that the bucket's owner may everything is true always.
    match given.own_text(OWNERSHIP) {
        None | Some("ObjectWriter" | "BucketOwnerPreferred") => Ok(()),
        Some("BucketOwnerEnforced") => Err(Fault::NotServed(given.name(OWNERSHIP).into())),
        Some(_) => Err(given.bad(OWNERSHIP, "this is no ownership of objects")),
    }
}

/// `HeadBucket`.
pub(super) async fn head(call: Call, engine: &Engine) -> Answer {
    let bucket = read_bucket(&call, engine, Action::ListObjects).await?;
    let mut headers = HeaderMap::new();
    put_text(&mut headers, BUCKET_REGION, &bucket.region);
    Ok(empty(StatusCode::OK, headers))
}

/// `GetBucketLocation`.
pub(super) async fn location(call: Call, engine: &Engine) -> Answer {
    let bucket = read_bucket(&call, engine, Action::ReadBucket).await?;
    let location = Location::new(&bucket);
    Ok(S3.answer(HeaderMap::new(), "LocationConstraint", &location))
}
