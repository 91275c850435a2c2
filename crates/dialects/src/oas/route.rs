//! Which operation a request means: method and path (sheet section 4).

use http::{Method, StatusCode};

use super::error::OasError;
use crate::gate::route::{Astray, Row, find};

/// An operation of OAS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "the names are the vendor's names of its operations"
)]
pub(super) enum Op {
    CreateVault,
    DeleteVault,
    DescribeVault,
    ListVaults,
    PostArchive,
    DeleteArchive,
    HeadArchive,
    InitiateMultipartUpload,
    ListMultipartUploads,
    UploadPart,
    ListParts,
    CompleteMultipartUpload,
    AbortMultipartUpload,
    CreateJob,
    ListJobs,
    DescribeJob,
    GetJobOutput,
}

/// A request routed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Route {
    /// The operation.
    pub(super) op: Op,
    /// The vault in the path: its name where one is made, else its id.
    pub(super) vault: String,
    /// The archive, upload or job in the path.
    pub(super) id: String,
}

/// Method and path of every operation.
const TABLE: &[Row<Op>] = &[
    (Method::GET, "vaults", Op::ListVaults),
    (Method::PUT, "vaults/{vault}", Op::CreateVault),
    (Method::DELETE, "vaults/{vault}", Op::DeleteVault),
    (Method::GET, "vaults/{vault}", Op::DescribeVault),
    (Method::POST, "vaults/{vault}/archives", Op::PostArchive),
    (
        Method::DELETE,
        "vaults/{vault}/archives/{id}",
        Op::DeleteArchive,
    ),
    (
        Method::GET,
        "vaults/{vault}/archives/{id}/meta",
        Op::HeadArchive,
    ),
    (
        Method::POST,
        "vaults/{vault}/multipart-uploads",
        Op::InitiateMultipartUpload,
    ),
    (
        Method::GET,
        "vaults/{vault}/multipart-uploads",
        Op::ListMultipartUploads,
    ),
    (
        Method::PUT,
        "vaults/{vault}/multipart-uploads/{id}",
        Op::UploadPart,
    ),
    (
        Method::GET,
        "vaults/{vault}/multipart-uploads/{id}",
        Op::ListParts,
    ),
    (
        Method::POST,
        "vaults/{vault}/multipart-uploads/{id}",
        Op::CompleteMultipartUpload,
    ),
    (
        Method::DELETE,
        "vaults/{vault}/multipart-uploads/{id}",
        Op::AbortMultipartUpload,
    ),
    (Method::POST, "vaults/{vault}/jobs", Op::CreateJob),
    (Method::GET, "vaults/{vault}/jobs", Op::ListJobs),
    (Method::GET, "vaults/{vault}/jobs/{id}", Op::DescribeJob),
    (
        Method::GET,
        "vaults/{vault}/jobs/{id}/output",
        Op::GetJobOutput,
    ),
];

impl Op {
    /// The name of it, for logs and metrics.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::CreateVault => "CreateVault",
            Self::DeleteVault => "DeleteVault",
            Self::DescribeVault => "DescribeVault",
            Self::ListVaults => "ListVaults",
            Self::PostArchive => "PostArchive",
            Self::DeleteArchive => "DeleteArchive",
            Self::HeadArchive => "HeadArchive",
            Self::InitiateMultipartUpload => "InitiateMultipartUpload",
            Self::ListMultipartUploads => "ListMultipartUploads",
            Self::UploadPart => "UploadPart",
            Self::ListParts => "ListParts",
            Self::CompleteMultipartUpload => "CompleteMultipartUpload",
            Self::AbortMultipartUpload => "AbortMultipartUpload",
            Self::CreateJob => "CreateJob",
            Self::ListJobs => "ListJobs",
            Self::DescribeJob => "DescribeJob",
            Self::GetJobOutput => "GetJobOutput",
        }
    }
}

/// The operation of a method and a raw path.
pub(super) fn route(method: &Method, path: &str) -> Result<Route, OasError> {
    let (row, taken) = find(TABLE, method, path).map_err(|astray| match astray {
        Astray::Path => OasError::new(
            StatusCode::NOT_FOUND,
            "InvalidRequest",
            "there is nothing under this path; every path begins with /vaults",
        ),
        Astray::Method => OasError::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "MethodNotAllowed",
            "this method does nothing here",
        ),
    })?;
    let mut taken = taken.into_iter();
    Ok(Route {
        op: row.2,
        vault: taken.next().unwrap_or_default(),
        id: taken.next().unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(method: &Method, path: &str) -> String {
        match route(method, path) {
            Ok(route) => format!("{} {:?} {:?}", route.op.name(), route.vault, route.id),
            Err(error) => format!("{} {}", error.status.as_u16(), error.code),
        }
    }

    #[test]
    fn paths_and_methods_tell_the_operation() {
        let (get, put, post, delete) = (Method::GET, Method::PUT, Method::POST, Method::DELETE);
        let table = [
            (&get, "/vaults", "ListVaults \"\" \"\""),
            (&put, "/vaults/v", "CreateVault \"v\" \"\""),
            (&put, "/vaults/a%20b", "CreateVault \"a b\" \"\""),
            (&delete, "/vaults/v", "DeleteVault \"v\" \"\""),
            (&get, "/vaults/v", "DescribeVault \"v\" \"\""),
            (&get, "/vaults/", "DescribeVault \"\" \"\""),
            (&post, "/vaults/v/archives", "PostArchive \"v\" \"\""),
            (&delete, "/vaults/v/archives/a", "DeleteArchive \"v\" \"a\""),
            (&get, "/vaults/v/archives/a/meta", "HeadArchive \"v\" \"a\""),
            (
                &post,
                "/vaults/v/multipart-uploads",
                "InitiateMultipartUpload \"v\" \"\"",
            ),
            (
                &get,
                "/vaults/v/multipart-uploads",
                "ListMultipartUploads \"v\" \"\"",
            ),
            (
                &put,
                "/vaults/v/multipart-uploads/u",
                "UploadPart \"v\" \"u\"",
            ),
            (
                &get,
                "/vaults/v/multipart-uploads/u",
                "ListParts \"v\" \"u\"",
            ),
            (
                &post,
                "/vaults/v/multipart-uploads/u",
                "CompleteMultipartUpload \"v\" \"u\"",
            ),
            (
                &delete,
                "/vaults/v/multipart-uploads/u",
                "AbortMultipartUpload \"v\" \"u\"",
            ),
            (&post, "/vaults/v/jobs", "CreateJob \"v\" \"\""),
            (&get, "/vaults/v/jobs", "ListJobs \"v\" \"\""),
            (&get, "/vaults/v/jobs/j", "DescribeJob \"v\" \"j\""),
            (&get, "/vaults/v/jobs/j/output", "GetJobOutput \"v\" \"j\""),
            // Nothing is guessed.
            (&post, "/vaults", "405 MethodNotAllowed"),
            (&get, "/vaults/v/archives", "405 MethodNotAllowed"),
            (&put, "/vaults/v/jobs/j/output", "405 MethodNotAllowed"),
            (&get, "/", "404 InvalidRequest"),
            (&get, "/vaults/v/jobs/j/output/", "404 InvalidRequest"),
            (&get, "/Vaults", "404 InvalidRequest"),
            (&get, "//vaults", "404 InvalidRequest"),
            (&get, "/vaults/%ff", "404 InvalidRequest"),
            (&get, "/bucket/key", "404 InvalidRequest"),
        ];
        for (method, path, wanted) in table {
            assert_eq!(told(method, path), wanted, "{method} {path}");
        }
    }
}
