//! `cohong vault`, `cohong archive`, `cohong job`, `cohong inventory`: the archive service, spoken to through the client
//! library as any application does.

pub(super) mod archives;
mod bar;
pub(super) mod jobs;
pub(super) mod vaults;

use std::error::Error as _;

use cohong_client::oas::{Api, Error, Vault};

use super::args::Common;
use super::args::archive::Service;
use super::failure::Failure;

/// The service that a command means, as who the key says.
pub(super) fn service(common: &Common, service: &Service) -> Result<Api, Failure> {
    let key = common.key.as_deref().ok_or_else(|| {
        Failure::usage("a key is needed: vaults belong to accounts")
            .hint("add --key ACCESS:SECRET or set COHONG_KEY; `cohong key create` makes one")
    })?;
    let (access_key, secret) = key
        .split_once(':')
        .ok_or_else(|| Failure::usage("--key is ACCESS:SECRET, with a colon between them"))?;
    Api::new(&service.endpoint, access_key, secret).map_err(failed)
}

/// A vault by its id or its name.
async fn vault(api: &Api, text: &str) -> Result<Vault, Failure> {
    let is_id = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'));
    let found = if is_id {
        Vault::get_vault_by_id(api, text).await
    } else {
        Vault::get_vault_by_name(api, text).await
    };
    found.map_err(|error| match error {
        Error::Value(error) => Failure::new(error.to_string()).hint("`cohong vault ls` lists them"),
        other => failed(other),
    })
}

/// A failure of the library, with what led to it.
#[allow(
    clippy::needless_pass_by_value,
    reason = "the form that `map_err` takes"
)]
fn failed(error: Error) -> Failure {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    let failure = match &error {
        Error::Value(_) => Failure::usage(text),
        _ => Failure::new(text),
    };
    match &error {
        Error::Connection(_) => failure
            .hint("start the server with `cohong serve`, or say where it is with --endpoint URL"),
        Error::Server(refused) if refused.status == 403 => {
            failure.hint("is the key right? `cohong key ls` lists those of the server")
        }
        _ => failure,
    }
}
