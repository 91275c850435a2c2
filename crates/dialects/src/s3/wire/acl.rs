//! Access control lists (sheet section 6, ACL).

use cohong_core::limits::GRANTS_MAX;
use cohong_core::model::{AccountId, Acl, Grant, Grantee, Permission};
use serde::{Deserialize, Serialize};

use crate::common::attributes::canned_grantee;
use crate::common::owner::Owner;
use crate::s3::error::S3Error;
use crate::s3::words::{S3, permission, permission_word};

/// Namespace of the attribute that tells what a grantee is; clients drop the grantee's type without it.
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Answer of `GetBucketAcl` and `GetObjectAcl`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::s3) struct AclBody {
    owner: Owner,
    access_control_list: Grants<GrantBody>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Grants<T> {
    #[serde(default = "Vec::new")]
    grant: Vec<T>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct GrantBody {
    grantee: GranteeBody,
    permission: &'static str,
}

#[derive(Debug, Serialize)]
struct GranteeBody {
    #[serde(rename = "@xmlns:xsi")]
    xsi: &'static str,
    #[serde(rename = "@xsi:type")]
    kind: &'static str,
    #[serde(rename = "ID", skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(rename = "DisplayName", skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    #[serde(rename = "URI", skip_serializing_if = "Option::is_none")]
    uri: Option<String>,
}

impl AclBody {
    /// The owner's own right, then the grants.
    pub(in crate::s3) fn new(owner: &AccountId, acl: &Acl) -> Self {
        let own = Grant {
            grantee: Grantee::Account(owner.clone()),
            permission: Permission::FullControl,
        };
        let all = std::iter::once(&own).chain(&acl.grants);
        Self {
            owner: Owner::new(owner),
            access_control_list: Grants {
                grant: all.map(grant_body).collect(),
            },
        }
    }
}

fn grant_body(grant: &Grant) -> GrantBody {
    let group = |name| GranteeBody {
        xsi: XSI,
        kind: "Group",
        id: None,
        display_name: None,
        uri: Some(format!("{}{name}", S3.groups.front)),
    };
    let grantee = match &grant.grantee {
        Grantee::AllUsers => group("AllUsers"),
        Grantee::AuthenticatedUsers => group("AuthenticatedUsers"),
        Grantee::Account(account) => GranteeBody {
            xsi: XSI,
            kind: "CanonicalUser",
            id: Some(account.to_string()),
            display_name: Some(account.to_string()),
            uri: None,
        },
    };
    GrantBody {
        grantee,
        permission: permission_word(grant.permission),
    }
}

/// Body of `PutBucketAcl` and `PutObjectAcl`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::s3) struct PutAclBody {
    access_control_list: Option<Grants<PutGrant>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutGrant {
    grantee: PutGrantee,
    permission: String,
}

/// What it is follows from the member that names it.
#[derive(Debug, Deserialize)]
struct PutGrantee {
    #[serde(rename = "ID")]
    id: Option<String>,
    #[serde(rename = "URI")]
    uri: Option<String>,
}

impl PutAclBody {
    /// The grants beside the owner's own right.
    pub(in crate::s3) fn acl(self, owner: &AccountId) -> Result<Acl, S3Error> {
        let bad = |why| S3Error::bad("MalformedACLError", why);
        let list = self.access_control_list;
        let grants = list.ok_or_else(|| bad("the body has an AccessControlList"))?;
        if grants.grant.len() > GRANTS_MAX {
            return Err(bad("there are more than 100 grants"));
        }
        let grants = grants.grant.into_iter().map(PutGrant::grant);
        let mut grants = grants.collect::<Result<Vec<_>, _>>()?;
        grants.retain(|grant| grant.grantee != Grantee::Account(owner.clone()));
        Ok(Acl { grants })
    }
}

impl PutGrant {
    fn grant(self) -> Result<Grant, S3Error> {
        let bad = || {
            S3Error::bad(
                "MalformedACLError",
                "a grant's Permission is not a known one",
            )
        };
        let permission = permission(&self.permission).ok_or_else(bad)?;
        Ok(Grant {
            grantee: self.grantee.grantee()?,
            permission,
        })
    }
}

impl PutGrantee {
    fn grantee(self) -> Result<Grantee, S3Error> {
        let bad = || {
            let why = "a Grantee has an ID, or the URI of AllUsers or AuthenticatedUsers";
            S3Error::bad("InvalidArgument", why)
        };
        let id = self.id.filter(|id| !id.is_empty());
        match (id, self.uri.as_deref().filter(|uri| !uri.is_empty())) {
            (Some(id), None) => Ok(Grantee::Account(AccountId(id.into()))),
            (None, Some(uri)) => {
                let name = uri.strip_prefix(S3.groups.front);
                name.and_then(canned_grantee).ok_or_else(bad)
            }
            _ => Err(bad()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common::xml::{read, write};

    const ROOT: &str = "AccessControlPolicy";

    fn put(text: &[u8]) -> Result<Acl, &'static str> {
        let body: PutAclBody = read(text, ROOT).expect("the shape");
        let acl = body.acl(&AccountId("1".into()));
        acl.map_err(|error| error.code)
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
        let grant = |grantee| Grant {
            grantee,
            permission,
        };
        let grants = grantees.map(grant).to_vec();
        for acl in [Acl { grants }, Acl::default()] {
            let shown = write(ROOT, S3.bodies.namespace, &AclBody::new(&owner, &acl));
            assert_eq!(put(&shown), Ok(acl));
        }
    }

    #[test]
    fn bodies_are_judged() {
        let one = |grantee: &str, permission: &str| {
            format!(
                "<AccessControlPolicy><AccessControlList><Grant><Grantee>{grantee}</Grantee>\
                 <Permission>{permission}</Permission></Grant></AccessControlList></AccessControlPolicy>"
            )
        };
        let all = "<URI>http://acs.amazonaws.com/groups/global/AllUsers</URI>";
        assert!(put(one(all, "READ").as_bytes()).is_ok());
        let cases = [
            (one(all, "READ_NON_LIST"), "MalformedACLError"),
            (one("<URI>AllUsers</URI>", "READ"), "InvalidArgument"),
            (
                one("<EmailAddress>a@b</EmailAddress>", "READ"),
                "InvalidArgument",
            ),
            (one(&format!("{all}<ID>2</ID>"), "READ"), "InvalidArgument"),
            ("<AccessControlPolicy/>".into(), "MalformedACLError"),
        ];
        for (text, code) in cases {
            assert_eq!(put(text.as_bytes()), Err(code), "{text}");
        }
    }
}
