//! Operations: read what the wire says, ask the engine once, write the answer.

mod events;
mod identity;
mod migration;
mod region;
mod service;
mod source;
mod statistics;
mod sync;

use bytes::Bytes;
use cohong_core::engine::Cx;
use http::{Response, StatusCode};

use super::Oms;
use super::error::OmsError;
use super::route::Op;
use super::wire::query::Query;
use crate::gate::service::json;
use crate::gate::{OutBody, full};

type Answer = Result<Response<OutBody>, OmsError>;

/// A request of somebody known.
#[derive(Debug)]
pub(super) struct Call {
    /// Who asks.
    pub(super) cx: Cx,
    /// The task in the path.
    pub(super) id: String,
    /// The parameters.
    pub(super) query: Query,
    /// The body.
    pub(super) body: Bytes,
    /// Host with port, as the client wrote it.
    pub(super) host: String,
}

impl Call {
    /// A URL of this service, as it was reached. The path has no slash in front.
    fn url(&self, path: &str) -> String {
        let scheme = if self.cx.secure { "https" } else { "http" };
        format!("{scheme}://{}/{path}", self.host)
    }
}

/// Runs an operation.
pub(super) async fn run(op: Op, call: Call, oms: &Oms) -> Answer {
    match op {
        Op::ListApiVersions => Ok(service::versions(&call)),
        Op::ShowApiInfo => Ok(service::version(&call)),
        Op::ShowCloudType => service::clouds(&call),
        Op::CheckPrefix => source::check_prefix(&call, oms).await,
        Op::ShowBucketObjects => source::objects(&call, oms).await,
        Op::ListProjects => identity::projects(&call, oms),
        Op::ListDomains => identity::domains(&call),
        Op::CreateToken => identity::create_token(&call, oms).await,
        Op::CreateSyncTask => sync::create(call, oms).await,
        Op::ListSyncTasks => sync::list(call, oms).await,
        Op::ShowSyncTask => sync::show(call, oms).await,
        Op::DeleteSyncTask => sync::delete(call, oms).await,
        Op::StartSyncTask => sync::start(call, oms).await,
        Op::StopSyncTask => sync::stop(call, oms).await,
        Op::CreateSyncEvents => events::create(call, oms).await,
        Op::ListSyncTaskStatistic => statistics::list(call, oms).await,
        Op::CreateTask => migration::create(call, oms).await,
        Op::ListTasks => migration::list(call, oms).await,
        Op::ShowTask => migration::show(call, oms).await,
        Op::StartTask => migration::start(call, oms).await,
        Op::StopTask => migration::stop(call, oms).await,
        Op::DeleteTask => migration::delete(call, oms).await,
        Op::UpdateBandwidthPolicy => migration::limit(call, oms).await,
        Op::BatchUpdateTasks => migration::batch(call, oms).await,
        Op::ShowRegionInfo => region::regions(oms).await,
        Op::ShowBucketList => region::buckets(&call, oms).await,
        Op::ShowBucketRegion => region::of_bucket(&call, oms).await,
        Op::NotServed(name) => Err(OmsError::no_such_api(format!(
            "this server does not have {name}; the request changed nothing"
        ))),
    }
}

/// The answer of what has nothing to tell: no body, and no type of one (sheet section 1).
fn done() -> Response<OutBody> {
    full(StatusCode::OK, Bytes::new())
}
