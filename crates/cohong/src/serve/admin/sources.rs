//! Sources: where stores are that sync tasks read from.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::{delete, get};
use axum::{Json, Router};
use cohong_core::engine::NewSource;
use cohong_core::{Error, ErrorKind};
use cohong_egress::Speech;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Admin;
use super::answer::{Answer, Input, Problem, instant};

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new()
        .route("/sources", get(list).post(add))
        .route("/sources/{name}", delete(remove))
}

async fn list(State(admin): State<Arc<Admin>>) -> Answer {
    let sources = admin.engine.list_sources().await?;
    let lines = sources.into_iter().map(|source| {
        let record = source.record;
        json!({
            "name": source.name,
            "cloud": record.cloud,
            "region": record.region,
            "kind": record.speech,
            "endpoint": record.endpoint,
            "style": if record.path_style { "path" } else { "virtual" },
            "signing_region": record.signing_region,
            "added_at": instant(record.added_at),
        })
    });
    Ok(Json(lines.collect::<Vec<Value>>().into()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Add {
    name: Box<str>,
    cloud: Box<str>,
    region: Box<str>,
    kind: Box<str>,
    endpoint: Box<str>,
    path_style: bool,
    signing_region: Option<Box<str>>,
}

async fn add(State(admin): State<Arc<Admin>>, Input(order): Input<Add>) -> Answer {
    if Speech::of_word(&order.kind).is_none() {
        let words = Speech::ALL.map(Speech::word).join(", ");
        let message = format!("a source is of one of the kinds {words}");
        return Err(Error::new(ErrorKind::InvalidArgument, message).into());
    }
    let said = json!({ "name": order.name, "endpoint": order.endpoint });
    let new = NewSource {
        name: order.name,
        cloud: order.cloud,
        region: order.region,
        speech: order.kind,
        endpoint: order.endpoint,
        path_style: order.path_style,
        signing_region: order.signing_region,
    };
    admin.engine.add_source(new).await?;
    Ok(Json(said))
}

async fn remove(State(admin): State<Arc<Admin>>, Path(name): Path<String>) -> Answer {
    if !admin.engine.remove_source(&name).await? {
        return Err(
            Problem::not_found(format!("source {name} is not registered"))
                .hint("`cohong source ls` lists them, `cohong source add` adds one"),
        );
    }
    Ok(Json(json!({ "removed": name })))
}
