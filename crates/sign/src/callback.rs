//! Signatures on upload callbacks: RSA PKCS#1 v1.5 over MD5, which is what receivers of one vendor's
//! callbacks verify (OSS sheet section 4.6). Nothing else should be signed so: MD5 does not resist
//! collisions.
//!
//! Randomness for new keys and for blinding comes from the operating system.

use std::fmt;

use md5::Md5;
use percent_encoding::percent_decode_str;
use rsa::pkcs1::{ALGORITHM_OID, RsaPublicKeyRef};
use rsa::pkcs8::der::Document;
use rsa::pkcs8::{
    DecodePrivateKey, EncodePrivateKey, EncodePublicKey, LineEnding, SubjectPublicKeyInfoRef,
};
use rsa::{BoxedUint, PrivateKey, PublicKey};
use sha2::{Digest, Sha256};

/// Length of the modulus.
const KEY_BITS: usize = 2048;
/// Shortest modulus that is verified with: the vendor's own key has no more (OSS sheet section 4.6). It can be factored;
/// who trusts that key trusts the vendor's choice.
const PUBLIC_BITS_MIN: usize = 512;

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

/// The public half of a key that signs callbacks, as receivers read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackPublicKey(PublicKey);

impl CallbackPublicKey {
    /// From `SubjectPublicKeyInfo` in PEM. Takes RSA keys of 512 to 8,192 bits.
    pub fn from_pem(pem: &str) -> Result<Self, CallbackKeyError> {
        let (label, document) = Document::from_pem(pem).map_err(CallbackKeyError::of("read"))?;
        if label != "PUBLIC KEY" {
            let found = format!("the PEM holds a {label}, not a PUBLIC KEY");
            return Err(CallbackKeyError::of("read")(found));
        }
        let info = SubjectPublicKeyInfoRef::try_from(document.as_bytes());
        let info = info.map_err(CallbackKeyError::of("read"))?;
        if info.algorithm.oid != ALGORITHM_OID {
            return Err(CallbackKeyError::of("read")("it is not a key of RSA"));
        }
        let key = RsaPublicKeyRef::try_from(info.subject_public_key.raw_bytes());
        let key = key.map_err(CallbackKeyError::of("read"))?;
        let number = |bytes: &[u8]| BoxedUint::from_be_slice_vartime(bytes);
        let public = PublicKey::new_with_size_limits(
            number(key.modulus.as_bytes()),
            number(key.public_exponent.as_bytes()),
            PUBLIC_BITS_MIN..=PublicKey::MAX_SIZE,
        );
        public.map(Self).map_err(CallbackKeyError::of("used"))
    }

    /// Whether `signature` is that of the text.
    pub fn verify(&self, text: &[u8], signature: &[u8]) -> bool {
        self.0.pkcs1v15_verify::<Md5>(text, signature).is_ok()
    }
}
