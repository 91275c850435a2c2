//! Archives (sheet sections 4.5 to 4.7).

use cohong_core::ErrorKind;
use cohong_core::engine::PutArchive;
use cohong_core::model::{ArchiveId, VaultId};
use http::{Response, StatusCode};

use super::{Answer, Call, done, made};
use crate::gate::OutBody;
use crate::gate::service::json;
use crate::oas::Oas;
use crate::oas::error::OasError;
use crate::oas::wire::order::archive_id;
use crate::oas::wire::said::{self, CONTENT_ETAG};
use crate::oas::wire::shown::{ShownArchive, capitals};

/// Stores an archive that comes in one body.
pub(super) async fn post(call: &Call<'_>, oas: &Oas) -> Answer {
    let vault = call.vault()?;
    let body = call.measured()?;
    let request = PutArchive {
        vault,
        description: said::description(&call.headers)?,
        md5: said::digest(&call.headers, CONTENT_ETAG)?,
        tree: said::tree(&call.headers)?,
    };
    let stored = oas.engine.put_archive(&call.cx, request, body).await;
    let code = "SingleArchiveLengthExceed";
    let archive = stored.map_err(|error| OasError::or_bad(error, ErrorKind::TooLarge, code))?;
    Ok(stored_as(vault, archive.id))
}

/// Deletes an archive.
pub(super) async fn delete(call: &Call<'_>, oas: &Oas) -> Answer {
    let vault = call.vault()?;
    let archive = archive_id(&call.id)?;
    oas.engine.delete_archive(&call.cx, vault, archive).await?;
    Ok(done(StatusCode::NO_CONTENT))
}

/// Shows what is known of an archive.
pub(super) async fn describe(call: &Call<'_>, oas: &Oas) -> Answer {
    let archive = archive_id(&call.id)?;
    let archive = oas.engine.archive(&call.cx, call.vault()?, archive).await?;
    Ok(json(StatusCode::OK, &ShownArchive::new(&archive)))
}

/// The answer that names a new archive.
pub(super) fn stored_as(vault: VaultId, archive: ArchiveId) -> Response<OutBody> {
    let (vault, id) = (capitals(vault), capitals(archive));
    let path = format!("/vaults/{vault}/archives/{id}");
    made(StatusCode::CREATED, "x-oas-archive-id", &id, &path)
}
