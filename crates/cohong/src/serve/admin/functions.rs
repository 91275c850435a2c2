//! Functions: names that rules point at.

mod test;

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use cohong_core::engine::Function;
use cohong_core::model::Destination;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Admin;
use super::answer::{Answer, Input, Problem, instant};

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new()
        .route("/functions", get(list).post(add))
        .route("/functions/{name}", delete(remove))
        .route("/functions/{name}/test", post(test))
}

async fn list(State(admin): State<Arc<Admin>>) -> Answer {
    let functions = admin.engine.list_functions().await?;
    let lines = functions.into_iter().map(|function| {
        json!({
            "name": function.name,
            "url": function.url,
            "added_at": instant(function.added_at),
        })
    });
    Ok(Json(lines.collect::<Vec<Value>>().into()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Add {
    name: Box<str>,
    url: Box<str>,
}

async fn add(State(admin): State<Arc<Admin>>, Input(order): Input<Add>) -> Answer {
    admin.engine.add_function(&order.name, &order.url).await?;
    // What waits for it need not wait any longer.
    admin
        .delivery
        .nudge(&Destination::Function(order.name.clone()).id());
    Ok(Json(json!({ "name": order.name, "url": order.url })))
}

async fn remove(State(admin): State<Arc<Admin>>, Path(name): Path<String>) -> Answer {
    if !admin.engine.remove_function(&name).await? {
        return Err(unknown(&name));
    }
    Ok(Json(json!({ "removed": name })))
}

async fn test(State(admin): State<Arc<Admin>>, Path(name): Path<String>) -> Answer {
    let function = admin
        .engine
        .function(&name)
        .await?
        .ok_or_else(|| unknown(&name))?;
    let Function { name, url, .. } = function;
    let mut draining = admin.draining.clone();
    let outcome = tokio::select! {
        biased;
        _ = draining.wait_for(|draining| *draining) => return Err(Problem::draining()),
        outcome = test::deliver(&admin, name.clone()) => outcome?,
    };
    Ok(Json(json!({
        "name": name,
        "url": url,
        "accepted": outcome.accepted,
        "status": outcome.status,
        "took_ms": outcome.took_ms,
        "why": outcome.why,
    })))
}

fn unknown(name: &str) -> Problem {
    Problem::not_found(format!("function {name} is not registered"))
        .hint("`cohong function ls` lists them, `cohong function add NAME URL` adds one")
}
