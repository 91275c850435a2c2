//! One request to the service: signed, sent, answered. What the operations are is in [`calls`].

mod calls;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cohong_sign::oas::Signer;
use cohong_sign::{Credentials, Timestamp, encode};
use http::header::{AUTHORIZATION, CONTENT_LENGTH};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use url::Url;

pub(super) use calls::Digests;
pub use calls::JobOrder;

use super::error::{ConnectionError, Error, ValueError};
use super::limits::{CONNECT_MAX, IDLE_MAX, SILENCE_MAX, SLOWEST_UPLOAD};
use super::response::{Response, within};
use super::retry::Retry;

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
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_MAX)
            .pool_idle_timeout(IDLE_MAX)
            .user_agent(concat!("cohong-client/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| ConnectionError::of("there can be no client", error))?;
        Ok(Self(Arc::new(Inner {
            http,
            endpoint: origin(endpoint)?,
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
        within(patience, request.headers(ask.headers).body(body).send()).await
    }
}

/// Scheme, host and port of an endpoint.
fn origin(endpoint: &str) -> Result<String, ValueError> {
    let wrong = || {
        let text = format!("{endpoint:?} is no endpoint: write http://host:port");
        ValueError::new(text)
    };
    let whole = match endpoint {
        given if given.contains("://") => given.to_owned(),
        host if host.ends_with(":443") => format!("https://{host}"),
        host => format!("http://{host}"),
    };
    let url = Url::parse(&whole).map_err(|_| wrong())?;
    let bare = url.path() == "/" && url.query().is_none() && url.username().is_empty();
    if !matches!(url.scheme(), "http" | "https") || !bare || url.password().is_some() {
        return Err(wrong());
    }
    Ok(url.origin().ascii_serialization())
}

fn now() -> Result<Timestamp, Error> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok();
    let seconds = since.and_then(|since| i64::try_from(since.as_secs()).ok());
    let time = seconds.and_then(Timestamp::from_unix);
    time.ok_or_else(|| ValueError::new("this machine's clock is far off; set it").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints() {
        let table = [
            ("http://127.0.0.1:9000", Some("http://127.0.0.1:9000")),
            ("http://127.0.0.1:9000/", Some("http://127.0.0.1:9000")),
            ("https://h", Some("https://h")),
            (
                "cn-hangzhou.oas.aliyuncs.com",
                Some("http://cn-hangzhou.oas.aliyuncs.com"),
            ),
            ("h:443", Some("https://h")),
            ("h:9000", Some("http://h:9000")),
            ("[::1]:9000", Some("http://[::1]:9000")),
            ("", None),
            ("ftp://h", None),
            ("http://h/path", None),
            ("http://h/?q", None),
            ("http://user:word@h", None),
            ("http://", None),
        ];
        for (given, wanted) in table {
            assert_eq!(origin(given).ok().as_deref(), wanted, "{given}");
        }
    }

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
