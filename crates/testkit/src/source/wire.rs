//! A source in memory behind HTTP, in the words of S3: for servers that read over the network. Whatever the
//! source is told to fail at fails as a store would fail at it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::ops::Range;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use bytes::Bytes;
use cohong_core::model::{ObjectKey, Timestamp};
use cohong_core::ports::{
    BodyError, ByteStream, Clock, Mono, Source, SourceFault, SourceObject, SourcePage,
};
use futures_util::{StreamExt, TryStreamExt};
use http::request::Parts;
use http::response::Builder;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::fmt::rfc2822::DateTimePrinter;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::MemorySource;

type Out = UnsyncBoxBody<Bytes, BodyError>;

/// See the module's text. Ends when dropped.
#[derive(Debug)]
pub struct WireSource {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl WireSource {
    /// Serves a source on a free port of the loopback interface. Requests are not verified.
    pub async fn start(source: MemorySource) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let accepting = tokio::spawn(accept(listener, source));
        Ok(Self { address, accepting })
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for WireSource {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, source: MemorySource) {
    while let Ok((stream, _)) = listener.accept().await {
        let source = source.clone();
        let serve = service_fn(move |request: Request<Incoming>| {
            let source = source.clone();
            async move { Ok::<_, Infallible>(answer(&source, &request.into_parts().0).await) }
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), serve);
        tokio::spawn(async move {
            // A body that breaks off ends its connection, which is what it is for.
            drop(connection.await);
        });
    }
}

async fn answer(source: &MemorySource, head: &Parts) -> Response<Out> {
    let told = match key(head) {
        Ok(None) => source.list("", "", 1000).await.map(|page| listed(&page)),
        Ok(Some(key)) => object(source, head, &key).await,
        Err(fault) => Err(fault),
    };
    told.unwrap_or_else(|fault| refused(&fault))
}

/// The key of the path, behind the bucket; none for the bucket.
fn key(head: &Parts) -> Result<Option<ObjectKey>, SourceFault> {
    let path = head.uri.path();
    let path = path.strip_prefix('/').unwrap_or(path);
    let (_bucket, key) = path.split_once('/').unwrap_or((path, ""));
    if key.is_empty() {
        return Ok(None);
    }
    let broken = |_| SourceFault::Broken("a path that is no key".into());
    let bytes = cohong_sign::decode(key).map_err(|error| broken(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|error| broken(error.to_string()))?;
    let key = ObjectKey::new(&text).map_err(|error| broken(error.to_string()))?;
    Ok(Some(key))
}

async fn object(
    source: &MemorySource,
    head: &Parts,
    key: &ObjectKey,
) -> Result<Response<Out>, SourceFault> {
    let text = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
    if head.method == Method::HEAD {
        let object = source.stat(key).await?;
        return Ok(sent(&object, described(&object), None));
    }
    let etag = text(header::IF_MATCH).map(|etag| etag.trim_matches('"'));
    let range = text(header::RANGE).map(range_of).transpose()?;
    let (object, body) = source.send(key, range.clone(), etag)?;
    let head = described(&object);
    let head = match &range {
        None => head,
        Some(Range { start, end }) => head
            .status(StatusCode::PARTIAL_CONTENT)
            .header(header::CONTENT_LENGTH, end - start)
            .header(
                header::CONTENT_RANGE,
                format!("bytes {start}-{}/{}", end - 1, object.size),
            ),
    };
    Ok(sent(&object, head, Some((range, body))))
}

fn range_of(text: &str) -> Result<Range<u64>, SourceFault> {
    let bounds = text.strip_prefix("bytes=").and_then(|t| t.split_once('-'));
    let range = bounds.and_then(|(start, last)| {
        let last: u64 = last.parse().ok()?;
        Some(start.parse().ok()?..last + 1)
    });
    range.ok_or_else(|| SourceFault::Broken("a range that is none".into()))
}

fn described(object: &SourceObject) -> Builder {
    let mut head = Response::builder();
    if let Some(etag) = &object.etag {
        head = head.header(header::ETAG, format!("\"{etag}\""));
    }
    if let Some(crc64) = object.digests.crc64 {
        head = head.header("x-cos-hash-crc64ecma", crc64.to_string());
    }
    if let Some(kind) = &object.headers.content_type {
        head = head.header(header::CONTENT_TYPE, &**kind);
    }
    if object.archived {
        head = head.header("x-amz-storage-class", "GLACIER");
    }
    let modified = i64::try_from(object.modified.millis()).unwrap_or(i64::MAX);
    let modified = jiff::Timestamp::from_millisecond(modified).unwrap_or_default();
    let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&modified);
    head.header(header::LAST_MODIFIED, date.unwrap_or_default())
}

fn sent(
    object: &SourceObject,
    head: Builder,
    body: Option<(Option<Range<u64>>, ByteStream)>,
) -> Response<Out> {
    let (head, body) = match body {
        None => (head.header(header::CONTENT_LENGTH, object.size), empty()),
        Some((range, body)) => {
            let head = match range {
                None => head.header(header::CONTENT_LENGTH, object.size),
                Some(_) => head,
            };
            // What came before a body breaks off is sent first.
            let frames = body.map_ok(Frame::data).then(|frame| async {
                if frame.is_err() {
                    tokio::task::yield_now().await;
                }
                frame
            });
            (head, StreamBody::new(frames).boxed_unsync())
        }
    };
    head.body(body).unwrap_or_else(|_| Response::new(empty()))
}

fn listed(page: &SourcePage) -> Response<Out> {
    let entry = |(key, size): &(ObjectKey, u64)| {
        let key = cohong_sign::encode(key.as_str().as_bytes());
        format!("<Contents><Key>{key}</Key><Size>{size}</Size></Contents>")
    };
    let entries: String = page.objects.iter().map(entry).collect();
    let body = format!(
        "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>{}</IsTruncated>{entries}</ListBucketResult>",
        page.more
    );
    Response::new(whole(body))
}

fn refused(fault: &SourceFault) -> Response<Out> {
    let (status, code) = match fault {
        SourceFault::Missing => (404, "NoSuchKey"),
        SourceFault::Denied => (403, "AccessDenied"),
        SourceFault::Archived => (403, "InvalidObjectState"),
        SourceFault::Changed => (412, "PreconditionFailed"),
        SourceFault::Busy(_) => (503, "SlowDown"),
        SourceFault::Unknown(_) | SourceFault::Unaskable(_) | SourceFault::Broken(_) => {
            (500, "InternalError")
        }
    };
    let mut head = Response::builder().status(status);
    if let SourceFault::Busy(Some(after)) = fault {
        head = head.header(header::RETRY_AFTER, after.as_secs());
    }
    let body = whole(format!("<Error><Code>{code}</Code></Error>"));
    head.body(body).unwrap_or_else(|_| Response::new(empty()))
}

fn whole(text: String) -> Out {
    Full::new(Bytes::from(text))
        .map_err(|never| match never {})
        .boxed_unsync()
}

fn empty() -> Out {
    whole(String::new())
}

/// The clock of the machine, for sources that real servers read.
#[derive(Debug)]
pub struct MachineClock(Instant);

impl MachineClock {
    /// Its monotonic time begins now.
    pub fn new() -> Self {
        Self(Instant::now())
    }
}

impl Default for MachineClock {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Clock for MachineClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let millis = since.unwrap_or_default().as_millis();
        Timestamp::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
    }

    fn mono(&self) -> Mono {
        self.0.elapsed()
    }

    async fn sleep_until(&self, at: Mono) {
        tokio::time::sleep(at.saturating_sub(self.mono())).await;
    }
}
