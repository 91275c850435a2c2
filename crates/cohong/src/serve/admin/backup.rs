//! Backups of the data folder while the server goes on.

use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use cohong_store::backup;
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::Admin;
use super::answer::{Answer, Input, Problem};

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new().route("/backup", post(make))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    /// The folder to be made, on the server's machine.
    to: PathBuf,
}

async fn make(State(admin): State<Arc<Admin>>, Input(order): Input<Order>) -> Answer {
    let to = order.to;
    if !to.is_absolute() {
        return Err(Problem::invalid(
            "the folder of a backup is named by its absolute path",
        ));
    }
    if to.starts_with(&admin.data) {
        return Err(Problem::invalid(
            "a backup inside of the data folder would be lost with it",
        ));
    }
    let work = admin.clone();
    let done = tokio::task::spawn_blocking(move || {
        let made = backup::backup(&work.meta, &work.blobs, &to);
        made.map(|made| (made, to))
    });
    let done = done
        .await
        .map_err(|defect| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, defect.to_string()))?;
    let (made, to) = done.map_err(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        tracing::warn!(%error, cause, "no backup was made");
        let text = cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"));
        Problem::new(StatusCode::CONFLICT, text)
    })?;
    Ok(Json(json!({
        "to": to,
        "rows": made.rows,
        "blobs": made.blobs,
        "bytes": made.bytes,
        "key": admin.data.join(cohong_store::seal::KEY_FILE),
    })))
}
