//! The operator's interface: JSON under `/admin/v1`, health and metrics, on two listeners. The socket
//! in the data folder belongs to the folder's owner and asks for no key; the TCP listener asks for a
//! root key. Handlers are thin: what can be known and ordered is in `cohong_core`.

mod answer;
mod backup;
mod destination;
mod doctor;
mod events;
mod functions;
mod guard;
mod health;
mod keys;
mod listen;
mod local;
mod scrub;
mod shown;
mod sources;
mod status;
mod sync;
mod trace;
mod wait;
mod work;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use cohong_core::delivery::{DeliveryHandle, Registry};
use cohong_core::engine::Engine;
use cohong_core::model::AccessKeyId;
use cohong_core::ports::Sources;
use cohong_core::work::WorkHandle;
use cohong_store::blob::LocalBlobs;
use cohong_store::meta::EmbeddedMeta;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::watch;

use super::authority::Authority;
use super::callback_key::KeyRing;
use super::scrub::Scrub;

pub(crate) use listen::{serve_tcp, serve_unix};

/// Name of the socket in the data folder.
pub(crate) const SOCKET: &str = "admin.sock";

/// Largest request body: orders are short.
const BODY_BYTES_MAX: usize = 1 << 20;

/// What handlers work with.
pub(crate) struct Admin {
    pub engine: Arc<Engine>,
    pub delivery: Arc<DeliveryHandle>,
    pub registry: Registry,
    pub work: Arc<WorkHandle>,
    /// Where sync tasks read from.
    pub sources: Arc<dyn Sources>,
    /// The root key.
    pub root: AccessKeyId,
    pub meta: Arc<EmbeddedMeta>,
    pub blobs: Arc<LocalBlobs>,
    pub scrub: Arc<Scrub>,
    /// What signs upload callbacks.
    pub keys: Arc<KeyRing>,
    /// The data folder.
    pub data: PathBuf,
    /// Settings in force, without secrets.
    pub settings: serde_json::Value,
    /// Where SDKs connect.
    pub listen: SocketAddr,
    /// What vouches for the vendors' names, when they are stood for.
    pub authority: Option<Arc<Authority>>,
    pub metrics: PrometheusHandle,
    pub started: Instant,
    /// True from the moment the server begins to stop.
    pub draining: watch::Receiver<bool>,
}

/// All routes. `guarded` asks for a root key except for health.
pub(crate) fn router(admin: Arc<Admin>, guarded: bool) -> Router {
    let open = health::open();
    let closed = Router::new()
        .merge(health::closed())
        .nest("/admin/v1", resources())
        .fallback(answer::no_such_route);
    let closed = if guarded {
        closed.layer(middleware::from_fn_with_state(
            admin.clone(),
            guard::root_key,
        ))
    } else {
        closed
    };
    open.merge(closed)
        .method_not_allowed_fallback(answer::no_such_method)
        .layer(middleware::from_fn(guard::same_site))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(admin)
}

fn resources() -> Router<Arc<Admin>> {
    Router::new()
        .merge(backup::routes())
        .merge(doctor::routes())
        .merge(events::routes())
        .merge(functions::routes())
        .merge(keys::routes())
        .merge(local::routes())
        .merge(scrub::routes())
        .merge(sources::routes())
        .merge(status::routes())
        .merge(sync::routes())
        .merge(trace::routes())
        .merge(wait::routes())
        .merge(work::routes())
}
