//! What a request claims about its signature, in every place where a claim can stand, parsed into one form.

mod form;
pub(crate) mod header;
mod query;

use std::fmt;

use http::HeaderMap;

use crate::error::{Fault, Place, PresentError};
use crate::scheme::Scheme;
use crate::scope::{Credential, Scope};
use crate::signed_headers::SignedHeaders;
use crate::time::Timestamp;

pub use form::present_form;

/// Which of the string-to-sign rules a claim follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flavour {
    /// `Authorization` header.
    Header,
    /// Presigned URL: all parameters are signed, it expires by itself.
    Query,
    /// Policy URL: only its own parameters are signed; what it allows is in the policy.
    PolicyUrl {
        /// The policy as given, base64 text.
        policy: String,
    },
    /// POST form: only the policy is signed; fields are bound by it.
    Form {
        /// The policy as given, base64 text.
        policy: String,
    },
}

/// A claim, parsed but neither verified nor checked against any clock. `Debug` shows neither signature nor token.
#[derive(Clone, PartialEq, Eq)]
pub struct Presented {
    /// Rules to verify by.
    pub flavour: Flavour,
    /// Access key whose secret is to be looked up.
    pub access_key: String,
    /// Day, region and service; the day is that of `timestamp`.
    pub scope: Scope,
    /// When the request was signed, by the client's clock.
    pub timestamp: Timestamp,
    /// Covered headers; empty for policy URL and form.
    pub signed_headers: SignedHeaders,
    /// Signature, 64 lower-case hexadecimal digits.
    pub signature: String,
    /// Lifetime in seconds from `timestamp`; always there in a query, never elsewhere. Its upper limit is
    /// the caller's.
    pub expires: Option<u32>,
    /// Token of temporary credentials.
    pub security_token: Option<String>,
}

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presented")
            .field("flavour", &self.flavour)
            .field("access_key", &self.access_key)
            .field("scope", &self.scope)
            .field("timestamp", &self.timestamp)
            .field("signed_headers", &self.signed_headers)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// Parses the claim of a request that is not a POST form; nothing if the request is not signed.
///
/// `query` is raw and without `?`. A request with an `Authorization` header and signature parameters at once is
/// refused as conflicting.
pub fn present(
    scheme: &Scheme,
    headers: &HeaderMap,
    query: &str,
) -> Result<Option<Presented>, PresentError> {
    let in_header = headers.contains_key(http::header::AUTHORIZATION);
    match query::claims(scheme, query)? {
        Some(_) if in_header => Err(Fault::Conflicting.at(Place::Header)),
        Some(fields) => query::parse(scheme, fields)
            .map(Some)
            .map_err(|fault| fault.at(Place::Query)),
        None if in_header => header::parse(scheme, headers)
            .map(Some)
            .map_err(|fault| fault.at(Place::Header)),
        None => Ok(None),
    }
}

/// The fields of a claim as text, wherever they stood.
#[derive(Default)]
struct Fields {
    algorithm: Option<String>,
    credential: Option<String>,
    date: Option<String>,
    expires: Option<String>,
    policy: Option<String>,
    security_token: Option<String>,
    signature: Option<String>,
    signed_headers: Option<String>,
}

impl Fields {
    /// The place for the field called `suffix` after the vendor prefix; nothing for names without meaning here.
    fn slot(&mut self, scheme: &Scheme, suffix: &str) -> Option<&mut Option<String>> {
        match suffix {
            "credential" => Some(&mut self.credential),
            "date" => Some(&mut self.date),
            "expires" => Some(&mut self.expires),
            "policy" if scheme.policy_urls => Some(&mut self.policy),
            "security-token" => Some(&mut self.security_token),
            "signature" => Some(&mut self.signature),
            _ if suffix.eq_ignore_ascii_case(scheme.algorithm_parameter) => {
                Some(&mut self.algorithm)
            }
            _ if suffix.eq_ignore_ascii_case(scheme.list_parameter) => {
                Some(&mut self.signed_headers)
            }
            _ => None,
        }
    }

    /// Checks the algorithm, where it is a field of its own.
    fn check_algorithm(&self, scheme: &Scheme) -> Result<(), Fault> {
        let name = || scheme.parameter(scheme.algorithm_parameter);
        let given = require(self.algorithm.as_deref(), name)?;
        if given == scheme.algorithm {
            Ok(())
        } else {
            Err(Fault::UnknownAlgorithm {
                expected: scheme.algorithm,
            })
        }
    }

    /// Parses what all places have in common.
    fn assemble(self, scheme: &Scheme, flavour: Flavour) -> Result<Presented, Fault> {
        let credential = require(self.credential.as_deref(), || "Credential".to_owned())?;
        let Credential { access_key, scope } = Credential::parse(scheme, credential)?;
        let date_name = || scheme.header("date");
        let timestamp = Timestamp::parse(require(self.date.as_deref(), date_name)?)
            .ok_or_else(|| Fault::malformed(date_name(), "write UTC time as yyyyMMddTHHmmssZ"))?;
        if timestamp.date() != scope.date {
            let hint = "use the day of the timestamp in the scope";
            return Err(Fault::malformed("Credential", hint));
        }
        let signature = self.signature.ok_or_else(|| Fault::missing("Signature"))?;
        check_signature(&signature)?;
        Ok(Presented {
            signed_headers: covered(scheme, &flavour, self.signed_headers.as_deref())?,
            expires: lifetime(scheme, &flavour, self.expires.as_deref())?,
            flavour,
            access_key,
            scope,
            timestamp,
            signature,
            security_token: self.security_token.filter(|token| !token.is_empty()),
        })
    }
}

/// Whether a field means that the request is to be seen as signed. A policy or a date alone does not.
pub(crate) fn claims_signature(scheme: &Scheme, suffix: &str) -> bool {
    matches!(suffix, "credential" | "signature")
        || suffix.eq_ignore_ascii_case(scheme.algorithm_parameter)
}

pub(crate) fn require(field: Option<&str>, name: impl FnOnce() -> String) -> Result<&str, Fault> {
    field.ok_or_else(|| Fault::missing(name()))
}

/// Sets a field that may be set once.
pub(crate) fn set_once(slot: &mut Option<String>, name: &str, value: &str) -> Result<(), Fault> {
    if slot.replace(value.to_owned()).is_some() {
        return Err(Fault::Duplicate {
            field: name.to_owned(),
        });
    }
    Ok(())
}

/// Checks a signature of 32 bytes.
pub(crate) fn check_signature(text: &str) -> Result<(), Fault> {
    let digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if text.len() == 64 && text.bytes().all(digit) {
        return Ok(());
    }
    let hint = "write 64 lower-case hexadecimal digits";
    Err(Fault::malformed("Signature", hint))
}

fn covered(scheme: &Scheme, flavour: &Flavour, text: Option<&str>) -> Result<SignedHeaders, Fault> {
    match flavour {
        Flavour::PolicyUrl { .. } | Flavour::Form { .. } => Ok(SignedHeaders::default()),
        Flavour::Header | Flavour::Query => {
            let name = scheme.list_name;
            if scheme.unlisted.is_some() && text.is_none_or(str::is_empty) {
                return Ok(SignedHeaders::default());
            }
            let list = SignedHeaders::parse(name, require(text, || name.to_owned())?)?;
            match scheme.must_sign.iter().find(|name| !list.contains(name)) {
                Some(header) => Err(Fault::missing(format!("{header} in {name}"))),
                None => Ok(list.without(|header| scheme.signs_unlisted(header))),
            }
        }
    }
}

fn lifetime(scheme: &Scheme, flavour: &Flavour, text: Option<&str>) -> Result<Option<u32>, Fault> {
    match flavour {
        Flavour::Header | Flavour::Form { .. } => Ok(None),
        Flavour::Query | Flavour::PolicyUrl { .. } => {
            let name = || scheme.parameter("Expires");
            let text = require(text, name)?;
            let digits = text.bytes().all(|b| b.is_ascii_digit());
            let seconds = digits.then(|| text.parse().ok()).flatten();
            seconds
                .map(Some)
                .ok_or_else(|| Fault::malformed(name(), "write a number of seconds"))
        }
    }
}
