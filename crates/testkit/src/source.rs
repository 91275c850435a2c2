//! A source of objects in memory that fails as it is told.

mod wire;

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cohong_core::model::{ObjectKey, StorageClass, StoredHeaders, SyncSource, Timestamp};
use cohong_core::ports::{
    BodyError, ByteStream, Clock, Source, SourceCredentials, SourceDigests, SourceFault,
    SourceObject, SourcePage, Sources,
};
use futures_util::StreamExt;
use md5::{Digest, Md5};

pub use wire::{MachineClock, WireSource};

/// Bytes of one piece of a body.
const PIECE: usize = 64 << 10;

/// What goes wrong with one call.
#[derive(Clone, Debug)]
pub enum Mishap {
    /// It fails so.
    Fault(SourceFault),
    /// The body ends after so many bytes.
    Cut(usize),
    /// One byte of the body is another; the length is right.
    WrongByte,
    /// The body goes on behind its end.
    TooLong,
    /// The object is replaced by this one before the body is read.
    Replaced(Bytes),
    /// Every piece of the body takes so long.
    Slow(Duration),
}

impl Mishap {
    /// Whether it can befall a look at an object, rather than its body.
    fn befalls_stat(&self) -> bool {
        matches!(self, Self::Fault(_))
    }
}

/// Which digests a source publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Publishes {
    /// None.
    Nothing,
    /// MD5.
    Md5,
    /// CRC-64/XZ.
    Crc64,
}

/// A body that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// Of which key.
    pub key: String,
    /// Which bytes.
    pub range: Range<u64>,
}

#[derive(Clone, Debug)]
struct Stored {
    bytes: Bytes,
    md5: [u8; 16],
    modified: Timestamp,
    version: u64,
    archived: bool,
}

#[derive(Debug)]
struct State {
    clock: Arc<dyn Clock>,
    publishes: Publishes,
    objects: BTreeMap<String, Stored>,
    mishaps: BTreeMap<String, VecDeque<Mishap>>,
    always: BTreeMap<String, Mishap>,
    reads: Vec<Read>,
    stats: usize,
    /// Credentials as they were seen at the last opening.
    opened: Vec<SourceCredentials>,
    refused: bool,
    versions: u64,
}

/// See the module's text. Clones are the same source. It has one bucket, whatever its name.
#[derive(Clone, Debug)]
pub struct MemorySource(Arc<Mutex<State>>);

impl MemorySource {
    /// An empty source that publishes MD5.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Mutex::new(State {
            clock,
            publishes: Publishes::Md5,
            objects: BTreeMap::new(),
            mishaps: BTreeMap::new(),
            always: BTreeMap::new(),
            reads: Vec::new(),
            stats: 0,
            opened: Vec::new(),
            refused: false,
            versions: 0,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An object and its bytes, or a part of them.
    fn send(
        &self,
        key: &ObjectKey,
        range: Option<Range<u64>>,
        if_etag: Option<&str>,
    ) -> Result<(SourceObject, ByteStream), SourceFault> {
        self.state().send(key, range, if_etag)
    }

    /// Publishes other digests from now on.
    pub fn publish(&self, publishes: Publishes) {
        self.state().publishes = publishes;
    }

    /// Stores an object, written now.
    pub fn put(&self, key: &str, bytes: impl Into<Bytes>) {
        self.state().put(key, bytes.into());
    }

    /// Makes an object one that has to be restored.
    pub fn archive(&self, key: &str) {
        if let Some(stored) = self.state().objects.get_mut(key) {
            stored.archived = true;
        }
    }

    /// Removes an object.
    pub fn remove(&self, key: &str) {
        self.state().objects.remove(key);
    }

    /// The bytes of an object.
    pub fn get(&self, key: &str) -> Option<Bytes> {
        self.state().objects.get(key).map(|o| o.bytes.clone())
    }

    /// The next calls about a key go wrong, one after the other. The empty key stands for pages of keys.
    pub fn fail(&self, key: &str, mishaps: impl IntoIterator<Item = Mishap>) {
        let mut state = self.state();
        let waiting = state.mishaps.entry(key.to_owned()).or_default();
        waiting.extend(mishaps);
    }

    /// Every call about a key goes wrong from now on; `None` ends that.
    pub fn fail_always(&self, key: &str, mishap: Option<Mishap>) {
        let mut state = self.state();
        match mishap {
            Some(mishap) => drop(state.always.insert(key.to_owned(), mishap)),
            None => drop(state.always.remove(key)),
        }
    }

    /// Forgets everything that was to go wrong.
    pub fn calm(&self) {
        let mut state = self.state();
        state.mishaps.clear();
        state.always.clear();
    }

    /// Credentials are worth nothing from now on, or again something.
    pub fn refuse(&self, refused: bool) {
        self.state().refused = refused;
    }

    /// Bodies that were asked for, in order.
    pub fn reads(&self) -> Vec<Read> {
        self.state().reads.clone()
    }

    /// Looks at objects, those included that went on to read them.
    pub fn stats(&self) -> usize {
        self.state().stats
    }

    /// Credentials it was opened with, in order.
    pub fn opened(&self) -> Vec<SourceCredentials> {
        self.state().opened.clone()
    }
}

impl State {
    fn put(&mut self, key: &str, bytes: Bytes) {
        self.versions += 1;
        let stored = Stored {
            md5: Md5::digest(&bytes).into(),
            bytes,
            modified: self.clock.now(),
            version: self.versions,
            archived: false,
        };
        self.objects.insert(key.to_owned(), stored);
    }

    /// Takes what goes wrong with this call.
    fn mishap(&mut self, key: &str, is_stat: bool) -> Option<Mishap> {
        let fits = |mishap: &Mishap| !is_stat || mishap.befalls_stat();
        let waiting = self.mishaps.get_mut(key);
        let next = waiting.and_then(|waiting| {
            let fits = waiting.front().is_some_and(fits);
            if fits { waiting.pop_front() } else { None }
        });
        next.or_else(|| self.always.get(key).filter(|m| fits(m)).cloned())
    }

    fn find(&self, key: &str) -> Result<&Stored, SourceFault> {
        if self.refused {
            return Err(SourceFault::Denied);
        }
        self.objects.get(key).ok_or(SourceFault::Missing)
    }

    /// The MD5 where it is published, as most stores have it.
    fn etag(&self, stored: &Stored) -> String {
        match self.publishes {
            Publishes::Md5 => hex::encode(stored.md5),
            Publishes::Nothing | Publishes::Crc64 => format!("v{}", stored.version),
        }
    }

    fn object(&self, stored: &Stored) -> SourceObject {
        let none = SourceDigests::default();
        let digests = match self.publishes {
            Publishes::Nothing => none,
            Publishes::Md5 => SourceDigests {
                md5: Some(stored.md5),
                ..none
            },
            Publishes::Crc64 => SourceDigests {
                crc64: Some(crc64(&stored.bytes)),
                ..none
            },
        };
        SourceObject {
            size: stored.bytes.len() as u64,
            etag: Some(self.etag(stored).into()),
            modified: stored.modified,
            digests,
            headers: StoredHeaders {
                content_type: Some("text/x-source".into()),
                cache_control: Some("no-cache".into()),
                ..StoredHeaders::default()
            },
            user_meta: vec![("from".into(), "source".into())],
            class: StorageClass::Infrequent,
            archived: stored.archived,
        }
    }

    /// An object and its bytes, or what goes wrong instead.
    fn send(
        &mut self,
        key: &ObjectKey,
        range: Option<Range<u64>>,
        if_etag: Option<&str>,
    ) -> Result<(SourceObject, ByteStream), SourceFault> {
        let mishap = self.mishap(key.as_str(), false);
        match &mishap {
            Some(Mishap::Fault(fault)) => return Err(fault.clone()),
            Some(Mishap::Replaced(bytes)) => self.put(key.as_str(), bytes.clone()),
            _ => {}
        }
        let stored = self.find(key.as_str())?.clone();
        if if_etag.is_some_and(|etag| etag != self.etag(&stored)) {
            return Err(SourceFault::Changed);
        }
        if stored.archived {
            return Err(SourceFault::Archived);
        }
        let whole = 0..stored.bytes.len() as u64;
        let range = range.unwrap_or(whole);
        self.reads.push(Read {
            key: key.as_str().to_owned(),
            range: range.clone(),
        });
        let place = |at: u64| {
            usize::try_from(at)
                .unwrap_or(usize::MAX)
                .min(stored.bytes.len())
        };
        let bytes = stored.bytes.slice(place(range.start)..place(range.end));
        let body = body(&self.clock, bytes, mishap.as_ref());
        Ok((self.object(&stored), body))
    }
}

/// CRC-64/XZ, bit by bit: an implementation that shares nothing with the one that is tested.
fn crc64(bytes: &[u8]) -> u64 {
    let step = |crc: u64, _| {
        (crc >> 1)
            ^ if crc & 1 == 1 {
                0xc96c_5795_d787_0f42
            } else {
                0
            }
    };
    let byte = |crc: u64, byte: &u8| (0..8).fold(crc ^ u64::from(*byte), step);
    !bytes.iter().fold(u64::MAX, byte)
}

#[async_trait]
impl Sources for MemorySource {
    async fn open(
        &self,
        _source: &SyncSource,
        with: &SourceCredentials,
    ) -> Result<Arc<dyn Source>, SourceFault> {
        self.state().opened.push(with.clone());
        Ok(Arc::new(self.clone()))
    }
}

#[async_trait]
impl Source for MemorySource {
    async fn stat(&self, key: &ObjectKey) -> Result<SourceObject, SourceFault> {
        let mut state = self.state();
        state.stats += 1;
        if let Some(Mishap::Fault(fault)) = state.mishap(key.as_str(), true) {
            return Err(fault);
        }
        let stored = state.find(key.as_str())?;
        Ok(state.object(stored))
    }

    async fn fetch(
        &self,
        key: &ObjectKey,
        most: u64,
    ) -> Result<(SourceObject, Option<ByteStream>), SourceFault> {
        let small = {
            let state = self.state();
            let stored = state.find(key.as_str());
            stored.is_ok_and(|stored| stored.bytes.len() as u64 <= most && !stored.archived)
        };
        if !small {
            return Ok((self.stat(key).await?, None));
        }
        let mut state = self.state();
        state.stats += 1;
        let (object, body) = state.send(key, None, None)?;
        Ok((object, Some(body)))
    }

    async fn read(
        &self,
        key: &ObjectKey,
        range: Option<Range<u64>>,
        if_etag: Option<&str>,
    ) -> Result<ByteStream, SourceFault> {
        self.send(key, range, if_etag).map(|(_, body)| body)
    }

    async fn restore(&self, key: &ObjectKey) -> Result<(), SourceFault> {
        let mut state = self.state();
        state.find(key.as_str())?;
        if let Some(stored) = state.objects.get_mut(key.as_str()) {
            stored.archived = false;
        }
        Ok(())
    }

    async fn list(
        &self,
        prefix: &str,
        after: &str,
        limit: usize,
    ) -> Result<SourcePage, SourceFault> {
        let mut state = self.state();
        if let Some(Mishap::Fault(fault)) = state.mishap("", true) {
            return Err(fault);
        }
        if state.refused {
            return Err(SourceFault::Denied);
        }
        let all = state.objects.iter();
        let mut rest = all.filter(|(key, _)| key.starts_with(prefix) && key.as_str() > after);
        let page = rest.by_ref().take(limit);
        let objects = page.filter_map(|(key, stored)| {
            Some((ObjectKey::new(key).ok()?, stored.bytes.len() as u64))
        });
        Ok(SourcePage {
            objects: objects.collect(),
            more: rest.next().is_some(),
        })
    }
}

fn body(clock: &Arc<dyn Clock>, bytes: Bytes, mishap: Option<&Mishap>) -> ByteStream {
    let mut end = None;
    let mut bytes = bytes;
    let mut slow = Duration::ZERO;
    match mishap {
        Some(Mishap::Cut(after)) => {
            bytes.truncate(*after);
            end = Some(Err(BodyError::Aborted("the connection broke".into())));
        }
        Some(Mishap::WrongByte) if !bytes.is_empty() => {
            let mut wrong = bytes.to_vec();
            wrong[0] ^= 1;
            bytes = wrong.into();
        }
        Some(Mishap::TooLong) => end = Some(Ok(Bytes::from_static(b"more"))),
        Some(Mishap::Slow(time)) => slow = *time,
        _ => {}
    }
    let pieces: Vec<Bytes> = bytes
        .chunks(PIECE)
        .map(|piece| bytes.slice_ref(piece))
        .collect();
    let clock = clock.clone();
    let pieces = futures_util::stream::iter(pieces.into_iter().map(Ok).chain(end));
    Box::pin(pieces.then(move |piece| {
        let clock = clock.clone();
        async move {
            if !slow.is_zero() {
                clock.sleep_until(clock.mono() + slow).await;
            }
            piece
        }
    }))
}
