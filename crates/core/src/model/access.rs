//! Who asks, and what was granted to whom.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An account: owner of buckets and of access keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AccountId(pub Box<str>);

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The public half of a credential.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AccessKeyId(pub Box<str>);

/// The token that goes with a temporary credential. Never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionToken(pub Box<str>);

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(..)")
    }
}

/// On whose behalf a request runs. Made only after its signature was verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Principal {
    /// Nobody in particular: an unsigned request.
    Anonymous,
    /// An account, through one of its access keys.
    Account {
        /// The account.
        account: AccountId,
        /// The key that signed.
        key: AccessKeyId,
    },
}

impl Principal {
    /// The account, when there is one.
    pub fn account(&self) -> Option<&AccountId> {
        match self {
            Self::Anonymous => None,
            Self::Account { account, .. } => Some(account),
        }
    }
}

/// What a grant allows on the bucket or object it stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Permission {
    /// Read an object; list a bucket.
    Read,
    /// Read the objects of a bucket without listing it.
    ReadNonList,
    /// Write, overwrite and delete the objects of a bucket.
    Write,
    /// Read the access control list.
    ReadAcl,
    /// Write the access control list.
    WriteAcl,
    /// All of the above.
    FullControl,
}

/// To whom something is granted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Grantee {
    /// One account.
    Account(AccountId),
    /// Everybody, signed or not.
    AllUsers,
    /// Everybody who signs.
    AuthenticatedUsers,
}

/// One line of an access control list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// To whom.
    pub grantee: Grantee,
    /// What.
    pub permission: Permission,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each name is its own explanation")]
pub enum TlsVersion {
    V1_0,
    V1_1,
    V1_2,
    V1_3,
}

/// An access control list. Empty: only the owner may.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acl {
    /// The grants beside the owner's own full control; at most [`crate::limits::GRANTS_MAX`].
    pub grants: Vec<Grant>,
}
