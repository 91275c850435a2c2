//! What programs on this machine need so that the vendors' names lead them here.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use http::StatusCode;
use serde_json::json;

use super::Admin;
use super::answer::{Answer, Problem};

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new().route("/local", post(local))
}

/// The key is made at the first call, the certificate at each.
async fn local(State(admin): State<Arc<Admin>>) -> Answer {
    let authority = admin.authority.as_ref().ok_or_else(|| {
        let error =
            "the server stands for no name of a vendor, so SDKs have to be given its address";
        Problem::new(StatusCode::CONFLICT, error)
            .hint("start it with tls.local_ca = true in its file, or COHONG_TLS_LOCAL_CA=true")
    })?;
    let certificate = authority.certificate().map_err(|error| {
        tracing::error!(%error, "no certificate of the server's own authority");
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "no certificate can be made",
        )
        .hint("the server's log says why")
    })?;
    let (access, secret) = admin.engine.local_key().await?;
    let mut listen = admin.listen;
    if listen.ip().is_unspecified() {
        listen.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    let region = |dialect: &str| admin.settings[dialect]["default_region"].clone();
    Ok(Json(json!({
        "listen": listen.to_string(),
        "access_key": access.0,
        "secret_key": secret.expose(),
        "certificate": certificate,
        "regions": { "tos": region("tos"), "oss": region("oss"), "s3": region("s3") },
    })))
}
