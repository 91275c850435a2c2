//! Which operation a request means: method and path (sheet sections 2.3, 4 and 6).

use http::{Method, StatusCode};

use super::error::OmsError;
use super::limits::{BODY_BYTES_MAX, EVENT_BYTES_MAX, TASK_BYTES_MAX};
use crate::gate::route::{Astray, Row, find};

/// An operation of OMS, or of the vendor's identity service as far as OMS clients use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "the names are the vendor's names of its operations"
)]
pub(super) enum Op {
    ListApiVersions,
    ShowApiInfo,
    ListProjects,
    ListDomains,
    CreateToken,
    CreateSyncTask,
    ListSyncTasks,
    ShowSyncTask,
    DeleteSyncTask,
    StartSyncTask,
    StopSyncTask,
    CreateSyncEvents,
    ListSyncTaskStatistic,
    ShowCloudType,
    CheckPrefix,
    ShowBucketObjects,
    CreateTask,
    ListTasks,
    ShowTask,
    DeleteTask,
    BatchUpdateTasks,
    StartTask,
    StopTask,
    UpdateBandwidthPolicy,
    ShowRegionInfo,
    ShowBucketList,
    ShowBucketRegion,
    /// Known to the vendor, not to this server.
    NotServed(&'static str),
}

/// A request routed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Route {
    /// The operation.
    pub(super) op: Op,
    /// The project in the path.
    pub(super) project: Option<String>,
    /// The task in the path, or what else the last variable part names.
    pub(super) id: String,
}

/// Method and path of every operation. SDKs leave ids out (sheet section 4.1).
const TABLE: &[Row<Op>] = &[
    (Method::GET, "", Op::ListApiVersions),
    (Method::GET, "v2", Op::ShowApiInfo),
    (Method::GET, "v3/projects", Op::ListProjects),
    (Method::GET, "v3/auth/domains", Op::ListDomains),
    (Method::POST, "v3/auth/tokens", Op::CreateToken),
    (Method::POST, "v2/{project}/sync-tasks", Op::CreateSyncTask),
    (Method::GET, "v2/{project}/sync-tasks", Op::ListSyncTasks),
    (
        Method::GET,
        "v2/{project}/sync-tasks/{id}",
        Op::ShowSyncTask,
    ),
    (
        Method::DELETE,
        "v2/{project}/sync-tasks/{id}",
        Op::DeleteSyncTask,
    ),
    (
        Method::POST,
        "v2/{project}/sync-tasks/{id}/start",
        Op::StartSyncTask,
    ),
    (
        Method::POST,
        "v2/{project}/sync-tasks/{id}/stop",
        Op::StopSyncTask,
    ),
    (
        Method::POST,
        "v2/{project}/sync-tasks/{id}/events",
        Op::CreateSyncEvents,
    ),
    (
        Method::GET,
        "v2/{project}/sync-tasks/{id}/statistics",
        Op::ListSyncTaskStatistic,
    ),
    (
        Method::GET,
        "v2/{project}/objectstorage/cloud-type",
        Op::ShowCloudType,
    ),
    (Method::POST, "v2/{project}/tasks", Op::CreateTask),
    (Method::GET, "v2/{project}/tasks", Op::ListTasks),
    (Method::GET, "v2/{project}/tasks/{id}", Op::ShowTask),
    (Method::DELETE, "v2/{project}/tasks/{id}", Op::DeleteTask),
    (
        Method::POST,
        "v2/{project}/tasks/batch-update",
        Op::BatchUpdateTasks,
    ),
    (Method::POST, "v2/{project}/tasks/{id}/start", Op::StartTask),
    (Method::POST, "v2/{project}/tasks/{id}/stop", Op::StopTask),
    (
        Method::PUT,
        "v2/{project}/tasks/{id}/bandwidth-policy",
        Op::UpdateBandwidthPolicy,
    ),
    (
        Method::POST,
        "v2/{project}/taskgroups",
        Op::NotServed("CreateTaskGroup"),
    ),
    (
        Method::GET,
        "v2/{project}/taskgroups",
        Op::NotServed("ListTaskGroup"),
    ),
    (
        Method::GET,
        "v2/{project}/taskgroups/{id}",
        Op::NotServed("ShowTaskGroup"),
    ),
    (
        Method::DELETE,
        "v2/{project}/taskgroups/{id}",
        Op::NotServed("DeleteTaskGroup"),
    ),
    (
        Method::PUT,
        "v2/{project}/taskgroups/{id}/start",
        Op::NotServed("StartTaskGroup"),
    ),
    (
        Method::PUT,
        "v2/{project}/taskgroups/{id}/stop",
        Op::NotServed("StopTaskGroup"),
    ),
    (
        Method::PUT,
        "v2/{project}/taskgroups/{id}/retry",
        Op::NotServed("RetryTaskGroup"),
    ),
    (
        Method::PUT,
        "v2/{project}/taskgroups/{id}/update",
        Op::NotServed("UpdateTaskGroup"),
    ),
    (
        Method::POST,
        "v2/{project}/objectstorage/buckets",
        Op::ShowBucketList,
    ),
    (
        Method::POST,
        "v2/{project}/objectstorage/buckets/objects",
        Op::ShowBucketObjects,
    ),
    (
        Method::POST,
        "v2/{project}/objectstorage/buckets/regions",
        Op::ShowBucketRegion,
    ),
    (
        Method::POST,
        "v2/{project}/objectstorage/buckets/prefix",
        Op::CheckPrefix,
    ),
    (
        Method::POST,
        "v2/{project}/objectstorage/buckets/cdn-info",
        Op::NotServed("ShowCdnInfo"),
    ),
    (
        Method::POST,
        "v2/{project}/objectstorage/buckets/url-source-list-file",
        Op::NotServed("CheckUrlSourceListFileFormat"),
    ),
    (
        Method::GET,
        "v2/{project}/objectstorage/data-center",
        Op::ShowRegionInfo,
    ),
    (
        Method::POST,
        "v2/{project}/privacy-agreements",
        Op::NotServed("UpdatePrivacyAgreementRecord"),
    ),
];

impl Op {
    /// The vendor's name of it, for logs and metrics.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ListApiVersions => "ListApiVersions",
            Self::ShowApiInfo => "ShowApiInfo",
            Self::ListProjects => "ListProjects",
            Self::ListDomains => "ListDomains",
            Self::CreateToken => "CreateToken",
            Self::CreateSyncTask => "CreateSyncTask",
            Self::ListSyncTasks => "ListSyncTasks",
            Self::ShowSyncTask => "ShowSyncTask",
            Self::DeleteSyncTask => "DeleteSyncTask",
            Self::StartSyncTask => "StartSyncTask",
            Self::StopSyncTask => "StopSyncTask",
            Self::CreateSyncEvents => "CreateSyncEvents",
            Self::ListSyncTaskStatistic => "ListSyncTaskStatistic",
            Self::ShowCloudType => "ShowCloudType",
            Self::CheckPrefix => "CheckPrefix",
            Self::ShowBucketObjects => "ShowBucketObjects",
            Self::CreateTask => "CreateTask",
            Self::ListTasks => "ListTasks",
            Self::ShowTask => "ShowTask",
            Self::DeleteTask => "DeleteTask",
            Self::BatchUpdateTasks => "BatchUpdateTasks",
            Self::StartTask => "StartTask",
            Self::StopTask => "StopTask",
            Self::UpdateBandwidthPolicy => "UpdateBandwidthPolicy",
            Self::ShowRegionInfo => "ShowRegionInfo",
            Self::ShowBucketList => "ShowBucketList",
            Self::ShowBucketRegion => "ShowBucketRegion",
            Self::NotServed(name) => name,
        }
    }

    /// Bytes that its body may have.
    pub(super) fn body_bytes_max(self) -> usize {
        match self {
            Self::CreateSyncEvents => EVENT_BYTES_MAX,
            Self::CreateTask => TASK_BYTES_MAX,
            _ => BODY_BYTES_MAX,
        }
    }
}

/// The operation of a method and a raw path.
pub(super) fn route(method: &Method, path: &str) -> Result<Route, OmsError> {
    let (row, taken) = find(TABLE, method, path).map_err(|astray| match astray {
        Astray::Path => OmsError::no_such_api(
            "The API does not exist or has not been published in the environment",
        ),
        Astray::Method => OmsError::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "OMS.0005",
            "this method does nothing here",
        ),
    })?;
    let (_, pattern, op) = row;
    let mut taken = taken.into_iter();
    let project = if pattern.contains("{project}") {
        taken.next()
    } else {
        None
    };
    Ok(Route {
        op: *op,
        project,
        id: taken.next().unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(method: &Method, path: &str) -> String {
        match route(method, path) {
            Ok(route) => format!(
                "{} {} {:?}",
                route.op.name(),
                route.project.unwrap_or_default(),
                route.id
            ),
            Err(error) => format!("{} {}", error.status.as_u16(), error.code),
        }
    }

    #[test]
    fn paths_and_methods_tell_the_operation() {
        let (get, post) = (Method::GET, Method::POST);
        let table = [
            (&get, "/", "ListApiVersions  \"\""),
            (&get, "", "ListApiVersions  \"\""),
            (&get, "/v2", "ShowApiInfo  \"\""),
            (&get, "/v3/projects", "ListProjects  \"\""),
            (&post, "/v3/auth/tokens", "CreateToken  \"\""),
            (&get, "/v2/p/sync-tasks", "ListSyncTasks p \"\""),
            (&post, "/v2/p/sync-tasks", "CreateSyncTask p \"\""),
            (&get, "/v2/p/sync-tasks/i", "ShowSyncTask p \"i\""),
            (&get, "/v2/p/sync-tasks/", "ShowSyncTask p \"\""),
            (
                &Method::DELETE,
                "/v2/p/sync-tasks/i",
                "DeleteSyncTask p \"i\"",
            ),
            (
                &post,
                "/v2/p/sync-tasks/i/events",
                "CreateSyncEvents p \"i\"",
            ),
            (&post, "/v2/p/sync-tasks//events", "CreateSyncEvents p \"\""),
            (&post, "/v2//sync-tasks/i/events", "CreateSyncEvents  \"i\""),
            (
                &post,
                "/v2/%7Bproject_id%7D/sync-tasks/%7Bsync_task_id%7D/events",
                "CreateSyncEvents {project_id} \"{sync_task_id}\"",
            ),
            (&get, "/v2/p/tasks/7", "ShowTask p \"7\""),
            (&post, "/v2/p/tasks/batch-update", "BatchUpdateTasks p \"\""),
            // Nothing is guessed.
            (&get, "/v2/p/sync-tasks/i/events", "405 OMS.0005"),
            (&Method::PUT, "/v2/p/sync-tasks", "405 OMS.0005"),
            (&get, "/v2/", "404 APIGW.0101"),
            (&get, "/v1", "404 APIGW.0101"),
            (&get, "/v2/p/sync-tasks/i/events/", "404 APIGW.0101"),
            (&get, "//v2/p/sync-tasks", "404 APIGW.0101"),
            (&get, "/v2/p/sync-tasks%2Fi", "404 APIGW.0101"),
            (&get, "/v2/%ff/sync-tasks", "404 APIGW.0101"),
            (&get, "/v2/%/sync-tasks", "404 APIGW.0101"),
            (&get, "/bucket/key", "404 APIGW.0101"),
        ];
        for (method, path, wanted) in table {
            assert_eq!(told(method, path), wanted, "{method} {path}");
        }
    }

    #[test]
    fn no_two_rows_are_alike() {
        for (at, (method, pattern, _)) in TABLE.iter().enumerate() {
            let before = &TABLE[..at];
            assert!(
                !before
                    .iter()
                    .any(|row| row.0 == method && row.1 == *pattern)
            );
        }
    }
}
