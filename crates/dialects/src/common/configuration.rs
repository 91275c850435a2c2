//! Settings of buckets, and tags of objects, whose bodies are XML documents that vendors of one family
//! write alike.

use cohong_core::engine::{BucketChange, BucketPolicy, Engine, ObjectChange};
use cohong_core::model::{Cors, Tags};
use cohong_core::rules::access::{Action, is_public};
use http::{HeaderMap, Response, StatusCode};

use super::document::read;
use super::settings::{
    change_bucket, document, inspect, put_document, read_bucket, versioning, versioning_word,
};
use super::vocabulary::Vocabulary;
use super::wire::cors::CorsBody;
use super::wire::settings::{PaymentBody, PolicyStatus, VersioningBody};
use super::wire::tags::Tagging;
use crate::gate::OutBody;
use crate::gate::call::Call;
use crate::gate::fault::Fault;

type Answer = Result<Response<OutBody>, Fault>;

const PAYMENT: &str = "RequestPaymentConfiguration";
const VERSIONING: &str = "VersioningConfiguration";
const CORS: &str = "CORSConfiguration";
const TAGGING: &str = "Tagging";

impl Vocabulary {
    /// Says who pays for requests.
    pub(crate) async fn put_payment(&self, mut call: Call, engine: &Engine) -> Answer {
        let body: PaymentBody = read(&mut call, PAYMENT).await?;
        let pays = body.requester_pays()?;
        change_bucket(call, engine, BucketChange::RequesterPays(pays)).await
    }

    /// Tells who pays for requests.
    pub(crate) async fn get_payment(&self, call: Call, engine: &Engine) -> Answer {
        let bucket = read_bucket(&call, engine, Action::ReadPayment).await?;
        let body = PaymentBody::new(bucket.requester_pays);
        Ok(self.answer(HeaderMap::new(), PAYMENT, &body))
    }

    /// Switches versioning on or suspends it.
    pub(crate) async fn put_versioning(&self, mut call: Call, engine: &Engine) -> Answer {
        let body: VersioningBody = read(&mut call, VERSIONING).await?;
        if body.mfa_delete.is_some_and(|word| word == "Enabled") {
            return Err(Fault::NotServed("MfaDelete".into()));
        }
        let status = body.status.unwrap_or_default();
        let state = versioning(&status)
            .map_err(|_| Fault::Body("Status is Enabled or Suspended".into()))?;
        change_bucket(call, engine, BucketChange::Versioning(state)).await
    }

    /// Tells whether versions are kept: without element when it was never switched on.
    pub(crate) async fn get_versioning(&self, call: Call, engine: &Engine) -> Answer {
        let bucket = read_bucket(&call, engine, Action::ReadVersioning).await?;
        let body = VersioningBody {
            status: versioning_word(bucket.versioning).map(ToOwned::to_owned),
            mfa_delete: None,
        };
        Ok(self.answer(HeaderMap::new(), VERSIONING, &body))
    }

    /// Tells whether the policy lets everybody do something.
    pub(crate) async fn policy_status(&self, call: Call, engine: &Engine) -> Answer {
        let policy: BucketPolicy = document(&call, engine).await?;
        let is_public = is_public(&policy.statements);
        let body = PolicyStatus { is_public };
        Ok(self.answer(HeaderMap::new(), "PolicyStatus", &body))
    }

    /// Puts the rules for pages of other origins.
    pub(crate) async fn put_cors(&self, mut call: Call, engine: &Engine) -> Answer {
        let body: CorsBody = read(&mut call, CORS).await?;
        let mut cors = body.rules()?;
        if self.bodies.lower_headers {
            for header in cors.rules.iter_mut().flat_map(|rule| &mut rule.headers) {
                *header = header.to_ascii_lowercase().into();
            }
        }
        put_document(&call, engine, &cors).await
    }

    /// Tells the rules for pages of other origins.
    pub(crate) async fn get_cors(&self, call: Call, engine: &Engine) -> Answer {
        let cors: Cors = document(&call, engine).await?;
        let body = self.cors_body(&cors);
        Ok(self.answer(HeaderMap::new(), CORS, &body))
    }

    /// Puts the tags of a bucket.
    pub(crate) async fn put_bucket_tags(&self, mut call: Call, engine: &Engine) -> Answer {
        let body: Tagging = read(&mut call, TAGGING).await?;
        let tags = self.bucket_tags.read(body.pairs(), TAGGING)?;
        put_document(&call, engine, &tags).await
    }

    /// Tells the tags of a bucket.
    pub(crate) fn tell_bucket_tags(&self, tags: &Tags) -> Response<OutBody> {
        self.answer(HeaderMap::new(), TAGGING, &Tagging::new(tags))
    }

    /// Puts the tags of an object.
    pub(crate) async fn put_tags(&self, mut call: Call, engine: &Engine) -> Answer {
        let body: Tagging = read(&mut call, TAGGING).await?;
        let tags = self.tags.read(body.pairs(), TAGGING)?;
        let change = ObjectChange::Tags(tags);
        self.change_object(call, engine, change, StatusCode::OK)
            .await
    }

    /// Tells the tags of an object: an empty set where there are none.
    pub(crate) async fn get_tags(&self, call: Call, engine: &Engine) -> Answer {
        let info = inspect(&call, engine, Action::ReadObjectTags).await?;
        let body = Tagging::new(&info.record.tags);
        Ok(self.answer(self.of_version(&info), TAGGING, &body))
    }
}
