//! Operations: read what the wire says, ask the engine once, write the answer.

mod archive;
mod job;
mod upload;
mod vault;

use cohong_core::ErrorKind;
use cohong_core::engine::{Body, Cx};
use cohong_core::model::{UploadId, VaultId};
use http::header::LOCATION;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use super::Oas;
use super::error::OasError;
use super::route::Op;
use crate::gate::body::{Lent, declared_length};
use crate::gate::{OutBody, full};

type Answer = Result<Response<OutBody>, OasError>;

/// A request of somebody known.
pub(super) struct Call<'a> {
    /// Who asks.
    pub(super) cx: Cx,
    /// The region whose vaults are meant.
    pub(super) region: String,
    /// The vault in the path: its name where one is made, else its id.
    pub(super) vault: String,
    /// The archive, upload or job in the path.
    pub(super) id: String,
    /// The parameters.
    pub(super) query: Vec<(String, String)>,
    /// The headers.
    pub(super) headers: HeaderMap,
    /// The body.
    pub(super) body: &'a Lent,
}

impl Call<'_> {
    /// The vault in the path. An id that cannot be one names no vault.
    fn vault(&self) -> Result<VaultId, OasError> {
        let absent = || {
            let why = "there is no such vault; list the vaults to see which there are";
            OasError::absent(ErrorKind::NoSuchVault, why)
        };
        VaultId::parse(&self.vault).ok_or_else(absent)
    }

    /// The upload in the path. An id that cannot be one names no upload.
    fn upload(&self) -> Result<UploadId, OasError> {
        let absent = || {
            let why = "no such upload; it may be completed or aborted";
            OasError::absent(ErrorKind::NoSuchUpload, why)
        };
        UploadId::parse(&self.id).ok_or_else(absent)
    }

    /// The body of an upload, which has to say how long it is (sheet section 1.2).
    fn measured(&self) -> Result<Body, OasError> {
        let absent = || {
            OasError::new(
                StatusCode::LENGTH_REQUIRED,
                "MissingContentLength",
                "Content-Length is required",
            )
        };
        let len = declared_length(&self.headers).ok_or_else(absent)?;
        Ok(Body {
            stream: self.body.stream(),
            len: Some(len),
        })
    }
}

/// Runs an operation.
pub(super) async fn run(op: Op, call: &Call<'_>, oas: &Oas) -> Answer {
    match op {
        Op::CreateVault => vault::create(call, oas).await,
        Op::DeleteVault => vault::delete(call, oas).await,
        Op::DescribeVault => vault::describe(call, oas).await,
        Op::ListVaults => vault::list(call, oas).await,
        Op::PostArchive => archive::post(call, oas).await,
        Op::DeleteArchive => archive::delete(call, oas).await,
        Op::HeadArchive => archive::describe(call, oas).await,
        Op::InitiateMultipartUpload => upload::initiate(call, oas).await,
        Op::ListMultipartUploads => upload::list(call, oas).await,
        Op::UploadPart => upload::put_part(call, oas).await,
        Op::ListParts => upload::parts(call, oas).await,
        Op::CompleteMultipartUpload => upload::complete(call, oas).await,
        Op::AbortMultipartUpload => upload::abort(call, oas).await,
        Op::CreateJob => job::create(call, oas).await,
        Op::ListJobs => job::list(call, oas).await,
        Op::DescribeJob => job::describe(call, oas).await,
        Op::GetJobOutput => job::output(call, oas).await,
    }
}

/// What a request meant that makes no sense does not matter where there is nothing that it is about: vault and upload
/// are told missing first (sheet section 5, "Check order").
pub(super) async fn must_exist(op: Op, call: &Call<'_>, oas: &Oas) -> Result<(), OasError> {
    if matches!(op, Op::CreateVault | Op::ListVaults) {
        return Ok(());
    }
    let vault = call.vault()?;
    if matches!(op, Op::UploadPart | Op::CompleteMultipartUpload) {
        let upload = call.upload()?;
        let listed = oas
            .engine
            .list_archive_parts(&call.cx, vault, upload, None, 1);
        listed.await?;
    } else {
        oas.engine.vault(&call.cx, vault).await?;
    }
    Ok(())
}

/// The answer of what has nothing to tell but headers: no body, and no type of one (sheet section 1.3).
fn done(status: StatusCode) -> Response<OutBody> {
    full(status, bytes::Bytes::new())
}

/// As [`done`], with the id of what was made in the vendor's header and the path of it.
fn made(status: StatusCode, name: &'static str, id: &str, path: &str) -> Response<OutBody> {
    let mut response = done(status);
    let text = |text: &str| HeaderValue::from_str(text).expect("ids are visible ASCII");
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static(name), text(id));
    headers.insert(LOCATION, text(path));
    response
}
