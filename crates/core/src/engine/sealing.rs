//! Encryption at rest: the keys of objects, and bodies on their way into blobs and out of them.
//!
//! Every object has a random key of its own, which its record (or its upload's) keeps sealed: by the server's
//! key, or by one that the client sends with each request and that is never stored. What a blob's bytes look
//! like is in [`crate::rules::cipher`].

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_core::Stream;

use super::holding::NewBytes;
use super::ingest::{IngestSpec, Tree, ingest};
use super::put::{new_bytes, new_payload};
use super::{Body, Cx, Engine, ExpectedDigests, FurtherDigest, Ports};
use crate::error::{Error, ErrorKind};
use crate::limits::KEY_NAME_BYTES_MAX;
use crate::model::{
    BlobId, Bucket, ChecksumAlgorithm, Checksums, Cipher, CustomerKey, Encryption, KeyHolder,
    ObjectRecord, Seal,
};
use crate::ports::{BlobError, BlobInfo, BlobWriter, BodyError, ByteStream};
use crate::rules::cipher::{
    BlobCipher, DataKey, SEGMENT_LEN, Span, TAG_BYTES, plain_max, sealed_len,
};

/// The key of an object, and what is kept of it.
#[derive(Clone, Debug)]
pub(crate) struct Sealing {
    /// What is kept.
    pub(crate) seal: Seal,
    /// The key.
    pub(crate) key: DataKey,
}

/// Checks how a bucket encrypts: not with a customer's key, which nobody could know here.
pub(super) fn check(default: &Encryption) -> Result<(), Error> {
    let bad = |why| Err(Error::new(ErrorKind::InvalidArgument, why));
    match &default.holder {
        KeyHolder::Customer => bad("a bucket is not encrypted with a key of its clients"),
        KeyHolder::Service(Some(name)) if name.len() > KEY_NAME_BYTES_MAX => {
            bad("the name of the key is too long")
        }
        KeyHolder::Server | KeyHolder::Service(_) => Ok(()),
    }
}

/// How a new object is encrypted; `None` when neither the request nor the bucket wants that.
pub(super) fn wanted(cx: &Cx, bucket: &Bucket) -> Option<Encryption> {
    let asked = &cx.encrypting;
    if asked.key.is_some() {
        return Some(Encryption {
            cipher: Cipher::Aes256,
            holder: KeyHolder::Customer,
        });
    }
    asked.with.as_ref().or(bucket.encryption.as_ref()).cloned()
}

impl Engine {
    /// A key for a new object; `None` when neither the request nor the bucket wants one.
    pub(crate) fn new_sealing(&self, cx: &Cx, bucket: &Bucket) -> Option<Sealing> {
        let (asked, encryption) = (&cx.encrypting, wanted(cx, bucket)?);
        let key = DataKey::new(encryption.cipher, self.random_key());
        let sealed = match &asked.key {
            Some(customer) => key.wrap(customer, self.random_key()),
            None => self.ports.sealer.seal(key.secret()).into(),
        };
        let seal = Seal {
            encryption,
            key: sealed,
        };
        Some(Sealing { seal, key })
    }

    /// The key of what is there, if it is encrypted: `KeyMissing`, `KeyWrong`, `KeyUnasked`; `Internal` when
    /// the server's key does not open it.
    pub(crate) fn data_key(
        &self,
        seal: Option<&Seal>,
        customer: Option<&CustomerKey>,
    ) -> Result<Option<DataKey>, Error> {
        let by_customer = seal.filter(|seal| seal.encryption.holder == KeyHolder::Customer);
        match (seal, by_customer, customer) {
            (_, Some(seal), Some(customer)) => {
                let key = DataKey::unwrap(seal.encryption.cipher, &seal.key, customer);
                key.map(Some).map_err(|_| refused(ErrorKind::KeyWrong))
            }
            (_, Some(_), None) => Err(refused(ErrorKind::KeyMissing)),
            (_, None, Some(_)) => Err(refused(ErrorKind::KeyUnasked)),
            (Some(seal), None, None) => self.own_key(seal).map(Some),
            (None, None, None) => Ok(None),
        }
    }

    /// The key of what is there, with what is kept of it: errors of [`Engine::data_key`].
    pub(crate) fn sealing_of(
        &self,
        seal: Option<&Seal>,
        customer: Option<&CustomerKey>,
    ) -> Result<Option<Sealing>, Error> {
        let key = self.data_key(seal, customer)?;
        Ok(seal
            .cloned()
            .zip(key)
            .map(|(seal, key)| Sealing { seal, key }))
    }

    /// Stores the bytes of an object again, sealed in another way or not at all: `record` with where they are
    /// and with the further checksum that is `wanted`.
    pub(crate) async fn sealed_again(
        &self,
        record: ObjectRecord,
        plain: ByteStream,
        sealing: Option<Sealing>,
        wanted: Option<ChecksumAlgorithm>,
    ) -> Result<(ObjectRecord, NewBytes), Error> {
        let id = BlobId {
            payload: self.ports.ids.payload(),
            n: 0,
        };
        let spec = IngestSpec {
            id,
            digests: ExpectedDigests {
                further: wanted.map(FurtherDigest::Compute),
                ..ExpectedDigests::default()
            },
            size: (record.size, record.size),
            small_max: self.small_max(sealing.as_ref()),
            tree: Tree::None,
            sealing,
        };
        let body = Body {
            len: Some(record.size),
            stream: plain,
        };
        let ingested = ingest(&self.ports, spec, body).await?;
        let further = ingested.checksums.further.or(record.checksums.further);
        let record = ObjectRecord {
            payload: new_payload(id, &ingested),
            checksums: Checksums {
                further,
                ..record.checksums
            },
            seal: ingested.seal(),
            ..record
        };
        Ok((record, new_bytes(id, &ingested)))
    }

    /// Longest body that travels in a commit, bytes.
    pub(crate) fn small_max(&self, sealing: Option<&Sealing>) -> usize {
        let most = self.ports.meta.small_payload_max();
        sealing.map_or(most, |_| plain_max(most))
    }

    fn own_key(&self, seal: &Seal) -> Result<DataKey, Error> {
        // What cannot be opened or read must not be told: it may be the secret.
        let opened = self.ports.sealer.open(&seal.key).ok();
        let key = opened.and_then(|key| <[u8; 32]>::try_from(key).ok());
        let key = key.ok_or_else(|| {
            Error::new(
                ErrorKind::Internal,
                "the key of an encrypted object cannot be opened; restore the server's key file",
            )
        })?;
        Ok(DataKey::new(seal.encryption.cipher, key))
    }

    fn random_key(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.ports.sealer.random(&mut bytes);
        bytes
    }
}

fn refused(kind: ErrorKind) -> Error {
    let message = match kind {
        ErrorKind::KeyMissing => "the object is encrypted with a key of yours; send it along",
        ErrorKind::KeyWrong => "the key sent along is not the one the object is encrypted with",
        _ => "the object is not encrypted with a key of yours; send none",
    };
    Error::new(kind, message)
}

/// Bytes of a small body as they are stored.
pub(super) fn sealed(id: BlobId, plain: &Bytes, key: Option<&DataKey>) -> Bytes {
    match key {
        Some(key) => key.of_blob(id).seal_all(plain).freeze(),
        None => plain.clone(),
    }
}

/// Begins a blob that holds so many plain bytes, as far as that is known.
pub(crate) async fn create_blob(
    ports: &Ports,
    id: BlobId,
    len: Option<u64>,
    key: Option<&DataKey>,
) -> Result<Box<dyn BlobWriter>, BlobError> {
    let Some(key) = key else {
        return ports.blobs.create(id, len).await;
    };
    let inner = ports.blobs.create(id, len.map(sealed_len)).await?;
    Ok(Box::new(SealedWriter {
        inner,
        cipher: key.of_blob(id),
        pending: BytesMut::new(),
        next: 0,
    }))
}

/// Seals what is written. The last segment is told from the others, so one always waits.
struct SealedWriter {
    inner: Box<dyn BlobWriter>,
    cipher: BlobCipher,
    /// Plain bytes of the segment that waits.
    pending: BytesMut,
    /// Its number.
    next: u64,
}

#[async_trait]
impl BlobWriter for SealedWriter {
    async fn write(&mut self, chunk: Bytes) -> Result<(), BlobError> {
        self.pending.extend_from_slice(&chunk);
        let mut out = BytesMut::new();
        while self.pending.len() > SEGMENT_LEN {
            out.reserve(self.pending.len());
            let segment = self.pending.split_to(SEGMENT_LEN);
            self.cipher.seal(self.next, false, &segment, &mut out);
            self.next += 1;
        }
        if out.is_empty() {
            return Ok(());
        }
        self.inner.write(out.freeze()).await
    }

    async fn finish(mut self: Box<Self>) -> Result<BlobInfo, BlobError> {
        if !self.pending.is_empty() {
            let mut out = BytesMut::new();
            self.cipher.seal(self.next, true, &self.pending, &mut out);
            self.inner.write(out.freeze()).await?;
        }
        self.inner.finish().await
    }
}

/// Opens the segments of a blob that a range of `len` plain bytes touches.
pub(super) fn opened(inner: ByteStream, cipher: BlobCipher, span: Span, len: u64) -> ByteStream {
    Box::pin(Opening {
        inner,
        cipher,
        text: BytesMut::new(),
        sealed: span.end.saturating_sub(span.start),
        next: span.first,
        last: span.last,
        skip: span.skip,
        left: len,
    })
}

struct Opening {
    inner: ByteStream,
    cipher: BlobCipher,
    /// Sealed bytes that came and were not opened.
    text: BytesMut,
    /// Sealed bytes that were not opened, those that did not come yet included.
    sealed: u64,
    /// Number of the next segment.
    next: u64,
    /// Number of the last one of the blob.
    last: u64,
    /// Plain bytes of the next segment that are not wanted.
    skip: u64,
    /// Plain bytes still to be given out.
    left: u64,
}

impl Opening {
    /// Opens the next segment, of so many sealed bytes.
    fn open(&mut self, sealed: usize) -> Result<Bytes, BodyError> {
        let mut segment = self.text.split_to(sealed);
        let is_last = self.next == self.last;
        self.cipher
            .open(self.next, is_last, &mut segment)
            .map_err(|error| damaged(&error.to_string()))?;
        self.sealed = self.sealed.saturating_sub(sealed as u64);
        self.next += 1;
        let skip = std::mem::take(&mut self.skip).min(segment.len() as u64);
        let wanted = (segment.len() as u64 - skip).min(self.left);
        self.left -= wanted;
        let start = usize::try_from(skip).unwrap_or(usize::MAX);
        let end = usize::try_from(skip + wanted).unwrap_or(usize::MAX);
        Ok(segment.freeze().slice(start..end))
    }
}

impl Stream for Opening {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if self.left == 0 {
                return Poll::Ready(None);
            }
            let most = SEGMENT_LEN as u64 + TAG_BYTES;
            let sealed = usize::try_from(self.sealed.min(most)).unwrap_or(usize::MAX);
            if sealed > 0 && self.text.len() >= sealed {
                return Poll::Ready(Some(self.open(sealed)));
            }
            match ready!(self.inner.as_mut().poll_next(cx)) {
                Some(Ok(piece)) if sealed > 0 => self.text.extend_from_slice(&piece),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(_)) | None => {
                    return Poll::Ready(Some(Err(damaged("an encrypted blob has another length"))));
                }
            }
        }
    }
}

fn damaged(what: &str) -> BodyError {
    BlobError::Damaged(what.into()).into()
}
