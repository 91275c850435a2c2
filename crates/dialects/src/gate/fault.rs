//! What is wrong with a request, without a vendor's words: code that dialects share fails with a
//! [`Fault`], and each dialect has one table that says it in its own codes.

use std::borrow::Cow;

use cohong_core::model::InvalidName;
use cohong_core::ports::CallbackOutcome;
use cohong_core::{Error, ErrorKind};
use cohong_sign::Place;
use http::HeaderMap;

use super::Refused;
use crate::common::callback::BadCallback;
use crate::common::policy::BadPolicy;

/// A failure on the way between the wire and the engine. Texts are for the client.
#[derive(Debug)]
pub(crate) enum Fault {
    /// A header, parameter or field that makes no sense.
    Argument {
        /// Its name as clients write it.
        name: Cow<'static, str>,
        /// What it said; empty when that is not the point.
        value: Box<str>,
        /// What to write instead.
        why: Cow<'static, str>,
    },
    /// The host of the request is none of this server's.
    Host,
    /// A key is addressed and no bucket.
    NoBucket,
    /// The key is longer than the dialect allows.
    KeyTooLong,
    /// The body is not what the operation reads.
    Body(Cow<'static, str>),
    /// The body is no XML document of the shape that the operation reads.
    Xml,
    /// What the request says of checksums makes no sense.
    Checksum(Cow<'static, str>),
    /// The policy of a form cannot be read or does not allow it.
    Policy(BadPolicy),
    /// Tags that cannot be ones.
    Tags {
        /// Where they stand.
        name: Box<str>,
        /// What to write instead.
        why: Cow<'static, str>,
    },
    /// More tags than there may be.
    TooManyTags {
        /// Where they stand.
        name: Box<str>,
        /// How many there may be.
        why: Cow<'static, str>,
    },
    /// A part and a range are asked for at once.
    TwoRanges,
    /// A copy of an object onto itself that changes nothing.
    OntoItself,
    /// A page of another origin may not do what its browser asks about; says why.
    Origin(&'static str),
    /// A cipher that nothing is encrypted with here.
    Cipher {
        /// Its name as clients write it.
        name: Box<str>,
        /// What it said.
        value: Box<str>,
    },
    /// A key that has to come over TLS came without.
    Insecure,
    /// Something the vendor has and this server has not; its name.
    NotServed(Cow<'static, str>),
    /// A callback parameter that cannot be used.
    Callback(BadCallback),
    /// The upload is stored, its callback failed: the headers are the upload's, the outcome says how.
    CallbackFailed(Box<(HeaderMap, CallbackOutcome)>),
    /// The signature does not let the request pass.
    Credential(CredentialFault),
    /// What the engine says, or would say.
    Engine(Error),
}

/// Why a signed request does not pass.
#[derive(Debug)]
pub(crate) enum CredentialFault {
    /// Signed for a region that is not served here; where the signature stands.
    Region(Box<str>, Place),
    /// Signed too far from the server's clock.
    Skewed,
    /// The URL's time is over.
    Expired,
    /// The token is missing, wrong, or not wanted; says which.
    Token(&'static str),
}

impl Fault {
    /// A header, parameter or field that makes no sense.
    pub(crate) fn argument(
        name: impl Into<Cow<'static, str>>,
        value: &str,
        why: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::Argument {
            name: name.into(),
            value: value.into(),
            why: why.into(),
        }
    }

    /// Something that stands twice, where one would be judged and the other used.
    pub(crate) fn twice(what: &str, name: &str) -> Self {
        Self::argument(name.to_owned(), "", format!("{what}{name:?} stands twice"))
    }

    /// What the principal may not do.
    pub(crate) fn denied(why: impl Into<Cow<'static, str>>) -> Self {
        Error::new(ErrorKind::Denied, why).into()
    }

    /// A bucket name that cannot be one.
    pub(crate) fn bucket_name(invalid: &InvalidName) -> Self {
        Error::new(ErrorKind::InvalidBucketName, invalid.0).into()
    }

    /// A key that cannot be one.
    pub(crate) fn key(why: &'static str) -> Self {
        Error::new(ErrorKind::InvalidKey, why).into()
    }

    /// A method that does nothing at this address.
    pub(crate) fn method(why: impl Into<Cow<'static, str>>) -> Self {
        Error::new(ErrorKind::MethodNotAllowed, why).into()
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Engine(error)
    }
}

/// What the gateway refuses, as every vendor is told of it.
impl From<Refused> for Fault {
    fn from(why: Refused) -> Self {
        match why {
            Refused::Overload | Refused::Draining => Error::new(
                ErrorKind::Unavailable,
                "the server is busy or shutting down; try again",
            )
            .into(),
            Refused::BadHead(text) => Self::argument("head", "", text),
            Refused::Defect => Error::new(
                ErrorKind::Internal,
                "the server failed; its log has the details under this request id",
            )
            .into(),
        }
    }
}

impl From<BadCallback> for Fault {
    fn from(bad: BadCallback) -> Self {
        Self::Callback(bad)
    }
}

impl From<CredentialFault> for Fault {
    fn from(fault: CredentialFault) -> Self {
        Self::Credential(fault)
    }
}
