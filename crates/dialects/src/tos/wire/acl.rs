//! Access control lists as JSON bodies (sheet section 4, Bucket ACL).

use cohong_core::limits::GRANTS_MAX;
use cohong_core::model::{AccountId, Acl, Grant, Grantee, Permission};
use serde::{Deserialize, Serialize};

use crate::common::attributes::canned_grantee;
use crate::common::owner::Owner;
use crate::tos::error::TosError;
use crate::tos::words;

/// Answer of `GetBucketAcl` and `GetObjectAcl`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct AclBody {
    owner: Owner,
    grants: Vec<GrantBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_default: Option<bool>,
    #[serde(rename = "BucketAclDelivered", skip_serializing_if = "Option::is_none")]
    delivered: Option<bool>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct GrantBody {
    grantee: GranteeBody,
    permission: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct GranteeBody {
    #[serde(rename = "ID", skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(rename = "Type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    canned: Option<&'static str>,
}

impl AclBody {
    /// The list of a bucket. Objects without a list of their own always follow it.
    pub(in crate::tos) fn of_bucket(owner: &AccountId, acl: &Acl) -> Self {
        Self {
            delivered: Some(true),
            ..Self::new(owner, acl)
        }
    }

    /// The grants as they were given; where there are none, the owner's own right.
    fn new(owner: &AccountId, acl: &Acl) -> Self {
        let own = Grant {
            grantee: Grantee::Account(owner.clone()),
            permission: Permission::FullControl,
        };
        let grants = match acl.grants.as_slice() {
            [] => vec![grant_body(&own)],
            grants => grants.iter().map(grant_body).collect(),
        };
        Self {
            owner: Owner::new(owner),
            grants,
            is_default: None,
            delivered: None,
        }
    }

    /// The list of an object; without its own, those of the bucket are in force.
    pub(in crate::tos) fn of_object(owner: &AccountId, acl: Option<&Acl>) -> Self {
        Self {
            is_default: Some(acl.is_none()),
            ..Self::new(owner, acl.unwrap_or(&Acl::default()))
        }
    }
}

fn grant_body(grant: &Grant) -> GrantBody {
    let group = |word| GranteeBody {
        id: None,
        kind: "Group",
        display_name: None,
        canned: Some(word),
    };
    let grantee = match &grant.grantee {
        Grantee::AllUsers => group("AllUsers"),
        Grantee::AuthenticatedUsers => group("AuthenticatedUsers"),
        Grantee::Account(account) => GranteeBody {
            id: Some(account.to_string()),
            kind: "CanonicalUser",
            display_name: Some(account.to_string()),
            canned: None,
        },
    };
    GrantBody {
        grantee,
        permission: words::permission_word(grant.permission),
    }
}

/// Body of `PutBucketAcl` and `PutObjectAcl`; member names in lower case.
#[derive(Debug, Deserialize)]
pub(in crate::tos) struct PutAclBody {
    grants: Option<Vec<PutGrant>>,
    #[serde(rename = "isdefault")]
    is_default: Option<bool>,
    #[serde(rename = "bucketacldelivered")]
    delivered: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct PutGrant {
    grantee: PutGrantee,
    permission: String,
}

#[derive(Debug, Deserialize)]
struct PutGrantee {
    id: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    canned: Option<String>,
}

impl PutAclBody {
    /// The grants; `None` when those of the bucket are to be in force.
    pub(in crate::tos) fn acl(self) -> Result<Option<Acl>, TosError> {
        if self.delivered == Some(false) {
            return Err(TosError::not_implemented("BucketAclDelivered: false"));
        }
        if self.is_default == Some(true) {
            return Ok(None);
        }
        let grants = self.grants.unwrap_or_default();
        if grants.len() > GRANTS_MAX {
            return Err(TosError::invalid_argument("there are more than 100 grants"));
        }
        let grants = grants
            .into_iter()
            .map(PutGrant::grant)
            .collect::<Result<_, _>>()?;
        Ok(Some(Acl { grants }))
    }
}

impl PutGrant {
    fn grant(self) -> Result<Grant, TosError> {
        let permission = words::permission(&self.permission)
            .ok_or_else(|| TosError::invalid_argument("a grant's Permission is not a known one"))?;
        Ok(Grant {
            grantee: self.grantee.grantee()?,
            permission,
        })
    }
}

impl PutGrantee {
    fn grantee(self) -> Result<Grantee, TosError> {
        let bad = || {
            TosError::invalid_argument(
                "a Grantee is a CanonicalUser with ID or a Group with Canned AllUsers or AuthenticatedUsers",
            )
        };
        let id = self.id.filter(|id| !id.is_empty());
        match (
            self.kind.as_deref(),
            self.canned.as_deref().filter(|word| !word.is_empty()),
        ) {
            (Some("Group"), Some(word)) => canned_grantee(word).ok_or_else(bad),
            (Some("CanonicalUser") | None, None) => id
                .map(|id| Grantee::Account(AccountId(id.into())))
                .ok_or_else(bad),
            _ => Err(bad()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::common::json::read;

    fn put(body: &serde_json::Value) -> Result<Option<Acl>, TosError> {
        read::<PutAclBody>(body.to_string().as_bytes())
            .expect("the shape")
            .acl()
    }

    #[test]
    fn what_is_shown_can_be_put_again() {
        let owner = AccountId("1".into());
        let grantees = [
            Grantee::AllUsers,
            Grantee::AuthenticatedUsers,
            Grantee::Account(AccountId("2".into())),
        ];
        let permission = Permission::Read;
        let grants = grantees
            .map(|grantee| Grant {
                grantee,
                permission,
            })
            .to_vec();
        for (acl, lines) in [(Acl { grants }, 3), (Acl::default(), 1)] {
            let shown = serde_json::to_value(AclBody::of_bucket(&owner, &acl)).expect("JSON");
            let stored = put(&shown).expect("accepted").expect("a list");
            assert_eq!(stored.grants.len(), lines);
            let again = serde_json::to_value(AclBody::of_bucket(&owner, &stored)).expect("JSON");
            assert_eq!(shown, again);
        }
    }

    #[test]
    fn bodies_are_judged() {
        let group = |canned: &str| json!({"Grants": [{"Grantee": {"Type": "Group", "Canned": canned}, "Permission": "READ"}]});
        assert_eq!(
            put(&group("AllUsers"))
                .expect("a list")
                .expect("own")
                .grants
                .len(),
            1
        );
        assert_eq!(put(&json!({"IsDefault": true})).expect("default"), None);
        assert_eq!(
            put(&json!({"Owner": {"ID": "1"}})).expect("a list"),
            Some(Acl::default())
        );
        let apart = put(&json!({"BucketAclDelivered": false})).expect_err("refused");
        assert_eq!(apart.code, "NotImplemented");
        let user = json!({"Type": "CanonicalUser", "DisplayName": "x"});
        let bad = [
            group("Everybody"),
            json!({"Grants": [{"Grantee": user, "Permission": "READ"}]}),
            json!({"Grants": [{"Grantee": {"ID": "1"}, "Permission": "ALL"}]}),
            json!({"Grants": vec![json!({"Grantee": {"ID": "1"}, "Permission": "READ"}); 101]}),
        ];
        for body in bad {
            assert_eq!(
                put(&body).expect_err("refused").code,
                "InvalidArgument",
                "{body}"
            );
        }
    }
}
