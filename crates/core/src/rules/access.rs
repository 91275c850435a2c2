//! Who may do what: the one authorisation point. Every engine operation asks [`allow`] before it
//! runs; plans and readers take the [`Permit`] that only it can make.

use crate::error::{Error, ErrorKind};
use crate::model::{AccountId, Acl, Grantee, Permission, Principal};

/// What a request wants to do. One per operation family, so that policies can tell them apart.
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
}

/// What the action is aimed at, as far as rights depend on it.
#[derive(Clone, Copy, Debug)]
pub struct Resource<'a> {
    /// Owner of the bucket.
    pub bucket_owner: &'a AccountId,
    /// Grants of the bucket.
    pub bucket_acl: &'a Acl,
    /// Owner and own grants of the object, when there is one.
    pub object: Option<(&'a AccountId, Option<&'a Acl>)>,
}

/// Proof that an action was allowed.
#[derive(Clone, Copy, Debug)]
pub struct Permit(());

/// Decides. The bucket's owner may everything; others what a grant says.
pub fn allow(
    principal: &Principal,
    action: Action,
    resource: &Resource<'_>,
) -> Result<Permit, Error> {
    if principal.account() == Some(resource.bucket_owner) || granted(principal, action, resource) {
        return Ok(Permit(()));
    }
    Err(Error::new(
        ErrorKind::Denied,
        "you may not do this; ask the owner of the bucket for a grant",
    ))
}

/// Decides about operations that are aimed at no bucket: any account may.
pub fn allow_account(principal: &Principal) -> Result<(Permit, &AccountId), Error> {
    match principal.account() {
        Some(account) => Ok((Permit(()), account)),
        None => Err(Error::new(ErrorKind::Denied, "this needs a signed request")),
    }
}

fn granted(principal: &Principal, action: Action, resource: &Resource<'_>) -> bool {
    let on_bucket = |wanted| holds(principal, wanted, resource.bucket_acl);
    let on_object = |wanted| match resource.object {
        Some((owner, own)) => {
            principal.account() == Some(owner)
                || own.map_or_else(|| on_bucket(wanted), |acl| holds(principal, wanted, acl))
        }
        None => on_bucket(wanted),
    };
    match action {
        Action::ReadBucket | Action::ListObjects | Action::ListVersions | Action::ListUploads => {
            on_bucket(Permission::Read)
        }
        Action::ReadBucketAcl => on_bucket(Permission::ReadAcl),
        Action::WriteBucketAcl => on_bucket(Permission::WriteAcl),
        Action::ReadObject | Action::ReadObjectVersion | Action::ReadObjectTags => {
            on_object(Permission::Read) || on_object(Permission::ReadNonList)
        }
        Action::ReadObjectAcl => on_object(Permission::ReadAcl),
        Action::WriteObjectAcl => on_object(Permission::WriteAcl),
        Action::WriteObject
        | Action::WriteObjectMeta
        | Action::WriteObjectTags
        | Action::DeleteObject
        | Action::ListParts
        | Action::AbortUpload => on_bucket(Permission::Write),
        Action::ListBuckets
        | Action::CreateBucket
        | Action::DeleteBucket
        | Action::DeleteObjectVersion
        | Action::ReadVersioning
        | Action::WriteVersioning
        | Action::ReadNotification
        | Action::WriteNotification => false,
    }
}

fn holds(principal: &Principal, wanted: Permission, acl: &Acl) -> bool {
    acl.grants.iter().any(|grant| {
        let whom = match &grant.grantee {
            Grantee::AllUsers => true,
            Grantee::AuthenticatedUsers => principal.account().is_some(),
            Grantee::Account(account) => principal.account() == Some(account),
        };
        whom && (grant.permission == wanted || grant.permission == Permission::FullControl)
    })
}

#[cfg(test)]
mod tests;
