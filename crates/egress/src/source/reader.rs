//! A bucket of another store.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cohong_core::model::ObjectKey;
use cohong_core::ports::{
    ByteStream, Clock, Sink, Source, SourceCredentials, SourceFault, SourceObject, SourcePage,
};
use http::header::{ACCEPT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, IF_MATCH, RANGE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use tokio::time::Instant;

use super::ask::{self, Ask};
use super::speech::Speech;
use super::store::{Address, Store};
use super::{answer, connection, fault, list};
use crate::client::{Answer, Failure, Http};
use crate::limits::{
    DISCARDED_BYTES_MAX, SOURCE_IDLE, SOURCE_PAGE_BYTES_MAX, SOURCE_PAGE_KEYS_MAX,
    SOURCE_RESTORE_DAYS, SOURCE_SEND_RATE_MIN, SOURCE_TIMEOUT,
};
use crate::policy::CheckedUrl;

/// Opens buckets of other stores. Opening contacts nobody.
#[derive(Debug)]
pub struct SourceReaders {
    http: Arc<Http>,
    clock: Arc<dyn Clock>,
    limits: Limits,
}

/// Time limits.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// For the head of an answer, and for the whole of a short one.
    answer: Duration,
    /// How long a body may bring nothing.
    idle: Duration,
}

impl SourceReaders {
    /// Readers over a client and its policy, whose calls have [`SOURCE_TIMEOUT`] and their bodies
    /// [`SOURCE_IDLE`].
    pub fn new(http: Arc<Http>, clock: Arc<dyn Clock>) -> Self {
        let limits = Limits {
            answer: SOURCE_TIMEOUT,
            idle: SOURCE_IDLE,
        };
        Self {
            http,
            clock,
            limits,
        }
    }

    /// The same with another time limit for each answer, and for bodies that bring nothing.
    #[must_use]
    pub fn with_timeouts(self, answer: Duration, idle: Duration) -> Self {
        let limits = Limits { answer, idle };
        Self { limits, ..self }
    }

    /// The bucket of a store in a region, as whoever has these credentials sees it. Without an access
    /// key nothing is signed.
    pub fn open(
        &self,
        store: Store,
        region: &str,
        bucket: &str,
        with: &SourceCredentials,
    ) -> Result<Arc<dyn Source>, SourceFault> {
        Ok(Arc::new(self.bucket(store, region, bucket, with)?))
    }

    /// The same to be written as well; not with the ways that only read.
    pub fn open_to_write(
        &self,
        store: Store,
        region: &str,
        bucket: &str,
        with: &SourceCredentials,
    ) -> Result<Arc<dyn Sink>, SourceFault> {
        if matches!(store.speech, Speech::Http | Speech::Azure) {
            let why = format!("stores of the kind {} are read only", store.speech.word());
            return Err(SourceFault::Unknown(why.into()));
        }
        Ok(Arc::new(self.bucket(store, region, bucket, with)?))
    }

    /// Names of the buckets that whoever has these credentials sees in a store.
    pub async fn buckets(
        &self,
        store: Store,
        region: &str,
        with: &SourceCredentials,
    ) -> Result<Vec<Box<str>>, SourceFault> {
        let reader = self.bucket(store, region, "", with)?;
        if reader.store.speech == Speech::Http {
            return reader.cannot("list buckets");
        }
        let mut ask = reader.ask(Method::GET, None);
        if reader.store.speech == Speech::Azure {
            ask.query = &[("comp", "list")];
        }
        let answer = reader.send(ask).await?;
        let body = answer.body(SOURCE_PAGE_BYTES_MAX).await;
        list::buckets(reader.store.speech, &body.map_err(fault::of_failure)?)
    }

    /// The same with all that a person does there; an empty name is the store itself.
    pub fn bucket(
        &self,
        store: Store,
        region: &str,
        bucket: &str,
        with: &SourceCredentials,
    ) -> Result<Reader, SourceFault> {
        let credentials = match store.speech {
            Speech::Azure => connection::credentials(with),
            _ => with.clone(),
        };
        Ok(Reader {
            http: self.http.clone(),
            clock: self.clock.clone(),
            limits: self.limits,
            store: store.within(region)?.of_account(&credentials.access)?,
            bucket: bucket.into(),
            credentials,
            marker: Mutex::default(),
        })
    }
}

/// A bucket of a store: what is in it is read as of a [`Source`] and written as of a [`Sink`].
#[derive(Debug)]
pub struct Reader {
    http: Arc<Http>,
    pub(super) clock: Arc<dyn Clock>,
    limits: Limits,
    pub(super) store: Store,
    pub(super) bucket: Box<str>,
    pub(super) credentials: SourceCredentials,
    /// Where Azure's next page begins: its last key, and the marker that leads on.
    marker: Mutex<(String, String)>,
}

impl Reader {
    pub(super) fn ask<'a>(&'a self, method: Method, key: Option<&'a str>) -> Ask<'a> {
        let mut headers = HeaderMap::new();
        // A store must not send other bytes than it holds.
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        Ask {
            method,
            bucket: &self.bucket,
            key,
            query: &[],
            headers,
            body: Bytes::new(),
        }
    }

    /// A request about an object and its content.
    fn ask_object<'a>(&'a self, method: Method, key: &'a ObjectKey) -> Ask<'a> {
        let mut ask = self.ask(method, Some(key.as_str()));
        if self.store.speech == Speech::S3 {
            let name = HeaderName::from_static("x-amz-checksum-mode");
            ask.headers
                .insert(name, HeaderValue::from_static("ENABLED"));
        }
        ask
    }

    /// Sends a request; an answer that is not a success is a fault.
    pub(super) async fn send(&self, ask: Ask<'_>) -> Result<Answer, SourceFault> {
        let answer = self.exchange(ask).await?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        Err(self.fault(answer).await)
    }

    async fn fault(&self, answer: Answer) -> SourceFault {
        fault::of_answer(self.store.speech, answer, self.clock.now()).await
    }

    async fn exchange(&self, ask: Ask<'_>) -> Result<Answer, SourceFault> {
        let (address, url, host) = self.target(&ask)?;
        let now = self.clock.now();
        let headers = ask::sign(&self.store, &ask, &address, &host, &self.credentials, now)?;
        let sending = Duration::from_secs(ask.body.len() as u64 / SOURCE_SEND_RATE_MIN);
        let deadline = Instant::now() + self.limits.answer + sending;
        let answer = self
            .http
            .send(ask.method, &url, headers, ask.body, deadline)
            .await;
        answer.map_err(fault::of_failure)
    }

    /// Where a request goes: its address, the same as it is called, and the name in `Host`.
    pub(super) fn target(
        &self,
        ask: &Ask<'_>,
    ) -> Result<(Address, CheckedUrl, String), SourceFault> {
        let address = self.store.address(ask.bucket, ask.key, ask.query)?;
        let url = self.http.check(&address.url(), self.store.given);
        let url = url.map_err(|unfit| fault::of_failure(Failure::from(unfit)))?;
        let sent = url.url();
        if sent.path() != address.path || sent.query().unwrap_or_default() != address.query {
            let why = "it has segments '.' or '..', which are resolved on the way";
            return Err(SourceFault::Unaskable(why.into()));
        }
        let host = match (sent.host_str().unwrap_or_default(), sent.port()) {
            (host, None) => host.to_owned(),
            (host, Some(port)) => format!("{host}:{port}"),
        };
        Ok((address, url, host))
    }

    /// A page of Azure. Where the marker behind a key is not known, pages are passed over until that key: a
    /// list that goes on after a restart is read from its beginning once.
    async fn list_azure(
        &self,
        prefix: &str,
        after: &str,
        limit: &str,
    ) -> Result<SourcePage, SourceFault> {
        let (known, mut marker) = self.marker().clone();
        if after.is_empty() || known != after {
            marker.clear();
        }
        loop {
            let query = list::azure::query(prefix, &marker, limit);
            let mut ask = self.ask(Method::GET, None);
            ask.query = &query;
            let answer = self.send(ask).await?;
            let body = answer.body(SOURCE_PAGE_BYTES_MAX).await;
            let (mut page, next) = list::azure::page(&body.map_err(fault::of_failure)?)?;
            if let Some((last, _)) = page.objects.last() {
                *self.marker() = (last.as_str().to_owned(), next.clone());
            }
            page.objects.retain(|(key, _)| key.as_str() > after);
            if !page.objects.is_empty() || !page.more {
                return Ok(page);
            }
            if next == marker {
                let why = "its pages of keys lead to themselves";
                return Err(SourceFault::Broken(why.into()));
            }
            marker = next;
        }
    }

    fn marker(&self) -> std::sync::MutexGuard<'_, (String, String)> {
        self.marker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cannot<T>(&self, what: &str) -> Result<T, SourceFault> {
        let word = self.store.speech.word();
        Err(SourceFault::Broken(
            format!("{word} sources cannot {what}").into(),
        ))
    }
}

#[async_trait]
impl Source for Reader {
    async fn stat(&self, key: &ObjectKey) -> Result<SourceObject, SourceFault> {
        let answer = self.send(self.ask_object(Method::HEAD, key)).await?;
        let facts = self.store.speech.facts();
        answer::object(facts, answer.headers(), self.clock.now())
    }

    /// A body that is too long is left on its connection, which goes with it.
    async fn fetch(
        &self,
        key: &ObjectKey,
        most: u64,
    ) -> Result<(SourceObject, Option<ByteStream>), SourceFault> {
        let answer = self.send(self.ask_object(Method::GET, key)).await?;
        let facts = self.store.speech.facts();
        let object = answer::object(facts, answer.headers(), self.clock.now())?;
        let fits = object.size <= most;
        let body = fits.then(|| answer.stream(self.limits.idle));
        Ok((object, body))
    }

    async fn read(
        &self,
        key: &ObjectKey,
        range: Option<Range<u64>>,
        if_etag: Option<&str>,
    ) -> Result<ByteStream, SourceFault> {
        let mut ask = self.ask_object(Method::GET, key);
        let range = range.filter(|range| !range.is_empty());
        if let Some(Range { start, end }) = range {
            let text = format!("bytes={start}-{}", end - 1);
            ask.headers.insert(RANGE, ask::value(&text)?);
        }
        if let Some(etag) = if_etag {
            let text = format!("\"{etag}\"");
            ask.headers.insert(IF_MATCH, ask::value(&text)?);
        }
        let answer = self.send(ask).await?;
        // Not every store knows the condition.
        let etag = answer::etag(answer.headers());
        if if_etag.is_some_and(|wanted| etag.as_deref() != Some(wanted)) {
            return Err(SourceFault::Changed);
        }
        if let Some(Range { start, end }) = range {
            let part = answer.headers().get(CONTENT_RANGE);
            let part = part.and_then(|part| part.to_str().ok()).unwrap_or_default();
            let wanted = format!("bytes {start}-{}/", end - 1);
            if answer.status() != StatusCode::PARTIAL_CONTENT || !part.starts_with(&wanted) {
                let why = "it does not send the part of the object that it is asked for";
                return Err(SourceFault::Broken(why.into()));
            }
        }
        Ok(answer.stream(self.limits.idle))
    }

    async fn restore(&self, key: &ObjectKey) -> Result<(), SourceFault> {
        let Some((kind, body)) = self.store.speech.facts().restore else {
            return self.cannot("restore");
        };
        let mut ask = self.ask(Method::POST, Some(key.as_str()));
        ask.query = &[("restore", "")];
        ask.headers
            .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        ask.body = body
            .replace("DAYS", &SOURCE_RESTORE_DAYS.to_string())
            .into();
        let answer = self.exchange(ask).await?;
        // The conflict is a restore that runs already.
        if answer.status().is_success() || answer.status() == StatusCode::CONFLICT {
            answer.discard(DISCARDED_BYTES_MAX).await;
            return Ok(());
        }
        Err(self.fault(answer).await)
    }

    async fn list(
        &self,
        prefix: &str,
        after: &str,
        limit: usize,
    ) -> Result<SourcePage, SourceFault> {
        if self.store.speech == Speech::Http {
            return self.cannot("list keys");
        }
        let limit = limit.clamp(1, SOURCE_PAGE_KEYS_MAX).to_string();
        if self.store.speech == Speech::Azure {
            return self.list_azure(prefix, after, &limit).await;
        }
        let query = list::query(prefix, after, &limit);
        let mut ask = self.ask(Method::GET, None);
        ask.query = &query;
        let answer = self.send(ask).await?;
        let body = answer.body(SOURCE_PAGE_BYTES_MAX).await;
        list::page(self.store.speech, &body.map_err(fault::of_failure)?)
    }
}
