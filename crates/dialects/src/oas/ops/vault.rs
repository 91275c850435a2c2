//! Vaults (sheet sections 4.1 to 4.4).

use cohong_core::model::VaultId;
use http::StatusCode;

use super::{Answer, Call, done, made};
use crate::gate::service::json;
use crate::oas::Oas;
use crate::oas::limits::VAULTS_PAGE;
use crate::oas::wire::page;
use crate::oas::wire::shown::{ShownVault, VaultList, capitals};
use crate::oas::words::vault_name;

/// Creates a vault; one of that name is given as if it was new, for clients open vaults so.
pub(super) async fn create(call: &Call<'_>, oas: &Oas) -> Answer {
    let name = vault_name(&call.vault)?;
    let id = oas
        .engine
        .create_vault(&call.cx, &call.region, &name)
        .await?;
    let id = capitals(id);
    let path = format!("/vaults/{id}");
    Ok(made(StatusCode::CREATED, "x-oas-vault-id", &id, &path))
}

/// Deletes a vault without archives.
pub(super) async fn delete(call: &Call<'_>, oas: &Oas) -> Answer {
    oas.engine.delete_vault(&call.cx, call.vault()?).await?;
    Ok(done(StatusCode::NO_CONTENT))
}

/// Shows a vault.
pub(super) async fn describe(call: &Call<'_>, oas: &Oas) -> Answer {
    let info = oas.engine.vault(&call.cx, call.vault()?).await?;
    Ok(json(StatusCode::OK, &ShownVault::new(&info)))
}

/// Lists the vaults of the account in the region.
pub(super) async fn list(call: &Call<'_>, oas: &Oas) -> Answer {
    let asked = page::read(&call.query, VAULTS_PAGE, VaultId::parse)?;
    let listed = oas
        .engine
        .list_vaults(&call.cx, &call.region, asked.marker, asked.limit)
        .await?;
    let list = VaultList {
        marker: listed.next.map(capitals).unwrap_or_default(),
        vault_list: listed.entries.iter().map(ShownVault::new).collect(),
    };
    Ok(json(StatusCode::OK, &list))
}
