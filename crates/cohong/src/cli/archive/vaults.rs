//! `cohong vault`.

use std::process::ExitCode;

use cohong_client::oas::{Api, Vault};
use serde_json::{Value, json};

use super::{failed, vault};
use crate::cli::args;
use crate::cli::failure::Failure;
use crate::cli::output::{Column, Output, lines, text};

const COLUMNS: [(&str, Column); 5] = [
    ("NAME", |line| text(line, "name")),
    ("ARCHIVES", |line| text(line, "archives")),
    ("BYTES", |line| text(line, "bytes")),
    ("CREATED", |line| text(line, "created")),
    ("VAULT", |line| text(line, "vault")),
];

pub(in crate::cli) async fn run(
    order: args::archive::Vault,
    api: &Api,
    output: Output,
) -> Result<ExitCode, Failure> {
    match order {
        args::archive::Vault::Create { name } => {
            let made = Vault::create_vault(api, &name).await.map_err(failed)?;
            output.say(&shown(&made), |_| {
                format!("{name} is there; `cohong archive put {name} FILE` stores a file in it")
            })?;
        }
        args::archive::Vault::Ls => {
            let all = Vault::list_all_vaults(api).await.map_err(failed)?;
            let lines = all.iter().map(shown).collect::<Vec<_>>().into();
            let nothing = "no vaults; `cohong vault create NAME` makes one";
            output.list(&lines, COLUMNS, nothing)?;
        }
        args::archive::Vault::Info { vault: name } => {
            output.say(&shown(&vault(api, &name).await?), lines)?;
        }
        args::archive::Vault::Rm { vault: name } => {
            let found = vault(api, &name).await?;
            found.delete().await.map_err(failed)?;
            output.say(&json!({ "removed": found.id }), |_| {
                format!("removed {name}")
            })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn shown(vault: &Vault) -> Value {
    json!({
        "vault": vault.id,
        "name": vault.name,
        "archives": vault.number_of_archives,
        "bytes": vault.size,
        "created": vault.creation_date,
        "inventory": vault.last_inventory_date,
    })
}
