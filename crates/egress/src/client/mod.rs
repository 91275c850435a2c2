//! The one HTTP client: HTTP/1.1 over TCP or TLS, no redirects, no proxies, no second tries.
//!
//! Every way of call has a connection pool and a guarded resolver of its own, so a connection that
//! one way may use never serves another. Hosts that are written as addresses skip the resolver;
//! [`Policy::check_url`] has judged those. The peer's address is looked at once more when an answer
//! has come.

mod body;
mod failure;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use cohong_core::ports::{BodyError, ByteStream, Fault, Phase};
use futures_util::stream;
use http::{HeaderMap, Method, StatusCode};
use reqwest::{Client, Response, redirect, retry};
use tokio::time::{Instant, timeout_at};

use self::body::{MarkedBody, Started};
use crate::limits::{CONNECT_TIMEOUT, POOL_IDLE, POOL_IDLE_PER_HOST_MAX, RESOLVE_TIMEOUT};
use crate::policy::{CheckedUrl, Given, Policy, UrlError, Way, shown};
use crate::resolve::{Guard, Resolve};

pub(crate) use self::failure::Failure;

/// How every call names its sender.
const USER_AGENT: &str = concat!("cohong/", env!("CARGO_PKG_VERSION"));

/// The client's own time limits; each call has another one for all of it.
#[derive(Clone, Copy, Debug)]
pub struct HttpLimits {
    /// For a name look-up.
    pub resolve: Duration,
    /// From the start of the look-up to the end of the TLS handshake; more than `resolve`.
    pub connect: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            resolve: RESOLVE_TIMEOUT,
            connect: CONNECT_TIMEOUT,
        }
    }
}

/// The HTTP client could not be made.
#[derive(Debug, thiserror::Error)]
#[error(
    "the client for outgoing calls cannot be made; are the system's CA certificates installed?"
)]
pub struct BuildError(#[source] reqwest::Error);

/// Calls other people's servers as the policy permits.
pub struct Http {
    policy: Arc<Policy>,
    request: Client,
    request_to_own_port: Client,
    operator: Client,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

impl Http {
    /// A client. Fails when the system has no usable TLS roots.
    pub fn new(
        policy: Policy,
        resolver: Arc<dyn Resolve>,
        limits: HttpLimits,
    ) -> Result<Self, BuildError> {
        let policy = Arc::new(policy);
        let within = limits.resolve;
        let guard = Guard {
            policy: Arc::clone(&policy),
            resolver,
            way: Way::Operator,
            within,
        };
        let own = Guard {
            way: Way::RequestToOwnPort,
            ..guard.clone()
        };
        Ok(Self {
            policy,
            request: client(
                Guard {
                    way: Way::Request,
                    ..guard.clone()
                },
                limits.connect,
            )?,
            request_to_own_port: client(own, limits.connect)?,
            operator: client(guard, limits.connect)?,
        })
    }

    /// The policy this client keeps.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Reads a URL and judges what its text shows. Refusals, which the operator may want to change,
    /// are logged; malformed URLs are their authors' business.
    pub(crate) fn check(&self, raw: &str, given: Given) -> Result<CheckedUrl, UrlError> {
        let checked = self.policy.check_url(raw, given);
        if let Err(UrlError::Refused(refusal)) = &checked {
            tracing::warn!(url = shown(raw), %refusal, "outgoing call refused");
        }
        checked
    }

    /// Posts once. `deadline` is for everything up to the answer's last byte.
    pub(crate) async fn post(
        &self,
        url: &CheckedUrl,
        headers: HeaderMap,
        body: Bytes,
        deadline: Instant,
    ) -> Result<Answer, Failure> {
        self.send(Method::POST, url, headers, body, deadline).await
    }

    /// Sends once. `deadline` is for everything up to the answer's last byte, if it is not read as a
    /// stream.
    pub(crate) async fn send(
        &self,
        method: Method,
        url: &CheckedUrl,
        headers: HeaderMap,
        body: Bytes,
        deadline: Instant,
    ) -> Result<Answer, Failure> {
        let started = Started::default();
        let body = MarkedBody {
            bytes: Some(body),
            started: started.clone(),
        };
        let request = self
            .client(url.way())
            .request(method, url.url().clone())
            .headers(headers)
            .body(reqwest::Body::wrap(body));
        let response = match timeout_at(deadline, request.send()).await {
            Ok(Ok(response)) => self.check_peer(url, response),
            Ok(Err(error)) => Err(Failure::of_request(&error)),
            Err(_) if started.is_set() => Err(Failure::timed_out(
                Phase::Request,
                "no answer within the time limit",
            )),
            Err(_) => Err(Failure::timed_out(
                Phase::Connect,
                "not connected within the time limit",
            )),
        };
        let response = response.inspect_err(|failure| {
            if failure.phase == Phase::Policy {
                tracing::warn!(
                    url = url.shown(),
                    why = failure.why,
                    "outgoing call refused"
                );
            }
        })?;
        Ok(Answer { response, deadline })
    }

    fn client(&self, way: Way) -> &Client {
        match way {
            Way::Request => &self.request,
            Way::RequestToOwnPort => &self.request_to_own_port,
            Way::Operator => &self.operator,
        }
    }

    /// The second net: nothing of an answer is used that came from a refused address.
    fn check_peer(&self, url: &CheckedUrl, response: Response) -> Result<Response, Failure> {
        let Some(peer) = response.remote_addr() else {
            return Err(Failure::new(
                Phase::Policy,
                "the address of the receiver is not known",
            ));
        };
        let judged = self.policy.judge(&url.host(), peer.ip(), url.way());
        judged
            .map(|()| response)
            .map_err(|refusal| Failure::from(&refusal))
    }
}

fn client(guard: Guard, connect: Duration) -> Result<Client, BuildError> {
    Client::builder()
        .user_agent(USER_AGENT)
        .dns_resolver(guard)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .no_proxy()
        .referer(false)
        .http1_only()
        .tcp_nodelay(true)
        .connect_timeout(connect)
        .pool_idle_timeout(POOL_IDLE)
        .pool_max_idle_per_host(POOL_IDLE_PER_HOST_MAX)
        .build()
        .map_err(BuildError)
}

/// An answer whose head has come.
#[derive(Debug)]
pub(crate) struct Answer {
    response: Response,
    deadline: Instant,
}

impl Answer {
    pub(crate) fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The whole body; more than `max` bytes are a failure and are not read to their end.
    pub(crate) async fn body(mut self, max: usize) -> Result<Bytes, Failure> {
        let mut body = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            if body.len() + chunk.len() > max {
                let why = format!("the answer is longer than {max} bytes");
                return Err(Failure {
                    fault: Fault::TooLong,
                    ..Failure::new(Phase::Answer, why)
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }

    /// The body piece by piece, however long it takes as a whole. It ends with an error when it breaks
    /// off, and when nothing comes for as long as `idle`.
    pub(crate) fn stream(self, idle: Duration) -> ByteStream {
        // Longer than any process lives.
        self.stream_until(Instant::now() + Duration::from_hours(365 * 24), idle)
    }

    /// The same, and at the latest at `end`.
    pub(crate) fn stream_until(self, end: Instant, idle: Duration) -> ByteStream {
        let piece = move |mut answer: Self| async move {
            answer.deadline = end.min(Instant::now() + idle);
            let chunk = answer.chunk().await;
            let chunk = chunk.map_err(|failure| BodyError::Aborted(failure.why))?;
            Ok(chunk.map(|chunk| (chunk, answer)))
        };
        Box::pin(stream::try_unfold(self, piece))
    }

    /// Reads at most `max` bytes so that the connection can be used again. What goes wrong meanwhile
    /// does not matter: the status is what counts.
    pub(crate) async fn discard(mut self, max: usize) {
        let mut read = 0;
        while read <= max {
            match self.chunk().await {
                Ok(Some(chunk)) => read += chunk.len(),
                Ok(None) | Err(_) => return,
            }
        }
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        match timeout_at(self.deadline, self.response.chunk()).await {
            Ok(read) => read.map_err(|error| Failure::of_answer(&error)),
            Err(_) => Err(Failure::timed_out(
                Phase::Answer,
                "the answer did not end within the time limit",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::policy::Profile;
    use crate::resolve::SystemResolver;

    #[tokio::test]
    async fn an_answer_of_a_refused_peer_is_not_used_even_if_it_was_dialled() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await.unwrap();
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                .await
                .unwrap();
        };
        let open = Policy::new(Profile::Dev, Vec::new(), Vec::new());
        let checked = open.check_url(&url, Given::ByRequest).unwrap();
        let resolver = Arc::new(SystemResolver::default());
        let http = Http::new(open, resolver, HttpLimits::default()).unwrap();
        let strict = Arc::new(Policy::new(Profile::Prod, Vec::new(), Vec::new()));
        let http = Http {
            policy: strict,
            ..http
        };
        let deadline = Instant::now() + Duration::from_secs(20);
        let call = http.post(
            &checked,
            HeaderMap::new(),
            Bytes::from_static(b"x"),
            deadline,
        );
        let (answer, ()) = tokio::join!(call, serve);
        assert_eq!(answer.map(|_| ()).unwrap_err().phase, Phase::Policy);
    }

    #[tokio::test]
    async fn the_systems_resolver_gives_addresses() {
        for name in ["127.0.0.1", "bucket.localhost"] {
            let found = SystemResolver::default().resolve(name).await.unwrap();
            assert_eq!(found, [IpAddr::from([127, 0, 0, 1])], "{name}");
        }
    }
}
