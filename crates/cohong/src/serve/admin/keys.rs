//! Access keys, and the secret that receivers of webhooks verify with.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::routing::{delete, get};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cohong_core::model::{AccessKeyId, AccountId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Admin;
use super::answer::{Answer, Asked, Input, instant};

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new()
        .route("/keys", get(list).post(create))
        .route("/keys/{access}", delete(remove))
        .route("/webhook-secret", get(webhook_secret))
}

#[derive(Deserialize)]
struct Of {
    account: Option<Box<str>>,
}

async fn list(State(admin): State<Arc<Admin>>, Asked(of): Asked<Of>) -> Answer {
    let account = of.account.map(AccountId);
    let keys = admin.engine.list_keys(account.as_ref()).await?;
    let lines = keys.into_iter().map(|key| {
        json!({
            "access_key": key.access.0,
            "account": key.account.0,
            "created_at": instant(key.created_at),
            "expires_at": key.expires_at.map(instant),
        })
    });
    Ok(Json(lines.collect::<Vec<Value>>().into()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    account: Box<str>,
    /// Life of a temporary key, seconds.
    temporary_seconds: Option<u64>,
}

async fn create(State(admin): State<Arc<Admin>>, Input(order): Input<Create>) -> Answer {
    let account = AccountId(order.account);
    let life = order.temporary_seconds.map(Duration::from_secs);
    let issued = admin.engine.create_key(&account, life).await?;
    let mut answer = json!({
        "access_key": issued.access.0,
        "secret_key": issued.secret.expose(),
        "account": account.0,
    });
    if let Some(token) = issued.token {
        answer["security_token"] = token.0.as_ref().into();
    }
    if let Some(end) = issued.expires_at {
        answer["expires_at"] = instant(end).into();
    }
    Ok(Json(answer))
}

async fn remove(State(admin): State<Arc<Admin>>, Path(access): Path<String>) -> Answer {
    admin
        .engine
        .remove_key(&AccessKeyId(access.as_str().into()))
        .await?;
    Ok(Json(json!({ "removed": access })))
}

/// In the form of Standard Webhooks: `whsec_` and Base64.
async fn webhook_secret(State(admin): State<Arc<Admin>>) -> Answer {
    let secret = STANDARD.encode(admin.engine.webhook_secret().await?);
    Ok(Json(json!({ "webhook_secret": format!("whsec_{secret}") })))
}
