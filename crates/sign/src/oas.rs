//! The signature of Alibaba Cloud's Open Archive Service (OAS sheet section 2).
//!
//! The way of a request: [`present`] parses what it claims into a [`Claim`], the caller judges the time with its own
//! clock and looks up the secret, and [`verify`] recomputes the signature. A client or a test uses [`Signer`].
//!
//! Method, date, path, every query parameter and every `x-oas-*` header that is sent are covered. `Range`,
//! `Content-Range`, `Content-Length` and bodies are not: what protects an upload are the digests in its headers.
//! There are no temporary credentials, no signed URLs and no forms.

mod signer;
mod text;

use std::fmt;

use http::HeaderMap;
use http::header::DATE;

use crate::canonical::RequestHead;
use crate::error::{Fault, PresentError};
use crate::versions::Key;
use crate::versions::fields::{behind_scheme, claimed, date, is_of_scheme, key_and_signature};

pub use crate::versions::Mismatch;
pub use signer::Signer;
pub use text::string_to_sign;

/// First word of `Authorization`.
pub const ALGORITHM: &str = "OAS";

/// A claim, neither verified nor checked against any clock. `Debug` does not show the signature.
#[derive(Clone, PartialEq, Eq)]
pub struct Claim {
    /// Access key whose secret is to be looked up.
    pub access_key: String,
    /// `Date` as sent, which is what is signed.
    pub date: String,
    /// When the request was signed, by the client's clock: seconds since 1970.
    pub signed_at: i64,
    /// Signature, base64.
    pub signature: String,
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim")
            .field("access_key", &self.access_key)
            .field("date", &self.date)
            .finish_non_exhaustive()
    }
}

/// Whether the request carries a signature of this scheme, whatever it is worth. Cheap: nothing is parsed.
pub fn is_signed(headers: &HeaderMap) -> bool {
    is_of_scheme(headers, &[ALGORITHM])
}

/// Parses the claim of a request; nothing if it has no `Authorization`.
pub fn present(headers: &HeaderMap) -> Result<Option<Claim>, PresentError> {
    claimed(headers, parse)
}

/// Parses `OAS {access key}:{signature}` and the date. The day of the month may lack its zero, as one client in PHP
/// writes it.
fn parse(headers: &HeaderMap) -> Result<Claim, Fault> {
    let rest = behind_scheme(headers, ALGORITHM)?;
    let (access_key, signature) = key_and_signature(rest.trim())?;
    let field = DATE.as_str();
    let (date, signed_at) = date(headers, field)?.ok_or_else(|| Fault::missing(field))?;
    Ok(Claim {
        access_key,
        date,
        signed_at,
        signature,
    })
}

/// Recomputes the signature of `claim` for the request and compares in constant time.
///
/// The form of the vendor comes first, then those of a client in PHP that are known from the field: the query as it
/// stands on the wire (with GET only), and headers without any blank. A mismatch shows the first form. Says nothing
/// about time or rights.
pub fn verify(claim: &Claim, secret: &str, head: &RequestHead<'_>) -> Result<(), Mismatch> {
    let key = Key::Sha1(secret.as_bytes());
    let texts = text::texts(head, &claim.date);
    if texts.iter().any(|text| key.matches(text, &claim.signature)) {
        return Ok(());
    }
    let first = texts.into_iter().next();
    Err(Mismatch::of(first.unwrap_or_default()))
}
