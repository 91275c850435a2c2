//! Who may do what, as tables.

use super::*;
use crate::model::{AccessKeyId, Grant};

fn account(name: &str) -> Principal {
    Principal::Account {
        account: AccountId(name.into()),
        key: AccessKeyId("key".into()),
    }
}

fn acl(grants: &[(Grantee, Permission)]) -> Acl {
    let grant = |(grantee, permission): &(Grantee, Permission)| Grant {
        grantee: grantee.clone(),
        permission: *permission,
    };
    Acl {
        grants: grants.iter().map(grant).collect(),
    }
}

fn may(who: &Principal, action: Action, bucket: &Acl, own: Option<&Acl>) -> bool {
    let resource = Resource {
        bucket_owner: &AccountId("owner".into()),
        bucket_acl: bucket,
        object: Some((&AccountId("writer".into()), own)),
    };
    allow(who, action, &resource).is_ok()
}

const EVERY: [Action; 25] = [
    Action::ListBuckets,
    Action::CreateBucket,
    Action::ReadBucket,
    Action::DeleteBucket,
    Action::ReadBucketAcl,
    Action::WriteBucketAcl,
    Action::ReadVersioning,
    Action::WriteVersioning,
    Action::ReadNotification,
    Action::WriteNotification,
    Action::ListObjects,
    Action::ListVersions,
    Action::ListUploads,
    Action::ReadObject,
    Action::ReadObjectVersion,
    Action::ReadObjectAcl,
    Action::WriteObjectAcl,
    Action::ReadObjectTags,
    Action::WriteObjectTags,
    Action::WriteObject,
    Action::WriteObjectMeta,
    Action::DeleteObject,
    Action::DeleteObjectVersion,
    Action::ListParts,
    Action::AbortUpload,
];

#[test]
fn without_grants_only_owners_may() {
    let private = Acl::default();
    for action in EVERY {
        assert!(may(&account("owner"), action, &private, None), "{action:?}");
        assert!(
            !may(&account("other"), action, &private, None),
            "{action:?}"
        );
        assert!(
            !may(&Principal::Anonymous, action, &private, None),
            "{action:?}"
        );
    }
    let writer = account("writer");
    assert!(may(&writer, Action::ReadObject, &private, None));
    assert!(may(&writer, Action::WriteObjectAcl, &private, None));
    assert!(!may(&writer, Action::WriteObject, &private, None));
}

#[test]
fn a_grant_reaches_as_far_as_its_grantee_and_permission() {
    use Permission::{FullControl, Read, ReadAcl, ReadNonList, Write, WriteAcl};
    let all = Grantee::AllUsers;
    let signed = Grantee::AuthenticatedUsers;
    let other = Grantee::Account(AccountId("other".into()));
    let nobody = Principal::Anonymous;
    let cases = [
        (&all, Read, nobody.clone(), Action::ListObjects, true),
        (&all, Read, nobody.clone(), Action::ReadObject, true),
        (&all, Read, nobody.clone(), Action::WriteObject, false),
        (&all, ReadNonList, nobody.clone(), Action::ReadObject, true),
        (
            &all,
            ReadNonList,
            nobody.clone(),
            Action::ListObjects,
            false,
        ),
        (&all, ReadNonList, nobody.clone(), Action::ReadBucket, false),
        (&all, Write, nobody.clone(), Action::WriteObject, true),
        (&all, Write, nobody.clone(), Action::ReadObject, false),
        (
            &all,
            FullControl,
            nobody.clone(),
            Action::DeleteBucket,
            false,
        ),
        (
            &all,
            FullControl,
            nobody.clone(),
            Action::WriteNotification,
            false,
        ),
        (&signed, Read, nobody.clone(), Action::ReadObject, false),
        (&signed, Read, account("other"), Action::ReadObject, true),
        (
            &other,
            ReadAcl,
            account("other"),
            Action::ReadObjectAcl,
            true,
        ),
        (
            &other,
            ReadAcl,
            account("third"),
            Action::ReadObjectAcl,
            false,
        ),
        (
            &other,
            WriteAcl,
            account("other"),
            Action::WriteBucketAcl,
            true,
        ),
        (
            &other,
            FullControl,
            account("other"),
            Action::DeleteObject,
            true,
        ),
        (
            &other,
            FullControl,
            account("other"),
            Action::DeleteObjectVersion,
            false,
        ),
    ];
    for (grantee, permission, who, action, allowed) in cases {
        let granted = acl(&[(grantee.clone(), permission)]);
        let found = may(&who, action, &granted, None);
        assert_eq!(
            found, allowed,
            "{grantee:?} {permission:?} {who:?} {action:?}"
        );
    }
}

#[test]
fn an_objects_own_grants_replace_those_of_the_bucket() {
    let public = acl(&[(Grantee::AllUsers, Permission::Read)]);
    let private = Acl::default();
    let nobody = Principal::Anonymous;
    assert!(!may(&nobody, Action::ReadObject, &public, Some(&private)));
    assert!(may(&nobody, Action::ReadObject, &private, Some(&public)));
    let write = acl(&[(Grantee::AllUsers, Permission::Write)]);
    assert!(!may(&nobody, Action::WriteObject, &private, Some(&write)));
}

#[test]
fn account_operations_need_a_signature() {
    assert!(allow_account(&account("any")).is_ok());
    assert!(allow_account(&Principal::Anonymous).is_err());
}
