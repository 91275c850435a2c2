//! A service, who asks it, and one request: addressed, signed, sent, judged. What vendors differ in is a [`Vendor`].

mod answer;
mod ask;
mod error;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_LENGTH, HOST};
use http::{HeaderMap, HeaderValue};
use url::{Host, Url};

pub(crate) use answer::Answer;
pub(crate) use ask::{Ask, Payload};
pub use error::{CallbackError, Error, ServerError};

use crate::web::limits::{SILENCE_MAX, SLOWEST_UPLOAD};
use crate::web::{Retry, ValueError, client, now, origin, within};

/// How a bucket stands in an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addressing {
    /// As the first label of the host: `http://bucket.host/key`. What the vendors' own hosts want, and the default for
    /// names.
    VirtualHost,
    /// As the first segment of the path: `http://host/bucket/key`. The default of OSS for addresses and `localhost`; TOS
    /// knows no such paths.
    Path,
    /// In the header `Host` alone, in front of the vendor's own domain: `bucket.tos-cn-beijing.volces.com`, while the
    /// connection goes to the endpoint. The default of TOS for addresses and `localhost`, where no bucket has a name.
    HostHeader,
}

/// Who asks.
#[derive(Clone)]
pub(crate) struct Who {
    pub(crate) access_key: String,
    pub(crate) secret: String,
    pub(crate) security_token: Option<String>,
    /// Region, or what else a vendor's signature names.
    pub(crate) region: String,
}

impl Who {
    /// As signatures take it.
    pub(crate) fn credentials(&self) -> cohong_sign::Credentials<'_> {
        cohong_sign::Credentials {
            access_key: &self.access_key,
            secret: &self.secret,
            security_token: self.security_token.as_deref(),
        }
    }
}

/// A request as it is signed.
pub(crate) struct Wire<'a> {
    pub(crate) ask: &'a Ask<'a>,
    /// Path as it is sent.
    pub(crate) path: &'a str,
    /// Query as it is sent, without `?`.
    pub(crate) query: &'a str,
    /// When.
    pub(crate) time: cohong_sign::Timestamp,
}

/// What vendors differ in.
pub(crate) trait Vendor: Send + Sync + 'static {
    /// Scheme of an endpoint that names none.
    const SCHEME: &'static str;
    /// What the names of its own headers begin with.
    const PREFIX: &'static str;

    /// Signs: sets what the signature needs in `headers`, which have a `Host`, and gives the `Authorization`.
    fn authorize(who: &Who, wire: Wire<'_>, headers: &mut HeaderMap) -> Result<String, ValueError>;

    /// Reads an error; what it does not tell stays empty.
    fn refusal(headers: &HeaderMap, body: &[u8]) -> ServerError;
}

/// A service and who asks it. Clones share connections. `Debug` does not show the secret.
pub(crate) struct Service<V> {
    http: reqwest::Client,
    endpoint: Arc<Url>,
    addressing: Addressing,
    /// Where the vendor itself is: what stands behind a bucket in a `Host`.
    domain: Arc<str>,
    who: Arc<Who>,
    pub(crate) retry: Retry,
    vendor: PhantomData<fn() -> V>,
}

impl<V> Clone for Service<V> {
    fn clone(&self) -> Self {
        Self {
            http: self.http.clone(),
            endpoint: self.endpoint.clone(),
            addressing: self.addressing,
            domain: self.domain.clone(),
            who: self.who.clone(),
            retry: self.retry,
            vendor: PhantomData,
        }
    }
}

impl<V> fmt::Debug for Service<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("endpoint", &self.endpoint.as_str())
            .field("access_key", &self.who.access_key)
            .finish_non_exhaustive()
    }
}

impl<V: Vendor> Service<V> {
    /// A service at an endpoint. Nothing is sent yet. Where hosts have no names, buckets are addressed by `unnamed`;
    /// `domain` is where the vendor itself is.
    pub(crate) fn new(
        endpoint: &str,
        who: Who,
        unnamed: Addressing,
        domain: String,
    ) -> Result<Self, Error> {
        let endpoint = origin(endpoint, V::SCHEME)?;
        let named = match endpoint.host() {
            Some(Host::Domain(name)) => name != "localhost",
            _ => false,
        };
        Ok(Self {
            http: client()?,
            addressing: if named {
                Addressing::VirtualHost
            } else {
                unnamed
            },
            domain: domain.into(),
            endpoint: Arc::new(endpoint),
            who: Arc::new(who),
            retry: Retry::default(),
            vendor: PhantomData,
        })
    }

    pub(crate) fn with_addressing(self, addressing: Addressing) -> Self {
        Self { addressing, ..self }
    }

    pub(crate) fn with_retry(self, retry: Retry) -> Self {
        Self { retry, ..self }
    }

    pub(crate) fn with_security_token(mut self, token: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.who).security_token = Some(token.into());
        self
    }

    /// Sends a request, again where that does no harm ([`Ask::again`]).
    pub(crate) async fn send(&self, ask: &Ask<'_>) -> Result<Answer, Error> {
        let told = |error: &Error, pause: Duration| {
            tracing::warn!(
                target: "cohong.client",
                %error, ?pause, method = %ask.method,
                "trying a request again"
            );
        };
        self.retry
            .run(|| self.once(ask), |error| ask.again(error), told)
            .await
    }

    async fn once(&self, ask: &Ask<'_>) -> Result<Answer, Error> {
        let place = ask.place(self.endpoint.authority(), &self.domain, self.addressing)?;
        let query = ask.query();
        let mut headers = ask.headers.clone();
        let unfit = |_| ValueError::new("a host or key has characters that a header cannot carry");
        headers.insert(HOST, HeaderValue::from_str(&place.host).map_err(unfit)?);
        let wire = Wire {
            ask,
            path: &place.path,
            query: &query,
            time: now()?,
        };
        let text = V::authorize(&self.who, wire, &mut headers)?;
        let mut value = HeaderValue::from_str(&text).map_err(unfit)?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
        let (body, bytes) = ask.payload.open().await?;
        headers.insert(CONTENT_LENGTH, bytes.into());
        let scheme = self.endpoint.scheme();
        let mut url = format!("{scheme}://{}{}", place.authority, place.path);
        if !query.is_empty() {
            url.push('?');
            url.push_str(&query);
        }
        let request = self.http.request(ask.method.clone(), url);
        let patience = SILENCE_MAX + Duration::from_secs(bytes / SLOWEST_UPLOAD);
        let sent = request.headers(headers).body(body).send();
        let asked = format!("{scheme}://{}{}", place.host, place.path);
        Answer::judged::<V>(within(patience, sent).await?, asked).await
    }
}

#[cfg(test)]
mod tests;
