//! Signatures on upload callbacks: RSA PKCS#1 v1.5 over MD5, which is what receivers of one vendor's
//! callbacks verify (OSS sheet section 4.6). Nothing else should be signed so: MD5 does not resist
//! collisions.
//!
//! Randomness for new keys and for blinding comes from the operating system.

use std::fmt;

use md5::Md5;
use percent_encoding::percent_decode_str;
use rsa::PrivateKey;
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey, LineEnding};
use sha2::{Digest, Sha256};

/// Length of the modulus.
const KEY_BITS: usize = 2048;

/// What is signed of a callback: the decoded path, the query as it stands with its question mark, a line
/// end, the body. `query` is without its question mark.
pub fn callback_text(path: &str, query: Option<&str>, body: &[u8]) -> Vec<u8> {
    // A `%` that begins no escape stands for itself, as with the receivers' decoders.
    let mut text: Vec<u8> = percent_decode_str(path).collect();
    if let Some(query) = query {
        text.push(b'?');
        text.extend_from_slice(query.as_bytes());
    }
    text.push(b'\n');
    text.extend_from_slice(body);
    text
}

/// A key that cannot be made, read or used.
#[derive(Debug, thiserror::Error)]
#[error("the callback key cannot be {what}")]
pub struct CallbackKeyError {
    what: &'static str,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl CallbackKeyError {
    fn of<E>(what: &'static str) -> impl FnOnce(E) -> Self
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        move |source| Self {
            what,
            source: source.into(),
        }
    }
}

/// A private key that signs callbacks. Never printed.
pub struct CallbackKey {
    private: PrivateKey,
    public_pem: String,
    id: String,
}

impl fmt::Debug for CallbackKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallbackKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl CallbackKey {
    /// A new key. Takes tenths of a second of computing.
    pub fn generate() -> Result<Self, CallbackKeyError> {
        let private = PrivateKey::new(&mut getrandom::SysRng, KEY_BITS);
        Self::of(private.map_err(CallbackKeyError::of("made"))?)
    }

    /// The key that [`to_der`](Self::to_der) wrote.
    pub fn from_der(der: &[u8]) -> Result<Self, CallbackKeyError> {
        let private = PrivateKey::from_pkcs8_der(der);
        Self::of(private.map_err(CallbackKeyError::of("read"))?)
    }

    fn of(private: PrivateKey) -> Result<Self, CallbackKeyError> {
        let public = private.to_public_key();
        let pem = public.to_public_key_pem(LineEnding::LF);
        let public_pem = pem.map_err(CallbackKeyError::of("written"))?;
        let der = public.to_public_key_der();
        let der = der.map_err(CallbackKeyError::of("written"))?;
        let digest = Sha256::digest(der.as_bytes());
        Ok(Self {
            private,
            public_pem,
            id: hex::encode(&digest[..8]),
        })
    }

    /// The private key as PKCS#8 DER: a secret.
    pub fn to_der(&self) -> Result<Vec<u8>, CallbackKeyError> {
        let der = self.private.to_pkcs8_der();
        let der = der.map_err(CallbackKeyError::of("written"))?;
        Ok(der.as_bytes().to_vec())
    }

    /// The public key as receivers read it: `SubjectPublicKeyInfo` in PEM.
    pub fn public_pem(&self) -> &str {
        &self.public_pem
    }

    /// Names the key: the first 16 hex digits of the SHA-256 of its public half.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Signs a text. Takes milliseconds of computing.
    pub fn sign(&self, text: &[u8]) -> Result<Vec<u8>, CallbackKeyError> {
        let signature = self.private.pkcs1v15_sign::<Md5>(text);
        signature.map_err(CallbackKeyError::of("used"))
    }
}
