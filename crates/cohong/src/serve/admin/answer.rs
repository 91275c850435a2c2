//! Answers, and what is read from requests: JSON only, errors as `{"error": text, "hint": text}`.

use std::borrow::Cow;

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::response::{IntoResponse, Response};
use cohong_core::model::{BucketId, BucketName, ObjectKey, Timestamp};
use cohong_core::{Error, ErrorKind};
use http::StatusCode;
use http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Admin;

/// What a handler gives.
pub(super) type Answer = Result<Json<Value>, Problem>;

/// A request that was not done.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    error: Cow<'static, str>,
    hint: Option<&'static str>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, error: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            error: error.into(),
            hint: None,
        }
    }

    pub(super) fn not_found(error: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, error)
    }

    pub(super) fn invalid(error: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error)
    }

    pub(super) fn hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    pub(super) fn draining() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "the server is stopping")
            .hint("ask again when it has been started again")
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let status = match error.kind() {
            ErrorKind::NoSuchBucket
            | ErrorKind::NoSuchKey
            | ErrorKind::NoSuchVersion
            | ErrorKind::NoSuchTask
            | ErrorKind::UnknownAccessKey => StatusCode::NOT_FOUND,
            ErrorKind::Busy | ErrorKind::TaskState => StatusCode::CONFLICT,
            ErrorKind::Full | ErrorKind::OriginFailed | ErrorKind::Unavailable => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        if status.is_server_error() {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::warn!(%error, cause, "an order of the operator failed");
        }
        Self::new(status, error.message().to_owned())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = json!({ "error": self.error });
        if let Some(hint) = self.hint {
            body["hint"] = hint.into();
        }
        (self.status, Json(body)).into_response()
    }
}

pub(super) async fn no_such_route() -> Problem {
    Problem::not_found("there is nothing here")
        .hint("command line and server may be of different versions; use the same binary for both")
}

pub(super) async fn no_such_method() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "this cannot be done here")
}

/// A JSON body. Asks for its media type, which pages of other sites cannot send unasked.
pub(super) struct Input<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Input<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Json(input) = Json::from_request(request, state)
            .await
            .map_err(|why: JsonRejection| Problem::new(why.status(), why.body_text()))?;
        Ok(Self(input))
    }
}

/// The query of a request.
pub(super) struct Asked<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let asked = Query::from_request_parts(parts, state).await;
        let Query(asked) =
            asked.map_err(|why: QueryRejection| Problem::new(why.status(), why.body_text()))?;
        Ok(Self(asked))
    }
}

/// An instant as text: RFC 3339 in UTC.
pub(super) fn instant(at: Timestamp) -> String {
    let millis = i64::try_from(at.millis()).unwrap_or(i64::MAX);
    let instant = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX);
    format!("{instant:.3}")
}

/// Reads what [`instant`] writes, or another form of RFC 3339.
pub(super) fn parse_instant(text: &str) -> Result<Timestamp, Problem> {
    let instant: Option<jiff::Timestamp> = text.parse().ok();
    let millis = instant.and_then(|instant| u64::try_from(instant.as_millisecond()).ok());
    millis.map(Timestamp::from_millis).ok_or_else(|| {
        Problem::invalid(format!("{text:?} is not an instant"))
            .hint("write it as 2026-01-31T13:45:00Z")
    })
}

pub(super) fn bucket_name(text: &str) -> Result<BucketName, Problem> {
    BucketName::new(text).map_err(|why| Problem::invalid(why.0))
}

pub(super) fn object_key(text: &str) -> Result<ObjectKey, Problem> {
    ObjectKey::new(text).map_err(|why| Problem::invalid(why.0))
}

/// The bucket of a name, also when it was removed and its log is still kept.
pub(super) async fn bucket_id(admin: &Admin, text: &str) -> Result<BucketId, Problem> {
    let found = admin.delivery.bucket_id(&bucket_name(text)?).await?;
    found.ok_or_else(|| {
        Problem::not_found(format!("there is no bucket {text}"))
            .hint("names of buckets are lower-case and exact")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_read_as_they_are_written() {
        let at = Timestamp::from_millis(1_700_000_000_123);
        assert_eq!(instant(at), "2023-11-14T22:13:20.123Z");
        assert_eq!(parse_instant(&instant(at)).expect("an instant"), at);
        for bad in ["", "yesterday", "2023-11-14", "1960-01-01T00:00:00Z"] {
            assert!(parse_instant(bad).is_err(), "{bad}");
        }
    }
}
