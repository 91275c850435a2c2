//! Access keys, the secret that receivers of webhooks verify with, and the key that receivers of upload
//! callbacks do.

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
use crate::serve::callback_key::Held;

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new()
        .route("/keys", get(list).post(create))
        .route("/keys/{access}", delete(remove))
        .route("/webhook-secret", get(webhook_secret))
        .route("/callback-key", get(callback_key).post(new_callback_key))
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

async fn callback_key(State(admin): State<Arc<Admin>>) -> Answer {
    let held = admin.keys.held().await?;
    Ok(Json(public(&admin, &held)))
}

/// Makes another key.
async fn new_callback_key(State(admin): State<Arc<Admin>>) -> Answer {
    let held = admin.keys.rotate().await?;
    Ok(Json(public(&admin, &held)))
}

fn public(admin: &Admin, held: &Held) -> Value {
    json!({
        "id": held.id(),
        "url": admin.keys.url_of(held.id()),
        "public_key": held.public(),
        "former_url": held.former().map(|former| admin.keys.url_of(former)),
    })
}
