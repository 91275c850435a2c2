//! Takes a body in: one pass over its bytes computes every digest and stores them, in memory while
//! the body is small, else in a blob. Memory stays at one write of
//! [`limits::INGEST_WRITE_BYTES`] beside the chunk at hand, whatever the body's length.
//!
//! It knows nothing of objects or parts: whoever calls commits the result or removes the blob.

use std::future::poll_fn;
use std::task::Poll;

use bytes::{Bytes, BytesMut};
use crc_fast::CrcAlgorithm;
use md5::{Digest, Md5};
use sha2::Sha256;

use super::sealing::{Sealing, create_blob};
use super::{Body, ExpectedDigests, FurtherDigest, Ports};
use crate::error::{BodyDigest, Error, ErrorKind};
use crate::limits;
use crate::model::{
    BlobId, ChecksumAlgorithm, ChecksumValue, Checksums, FurtherChecksum, Seal, TreeHash,
};
use crate::ports::{BlobWriter, BodyError, ByteStream};
use crate::rules::checksum::Hasher;
use crate::rules::cipher::DataKey;
use crate::rules::tree::{Leaves, combine};

/// What a body must be, and where it goes.
#[derive(Clone, Debug)]
pub(crate) struct IngestSpec {
    /// The blob to write when the body is not small.
    pub(crate) id: BlobId,
    /// Digests the body must have, and the further one to compute.
    pub(crate) digests: ExpectedDigests,
    /// Least and greatest length, bytes.
    pub(crate) size: (u64, u64),
    /// Longest body that is handed back in memory, bytes; 0 makes every body a blob.
    pub(crate) small_max: usize,
    /// What of the tree over its blocks is wanted.
    pub(crate) tree: Tree,
    /// What its blob is sealed with, and what a small body will be.
    pub(crate) sealing: Option<Sealing>,
}

/// What is wanted of the tree over a body's blocks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tree {
    /// Nothing: it costs as much as the MD5.
    None,
    /// Its leaves.
    Leaves,
    /// Its leaves, and the body must have this tree hash.
    Sent(TreeHash),
}

/// Lengths that every body may have.
pub(crate) const ANY_SIZE: (u64, u64) = (0, limits::BODY_BYTES_MAX);

/// Where a body's bytes are now.
#[derive(Clone, Debug)]
pub(crate) enum StoredBody {
    /// There were none.
    Empty,
    /// In memory, for the commit to take along.
    Small(Bytes),
    /// In a durable blob that no record names yet.
    Blob(BlobId),
}

/// A body that was taken in and found to be what was promised.
#[derive(Debug)]
pub(crate) struct Ingested {
    /// Length, bytes.
    pub(crate) size: u64,
    /// MD5.
    pub(crate) md5: [u8; 16],
    /// CRC-64/XZ, and the further checksum that was wanted.
    pub(crate) checksums: Checksums,
    /// The leaves of its tree, where they were wanted.
    pub(crate) leaves: Vec<TreeHash>,
    /// The bytes.
    pub(crate) body: StoredBody,
    /// What they are sealed with; small ones are not yet.
    pub(crate) sealing: Option<Sealing>,
}

impl Ingested {
    /// What its bytes are sealed with.
    pub(crate) fn key(&self) -> Option<&DataKey> {
        self.sealing.as_ref().map(|sealing| &sealing.key)
    }

    /// What is kept of that.
    pub(crate) fn seal(&self) -> Option<Seal> {
        self.sealing.as_ref().map(|sealing| sealing.seal.clone())
    }
}

/// Takes `body` in. Nothing is left behind on failure: `IncompleteBody` when it ends early or before
/// its declared length, `InvalidArgument` when it goes on behind it, `TooLarge` and `PartTooSmall`
/// beyond the limits of `spec`, `BadDigest` when it is not the body the client meant, `MissingDigest` when
/// that was to be said behind it and was not, `Full` and `Unavailable` from the store.
pub(crate) async fn ingest(
    ports: &Ports,
    spec: IngestSpec,
    mut body: Body,
) -> Result<Ingested, Error> {
    let (least, most) = spec.size;
    if let Some(declared) = body.len {
        check_most(declared, most)?;
        check_least(declared, least)?;
    }
    let mut sink = Sink::new(ports, &spec, body.len);
    let mut size = 0_u64;
    while let Some(chunk) = next(&mut body.stream).await {
        let chunk = chunk?;
        size = size.saturating_add(chunk.len() as u64);
        if body.len.is_some_and(|declared| size > declared) {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "the body is longer than its declared length",
            ));
        }
        check_most(size, most)?;
        sink.take(chunk).await?;
    }
    if body.len.is_some_and(|declared| size < declared) {
        return Err(Error::new(
            ErrorKind::IncompleteBody,
            "the body is shorter than its declared length; send it again",
        ));
    }
    check_least(size, least)?;
    sink.finish(spec, size).await
}

/// Whether stored bytes have the digests that are expected of them: `BadDigest`.
pub(crate) async fn check_digests(
    mut stored: ByteStream,
    expected: &ExpectedDigests,
) -> Result<(), Error> {
    let mut digests = Digests::new(expected, Tree::None);
    while let Some(piece) = next(&mut stored).await {
        digests.update(&piece?);
    }
    digests.check(expected).map(drop)
}

/// The next piece of a stream; `None` at its end.
pub(crate) async fn next(stream: &mut ByteStream) -> Option<Result<Bytes, BodyError>> {
    poll_fn(|cx| stream.as_mut().poll_next(cx)).await
}

fn check_most(size: u64, most: u64) -> Result<(), Error> {
    if size > most {
        let message = format!("the body is larger than the {most} bytes allowed");
        return Err(Error::new(ErrorKind::TooLarge, message));
    }
    Ok(())
}

fn check_least(size: u64, least: u64) -> Result<(), Error> {
    if size < least {
        let message = format!("the body is smaller than the {least} bytes asked for");
        return Err(Error::new(ErrorKind::PartTooSmall, message));
    }
    Ok(())
}

/// Gathers bytes and writes them in large pieces.
struct Sink<'a> {
    ports: &'a Ports,
    id: BlobId,
    declared: Option<u64>,
    /// Bytes that may wait in memory before the blob is begun.
    wait_max: usize,
    pending: BytesMut,
    writer: Option<Box<dyn BlobWriter>>,
    digests: Digests,
    key: Option<DataKey>,
}

impl<'a> Sink<'a> {
    fn new(ports: &'a Ports, spec: &IngestSpec, declared: Option<u64>) -> Self {
        // A body known to be large need not wait for its blob.
        let large = declared.is_some_and(|declared| declared > spec.small_max as u64);
        Self {
            ports,
            id: spec.id,
            declared,
            wait_max: if large { 0 } else { spec.small_max },
            pending: BytesMut::new(),
            writer: None,
            digests: Digests::new(&spec.digests, spec.tree),
            key: spec.sealing.as_ref().map(|sealing| sealing.key.clone()),
        }
    }

    async fn take(&mut self, chunk: Bytes) -> Result<(), Error> {
        let waiting = self.pending.len() + chunk.len();
        if self.writer.is_none() && waiting > self.wait_max {
            let key = self.key.as_ref();
            let begun = create_blob(self.ports, self.id, self.declared, key).await?;
            self.writer = Some(begun);
        }
        let Some(writer) = &mut self.writer else {
            self.pending.extend_from_slice(&chunk);
            return Ok(());
        };
        if self.pending.is_empty() && chunk.len() >= limits::INGEST_WRITE_BYTES {
            return write(writer, &mut self.digests, chunk).await;
        }
        self.pending.extend_from_slice(&chunk);
        if self.pending.len() < limits::INGEST_WRITE_BYTES {
            return Ok(());
        }
        let piece = self.pending.split().freeze();
        write(writer, &mut self.digests, piece).await
    }

    async fn finish(mut self, spec: IngestSpec, size: u64) -> Result<Ingested, Error> {
        let rest = self.pending.split().freeze();
        match &mut self.writer {
            Some(writer) if !rest.is_empty() => {
                write(writer, &mut self.digests, rest.clone()).await?;
            }
            _ => self.digests.update(&rest),
        }
        let leaves = self.digests.leaves(spec.tree)?;
        let (md5, checksums) = self.digests.check(&spec.digests)?;
        let body = match self.writer.take() {
            Some(writer) => StoredBody::Blob(writer.finish().await?.id),
            None if rest.is_empty() => StoredBody::Empty,
            None => StoredBody::Small(rest),
        };
        Ok(Ingested {
            size,
            md5,
            checksums,
            leaves,
            body,
            sealing: spec.sealing,
        })
    }
}

/// Hashes a piece while the store writes it: the first poll hands the piece to the store's own
/// threads, where it has any.
async fn write(
    writer: &mut Box<dyn BlobWriter>,
    digests: &mut Digests,
    piece: Bytes,
) -> Result<(), Error> {
    let mut write = writer.write(piece.clone());
    let begun = poll_fn(|cx| Poll::Ready(write.as_mut().poll(cx))).await;
    digests.update(&piece);
    match begun {
        Poll::Ready(outcome) => outcome?,
        Poll::Pending => write.await?,
    }
    Ok(())
}

/// Compares bytes with the digests that are published of them, for whoever reads or writes an object elsewhere.
pub struct Comparison {
    digests: Digests,
    expected: ExpectedDigests,
}

impl Comparison {
    /// Nothing yet.
    pub fn new(expected: ExpectedDigests) -> Self {
        let digests = Digests::new(&expected, Tree::None);
        Self { digests, expected }
    }

    /// The next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.digests.update(bytes);
    }

    /// MD5 and checksums of all of them. `BadDigest` when they are not those that were expected.
    pub fn finish(self) -> Result<([u8; 16], Checksums), Error> {
        self.digests.check(&self.expected)
    }
}

impl std::fmt::Debug for Comparison {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Comparison").finish_non_exhaustive()
    }
}

/// The digests of the bytes so far.
struct Digests {
    md5: Md5,
    crc64: crc_fast::Digest,
    /// Only when the client sent one (it costs more than all the rest) and it is not the further one.
    sha256: Option<Sha256>,
    /// Only when one is wanted.
    further: Option<Hasher>,
    /// Only when they are wanted.
    leaves: Option<Leaves>,
}

impl Digests {
    fn new(wanted: &ExpectedDigests, tree: Tree) -> Self {
        let further = wanted.further.as_ref().map(FurtherDigest::algorithm);
        let twice = further == Some(ChecksumAlgorithm::Sha256);
        Self {
            md5: Md5::new(),
            crc64: crc_fast::Digest::new(CrcAlgorithm::Crc64Xz),
            sha256: (wanted.sha256.is_some() && !twice).then(Sha256::new),
            further: further.map(Hasher::new),
            leaves: (!matches!(tree, Tree::None)).then(Leaves::default),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        self.crc64.update(bytes);
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(bytes);
        }
        if let Some(further) = &mut self.further {
            further.update(bytes);
        }
        if let Some(leaves) = &mut self.leaves {
            leaves.update(bytes);
        }
    }

    /// The leaves that are wanted, once the tree hash is the one that was sent.
    fn leaves(&mut self, tree: Tree) -> Result<Vec<TreeHash>, Error> {
        let leaves = self.leaves.take().map_or_else(Vec::new, Leaves::finish);
        match tree {
            Tree::Sent(sent) if combine(leaves.iter().copied()) != Some(sent) => {
                let message = "the tree hash sent along is not that of the body; send it again";
                Err(Error::new(ErrorKind::BadDigest, message))
            }
            _ => Ok(leaves),
        }
    }

    /// MD5 and checksums, once all expected digests are those of the body.
    fn check(self, expected: &ExpectedDigests) -> Result<([u8; 16], Checksums), Error> {
        let md5 = self.md5.finalize().into();
        let crc64 = self.crc64.finalize();
        let further = self.further.map(Hasher::finish);
        let sha256: Option<[u8; 32]> = match (self.sha256, further) {
            (Some(digest), _) => Some(digest.finalize().into()),
            (None, Some(ChecksumValue::Sha256(same))) => Some(same),
            (None, _) => None,
        };
        let sent = sent(expected.further.as_ref())?;
        if expected.md5.is_some_and(|wanted| wanted != md5) {
            return Err(wrong("MD5", BodyDigest::Md5));
        }
        if expected.crc64.is_some_and(|wanted| wanted != crc64) {
            return Err(wrong("CRC-64", BodyDigest::Crc64));
        }
        if expected.sha256.is_some() && expected.sha256 != sha256 {
            return Err(wrong("SHA-256", BodyDigest::Sha256));
        }
        if let Some(sent) = sent.filter(|sent| further != Some(*sent)) {
            let name = sent.algorithm().to_string();
            return Err(wrong(&name, BodyDigest::Further));
        }
        let further = further.map(FurtherChecksum::full);
        Ok((md5, Checksums { crc64, further }))
    }
}

/// The further checksum that the client sent, now that the body has ended.
fn sent(further: Option<&FurtherDigest>) -> Result<Option<ChecksumValue>, Error> {
    match further {
        None | Some(FurtherDigest::Compute(_)) => Ok(None),
        Some(FurtherDigest::Sent(value)) => Ok(Some(*value)),
        Some(FurtherDigest::Late(late)) => late.value().map(Some).ok_or_else(|| {
            Error::new(
                ErrorKind::MissingDigest,
                "the checksum announced for the end of the body did not come; send it again",
            )
        }),
    }
}

fn wrong(name: &str, digest: BodyDigest) -> Error {
    let message = format!("the {name} sent along is not that of the body; send it again");
    Error::new(ErrorKind::BadDigest, message).at_digest(digest)
}
