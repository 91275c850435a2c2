//! Encryption at rest as computation: blobs in segments, and keys under keys.
//!
//! A blob is cut into segments of [`SEGMENT_BYTES`]. Each is sealed by itself (AES-256-GCM or SM4-GCM, a tag
//! of 16 bytes behind it), so that a range reads only the segments it touches. The key is one of this blob
//! only, made of the object's data key and the blob's id; the nonce is the segment's number and whether it is
//! the last. A segment that was changed, moved, exchanged with another blob's or cut off does not open.
//!
//! It draws no random bytes: whoever calls brings them.

use std::fmt;

use aes_gcm::aead::{AeadInPlace, KeyInit};
use aes_gcm::aes::Aes256;
use aes_gcm::aes::cipher::consts::U12;
use aes_gcm::{AesGcm, Nonce, Tag};
use bytes::BytesMut;
use hmac::{Hmac, KeyInit as _, Mac};
use sha2::Sha256;
use sm4::Sm4;

use crate::model::{BlobId, Cipher, CustomerKey};

/// Plain bytes of a segment: what is read and opened at least, and few enough that its tag weighs nothing.
pub const SEGMENT_BYTES: u64 = 64 << 10;
/// Bytes that sealing adds to a segment.
pub const TAG_BYTES: u64 = 16;
/// Bytes of a segment as it is stored.
const SEALED_BYTES: u64 = SEGMENT_BYTES + TAG_BYTES;

/// Bytes are not those that were sealed, or were sealed with another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("encrypted bytes are not what was stored, or the key is not theirs")]
pub struct CipherError;

/// Stored length of a blob of so many plain bytes.
pub fn sealed_len(plain: u64) -> u64 {
    plain.saturating_add(plain.div_ceil(SEGMENT_BYTES).saturating_mul(TAG_BYTES))
}

/// Most plain bytes of a blob that is stored in at most `sealed` bytes.
pub fn plain_max(sealed: usize) -> usize {
    let tags = (sealed as u64).div_ceil(SEALED_BYTES) * TAG_BYTES;
    usize::try_from((sealed as u64).saturating_sub(tags)).unwrap_or(usize::MAX)
}

/// The key that the bytes of an object are encrypted with.
#[derive(Clone)]
pub struct DataKey {
    cipher: Cipher,
    key: [u8; 32],
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataKey")
            .field("cipher", &self.cipher)
            .finish_non_exhaustive()
    }
}

impl DataKey {
    /// A key of random bytes.
    pub fn new(cipher: Cipher, key: [u8; 32]) -> Self {
        Self { cipher, key }
    }

    /// Its bytes, to be sealed at once.
    pub fn secret(&self) -> &[u8; 32] {
        &self.key
    }

    /// Seals it with a customer's key. `salt` is random: the key under which it is sealed is used once.
    pub fn wrap(&self, customer: &CustomerKey, salt: [u8; 32]) -> Box<[u8]> {
        let mut text = self.key;
        let kek = derive(&customer.0, b"cohong customer key", &[&salt]);
        let tag = Sealing::new(Cipher::Aes256, &kek).seal(&ONLY, &mut text);
        [salt.as_slice(), &text, &tag].concat().into()
    }

    /// Opens what [`DataKey::wrap`] made; an error when the customer's key is another one.
    pub fn unwrap(
        cipher: Cipher,
        wrapped: &[u8],
        customer: &CustomerKey,
    ) -> Result<Self, CipherError> {
        let (salt, rest) = wrapped.split_first_chunk::<32>().ok_or(CipherError)?;
        let (text, tag) = rest.split_first_chunk::<32>().ok_or(CipherError)?;
        let mut key = *text;
        let kek = derive(&customer.0, b"cohong customer key", &[salt]);
        Sealing::new(Cipher::Aes256, &kek).open(&ONLY, &mut key, tag)?;
        Ok(Self { cipher, key })
    }

    /// What seals and opens one blob of the object.
    pub fn of_blob(&self, blob: BlobId) -> BlobCipher {
        let id = [blob.payload.0.as_slice(), &blob.n.to_be_bytes()];
        BlobCipher(Sealing::new(
            self.cipher,
            &derive(&self.key, b"cohong blob", &id),
        ))
    }
}

/// Seals and opens the segments of one blob.
pub struct BlobCipher(Sealing);

impl fmt::Debug for BlobCipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlobCipher(..)")
    }
}

impl BlobCipher {
    /// Seals a segment and puts it behind `out`.
    pub fn seal(&self, number: u64, is_last: bool, plain: &[u8], out: &mut BytesMut) {
        let start = out.len();
        out.extend_from_slice(plain);
        let tag = self.0.seal(&nonce(number, is_last), &mut out[start..]);
        out.extend_from_slice(&tag);
    }

    /// Opens a segment in its place, and cuts its tag off.
    pub fn open(&self, number: u64, is_last: bool, text: &mut BytesMut) -> Result<(), CipherError> {
        let len = text.len().checked_sub(16).ok_or(CipherError)?;
        let tag = text.split_off(len);
        self.0.open(&nonce(number, is_last), text, &tag)
    }

    /// A whole blob at once.
    pub fn seal_all(&self, plain: &[u8]) -> BytesMut {
        let len = usize::try_from(sealed_len(plain.len() as u64)).unwrap_or(usize::MAX);
        let mut out = BytesMut::with_capacity(len);
        let mut segments = (0..).zip(plain.chunks(SEGMENT_LEN)).peekable();
        while let Some((number, segment)) = segments.next() {
            self.seal(number, segments.peek().is_none(), segment, &mut out);
        }
        out
    }
}

/// [`SEGMENT_BYTES`] as a length in memory.
pub(crate) const SEGMENT_LEN: usize = 64 << 10;

/// The segments of a blob that a range of its plain bytes touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Number of the first one.
    pub first: u64,
    /// Number of the last one of the whole blob.
    pub last: u64,
    /// Where the first one begins in the blob as it is stored.
    pub start: u64,
    /// Where the last that is wanted ends there.
    pub end: u64,
    /// Plain bytes of the first one before the range.
    pub skip: u64,
}

/// Where a range of plain bytes is in a blob that has `plain` of them. The range is not empty and lies within
/// them.
pub fn span(range: &std::ops::Range<u64>, plain: u64) -> Span {
    let first = range.start / SEGMENT_BYTES;
    let until = range.end.div_ceil(SEGMENT_BYTES);
    Span {
        first,
        last: plain.div_ceil(SEGMENT_BYTES).saturating_sub(1),
        start: first.saturating_mul(SEALED_BYTES),
        end: until.saturating_mul(SEALED_BYTES).min(sealed_len(plain)),
        skip: range.start % SEGMENT_BYTES,
    }
}

type Bytes12 = [u8; 12];

/// The nonce of a key that is used once.
const ONLY: Bytes12 = [0; 12];

fn nonce(number: u64, is_last: bool) -> Bytes12 {
    let mut nonce = ONLY;
    nonce[..8].copy_from_slice(&number.to_be_bytes());
    nonce[11] = u8::from(is_last);
    nonce
}

/// A key of a key, for one purpose.
fn derive(key: &[u8; 32], purpose: &[u8], about: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length");
    mac.update(purpose);
    for part in about {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// A cipher with its key.
enum Sealing {
    Aes256(Box<AesGcm<Aes256, U12>>),
    Sm4(Box<AesGcm<Sm4, U12>>),
}

impl Sealing {
    fn new(cipher: Cipher, key: &[u8; 32]) -> Self {
        match cipher {
            Cipher::Aes256 => Self::Aes256(Box::new(AesGcm::new(key.into()))),
            Cipher::Sm4 => {
                let (half, _) = key.split_at(16);
                Self::Sm4(Box::new(AesGcm::new(half.into())))
            }
        }
    }

    fn seal(&self, nonce: &Bytes12, text: &mut [u8]) -> [u8; 16] {
        let nonce = Nonce::from_slice(nonce);
        let tag = match self {
            Self::Aes256(cipher) => cipher.encrypt_in_place_detached(nonce, b"", text),
            Self::Sm4(cipher) => cipher.encrypt_in_place_detached(nonce, b"", text),
        };
        tag.expect("only texts of 64 GiB are refused").into()
    }

    fn open(&self, nonce: &Bytes12, text: &mut [u8], tag: &[u8]) -> Result<(), CipherError> {
        if tag.len() != 16 {
            return Err(CipherError);
        }
        let (nonce, tag) = (Nonce::from_slice(nonce), Tag::from_slice(tag));
        let opened = match self {
            Self::Aes256(cipher) => cipher.decrypt_in_place_detached(nonce, b"", text, tag),
            Self::Sm4(cipher) => cipher.decrypt_in_place_detached(nonce, b"", text, tag),
        };
        opened.map_err(|_| CipherError)
    }
}

#[cfg(test)]
mod tests;
