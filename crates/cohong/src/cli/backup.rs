//! `cohong backup` and `cohong restore`: a copy of the data folder while its server goes on, and a new folder made of
//! it while none runs.

use std::path::Path;
use std::process::ExitCode;

use cohong_core::ports::Clock as _;
use cohong_store::backup;
use serde_json::{Value, json};

use super::args::{self, Common};
use super::client::Client;
use super::failure::Failure;
use super::find;
use super::output::{Output, text};
use crate::serve::SystemClock;

/// Numbers that are set aside for every millisecond since 1970: more than a server takes. So the numbers of a new
/// folder are above those that the lost one took after the backup.
const NUMBERS_A_MILLI: u64 = 1 << 11;

pub(super) async fn make(
    order: &args::Backup,
    common: &Common,
    output: Output,
) -> Result<ExitCode, Failure> {
    let to = absolute(&order.to)?;
    let client = Client::new(find::server(common)?);
    let made = client.post("/backup", &json!({ "to": to })).await?;
    output.say(&made, |made| {
        format!(
            "{}: {}\nkeep {} with it, but not beside it: without that key nobody can open the stored secrets",
            to.display(),
            held(made),
            text(made, "key"),
        )
    })?;
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn restore(
    order: &args::Restore,
    common: &Common,
    output: Output,
) -> Result<ExitCode, Failure> {
    let Some(data) = &common.data else {
        return Err(Failure::usage("name the new data folder")
            .hint("add --data DIR, a folder that is not there yet"));
    };
    let data = absolute(data)?;
    let number = SystemClock::new()
        .now()
        .millis()
        .saturating_mul(NUMBERS_A_MILLI);
    let made = backup::restore(&order.from, &data, &order.server_key, number);
    let made = made.await.map_err(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        Failure::new(cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}")))
    })?;
    let answer = json!({
        "data": data,
        "rows": made.rows,
        "blobs": made.blobs,
        "bytes": made.bytes,
    });
    output.say(&answer, |made| {
        let shown = data.display();
        format!(
            "{shown}: {}, all of it looked at\nnext: `cohong serve --data {shown}`, then `cohong doctor`",
            held(made)
        )
    })?;
    Ok(ExitCode::SUCCESS)
}

fn held(made: &Value) -> String {
    let of = |name| text(made, name);
    format!(
        "{} rows and {} files, {} bytes",
        of("rows"),
        of("blobs"),
        of("bytes")
    )
}

fn absolute(folder: &Path) -> Result<std::path::PathBuf, Failure> {
    std::path::absolute(folder)
        .map_err(|error| Failure::new(format!("{}: {error}", folder.display())))
}
