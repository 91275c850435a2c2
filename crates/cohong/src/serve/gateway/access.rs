//! Access logs of buckets. A request to a bucket that has them leaves a line when its answer has gone; lines are
//! gathered in memory and become objects after a time, or when they are many. Requests never wait for that and
//! never fail by it: lines beyond the limit are lost, and so are those that cannot be written. What writes them are
//! no requests, so it leaves no lines.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use cohong_core::engine::Engine;
use cohong_core::error::BoxError;
use cohong_core::model::{AccessLog, Bucket, BucketName, ObjectKey, Timestamp};
use cohong_dialects::gate::access::{Access, Fields, LogFormat, Proof, without_secrets};
use cohong_dialects::gate::detect::Dialects;
use cohong_dialects::gate::{GateCx, OutBody, Served};
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method, Response, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::sync::{Notify, watch};

use super::limits::{LOG_LINE_BYTES_MAX, LOG_LINES_BYTES_MAX, LOG_OBJECT_BYTES};

/// Lines on their way into logs.
pub(crate) struct AccessLogs {
    engine: Arc<Engine>,
    dialects: Dialects,
    delay: Duration,
    waiting: Mutex<Waiting>,
    /// Rung when there is something new to wait for, or to write.
    bell: Notify,
}

/// What was not written yet.
#[derive(Default)]
struct Waiting {
    /// All lines, bytes.
    bytes: usize,
    /// Lines that more may be added to.
    open: BTreeMap<BucketName, Page>,
    /// Lines to be written at once.
    full: Vec<(BucketName, Page)>,
}

/// Lines of one bucket.
struct Page {
    log: AccessLog,
    since: Instant,
    lines: String,
}

impl Waiting {
    /// Adds a line; false when there is no room for it.
    fn add(&mut self, bucket: &BucketName, log: &AccessLog, line: &str) -> bool {
        if self.bytes + line.len() > LOG_LINES_BYTES_MAX || line.len() > LOG_LINE_BYTES_MAX {
            return false;
        }
        self.bytes += line.len();
        let other = self.open.get(bucket).is_some_and(|page| page.log != *log);
        if other && let Some(page) = self.open.remove(bucket) {
            self.full.push((bucket.clone(), page));
        }
        let page = self.open.entry(bucket.clone()).or_insert_with(|| Page {
            log: log.clone(),
            since: Instant::now(),
            lines: String::new(),
        });
        page.lines.push_str(line);
        if page.lines.len() >= LOG_OBJECT_BYTES {
            let page = self.open.remove(bucket);
            self.full.extend(page.map(|page| (bucket.clone(), page)));
        }
        true
    }

    /// Takes the lines that have waited for so long, and those that do not wait.
    fn take(&mut self, delay: Duration) -> Vec<(BucketName, Page)> {
        let mut taken = std::mem::take(&mut self.full);
        taken.extend(
            self.open
                .extract_if(.., |_, page| page.since.elapsed() >= delay),
        );
        self.bytes -= taken
            .iter()
            .map(|(_, page)| page.lines.len())
            .sum::<usize>();
        taken
    }

    /// How long until some lines have waited for so long; `None` when there are none.
    fn next(&self, delay: Duration) -> Option<Duration> {
        if !self.full.is_empty() {
            return Some(Duration::ZERO);
        }
        let left = self.open.values();
        left.map(|page| delay.saturating_sub(page.since.elapsed()))
            .min()
    }
}

impl AccessLogs {
    pub(crate) fn new(engine: &Arc<Engine>, dialects: &Dialects, delay: Duration) -> Arc<Self> {
        Arc::new(Self {
            engine: engine.clone(),
            dialects: dialects.clone(),
            delay,
            waiting: Mutex::default(),
            bell: Notify::new(),
        })
    }

    /// Writes lines until `stop` turns true.
    pub(crate) async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        loop {
            let next = self.waiting().next(self.delay);
            let due = async {
                match next {
                    Some(left) => tokio::time::sleep(left).await,
                    None => std::future::pending().await,
                }
            };
            // What `wait_for` gives must not be held while lines are written.
            let is_due = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return,
                () = self.bell.notified() => false,
                () = due => true,
            };
            if is_due {
                self.write(self.delay).await;
            }
        }
    }

    /// Writes all lines there are.
    pub(crate) async fn flush(&self) {
        self.write(Duration::ZERO).await;
    }

    /// The wall clock of requests.
    pub(super) fn now(&self) -> Timestamp {
        self.engine.ports().clock.now()
    }

    /// The answer with an eye on its end, when it is about a bucket with logs.
    pub(super) fn attend(
        self: &Arc<Self>,
        head: &Parts,
        cx: &GateCx,
        response: Response<OutBody>,
        (started, at): (Instant, Timestamp),
    ) -> Response<OutBody> {
        let served = response.extensions().get::<Served>();
        let Some((served, bucket, format)) = served.and_then(|served| {
            let name = BucketName::new(served.bucket.as_deref()?).ok()?;
            let bucket = self.engine.logged(&name)?;
            let format = self.dialects.access_log(bucket.access_log.as_ref()?.via)?;
            Some((served.clone(), bucket, format))
        }) else {
            return response;
        };
        let visit = Visit {
            logs: self.clone(),
            format,
            bucket,
            served,
            head: head.clone(),
            cx: cx.clone(),
            status: response.status().as_u16(),
            told: response.headers().clone(),
            at,
            started,
            turn: started.elapsed(),
        };
        response.map(|body| {
            let watched = Watched {
                body,
                sent: 0,
                visit,
            };
            watched.boxed_unsync()
        })
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, bucket: &BucketName, log: &AccessLog, line: &str) {
        if self.waiting().add(bucket, log, line) {
            self.bell.notify_one();
        } else {
            metrics::counter!("cohong_access_log_lines_lost_total").increment(1);
        }
    }

    async fn write(&self, delay: Duration) {
        let taken = self.waiting().take(delay);
        for (bucket, page) in taken {
            if let Err(error) = self.write_page(&bucket, page).await {
                tracing::warn!(%bucket, %error, "lines of an access log were lost");
            }
        }
    }

    async fn write_page(&self, bucket: &BucketName, page: Page) -> Result<(), BoxError> {
        let format = self.dialects.access_log(page.log.via);
        let format = format.ok_or("nobody writes logs of this kind")?;
        let unique = hex::encode_upper(&self.engine.ports().ids.work().0[..8]);
        let key = format.key(&page.log, bucket, self.now(), &unique);
        let key = ObjectKey::new(&key)?;
        let lines = page.lines.into();
        self.engine
            .write_access_log(bucket, &page.log, key, lines)
            .await?;
        Ok(())
    }
}

impl std::fmt::Debug for AccessLogs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessLogs").finish_non_exhaustive()
    }
}

/// What is known of a request before its answer has gone.
struct Visit {
    logs: Arc<AccessLogs>,
    format: &'static dyn LogFormat,
    bucket: Arc<Bucket>,
    served: Served,
    head: Parts,
    cx: GateCx,
    status: u16,
    told: HeaderMap,
    at: Timestamp,
    started: Instant,
    turn: Duration,
}

impl Visit {
    fn end(&self, sent: u64) {
        let target = self.head.uri.path_and_query();
        let target = without_secrets(target.map_or("/", |target| target.as_str()));
        let given = |name: HeaderName| text(&self.head.headers, &name);
        let received = number(&self.head.headers, &header::CONTENT_LENGTH);
        let access = Access {
            bucket: self.bucket.name.as_str(),
            owner: &self.bucket.owner.0,
            region: &self.bucket.region,
            at: self.at,
            peer: self.cx.peer,
            secure: self.cx.secure,
            request_id: &self.cx.request_id,
            account: self.served.account.as_deref(),
            operation: self.served.operation,
            key: &self.served.key,
            method: &self.head.method,
            target: &target,
            version: self.head.version,
            status: self.status,
            code: self.served.code,
            sent,
            received,
            size: self.size(received),
            took_ms: millis(self.started.elapsed()),
            turn_ms: millis(self.turn),
            host: given(header::HOST),
            referer: given(header::REFERER),
            user_agent: given(header::USER_AGENT),
            version_id: version_id(&self.told),
            proof: self.head.extensions.get::<Proof>().copied(),
            fields: Fields::of(&self.bucket.log_fields, &self.head),
        };
        let line = self.format.line(&access);
        if let Some(log) = &self.bucket.access_log {
            self.logs.add(&self.bucket.name, log, &line);
        }
    }

    /// The length of the object that was read or written.
    fn size(&self, received: Option<u64>) -> Option<u64> {
        if self.served.key.is_empty() || self.status >= 300 {
            return None;
        }
        if self.head.method == Method::PUT {
            return received;
        }
        let range = text(&self.told, &header::CONTENT_RANGE);
        match range.and_then(|range| range.rsplit_once('/')) {
            Some((_, whole)) => whole.parse().ok(),
            None => number(&self.told, &header::CONTENT_LENGTH),
        }
    }
}

/// An answer's body; its request leaves its line when it ends or is given up.
struct Watched {
    body: OutBody,
    sent: u64,
    visit: Visit,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            let len = frame.data_ref().map_or(0, Bytes::len);
            self.sent += u64::try_from(len).unwrap_or(u64::MAX);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.visit.end(self.sent);
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    text(headers, name)?.parse().ok()
}

/// The version that an answer is about, whoever's header tells it.
fn version_id(told: &HeaderMap) -> Option<&str> {
    let mut all = told.iter();
    let (_, value) = all.find(|(name, _)| {
        let name = name.as_str();
        name.starts_with("x-") && name.ends_with("-version-id") && !name.contains("source")
    })?;
    value.to_str().ok()
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use cohong_core::model::DialectId;

    use super::*;

    fn log(prefix: &str) -> AccessLog {
        AccessLog {
            bucket: BucketName::new("logs").expect("a name"),
            prefix: prefix.into(),
            via: DialectId::Oss,
        }
    }

    fn name(text: &str) -> BucketName {
        BucketName::new(text).expect("a name")
    }

    #[test]
    fn lines_wait_together_until_their_time() {
        let mut waiting = Waiting::default();
        let hour = Duration::from_hours(1);
        assert_eq!(waiting.next(hour), None);
        for line in ["a\n", "b\n"] {
            assert!(waiting.add(&name("one"), &log("p"), line));
        }
        assert!(waiting.add(&name("two"), &log("p"), "c\n"));
        assert!(waiting.next(hour).is_some_and(|left| left <= hour));
        assert!(waiting.take(hour).is_empty());
        let taken = waiting.take(Duration::ZERO);
        let lines: Vec<&str> = taken.iter().map(|(_, page)| &*page.lines).collect();
        assert_eq!(lines, ["a\nb\n", "c\n"]);
        assert_eq!((waiting.bytes, waiting.next(hour)), (0, None));
    }

    #[test]
    fn lines_of_other_logs_are_not_mixed_and_many_do_not_wait() {
        let mut waiting = Waiting::default();
        let hour = Duration::from_hours(1);
        waiting.add(&name("one"), &log("p"), "a\n");
        waiting.add(&name("one"), &log("q"), "b\n");
        assert_eq!(waiting.next(hour), Some(Duration::ZERO));
        let taken = waiting.take(hour);
        assert_eq!((taken.len(), &*taken[0].1.log.prefix), (1, "p"));
        let line = "x".repeat(LOG_LINE_BYTES_MAX);
        for _ in 0..LOG_OBJECT_BYTES / LOG_LINE_BYTES_MAX {
            assert!(waiting.add(&name("one"), &log("q"), &line));
        }
        assert_eq!(waiting.take(hour).len(), 1);
    }

    #[test]
    fn lines_beyond_the_limit_are_refused() {
        let mut waiting = Waiting::default();
        let line = "x".repeat(LOG_LINE_BYTES_MAX);
        assert!(!waiting.add(&name("one"), &log("p"), &format!("{line}x")));
        for _ in 0..LOG_LINES_BYTES_MAX / LOG_LINE_BYTES_MAX {
            assert!(waiting.add(&name("one"), &log("p"), &line));
        }
        assert!(!waiting.add(&name("one"), &log("p"), "x"));
        assert_eq!(waiting.bytes, LOG_LINES_BYTES_MAX);
        waiting.take(Duration::ZERO);
        assert!(waiting.add(&name("one"), &log("p"), "x"));
    }
}
