//! Settings of buckets, and what stands beside an object's bytes: changes whose answers have no body.

use cohong_core::engine::{BucketChange, Document, Engine, ObjectChange, ObjectInfo};
use cohong_core::model::{Bucket, Versioning};
use cohong_core::rules::access::Action;
use http::{HeaderMap, Response, StatusCode};

use super::answer;
use super::attributes::stored_headers;
use super::input::target;
use super::vocabulary::Vocabulary;
use crate::gate::OutBody;
use crate::gate::call::Call;
use crate::gate::fault::Fault;

type Answer = Result<Response<OutBody>, Fault>;

/// Deletes a bucket.
pub(crate) async fn delete_bucket(call: Call, engine: &Engine) -> Answer {
    engine.delete_bucket(&call.cx, call.bucket()?).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT, HeaderMap::new()))
}

/// The bucket of the address, for one purpose.
pub(crate) async fn read_bucket(
    call: &Call,
    engine: &Engine,
    action: Action,
) -> Result<Bucket, Fault> {
    Ok(engine.read_bucket(&call.cx, call.bucket()?, action).await?)
}

/// What a bucket was created with under a label.
pub(crate) fn label<'a>(bucket: &'a Bucket, name: &str, default: &'a str) -> &'a str {
    let found = bucket.labels.iter().find(|(label, _)| **label == *name);
    found.map_or(default, |(_, value)| value)
}

/// Changes one setting of the bucket of the address.
pub(crate) async fn change_bucket(call: Call, engine: &Engine, change: BucketChange) -> Answer {
    engine
        .change_bucket(&call.cx, call.bucket()?, change)
        .await?;
    Ok(answer::empty(StatusCode::OK, HeaderMap::new()))
}

/// Puts a configuration document of the bucket of the address in the place of the one before.
pub(crate) async fn put_document<D: Document>(call: &Call, engine: &Engine, doc: &D) -> Answer {
    engine.put_bucket_doc(&call.cx, call.bucket()?, doc).await?;
    Ok(answer::empty(StatusCode::OK, HeaderMap::new()))
}

/// The configuration document of the bucket of the address.
pub(crate) async fn document<D: Document>(call: &Call, engine: &Engine) -> Result<D, Fault> {
    Ok(engine.get_bucket_doc(&call.cx, call.bucket()?).await?)
}

/// Removes a configuration document of the bucket of the address; that there is none is success.
pub(crate) async fn delete_document<D: Document>(call: &Call, engine: &Engine) -> Answer {
    engine
        .delete_bucket_doc::<D>(&call.cx, call.bucket()?)
        .await?;
    Ok(answer::empty(StatusCode::NO_CONTENT, HeaderMap::new()))
}

/// The family's word for a state of versioning; none for never switched on.
pub(crate) fn versioning_word(versioning: Versioning) -> Option<&'static str> {
    match versioning {
        Versioning::Off => None,
        Versioning::Enabled => Some("Enabled"),
        Versioning::Suspended => Some("Suspended"),
    }
}

/// The state of versioning that a word asks for.
pub(crate) fn versioning(word: &str) -> Result<Versioning, Fault> {
    [Versioning::Enabled, Versioning::Suspended]
        .into_iter()
        .find(|state| versioning_word(*state) == Some(word))
        .ok_or_else(|| Fault::argument("Status", word, "Status is Enabled or Suspended"))
}

/// Reads the record of the object of the address for one purpose.
pub(crate) async fn inspect(
    call: &Call,
    engine: &Engine,
    action: Action,
) -> Result<ObjectInfo, Fault> {
    Ok(engine
        .inspect_object(&call.cx, &target(call)?, action)
        .await?)
}

impl Vocabulary {
    /// Replaces headers and user metadata of the object of the address.
    pub(crate) async fn set_meta(&self, call: Call, engine: &Engine) -> Answer {
        let given = self.given(&call)?;
        self.refuse_unkept(&given)?;
        self.refuse_encryption(&given)?;
        let new = ObjectChange::Meta(stored_headers(&given), self.user_meta(&given));
        self.change_object(call, engine, new, StatusCode::OK).await
    }

    /// Takes all tags off the object of the address.
    pub(crate) async fn delete_tags(&self, call: Call, engine: &Engine) -> Answer {
        let none = ObjectChange::Tags(Vec::new());
        self.change_object(call, engine, none, StatusCode::NO_CONTENT)
            .await
    }

    /// Changes what stands beside the bytes of the object of the address.
    pub(crate) async fn change_object(
        &self,
        call: Call,
        engine: &Engine,
        change: ObjectChange,
        status: StatusCode,
    ) -> Answer {
        let version = engine
            .change_object(&call.cx, &target(&call)?, change)
            .await?;
        let mut headers = HeaderMap::new();
        self.put_version(&mut headers, version);
        Ok(answer::empty(status, headers))
    }

    /// Headers of an answer about a version.
    pub(crate) fn of_version(&self, info: &ObjectInfo) -> HeaderMap {
        let mut headers = HeaderMap::new();
        self.put_version(&mut headers, info.version);
        headers
    }
}
