//! One request to the service: signed, sent, answered. What the operations are is in [`calls`].

mod calls;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cohong_sign::oas::Signer;
use cohong_sign::{Credentials, encode};
use http::header::{AUTHORIZATION, CONTENT_LENGTH};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

pub(super) use calls::Digests;
pub use calls::JobOrder;

use super::error::{Error, ValueError};
use super::response::Response;
use crate::web::limits::{SILENCE_MAX, SLOWEST_UPLOAD};
use crate::web::{Retry, client, now, origin, within};

/// What the vendor's manual has clients say about themselves (OAS sheet section 1.2).
const VERSION: &str = "2014-01-01";

/// A service and who asks it. Clones are cheap and share connections. `Debug` does not show the secret.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    /// Scheme, host and port.
    endpoint: String,
    access_key: String,
    secret: String,
    retry: Retry,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api")
            .field("endpoint", &self.0.endpoint)
            .field("access_key", &self.0.access_key)
            .finish_non_exhaustive()
    }
}

/// A request before it is signed.
pub(super) struct Ask {
    method: Method,
    path: String,
    /// Raw, without `?`.
    query: String,
    headers: HeaderMap,
    /// The body and its length.
    body: Option<(reqwest::Body, u64)>,
}

impl Ask {
    /// A request for `/vaults`, and below it for each of `below`.
    fn new(method: Method, below: &[&str]) -> Result<Self, ValueError> {
        let mut path = String::from("/vaults");
        for name in below {
            if matches!(*name, "" | "." | "..") {
                return Err(ValueError::new(format!("{name:?} is neither id nor name")));
            }
            path.push('/');
            path.push_str(&encode(name.as_bytes()));
        }
        Ok(Self {
            method,
            path,
            query: String::new(),
            headers: HeaderMap::new(),
            body: None,
        })
    }

    /// Sets a header unless there is no value; its bytes are UTF-8.
    fn header(mut self, name: &'static str, value: Option<&str>) -> Result<Self, ValueError> {
        if let Some(value) = value {
            let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| {
                ValueError::new(format!("{name} has characters that a header cannot carry"))
            })?;
            self.headers.insert(HeaderName::from_static(name), value);
        }
        Ok(self)
    }

    fn body(mut self, body: impl Into<reqwest::Body>, bytes: u64) -> Self {
        self.body = Some((body.into(), bytes));
        self
    }
}

impl Api {
    /// A service at `http://host[:port]` or `https://host[:port]`; a host alone means `http`, or `https` with port 443,
    /// as with the vendor's client. Nothing is sent yet. Proxies of the environment are not used.
    pub fn new(
        endpoint: &str,
        access_key: impl Into<String>,
        secret: impl Into<String>,
    ) -> Result<Self, Error> {
        Ok(Self(Arc::new(Inner {
            http: client()?,
            endpoint: origin(endpoint, "http")?.origin().ascii_serialization(),
            access_key: access_key.into(),
            secret: secret.into(),
            retry: Retry::default(),
        })))
    }

    /// The same service with another way of trying again.
    #[must_use]
    pub fn with_retry(&self, retry: Retry) -> Self {
        Self(Arc::new(Inner {
            http: self.0.http.clone(),
            endpoint: self.0.endpoint.clone(),
            access_key: self.0.access_key.clone(),
            secret: self.0.secret.clone(),
            retry,
        }))
    }

    /// How failed requests are tried again.
    pub fn retry(&self) -> Retry {
        self.0.retry
    }

    /// Sends a request whose answer is short.
    async fn call(&self, ask: Ask) -> Result<Response, Error> {
        Response::whole(self.send(ask).await?).await
    }

    /// Signs and sends a request.
    async fn send(&self, mut ask: Ask) -> Result<reqwest::Response, Error> {
        ask.headers
            .insert("x-oas-version", HeaderValue::from_static(VERSION));
        let signer = Signer {
            credentials: Credentials {
                access_key: &self.0.access_key,
                secret: &self.0.secret,
                security_token: None,
            },
            time: now()?,
        };
        let text = signer
            .sign_headers(&ask.method, &ask.path, &ask.query, &mut ask.headers)
            .map_err(|error| ValueError::new(error.to_string()))?;
        let mut value = HeaderValue::from_str(&text)
            .map_err(|_| ValueError::new("the access key has characters no key has"))?;
        value.set_sensitive(true);
        ask.headers.insert(AUTHORIZATION, value);
        let (body, bytes) = ask.body.unwrap_or_else(|| ("".into(), 0));
        ask.headers.insert(CONTENT_LENGTH, bytes.into());
        let mut url = format!("{}{}", self.0.endpoint, ask.path);
        if !ask.query.is_empty() {
            url.push('?');
            url.push_str(&ask.query);
        }
        let request = self.0.http.request(ask.method, url);
        let patience = SILENCE_MAX + Duration::from_secs(bytes / SLOWEST_UPLOAD);
        let sent = request.headers(ask.headers).body(body).send();
        Ok(within(patience, sent).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_one_segment() {
        let path = |name| Ask::new(Method::GET, &[name, "jobs"]).map(|ask| ask.path);
        assert_eq!(path("A/b c%"), Ok("/vaults/A%2Fb%20c%25/jobs".into()));
        for bad in ["", ".", ".."] {
            assert!(path(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn debug_does_not_show_the_secret() {
        let api = Api::new("http://h", "AK", "the secret").expect("an endpoint");
        assert!(!format!("{api:?}").contains("the secret"));
    }
}
