//! What can be wrong with a claim, a canonical request or a signature. No text repeats a secret or a signature.

use std::fmt;

use crate::percent::BadEscape;

/// Where a request carries its signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the `Authorization` header and the vendor's headers.
    Header,
    /// In query parameters.
    Query,
    /// In the fields of a POST form.
    Form,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "request headers",
            Self::Query => "query parameters",
            Self::Form => "form fields",
        })
    }
}

/// A claim that cannot be understood. Vendors answer differently by place, so the place is kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("signature in {place}: {fault}")]
pub struct PresentError {
    /// Where the claim stands.
    pub place: Place,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a claim.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A field is there but unusable.
    #[error("{field} is malformed: {hint}")]
    Malformed {
        /// Name of the field.
        field: String,
        /// What to send instead.
        hint: &'static str,
    },
    /// A field that the signature needs is not there.
    #[error("{field} is missing; add it and sign again")]
    Missing {
        /// Name of the field.
        field: String,
    },
    /// A field appears more than once, so that its meaning is open.
    #[error("{field} is given more than once; send it once")]
    Duplicate {
        /// Name of the field.
        field: String,
    },
    /// Both an `Authorization` header and signature parameters in the query.
    #[error("the request is signed both in Authorization and in the query; send one of the two")]
    Conflicting,
    /// A signature made with a private key, which cannot be checked here.
    #[error("signatures with private keys are not implemented; sign with a secret key")]
    Asymmetric,
    /// The algorithm is not that of the scheme.
    #[error("the algorithm is unknown here; sign with {expected}")]
    UnknownAlgorithm {
        /// The algorithm that is understood.
        expected: &'static str,
    },
}

impl Fault {
    pub(crate) fn malformed(field: impl Into<String>, hint: &'static str) -> Self {
        Self::Malformed {
            field: field.into(),
            hint,
        }
    }

    pub(crate) fn missing(field: impl Into<String>) -> Self {
        Self::Missing {
            field: field.into(),
        }
    }

    pub(crate) fn at(self, place: Place) -> PresentError {
        PresentError { place, fault: self }
    }
}

/// A request for which no canonical request exists.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CanonicalError {
    /// Path or query cannot be decoded.
    #[error(transparent)]
    BadEscape(#[from] BadEscape),
    /// A signed header is not part of the request.
    #[error("the signed header {name} is not in the request; send it unchanged or do not sign it")]
    HeaderAbsent {
        /// Lower-case name of the header.
        name: String,
    },
}

/// A request whose signature is not good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// There is nothing to compare with.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    /// The declared content hash cannot be used.
    #[error(transparent)]
    BadContentHash(#[from] BadContentHash),
    /// The signature differs from the one computed here.
    #[error(
        "the signature does not match; check the secret key and the signed parts of the request"
    )]
    Mismatch,
}

/// A declared content hash that is neither a SHA-256 in hexadecimal nor `UNSIGNED-PAYLOAD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the content hash must be 64 hexadecimal digits or UNSIGNED-PAYLOAD")]
pub struct BadContentHash;

/// A request that cannot be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// There is nothing to sign.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    /// The declared content hash cannot be used.
    #[error(transparent)]
    BadContentHash(#[from] BadContentHash),
    /// The security token cannot stand in a header.
    #[error(
        "the security token has characters that a header cannot carry; check where it was copied from"
    )]
    Token,
    /// The secret key is not in the form of the vendor's.
    #[error("the secret key is not Base64; check where it was copied from")]
    Secret,
}
