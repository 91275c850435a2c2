//! The text that is signed, and its signature: the one computation of verifier and signer.

use super::claim::{Basis, Claim};
use super::{v1, v2, v4};
use crate::canonical::RequestHead;
use crate::error::CanonicalError;
use crate::percent::query_pairs;
use crate::versions::Mismatch;

/// What a request addresses, decoded, in whatever style it was addressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resource<'a> {
    /// The bucket; none at the level of the service.
    pub bucket: Option<&'a str>,
    /// The key; empty at the level of the bucket.
    pub key: &'a [u8],
}

impl Resource<'_> {
    /// `/`, `/bucket/` or `/bucket/key`, not encoded.
    pub(super) fn path(&self) -> Vec<u8> {
        let mut path = b"/".to_vec();
        if let Some(bucket) = self.bucket {
            path.extend_from_slice(bucket.as_bytes());
            path.push(b'/');
            path.extend_from_slice(self.key);
        }
        path
    }
}

/// What `claim` signs, in the form in which a mismatch shows it.
pub(super) fn texts(
    claim: &Claim,
    head: &RequestHead<'_>,
    resource: &Resource<'_>,
) -> Result<Mismatch, CanonicalError> {
    if let Some(policy) = &claim.policy {
        return Ok(Mismatch::of(policy.as_str()));
    }
    match &claim.basis {
        Basis::V1 { date } => {
            let pairs = query_pairs(head.query)?;
            let text = v1::string_to_sign(head, date, resource, pairs);
            Ok(Mismatch::of(text))
        }
        Basis::V2 { date, additional } => {
            let pairs = query_pairs(head.query)?;
            let text = v2::string_to_sign(head, date, additional, resource, pairs);
            Ok(Mismatch::of(text))
        }
        Basis::V4 {
            time,
            scope,
            additional,
        } => v4::texts(head, time, scope, additional, resource),
    }
}
