//! Who may do what: the one authorisation point. Every engine operation asks [`allow`] before it
//! runs; plans and readers take the [`Permit`] that only this module can make.
//!
//! **Order.** What the bucket's policy denies is denied, whoever asks, the owner of the bucket
//! included. Else the owner may everything, others what the policy or a grant allows, anonymous ones
//! not excepted. One thing no policy takes away: the owner of a bucket reads, replaces and removes its
//! policy, so that nobody locks themselves out for good. And where the requester pays, others than the owner
//! are heard only when they sign and agree to that. Where nothing but a link was needed to ask, the page it
//! stands on has to be one that may lead here; that is asked before the policy. Over a version of TLS that the bucket
//! does not let pass, nobody may anything. Where the bucket blocks
//! public access, lists and policies that name everybody allow nothing; what they deny stays denied.

mod policy;

use crate::engine::Cx;
use crate::error::{Error, ErrorKind};
use crate::model::{
    AccountId, Acl, Bucket, Effect, Grant, Grantee, Lock, ObjectKey, ObjectRecord, Permission,
    Principal, Statement, TlsVersion, Vault, WorkId,
};
use crate::rules::referer;

pub use crate::model::Action;

/// What of a bucket an action is aimed at.
#[derive(Clone, Copy, Debug)]
pub enum On<'a> {
    /// The bucket itself.
    Bucket,
    /// What a listing of it shows.
    List {
        /// Only keys that begin with this.
        prefix: &'a str,
        /// Text behind the prefix at which keys are rolled up.
        delimiter: &'a str,
    },
    /// A key, whatever is there.
    Key(&'a ObjectKey),
    /// What is under a key.
    Object {
        /// The key.
        key: &'a ObjectKey,
        /// Who wrote it.
        owner: &'a AccountId,
        /// Its own grants.
        acl: Option<&'a Acl>,
    },
}

impl<'a> On<'a> {
    /// An object under a key.
    pub fn object(key: &'a ObjectKey, record: &'a ObjectRecord) -> Self {
        Self::Object {
            key,
            owner: &record.owner,
            acl: record.acl.as_ref(),
        }
    }

    fn key(self) -> Option<&'a ObjectKey> {
        match self {
            Self::Bucket | Self::List { .. } => None,
            Self::Key(key) | Self::Object { key, .. } => Some(key),
        }
    }
}

/// Proof that an action was allowed.
#[derive(Clone, Copy, Debug)]
pub struct Permit(());

/// Proof that a request passes over what keeps a version, as far as that lets it.
#[derive(Clone, Copy, Debug)]
pub struct Bypass(());

/// Whether a request passes over what keeps the versions of a key: it asks for that and may.
pub fn bypass(cx: &Cx, bucket: &Bucket, key: &ObjectKey) -> Option<Bypass> {
    let may = || allow(cx, bucket, Action::BypassRetention, On::Key(key)).is_ok();
    (cx.bypasses && may()).then_some(Bypass(()))
}

/// Refuses a lock of a new version to those who may not set one.
pub fn allow_lock(cx: &Cx, bucket: &Bucket, key: &ObjectKey, lock: Lock) -> Result<(), Error> {
    if lock.kept.is_some() {
        allow(cx, bucket, Action::WriteObjectRetention, On::Key(key))?;
    }
    if lock.held.is_some() {
        allow(cx, bucket, Action::WriteLegalHold, On::Key(key))?;
    }
    Ok(())
}

/// What of a lock the principal may know.
pub fn known_lock(cx: &Cx, bucket: &Bucket, on: On<'_>, lock: Lock) -> Lock {
    let may = |action| allow(cx, bucket, action, on).is_ok();
    Lock {
        kept: lock.kept.filter(|_| may(Action::ReadObjectRetention)),
        held: lock.held.filter(|_| may(Action::ReadLegalHold)),
    }
}

/// Decides about an operation on a bucket or something in it.
pub fn allow(cx: &Cx, bucket: &Bucket, action: Action, on: On<'_>) -> Result<Permit, Error> {
    let fits = |tls| bucket.tls.as_ref().is_none_or(|all| all.contains(&tls));
    if !cx.tls.is_none_or(fits) {
        return Err(Error::new(
            ErrorKind::Denied,
            "the bucket is not reached over this version of TLS; ask over one that its owner lets pass",
        ));
    }
    let is_owner = cx.principal.account() == Some(&bucket.owner);
    let about_policy = matches!(
        action,
        Action::ReadPolicy | Action::WritePolicy | Action::DeletePolicy
    );
    if is_owner && about_policy {
        return Ok(Permit(()));
    }
    let agreed = cx.pays && cx.principal.account().is_some();
    if bucket.requester_pays && !is_owner && !agreed {
        return Err(Error::new(
            ErrorKind::Denied,
            "whoever asks for something in this bucket pays for it; sign the request and say that you do",
        ));
    }
    if cx.by_link && !referer::admits(&bucket.referers, cx.referer.as_deref()) {
        return Err(Error::new(
            ErrorKind::Denied,
            "the page that led here may not lead to this bucket; ask its owner",
        ));
    }
    match policy::judge(cx, bucket, action, on) {
        Some(Effect::Deny) => Err(Error::new(
            ErrorKind::Denied,
            "the policy of the bucket denies this; ask its owner",
        )),
        Some(Effect::Allow) => Ok(Permit(())),
        None if is_owner || granted(&cx.principal, action, bucket, on) => Ok(Permit(())),
        None => Err(Error::new(
            ErrorKind::Denied,
            "you may not do this; ask the owner of the bucket for a grant",
        )),
    }
}

/// Decides about what the lifecycle rules of a bucket order: it was allowed to whoever set them, and is
/// while the duty to carry them out is the bucket's. `None` when they were removed or replaced.
pub fn allow_lifecycle(bucket: &Bucket, duty: WorkId) -> Option<Permit> {
    (bucket.lifecycle == Some(duty)).then_some(Permit(()))
}

/// Checks a policy before it is stored; `text` is it as it was sent.
pub fn check_policy(text: &str, statements: &[Statement]) -> Result<(), Error> {
    policy::check(text, statements)
}

/// Whether a policy lets everybody do something: it allows it without naming accounts or networks.
pub fn is_public(statements: &[Statement]) -> bool {
    policy::is_public(statements)
}

/// Whether a list grants something to everybody, or to everybody who signs.
pub fn is_for_everybody(acl: &Acl) -> bool {
    acl.grants.iter().any(names_everybody)
}

/// Refuses to allow everybody something where the bucket blocks that: `Denied`.
pub fn check_public(bucket: &Bucket, public: bool) -> Result<(), Error> {
    if bucket.keeps_the_public_out() && public {
        return Err(Error::new(
            ErrorKind::Denied,
            "the bucket or its account blocks public access; allow it before you grant something to everybody",
        ));
    }
    Ok(())
}

/// Checks which versions of TLS a bucket lets pass: some of them, each once.
pub fn check_tls(versions: Option<&[TlsVersion]>) -> Result<(), Error> {
    let each_once = |all: &[TlsVersion]| !all.is_empty() && all.is_sorted_by(|a, b| a < b);
    if versions.is_none_or(each_once) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::InvalidArgument,
        "name at least one version of TLS, and each once and in order",
    ))
}

/// Decides about operations that are aimed at no bucket: any account may.
pub fn allow_account(principal: &Principal) -> Result<(Permit, &AccountId), Error> {
    match principal.account() {
        Some(account) => Ok((Permit(()), account)),
        None => Err(Error::new(ErrorKind::Denied, "this needs a signed request")),
    }
}

/// Decides about a vault and everything in it: its account may everything. Nobody else may anything, nor
/// learn that there is such a vault: `NoSuchVault`.
pub fn allow_vault(principal: &Principal, vault: &Vault) -> Result<Permit, Error> {
    let (permit, account) = allow_account(principal)?;
    if *account == vault.account {
        return Ok(permit);
    }
    Err(no_such_vault())
}

/// There is no vault of that id, or not for whoever asks.
pub(crate) fn no_such_vault() -> Error {
    Error::new(
        ErrorKind::NoSuchVault,
        "there is no such vault; list the vaults to see which there are",
    )
}

fn granted(principal: &Principal, action: Action, bucket: &Bucket, on: On<'_>) -> bool {
    let holds = |wanted, acl: &Acl| {
        let counts = |grant: &&Grant| !(bucket.keeps_the_public_out() && names_everybody(grant));
        let mut grants = acl.grants.iter().filter(counts);
        grants.any(|grant| gives(grant, principal, wanted))
    };
    let on_bucket = |wanted| holds(wanted, &bucket.acl);
    let on_object = |wanted| match on {
        On::Object { owner, acl, .. } => {
            principal.account() == Some(owner)
                || acl.map_or_else(|| on_bucket(wanted), |acl| holds(wanted, acl))
        }
        On::Bucket | On::List { .. } | On::Key(_) => on_bucket(wanted),
    };
    match grants_for(action) {
        Grants::OnBucket(wanted) => on_bucket(wanted),
        Grants::OnObject(wanted) => wanted.iter().any(|wanted| on_object(*wanted)),
        Grants::None => false,
    }
}

/// Which permission makes a grant permit an action.
enum Grants {
    /// This one, of the bucket.
    OnBucket(Permission),
    /// One of these, of the object, or of the bucket where the object has no grants of its own.
    OnObject(&'static [Permission]),
    /// None does.
    None,
}

fn grants_for(action: Action) -> Grants {
    match action {
        Action::ReadBucket | Action::ListObjects | Action::ListVersions | Action::ListUploads => {
            Grants::OnBucket(Permission::Read)
        }
        Action::ReadBucketAcl => Grants::OnBucket(Permission::ReadAcl),
        Action::WriteBucketAcl => Grants::OnBucket(Permission::WriteAcl),
        Action::ReadObject
        | Action::ReadObjectVersion
        | Action::ReadObjectTags
        | Action::ReadObjectVersionTags => {
            Grants::OnObject(&[Permission::Read, Permission::ReadNonList])
        }
        Action::ReadObjectAcl | Action::ReadObjectVersionAcl => {
            Grants::OnObject(&[Permission::ReadAcl])
        }
        Action::WriteObjectAcl | Action::WriteObjectVersionAcl => {
            Grants::OnObject(&[Permission::WriteAcl])
        }
        Action::WriteObject
        | Action::WriteObjectMeta
        | Action::WriteObjectTags
        | Action::WriteObjectVersionTags
        | Action::DeleteObjectTags
        | Action::DeleteObjectVersionTags
        | Action::RestoreObject
        | Action::RestoreObjectVersion
        | Action::DeleteObject
        | Action::ListParts
        | Action::AbortUpload => Grants::OnBucket(Permission::Write),
        Action::ListBuckets
        | Action::CreateBucket
        | Action::DeleteBucket
        | Action::DeleteObjectVersion
        | Action::ReadVersioning
        | Action::WriteVersioning
        | Action::ReadPayment
        | Action::WritePayment
        | Action::ReadRetention
        | Action::WriteRetention
        | Action::ReadNotification
        | Action::WriteNotification
        | Action::ReadPolicy
        | Action::WritePolicy
        | Action::DeletePolicy
        | Action::ReadCors
        | Action::WriteCors
        | Action::DeleteCors
        | Action::ReadLifecycle
        | Action::WriteLifecycle
        | Action::DeleteLifecycle
        | Action::ReadBucketTags
        | Action::WriteBucketTags
        | Action::DeleteBucketTags
        | Action::ReadEncryption
        | Action::WriteEncryption
        | Action::DeleteEncryption
        | Action::ReadReferers
        | Action::WriteReferers
        | Action::ReadWebsite
        | Action::WriteWebsite
        | Action::DeleteWebsite
        | Action::ReadAccessBlock
        | Action::WriteAccessBlock
        | Action::ReadArchiveReads
        | Action::WriteArchiveReads
        | Action::WriteBucketLabel
        | Action::WriteDefaultClass
        | Action::ReadQuota
        | Action::WriteQuota
        | Action::ReadRename
        | Action::WriteRename
        | Action::ReadDomains
        | Action::WriteDomains
        | Action::ReadObjectRetention
        | Action::WriteObjectRetention
        | Action::ReadLegalHold
        | Action::WriteLegalHold
        | Action::BypassRetention
        | Action::ReadTls
        | Action::WriteTls
        | Action::ReadCallbacks
        | Action::WriteCallbacks
        | Action::DeleteCallbacks
        | Action::ReadOverwrites
        | Action::WriteOverwrites
        | Action::ReadInventory
        | Action::WriteInventory
        | Action::DeleteInventory
        | Action::ReadAccessLog
        | Action::WriteAccessLog
        | Action::DeleteAccessLog
        | Action::ReadAccessMonitor
        | Action::WriteAccessMonitor => Grants::None,
    }
}

fn gives(grant: &Grant, principal: &Principal, wanted: Permission) -> bool {
    let whom = match &grant.grantee {
        Grantee::AllUsers => true,
        Grantee::AuthenticatedUsers => principal.account().is_some(),
        Grantee::Account(account) => principal.account() == Some(account),
    };
    whom && (grant.permission == wanted || grant.permission == Permission::FullControl)
}

fn names_everybody(grant: &Grant) -> bool {
    match grant.grantee {
        Grantee::AllUsers | Grantee::AuthenticatedUsers => true,
        Grantee::Account(_) => false,
    }
}

#[cfg(test)]
mod tests;
