//! What the vendor's identity service says of projects, accounts and tokens (sheet sections 2.3 and 2.4).

use serde::Serialize;

use super::fields::Fields;
use crate::oms::error::OmsError;
use crate::oms::limits::TEXT_CHARS_MAX;

/// An account, or somebody's account.
#[derive(Clone, Serialize)]
pub(crate) struct Domain {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// Accounts, of which one is told.
#[derive(Serialize)]
pub(crate) struct Domains {
    pub(crate) domains: [Domain; 1],
}

/// Where something is.
#[derive(Serialize)]
pub(crate) struct Links {
    #[serde(rename = "self")]
    pub(crate) itself: String,
}

/// A project.
#[derive(Serialize)]
pub(crate) struct Project {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) domain_id: String,
    pub(crate) parent_id: String,
    pub(crate) description: &'static str,
    pub(crate) enabled: bool,
    pub(crate) is_domain: bool,
    pub(crate) links: Links,
}

/// Projects. SDKs want exactly one.
#[derive(Serialize)]
pub(crate) struct Projects {
    pub(crate) projects: [Project; 1],
    pub(crate) links: Links,
}

/// Who asks for a token, and for which project.
pub(crate) struct Login {
    /// The user: an access key.
    pub(crate) name: String,
    /// The password: its secret.
    pub(crate) password: String,
    /// The project's name.
    pub(crate) project: Option<String>,
}

impl Login {
    /// Reads the body of Keystone's password method.
    pub(crate) fn read(body: &[u8]) -> Result<Self, OmsError> {
        let auth = Fields::read(body)?.inner("auth")?;
        let identity = auth.inner("identity")?;
        let methods = identity.get("methods").and_then(|list| list.as_array());
        let methods = methods.ok_or_else(|| OmsError::missing("methods"))?;
        if !methods.iter().any(|method| method == "password") {
            return Err(OmsError::value("methods names password; there is no other"));
        }
        let user = identity.inner("password")?.inner("user")?;
        let project = match auth.get("scope") {
            Some(_) => auth.inner("scope")?.inner("project").ok(),
            None => None,
        };
        let project = match &project {
            Some(project) => project.text("name", TEXT_CHARS_MAX)?.map(ToOwned::to_owned),
            None => None,
        };
        Ok(Self {
            name: user.needed("name", TEXT_CHARS_MAX)?.to_owned(),
            password: user.needed("password", TEXT_CHARS_MAX)?.to_owned(),
            project,
        })
    }
}

/// What is told of a token beside itself.
#[derive(Serialize)]
pub(crate) struct Issued {
    pub(crate) token: TokenInfo,
}

#[derive(Serialize)]
pub(crate) struct TokenInfo {
    pub(crate) methods: [&'static str; 1],
    pub(crate) issued_at: String,
    pub(crate) expires_at: String,
    pub(crate) user: User,
    pub(crate) project: TokenProject,
    pub(crate) roles: [(); 0],
    pub(crate) catalog: [(); 0],
}

#[derive(Serialize)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) password_expires_at: &'static str,
    pub(crate) domain: Domain,
}

#[derive(Serialize)]
pub(crate) struct TokenProject {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) domain: Domain,
}
