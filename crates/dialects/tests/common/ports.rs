//! The ports of the world that pretend.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cohong_core::model::{
    CallbackSpec, ObjectKey, PayloadId, SyncSource, Timestamp, UploadId, WorkId,
};
use cohong_core::ports::{
    ByteStream, CallbackAnswer, CallbackOutcome, CallbackRequest, CallbackSender, Clock,
    FetchFault, Fetched, Fetcher, Ids, Mono, SealError, Sealer, Source, SourceCredentials,
    SourceFault, SourceObject, SourcePage, Sources, Spawner, Task, UnfitCall,
};

/// A clock that stands at the moment all requests are signed at, until it is moved.
#[derive(Debug)]
pub(crate) struct FakeClock(AtomicU64);

impl Default for FakeClock {
    fn default() -> Self {
        Self(AtomicU64::new(1_714_979_289_000))
    }
}

impl FakeClock {
    /// Moves it to a moment, milliseconds since 1970.
    pub(crate) fn set(&self, millis: u64) {
        self.0.store(millis, SeqCst);
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.0
            .fetch_add(u64::try_from(by.as_millis()).expect("a short time"), SeqCst);
    }
}

#[async_trait]
impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(SeqCst))
    }

    fn mono(&self) -> Mono {
        Duration::from_millis(self.0.load(SeqCst))
    }

    async fn sleep_until(&self, at: Mono) {
        while at > self.mono() {
            tokio::task::yield_now().await;
        }
    }
}

/// Ids from one counter.
#[derive(Debug, Default)]
pub(crate) struct FakeIds(AtomicU64);

impl FakeIds {
    fn next(&self) -> u64 {
        self.0.fetch_add(1, SeqCst) + 1
    }

    fn sixteen(&self) -> [u8; 16] {
        u128::from(self.next()).to_be_bytes()
    }
}

impl Ids for FakeIds {
    fn payload(&self) -> PayloadId {
        PayloadId(self.sixteen())
    }

    fn upload(&self) -> UploadId {
        UploadId(self.sixteen())
    }

    fn blob_number(&self) -> u64 {
        self.next()
    }

    fn work(&self) -> WorkId {
        WorkId(self.sixteen())
    }

    fn below(&self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or(0)
    }
}

/// Tasks on the runtime of the test.
#[derive(Debug)]
pub(crate) struct TokioSpawner;

impl Spawner for TokioSpawner {
    fn spawn(&self, _name: &'static str, task: Task) {
        tokio::spawn(task);
    }
}

/// Seals by reversing; its random bytes count.
#[derive(Debug, Default)]
pub(crate) struct FakeSealer(AtomicU64);

impl Sealer for FakeSealer {
    fn seal(&self, secret: &[u8]) -> Vec<u8> {
        secret.iter().rev().copied().collect()
    }

    fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        Ok(sealed.iter().rev().copied().collect())
    }

    fn random(&self, out: &mut [u8]) {
        for byte in out {
            // Spread over the whole width, so that nothing repeats within a test.
            let spread = self
                .0
                .fetch_add(1, SeqCst)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15);
            [*byte, ..] = spread.to_be_bytes();
        }
    }
}

/// Remembers calls; answers with what was set, or not at all.
#[derive(Debug, Default)]
pub(crate) struct FakeCallbacks {
    pub(crate) sent: Mutex<Vec<CallbackRequest>>,
    pub(crate) answer: Mutex<Option<CallbackAnswer>>,
    pub(crate) refusal: Mutex<Option<String>>,
}

#[async_trait]
impl CallbackSender for FakeCallbacks {
    fn check(&self, _spec: &CallbackSpec) -> Result<(), UnfitCall> {
        let refusal = self.refusal.lock().expect("unpoisoned").clone();
        refusal.map_or(Ok(()), |why| Err(UnfitCall::Address(why)))
    }

    async fn send(&self, call: &CallbackRequest) -> CallbackOutcome {
        self.sent.lock().expect("unpoisoned").push(call.clone());
        let answer = self.answer.lock().expect("unpoisoned").clone();
        CallbackOutcome {
            answer,
            ..CallbackOutcome::default()
        }
    }
}

/// Sources that hold one key, `photos/1.jpg`. The region `nowhere` is unknown; other names of regions are
/// faults.
#[derive(Debug)]
pub(crate) struct FakeSources;

#[derive(Debug)]
struct FakeSource(SourceFault);

#[async_trait]
impl Sources for FakeSources {
    async fn open(
        &self,
        source: &SyncSource,
        _: &SourceCredentials,
    ) -> Result<Arc<dyn Source>, SourceFault> {
        let fault = match &*source.region {
            "nowhere" => return Err(SourceFault::Unknown(source.region.clone())),
            "denied" => SourceFault::Denied,
            "missing" => SourceFault::Missing,
            "busy" => SourceFault::Busy(None),
            _ => SourceFault::Changed,
        };
        Ok(Arc::new(FakeSource(fault)))
    }
}

#[async_trait]
impl Source for FakeSource {
    async fn stat(&self, _: &ObjectKey) -> Result<SourceObject, SourceFault> {
        Err(self.0.clone())
    }

    async fn fetch(
        &self,
        _: &ObjectKey,
        _: u64,
    ) -> Result<(SourceObject, Option<ByteStream>), SourceFault> {
        Err(self.0.clone())
    }

    async fn read(
        &self,
        _: &ObjectKey,
        _: Option<Range<u64>>,
        _: Option<&str>,
    ) -> Result<ByteStream, SourceFault> {
        Err(self.0.clone())
    }

    async fn restore(&self, _: &ObjectKey) -> Result<(), SourceFault> {
        Err(self.0.clone())
    }

    async fn list(&self, prefix: &str, _: &str, _: usize) -> Result<SourcePage, SourceFault> {
        if self.0 != SourceFault::Changed {
            return Err(self.0.clone());
        }
        let key = "photos/1.jpg";
        let found = ObjectKey::new(key).ok().filter(|_| key.starts_with(prefix));
        let objects = found.map(|key| (key, 1)).into_iter().collect();
        Ok(SourcePage {
            objects,
            more: false,
        })
    }
}

/// Somebody else's server that gives `fetched` for every URL but those that end with a status. `inner.example` is
/// not called.
#[derive(Debug)]
pub(crate) struct FakeFetcher;

#[async_trait]
impl Fetcher for FakeFetcher {
    fn check(&self, url: &str) -> Result<(), FetchFault> {
        if !url.starts_with("http") {
            return Err(FetchFault::Refused("the URL is not http".into()));
        }
        if url.contains("inner.example") {
            return Err(FetchFault::Refused("nobody calls this".into()));
        }
        Ok(())
    }

    async fn fetch(&self, url: &str) -> Result<Fetched, FetchFault> {
        if let Some(status) = url.rsplit('/').next().and_then(|end| end.parse().ok()) {
            return Err(FetchFault::Status(status));
        }
        let body = bytes::Bytes::from_static(b"fetched");
        Ok(Fetched {
            len: Some(7),
            content_type: Some("text/x-page".into()),
            body: Box::pin(futures_util::stream::iter([Ok(body)])),
        })
    }
}
