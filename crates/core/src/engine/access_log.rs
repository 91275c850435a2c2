//! Logs of requests to a bucket: which it has, and the writing of their objects. Nothing is owed: who gathers
//! the lines may lose some.

use std::sync::Arc;

use bytes::Bytes;

use super::{Attributes, Body, Conditions, Cx, Engine, ExpectedDigests, PutObject, PutReceipt};
use crate::error::{Error, ErrorKind};
use crate::limits::{ACCESS_LOG_PREFIX_BYTES_MAX, LOG_FIELDS_BYTES_MAX, LOG_FIELDS_MAX};
use crate::model::{AccessLog, Bucket, BucketName, EventKind, LogFields, ObjectKey, StoredHeaders};
use crate::rules::access::{Action, On, allow};

/// In whose key's name logs are written.
const RULES: &str = "access-log";

impl Engine {
    /// A bucket that has logs of requests, as it was read last: every request does so that gets that far.
    pub fn logged(&self, name: &BucketName) -> Option<Arc<Bucket>> {
        let bucket = self.known.last(name)?;
        bucket.access_log.is_some().then_some(bucket)
    }

    /// Writes lines of the logs of a bucket under a key, in the name of the bucket's owner.
    pub async fn write_access_log(
        &self,
        source: &BucketName,
        log: &AccessLog,
        key: ObjectKey,
        lines: Bytes,
    ) -> Result<(), Error> {
        let (bucket, _) = self.read_live_bucket(source).await?;
        let cx = self.rules_cx(&bucket, RULES);
        self.put_text(&cx, &log.bucket, key, "text/plain", lines)
            .await?;
        Ok(())
    }

    pub(super) async fn check_access_log(
        &self,
        cx: &Cx,
        source: &Bucket,
        log: &AccessLog,
    ) -> Result<(), Error> {
        if log.prefix.len() > ACCESS_LOG_PREFIX_BYTES_MAX {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "the prefix of access logs has at most 512 bytes",
            ));
        }
        let key = ObjectKey::new(&format!("{}{}", log.prefix, source.name)).map_err(Error::from)?;
        self.check_writes(cx, source, &log.bucket, &key, RULES)
            .await
    }

    /// Whether whoever asks may have something written into a bucket under a key, and the owner of the bucket
    /// that it is about as well: `NoTargetBucket`, `Denied`.
    pub(super) async fn check_writes(
        &self,
        cx: &Cx,
        source: &Bucket,
        into: &BucketName,
        key: &ObjectKey,
        rules: &str,
    ) -> Result<(), Error> {
        let target = self.read_live_bucket(into).await;
        let (target, _) = target.map_err(|error| match error.kind() {
            ErrorKind::NoSuchBucket => Error::new(
                ErrorKind::NoTargetBucket,
                "the bucket to write into does not exist; create it first",
            ),
            _ => error,
        })?;
        allow(cx, &target, Action::WriteObject, On::Key(key))?;
        let own = self.rules_cx(source, rules);
        allow(&own, &target, Action::WriteObject, On::Key(key))?;
        Ok(())
    }

    /// Stores a text as an object.
    pub(super) async fn put_text(
        &self,
        cx: &Cx,
        bucket: &BucketName,
        key: ObjectKey,
        content_type: &str,
        text: Bytes,
    ) -> Result<PutReceipt, Error> {
        let body = Body {
            len: Some(text.len() as u64),
            stream: Box::pin(futures_util::stream::iter([Ok(text)])),
        };
        let put = plain_put(bucket, key, content_type);
        self.put_object(cx, put, body).await
    }
}

/// Refuses with `InvalidArgument` more fields than there may be, and names that no header or parameter has.
pub(super) fn check_log_fields(fields: &LogFields) -> Result<(), Error> {
    let LogFields {
        headers,
        parameters,
    } = fields;
    let names = || headers.iter().chain(parameters);
    let bytes: usize = names().map(|name| name.len()).sum();
    let printable = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic());
    let refused = if names().count() > LOG_FIELDS_MAX || bytes > LOG_FIELDS_BYTES_MAX {
        "lines of logs tell at most 6 headers and parameters, whose names have at most 1024 bytes"
    } else if names().any(|name| !printable(name)) {
        "names of headers and parameters in logs are printable and not empty"
    } else if headers.iter().any(|name| name.contains(['_', ':'])) {
        "names of headers in logs have no underscore and no colon"
    } else {
        return Ok(());
    };
    Err(Error::new(ErrorKind::InvalidArgument, refused))
}

/// A put of an object that carries nothing but its type.
pub(super) fn plain_put(bucket: &BucketName, key: ObjectKey, content_type: &str) -> PutObject {
    PutObject {
        bucket: bucket.clone(),
        key,
        attributes: Attributes {
            headers: StoredHeaders {
                content_type: Some(content_type.into()),
                ..StoredHeaders::default()
            },
            ..Attributes::default()
        },
        conditions: Conditions::default(),
        digests: ExpectedDigests::default(),
        size: None,
        callback: None,
        kind: EventKind::CreatedPut,
    }
}
