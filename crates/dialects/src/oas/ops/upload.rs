//! Archives that come in parts (sheet sections 4.8 to 4.13).

use cohong_core::ErrorKind;
use cohong_core::engine::{CompleteArchive, CreateArchiveUpload, PutArchivePart};
use cohong_core::model::UploadId;
use http::{HeaderName, HeaderValue, StatusCode};

use super::archive::stored_as;
use super::{Answer, Call, done, made};
use crate::gate::service::json;
use crate::oas::Oas;
use crate::oas::error::OasError;
use crate::oas::limits::PAGE;
use crate::oas::wire::page;
use crate::oas::wire::said::{self, ARCHIVE_SIZE, CONTENT_ETAG, PART_SIZE, TREE_ETAG};
use crate::oas::wire::shown::{PartList, ShownUpload, UploadsList, capitals};

/// Begins an upload.
pub(super) async fn initiate(call: &Call<'_>, oas: &Oas) -> Answer {
    let vault = call.vault()?;
    let part_size = said::size(&call.headers, PART_SIZE)?;
    let least = oas.options.part_bytes_min;
    if part_size < least {
        let why = format!("{PART_SIZE} is at least {least}");
        return Err(OasError::argument(why));
    }
    let request = CreateArchiveUpload {
        vault,
        description: said::description(&call.headers)?,
        part_size,
    };
    let begun = oas.engine.create_archive_upload(&call.cx, request).await;
    let code = "PartLengthExceed";
    let id = begun.map_err(|error| OasError::or_bad(error, ErrorKind::TooLarge, code))?;
    let (vault, id) = (capitals(vault), capitals(id));
    let path = format!("/vaults/{vault}/multipart-uploads/{id}");
    let name = "x-oas-multipart-upload-id";
    Ok(made(StatusCode::CREATED, name, &id, &path))
}

/// Lists the open uploads.
pub(super) async fn list(call: &Call<'_>, oas: &Oas) -> Answer {
    let asked = page::read(&call.query, PAGE, UploadId::parse)?;
    let listed = oas
        .engine
        .list_archive_uploads(&call.cx, call.vault()?, asked.marker, asked.limit)
        .await?;
    let list = UploadsList {
        marker: listed.next.map(capitals).unwrap_or_default(),
        uploads_list: listed.entries.iter().map(ShownUpload::new).collect(),
    };
    Ok(json(StatusCode::OK, &list))
}

/// Stores a part, in place of one that was there.
pub(super) async fn put_part(call: &Call<'_>, oas: &Oas) -> Answer {
    let (vault, upload) = (call.vault()?, call.upload()?);
    let body = call.measured()?;
    let (first, last) = said::part_range(&call.headers)?;
    let request = PutArchivePart {
        vault,
        upload,
        range: first..last + 1,
        md5: said::digest(&call.headers, CONTENT_ETAG)?,
        tree: said::tree(&call.headers)?,
    };
    let stored = oas.engine.put_archive_part(&call.cx, request, body).await;
    let code = "PartLengthExceed";
    let part = stored.map_err(|error| OasError::or_bad(error, ErrorKind::TooLarge, code))?;
    let mut response = done(StatusCode::NO_CONTENT);
    let tree = HeaderValue::from_str(&capitals(part.tree)).expect("hex is ASCII");
    let name = HeaderName::from_static(TREE_ETAG);
    response.headers_mut().insert(name, tree);
    Ok(response)
}

/// Lists the parts of an upload, and tells of the upload itself.
pub(super) async fn parts(call: &Call<'_>, oas: &Oas) -> Answer {
    let number = |text: &str| text.parse().ok();
    let asked = page::read(&call.query, PAGE, number)?;
    let (vault, upload) = (call.vault()?, call.upload()?);
    let listed = oas
        .engine
        .list_archive_parts(&call.cx, vault, upload, asked.marker, asked.limit)
        .await?;
    Ok(json(StatusCode::OK, &PartList::new(&listed)))
}

/// Makes an archive of the parts.
pub(super) async fn complete(call: &Call<'_>, oas: &Oas) -> Answer {
    let vault = call.vault()?;
    let request = CompleteArchive {
        vault,
        upload: call.upload()?,
        size: said::size(&call.headers, ARCHIVE_SIZE)?,
        tree: said::tree(&call.headers)?,
    };
    let archive = oas.engine.complete_archive(&call.cx, &request).await?;
    Ok(stored_as(vault, archive.id))
}

/// Gives an upload up.
pub(super) async fn abort(call: &Call<'_>, oas: &Oas) -> Answer {
    let (vault, upload) = (call.vault()?, call.upload()?);
    oas.engine
        .abort_archive_upload(&call.cx, vault, upload)
        .await?;
    Ok(done(StatusCode::NO_CONTENT))
}
