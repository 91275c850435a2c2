//! An error in a vendor's words, and the answer it becomes.

use std::borrow::Cow;
use std::marker::PhantomData;

use cohong_core::{Error, ErrorKind};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};

use super::fault::Fault;
use super::pipeline::Protocol;
use super::{OutBody, full};
use crate::common::vocabulary::Vocabulary;

/// What a vendor says.
pub(crate) trait Vendor: Sized + Send + Sync + 'static {
    /// Its words and rules.
    fn words() -> &'static Vocabulary;

    /// What it calls each kind of the engine's errors: a match without a wildcard, so that a new kind does
    /// not compile until all vendors answer it.
    fn kind(kind: ErrorKind) -> Kind;

    /// What it calls each fault of a request, likewise.
    fn fault(fault: Fault) -> Said<Self>;
}

/// A kind of error in a vendor's words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// HTTP status.
    pub(crate) status: StatusCode,
    /// The vendor's code.
    pub(crate) code: &'static str,
    /// The vendor's number.
    pub(crate) ec: &'static str,
    /// The vendor's text, where clients know it; else the engine's is told.
    pub(crate) message: Option<&'static str>,
}

/// An error as a client of a vendor sees it.
#[derive(Debug)]
pub(crate) struct Said<V> {
    /// HTTP status.
    pub(crate) status: StatusCode,
    /// The vendor's code.
    pub(crate) code: &'static str,
    /// The vendor's number, `EC`.
    pub(crate) ec: &'static str,
    /// Text for the client.
    pub(crate) message: Cow<'static, str>,
    /// Further members of the body.
    pub(crate) elements: Vec<(&'static str, String)>,
    /// Headers that go with it: those of an upload whose callback failed, of what was found.
    pub(crate) headers: Option<Box<HeaderMap>>,
    /// The engine's error, for the log.
    pub(crate) cause: Option<Box<Error>>,
    /// Whose words they are.
    pub(crate) vendor: PhantomData<fn() -> V>,
}

impl<V> Said<V> {
    /// Any error by its parts.
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        ec: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            code,
            ec,
            message: message.into(),
            elements: Vec::new(),
            headers: None,
            cause: None,
            vendor: PhantomData,
        }
    }
}

impl<V: Vendor> From<Fault> for Said<V> {
    fn from(fault: Fault) -> Self {
        V::fault(fault)
    }
}

impl<V: Vendor> From<Error> for Said<V> {
    fn from(error: Error) -> Self {
        let kind = V::kind(error.kind());
        let own = || error.message().to_owned().into();
        let message = kind.message.map_or_else(own, Cow::Borrowed);
        Self {
            headers: V::words().found(&error),
            cause: Some(Box::new(error)),
            ..Self::new(kind.status, kind.code, kind.ec, message)
        }
    }
}

/// What an error answer says of the request, as far as it was understood.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    /// Method.
    pub(crate) method: &'a Method,
    /// Host with port, as the client wrote it; empty when there is none.
    pub(crate) host: &'a str,
    /// The bucket addressed, not checked to be one.
    pub(crate) bucket: Option<&'a str>,
    /// Raw path of the key, without its first slash.
    pub(crate) path: &'a str,
    /// The range it asked for.
    pub(crate) range: Option<&'a str>,
    /// The name of its condition, when it had one and no more.
    pub(crate) condition: Option<&'static str>,
    /// The request's id.
    pub(crate) request_id: &'a str,
}

/// The name of the condition of a request, about what it reads or what it copies, when it has one and no more.
pub(super) fn condition(headers: &HeaderMap) -> Option<&'static str> {
    const NAMES: [(&str, &str); 4] = [
        ("if-match", "If-Match"),
        ("if-none-match", "If-None-Match"),
        ("if-modified-since", "If-Modified-Since"),
        ("if-unmodified-since", "If-Unmodified-Since"),
    ];
    let ends = |given: &HeaderName, name: &str| {
        given
            .as_str()
            .strip_suffix(name)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('-'))
    };
    let has = |name: &str| headers.keys().any(|given| ends(given, name));
    let mut found = NAMES.into_iter().filter(|(name, _)| has(name));
    let (_, word) = found.next()?;
    found.next().is_none().then_some(word)
}

/// The answer an error becomes. Answers to HEAD and 304 have no body and do not announce one.
pub(super) fn encode<P: Protocol>(
    dialect: &P,
    said: &Said<P>,
    asked: &Asked<'_>,
) -> Response<OutBody> {
    let mut headers = said.headers.as_deref().cloned().unwrap_or_default();
    if let Some(ec) = &P::words().names.ec {
        headers.insert(ec.clone(), HeaderValue::from_static(said.ec));
    }
    let body = dialect.error_body(said, asked);
    let mut response = if said.status == StatusCode::NOT_MODIFIED {
        full(said.status, Vec::new())
    } else if asked.method == Method::HEAD {
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        headers.extend(P::head_error(&body));
        full(said.status, Vec::new())
    } else {
        let kind = HeaderValue::from_static(P::words().body_type);
        headers.insert(CONTENT_TYPE, kind);
        full(said.status, body)
    };
    *response.headers_mut() = headers;
    response
}
