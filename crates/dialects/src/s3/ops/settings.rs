//! Settings of buckets that this vendor tells in other ways than its family (sheet section 7).

use cohong_core::engine::Engine;
use cohong_core::model::{Encryption, Lifecycle, Tags};
use http::HeaderMap;

use super::Answer;
use crate::common::bucket_policy;
use crate::common::document::read;
use crate::common::policy::BadPolicy;
use crate::common::settings::{document, put_document};
use crate::common::wire::encryption::{Rule, RuleBody};
use crate::gate::call::Call;
use crate::gate::fault::Fault;
use crate::s3::error::S3Error;
use crate::s3::policy::POLICY;
use crate::s3::wire::lifecycle::LifecycleBody;
use crate::s3::words::S3;

const ENCRYPTION: &str = "ServerSideEncryptionConfiguration";
const LIFECYCLE: &str = "LifecycleConfiguration";

/// `PutBucketPolicy`.
pub(super) async fn put_policy(call: Call, engine: &Engine) -> Answer {
    let put = bucket_policy::put(call, engine, &POLICY).await;
    put.map_err(|fault| match fault {
        Fault::Policy(BadPolicy::Malformed(why)) => S3Error::bad("MalformedPolicy", why),
        fault => fault.into(),
    })
}

/// `PutBucketLifecycleConfiguration`.
pub(super) async fn put_lifecycle(mut call: Call, engine: &Engine) -> Answer {
    let body: LifecycleBody = read(&mut call, LIFECYCLE).await?;
    // The vendor lets rules overlap.
    let doc = Lifecycle {
        rules: body.rules()?,
        may_overlap: true,
    };
    Ok(put_document(&call, engine, &doc).await?)
}

/// `GetBucketLifecycleConfiguration`.
pub(super) async fn get_lifecycle(call: Call, engine: &Engine) -> Answer {
    let doc: Lifecycle = document(&call, engine).await?;
    let body = LifecycleBody::new(&doc.rules);
    Ok(S3.answer(HeaderMap::new(), LIFECYCLE, &body))
}

/// `PutBucketEncryption`.
pub(super) async fn put_encryption(mut call: Call, engine: &Engine) -> Answer {
    let body: RuleBody = read(&mut call, ENCRYPTION).await?;
    Ok(put_document(&call, engine, &body.rule.read(&S3)?).await?)
}

/// `GetBucketEncryption`: an error where a bucket does not encrypt, since that is the truth here.
pub(super) async fn get_encryption(call: Call, engine: &Engine) -> Answer {
    let encryption: Encryption = document(&call, engine).await?;
    let rule = Rule::new(&S3, &encryption);
    Ok(S3.answer(HeaderMap::new(), ENCRYPTION, &RuleBody { rule }))
}

/// `GetBucketTagging`: an error where there are none.
pub(super) async fn get_tags(call: Call, engine: &Engine) -> Answer {
    let tags: Tags = document(&call, engine).await?;
    Ok(S3.tell_bucket_tags(&tags))
}
