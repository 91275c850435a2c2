//! Bucket policies: who may do what, under which circumstances.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{AccountId, Timestamp};

/// What a request wants to do. One per operation family, so that policies can tell them apart. Stored
/// by number, so variants keep their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "each name is its own explanation")]
pub enum Action {
    ListBuckets,
    CreateBucket,
    ReadBucket,
    DeleteBucket,
    ReadBucketAcl,
    WriteBucketAcl,
    ReadVersioning,
    WriteVersioning,
    ReadNotification,
    WriteNotification,
    ListObjects,
    ListVersions,
    ListUploads,
    ReadObject,
    ReadObjectVersion,
    ReadObjectAcl,
    WriteObjectAcl,
    ReadObjectTags,
    WriteObjectTags,
    WriteObject,
    WriteObjectMeta,
    DeleteObject,
    DeleteObjectVersion,
    ListParts,
    AbortUpload,
    ReadPolicy,
    WritePolicy,
    DeletePolicy,
    ReadCors,
    WriteCors,
    DeleteCors,
    ReadLifecycle,
    WriteLifecycle,
    DeleteLifecycle,
    ReadBucketTags,
    WriteBucketTags,
    DeleteBucketTags,
    ReadObjectVersionAcl,
    WriteObjectVersionAcl,
    ReadObjectVersionTags,
    WriteObjectVersionTags,
    DeleteObjectTags,
    DeleteObjectVersionTags,
    RestoreObject,
    RestoreObjectVersion,
    ReadPayment,
    WritePayment,
    ReadRetention,
    WriteRetention,
    ReadEncryption,
    WriteEncryption,
    DeleteEncryption,
    ReadReferers,
    WriteReferers,
    ReadWebsite,
    WriteWebsite,
    DeleteWebsite,
    ReadAccessBlock,
    WriteAccessBlock,
    ReadArchiveReads,
    WriteArchiveReads,
    WriteBucketLabel,
    WriteDefaultClass,
    ReadQuota,
    WriteQuota,
    ReadRename,
    WriteRename,
    ReadDomains,
    WriteDomains,
    ReadObjectRetention,
    WriteObjectRetention,
    ReadLegalHold,
    WriteLegalHold,
    BypassRetention,
    ReadTls,
    WriteTls,
    ReadCallbacks,
    WriteCallbacks,
    DeleteCallbacks,
    ReadOverwrites,
    WriteOverwrites,
    ReadInventory,
    WriteInventory,
    DeleteInventory,
    ReadAccessLog,
    WriteAccessLog,
    DeleteAccessLog,
    ReadAccessMonitor,
    WriteAccessMonitor,
    ReadObjectSets,
    WriteObjectSets,
    DeleteObjectSets,
    ReadReplication,
    WriteReplication,
    DeleteReplication,
}

impl Action {
    /// Every action, in the order of their numbers.
    pub const ALL: [Self; 95] = [
        Self::ListBuckets,
        Self::CreateBucket,
        Self::ReadBucket,
        Self::DeleteBucket,
        Self::ReadBucketAcl,
        Self::WriteBucketAcl,
        Self::ReadVersioning,
        Self::WriteVersioning,
        Self::ReadNotification,
        Self::WriteNotification,
        Self::ListObjects,
        Self::ListVersions,
        Self::ListUploads,
        Self::ReadObject,
        Self::ReadObjectVersion,
        Self::ReadObjectAcl,
        Self::WriteObjectAcl,
        Self::ReadObjectTags,
        Self::WriteObjectTags,
        Self::WriteObject,
        Self::WriteObjectMeta,
        Self::DeleteObject,
        Self::DeleteObjectVersion,
        Self::ListParts,
        Self::AbortUpload,
        Self::ReadPolicy,
        Self::WritePolicy,
        Self::DeletePolicy,
        Self::ReadCors,
        Self::WriteCors,
        Self::DeleteCors,
        Self::ReadLifecycle,
        Self::WriteLifecycle,
        Self::DeleteLifecycle,
        Self::ReadBucketTags,
        Self::WriteBucketTags,
        Self::DeleteBucketTags,
        Self::ReadObjectVersionAcl,
        Self::WriteObjectVersionAcl,
        Self::ReadObjectVersionTags,
        Self::WriteObjectVersionTags,
        Self::DeleteObjectTags,
        Self::DeleteObjectVersionTags,
        Self::RestoreObject,
        Self::RestoreObjectVersion,
        Self::ReadPayment,
        Self::WritePayment,
        Self::ReadRetention,
        Self::WriteRetention,
        Self::ReadEncryption,
        Self::WriteEncryption,
        Self::DeleteEncryption,
        Self::ReadReferers,
        Self::WriteReferers,
        Self::ReadWebsite,
        Self::WriteWebsite,
        Self::DeleteWebsite,
        Self::ReadAccessBlock,
        Self::WriteAccessBlock,
        Self::ReadArchiveReads,
        Self::WriteArchiveReads,
        Self::WriteBucketLabel,
        Self::WriteDefaultClass,
        Self::ReadQuota,
        Self::WriteQuota,
        Self::ReadRename,
        Self::WriteRename,
        Self::ReadDomains,
        Self::WriteDomains,
        Self::ReadObjectRetention,
        Self::WriteObjectRetention,
        Self::ReadLegalHold,
        Self::WriteLegalHold,
        Self::BypassRetention,
        Self::ReadTls,
        Self::WriteTls,
        Self::ReadCallbacks,
        Self::WriteCallbacks,
        Self::DeleteCallbacks,
        Self::ReadOverwrites,
        Self::WriteOverwrites,
        Self::ReadInventory,
        Self::WriteInventory,
        Self::DeleteInventory,
        Self::ReadAccessLog,
        Self::WriteAccessLog,
        Self::DeleteAccessLog,
        Self::ReadAccessMonitor,
        Self::WriteAccessMonitor,
        Self::ReadObjectSets,
        Self::WriteObjectSets,
        Self::DeleteObjectSets,
        Self::ReadReplication,
        Self::WriteReplication,
        Self::DeleteReplication,
    ];

    /// The same, of a version named by its id instead of the current one.
    #[must_use]
    pub fn of_version(self) -> Self {
        match self {
            Self::ReadObject => Self::ReadObjectVersion,
            Self::DeleteObject => Self::DeleteObjectVersion,
            Self::ReadObjectAcl => Self::ReadObjectVersionAcl,
            Self::WriteObjectAcl => Self::WriteObjectVersionAcl,
            Self::ReadObjectTags => Self::ReadObjectVersionTags,
            Self::WriteObjectTags => Self::WriteObjectVersionTags,
            Self::DeleteObjectTags => Self::DeleteObjectVersionTags,
            Self::RestoreObject => Self::RestoreObjectVersion,
            other => other,
        }
    }
}

/// A set of actions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actions(u128);

impl Actions {
    /// The set of the given actions.
    pub fn of(actions: impl IntoIterator<Item = Action>) -> Self {
        let bits = actions.into_iter().map(|action| 1 << action as u32);
        Self(bits.fold(0, |all, bit: u128| all | bit))
    }

    /// Whether `action` is in the set.
    pub fn contains(self, action: Action) -> bool {
        self.0 & (1 << action as u32) != 0
    }

    /// Both sets together.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What a statement does to the requests it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// They may.
    Allow,
    /// They may not, whatever else allows them.
    Deny,
}

/// Whom a statement is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Principals {
    /// Everybody, signed or not.
    Everyone,
    /// These accounts.
    Accounts(Vec<AccountId>),
}

/// One statement of a bucket's policy. It is about a request when all of its parts are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// What it does.
    pub effect: Effect,
    /// Who asks.
    pub principals: Principals,
    /// What for.
    pub actions: Actions,
    /// On what: patterns of `bucket` and `bucket/key`, where `*` is any run of characters and `?` any
    /// one. One of them has to match.
    pub resources: Vec<Box<str>>,
    /// Under which circumstances. All of them have to hold.
    pub conditions: Vec<Condition>,
}

/// A circumstance of a request. Of several values one is enough; of a negated condition none may fit.
/// What the request does not have fits no value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Condition {
    /// Where it comes from.
    Source {
        /// That it comes from one of the networks; else that it comes from none.
        within: bool,
        /// The networks.
        networks: Vec<Network>,
    },
    /// Whether it came over TLS.
    Secure(bool),
    /// When it came.
    Time {
        /// How it lies to the instants.
        relation: Relation,
        /// The instants.
        instants: Vec<Timestamp>,
    },
    /// What a text of it is.
    Text {
        /// Which text.
        fact: Fact,
        /// How it is compared.
        likeness: Likeness,
        /// That it fits one of the values; else that it fits none.
        fits: bool,
        /// The values.
        values: Vec<Box<str>>,
    },
}

/// How one instant lies to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Relation {
    /// Earlier.
    Before,
    /// Not later.
    Until,
    /// Later.
    After,
    /// Not earlier.
    From,
}

/// A text that requests have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fact {
    /// The prefix of a listing; empty when it names none.
    ListPrefix,
    /// The delimiter of a listing; empty when it names none.
    ListDelimiter,
    /// What the client calls itself.
    UserAgent,
    /// The page that led to it.
    Referer,
}

/// How texts are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Likeness {
    /// Every character.
    Same,
    /// Every character, but `A` is `a`.
    SameButCase,
    /// The value is a pattern with `*` and `?`.
    Pattern,
}

/// Addresses that begin alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    first: IpAddr,
    bits: u8,
}

impl Network {
    /// Reads an address, or an address and the number of bits that count, as in `10.0.0.0/8`.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let first: IpAddr = address.parse().ok()?;
        let all = if first.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) if bits.bytes().all(|b| b.is_ascii_digit()) => bits.parse().ok()?,
            Some(_) => return None,
            None => all,
        };
        (bits <= all).then_some(Self { first, bits })
    }

    /// Whether every address of its kind is one of them.
    pub fn is_everywhere(&self) -> bool {
        self.bits == 0
    }

    /// Whether an address is one of them. An IPv4 address written as IPv6 is an IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let off = |all: u8| u32::from(all - self.bits);
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                let differs = first.to_bits() ^ address.to_bits();
                differs.checked_shr(off(32)).unwrap_or(0) == 0
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                let differs = first.to_bits() ^ address.to_bits();
                differs.checked_shr(off(128)).unwrap_or(0) == 0
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_stands_at_its_number() {
        for (number, action) in Action::ALL.into_iter().enumerate() {
            assert_eq!(action as usize, number, "{action:?}");
            assert!(Actions::of([action]).contains(action), "{action:?}");
        }
        let some = Actions::of([Action::ReadObject]).union(Actions::of([Action::ReadPolicy]));
        let held = Action::ALL.into_iter().filter(|a| some.contains(*a));
        assert_eq!(held.count(), 2);
    }

    #[test]
    fn networks_contain_what_begins_alike() {
        let cases = [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3", "10.1.2.4", false),
            ("10.1.2.3/31", "10.1.2.2", true),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "::1", false),
            ("10.0.0.0/8", "::ffff:10.1.1.1", true),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::1", "::1", true),
            ("::/0", "fe80::1", true),
        ];
        for (network, address, inside) in cases {
            let network = Network::parse(network).expect("a network");
            let address = address.parse().expect("an address");
            assert_eq!(network.contains(address), inside, "{network:?} {address}");
        }
        for text in [
            "",
            "10.0.0",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "::/129",
            "x/8",
            "10.0.0.0/8/8",
        ] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
