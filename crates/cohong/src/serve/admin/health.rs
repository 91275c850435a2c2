//! Whether the server lives, whether it can serve, and its numbers.

mod gauges;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use cohong_core::ports::{Limit, Order, Table};
use cohong_core::records::keys;
use http::{StatusCode, header};

use super::Admin;
use super::answer::Problem;

/// Media type of the metrics page.
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What load balancers ask without a key; tells nothing but yes and no.
pub(super) fn open() -> Router<Arc<Admin>> {
    Router::new()
        .route("/livez", get(live))
        .route("/readyz", get(ready))
}

pub(super) fn closed() -> Router<Arc<Admin>> {
    Router::new().route("/metrics", get(metrics))
}

async fn live() -> &'static str {
    "ok\n"
}

async fn ready(State(admin): State<Arc<Admin>>) -> (StatusCode, &'static str) {
    if *admin.draining.borrow() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    let one = Limit { rows: 1, bytes: 1 };
    let any = keys::prefix_range(Table::Server, &[]);
    match admin
        .engine
        .ports()
        .meta
        .scan(&[any], Order::Ascending, one)
        .await
    {
        Ok(_) => (StatusCode::OK, "ok\n"),
        Err(error) => {
            tracing::warn!(%error, "not ready: the metadata store cannot be read");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the metadata store cannot be read\n",
            )
        }
    }
}

async fn metrics(State(admin): State<Arc<Admin>>) -> Result<Response, Problem> {
    let gauges = gauges::read(&admin).await?;
    let page = admin.metrics.render() + &gauges;
    Ok(([(header::CONTENT_TYPE, METRICS)], page).into_response())
}
