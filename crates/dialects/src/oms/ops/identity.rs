//! The vendor's identity service, as far as OMS clients use it: project, account, token.

use cohong_core::model::AccountId;
use http::{HeaderName, HeaderValue, StatusCode};

use super::{Answer, Call, json};
use crate::common::date;
use crate::oms::error::OmsError;
use crate::oms::wire::identity::{
    Domain, Domains, Issued, Links, Login, Project, Projects, TokenInfo, TokenProject, User,
};
use crate::oms::{Oms, auth, id_of};

/// Name of a project where the request says none: any region's would do.
const PROJECT: &str = "cn-north-4";

/// `GET /v3/projects`: under every name the one project of the caller.
pub(super) fn projects(call: &Call, oms: &Oms) -> Answer {
    let account = account(call)?;
    let (id, domain) = (oms.project(account), domain(account));
    let name = call.query.text("name")?.unwrap_or(PROJECT).to_owned();
    let url = call.url("v3/projects");
    let project = Project {
        name,
        parent_id: domain.id.clone(),
        domain_id: domain.id,
        description: "",
        enabled: true,
        is_domain: false,
        links: Links {
            itself: format!("{url}/{id}"),
        },
        id,
    };
    let all = Projects {
        projects: [project],
        links: Links { itself: url },
    };
    Ok(json(StatusCode::OK, &all))
}

/// `GET /v3/auth/domains`.
pub(super) fn domains(call: &Call) -> Answer {
    let domains = [domain(account(call)?)];
    Ok(json(StatusCode::OK, &Domains { domains }))
}

/// `POST /v3/auth/tokens`: a token for who knows a secret. The user's name is the access key, and the password
/// its secret.
pub(super) async fn create_token(call: &Call, oms: &Oms) -> Answer {
    let login = Login::read(&call.body)?;
    let (engine, key) = (&oms.engine, &login.name);
    let account = auth::account_of(engine, &oms.rules, key, &login.password).await?;
    let (token, end) = auth::issue(engine, key);
    let domain = domain(&account);
    let issued = Issued {
        token: TokenInfo {
            methods: ["password"],
            issued_at: date::iso(call.cx.at),
            expires_at: date::iso(end),
            user: User {
                id: id_of("user", &AccountId(key.as_str().into())),
                name: key.clone(),
                password_expires_at: "",
                domain: domain.clone(),
            },
            project: TokenProject {
                id: oms.project(&account),
                name: login.project.unwrap_or_else(|| PROJECT.into()),
                domain,
            },
            roles: [],
            catalog: [],
        },
    };
    let mut response = json(StatusCode::CREATED, &issued);
    let token = HeaderValue::try_from(token).expect("base64 is ASCII text");
    let name = HeaderName::from_static("x-subject-token");
    response.headers_mut().insert(name, token);
    Ok(response)
}

fn domain(account: &AccountId) -> Domain {
    Domain {
        id: id_of("domain", account),
        name: account.to_string(),
    }
}

/// Whose request it is. A request without one does not come this far.
fn account(call: &Call) -> Result<&AccountId, OmsError> {
    let account = call.cx.principal.account();
    account.ok_or_else(|| OmsError::unknown_caller("sign the request"))
}
