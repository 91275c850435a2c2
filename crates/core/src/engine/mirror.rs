//! Fetching what a bucket does not have from where it comes from. Rules name the origins, so that nobody can
//! have this server call another one by what they ask for; who asks has to be allowed to read the key.

use std::sync::Arc;

use super::read::tells_of_keys;
use super::{Attributes, Body, Conditions, Cx, ETagMatch, Engine, ExpectedDigests, PutObject};
use crate::error::{Error, ErrorKind};
use crate::limits::BODY_BYTES_MAX;
use crate::model::{
    AccessKeyId, Bucket, BucketName, EventKind, Mirror, ObjectKey, Principal, SyncPast,
};
use crate::ports::{OriginFault, OriginRequest, Origins};
use crate::rules::access::{Action, On, allow};
use crate::rules::mirror::{kept, passed};
use crate::rules::website::changed;

/// A missing object to be fetched.
#[derive(Clone, Debug)]
pub struct MirrorOrder<'a> {
    /// The bucket.
    pub bucket: &'a BucketName,
    /// The key.
    pub key: &'a ObjectKey,
    /// From where, and how.
    pub mirror: &'a Mirror,
    /// Headers of the request, names in lower case.
    pub headers: Vec<(Box<str>, Box<str>)>,
    /// Its query without what belongs to its signature, percent-encoded.
    pub query: String,
}

impl Engine {
    /// The engine with who reaches origins; without, every fetch fails.
    #[must_use]
    pub fn with_origins(self, origins: Arc<dyn Origins>) -> Self {
        Self {
            origins: Some(origins),
            ..self
        }
    }

    /// Whether there is no object under a key that the asker may read: those who may not list a bucket are
    /// told `Denied` of it, and its origin is asked all the same.
    pub async fn is_missing(
        &self,
        cx: &Cx,
        bucket: &BucketName,
        key: &ObjectKey,
    ) -> Result<bool, Error> {
        let (bucket, _) = self.read_live_bucket(bucket).await?;
        match allow(cx, &bucket, Action::ReadObject, On::Key(key)) {
            Ok(_) => self.lacks(&bucket, key).await,
            Err(error) if error.kind() == ErrorKind::Denied => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Fetches an object and stores it, unless somebody did so meanwhile. Requests for one key wait for
    /// each other. `Denied`; `NoSuchKey` when the origin has none either; `OriginFailed`.
    pub async fn mirror_back(&self, cx: &Cx, order: MirrorOrder<'_>) -> Result<(), Error> {
        let (bucket, _) = self.read_live_bucket(order.bucket).await?;
        allow(cx, &bucket, Action::ReadObject, On::Key(order.key))?;
        let mirror = order.mirror;
        let fetches = !mirror.redirects
            || (mirror.fetches_redirected && (order.query.is_empty() || mirror.fetches_queries));
        if !fetches {
            return Ok(());
        }
        let _turn = self.mirrors.enter(order.bucket, [order.key]).await;
        if !self.lacks(&bucket, order.key).await? {
            return Ok(());
        }
        let origins = self.origins.as_ref();
        let origins = origins.ok_or_else(|| failed("this server reaches no origins"))?;
        let request = OriginRequest {
            origins: mirror
                .origins
                .iter()
                .chain(&mirror.spares)
                .cloned()
                .collect(),
            key: changed(&mirror.key, order.key.as_str()),
            query: if mirror.pass_query {
                order.query
            } else {
                String::new()
            },
            headers: passed(&mirror.headers, &order.headers),
            follow: mirror.follow,
        };
        let found = origins.fetch(request).await.map_err(|fault| match fault {
            OriginFault::Missing => Error::new(
                ErrorKind::NoSuchKey,
                "there is no object under this key, here or at its origin",
            ),
            OriginFault::Failed(why) => failed(String::from(why)),
        })?;
        let kept = kept(mirror, &found.headers);
        let put = PutObject {
            bucket: order.bucket.clone(),
            key: order.key.clone(),
            attributes: Attributes {
                headers: kept.headers,
                user_meta: kept.user_meta,
                ..Attributes::default()
            },
            conditions: Conditions {
                if_none_match: Some(ETagMatch::Any),
                ..Conditions::default()
            },
            digests: ExpectedDigests {
                md5: kept.md5,
                ..ExpectedDigests::default()
            },
            size: Some((0, BODY_BYTES_MAX)),
            callback: None,
            kind: EventKind::CreatedOrigin,
        };
        let body = Body {
            stream: found.body,
            len: found.len,
        };
        match self
            .put_object(&in_the_owners_name(cx, &bucket), put, body)
            .await
        {
            Ok(_) => Ok(()),
            Err(error) => stored_or(error),
        }
    }

    /// Whether a key has no current object.
    async fn lacks(&self, bucket: &Bucket, key: &ObjectKey) -> Result<bool, Error> {
        match self
            .find_version(bucket, key, super::VersionChoice::Current)
            .await
        {
            Ok(_) => Ok(false),
            Err(error) if tells_of_keys(error.kind()) => Ok(true),
            Err(error) => Err(error),
        }
    }
}

/// Whoever set the rule ordered what it stores: it is the bucket's, whoever asked for it.
fn in_the_owners_name(cx: &Cx, bucket: &Bucket) -> Cx {
    Cx {
        principal: Principal::Account {
            account: bucket.owner.clone(),
            key: AccessKeyId("".into()),
        },
        by_link: false,
        bypasses: false,
        pays: true,
        past: SyncPast::None,
        ..cx.clone()
    }
}

/// What a put that failed says of the origin.
fn stored_or(error: Error) -> Result<(), Error> {
    match error.kind() {
        // Somebody was faster.
        ErrorKind::ObjectExists => Ok(()),
        ErrorKind::IncompleteBody
        | ErrorKind::BadDigest
        | ErrorKind::TooLarge
        | ErrorKind::InvalidArgument => Err(failed(error)),
        _ => Err(error),
    }
}

fn failed(why: impl Into<crate::error::BoxError>) -> Error {
    Error::new(
        ErrorKind::OriginFailed,
        "the origin of this object failed; check the rule for it and the origin",
    )
    .because(why)
}
