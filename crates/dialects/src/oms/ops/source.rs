//! Looks into sources (sheet sections 4.2 and 6).

use cohong_core::model::SyncSource;
use cohong_core::ports::{Source, SourceCredentials, SourceFault};
use http::StatusCode;
use serde::Serialize;

use super::{Answer, Call, json};
use crate::oms::Oms;
use crate::oms::error::OmsError;
use crate::oms::wire::fields::Fields;
use crate::oms::wire::place::{Folder, Place};

#[derive(Serialize)]
struct Found {
    exist: bool,
}

/// `CheckPrefix`.
pub(super) async fn check_prefix(call: &Call, oms: &Oms) -> Answer {
    let place = Place::of_prefix(&Fields::read(&call.body)?)?;
    let exist = holds_any(&place.source, &place.keys, oms).await;
    let exist = exist.map_err(|fault| unreadable(&fault))?;
    Ok(json(StatusCode::OK, &Found { exist }))
}

/// `ShowBucketObjects`: what a folder holds, folders within it as one record each.
pub(super) async fn objects(call: &Call, oms: &Oms) -> Answer {
    let (place, page_size, behind) = Place::of_folder(&Fields::read(&call.body)?)?;
    let open = oms.sources.open(&place.source, &place.keys).await;
    let open = open.map_err(|fault| unreadable(&fault))?;
    let mut folder = Folder::new(&place.source.prefix, page_size);
    let filled = fill(&mut folder, &*open, behind).await;
    filled.map_err(|fault| unreadable(&fault))?;
    Ok(json(StatusCode::OK, &folder.page()))
}

/// Reads a source until a page is full or there is nothing more.
async fn fill(folder: &mut Folder, source: &dyn Source, behind: String) -> Result<(), SourceFault> {
    let mut after = Folder::beyond(behind);
    loop {
        let page = source.list(folder.path(), &after, folder.missing()).await?;
        for (key, size) in &page.objects {
            folder.take(key.as_str(), *size);
        }
        let last = page
            .objects
            .last()
            .filter(|_| page.more && !folder.is_full());
        let Some((last, _)) = last else {
            return Ok(());
        };
        after = folder.skip(last.as_str());
    }
}

/// Refuses a source that says clearly that it cannot be read. Trouble on the way may pass until objects are
/// named.
pub(super) async fn probe(
    source: &SyncSource,
    keys: &SourceCredentials,
    oms: &Oms,
) -> Result<(), OmsError> {
    let found = cohong_core::sync::probe(&*oms.sources, source, keys).await;
    found.map_err(|fault| match fault {
        SourceFault::Unknown(_) => unknown(&fault),
        _ => OmsError::bad("OMS.1014", fault.to_string()),
    })
}

/// Whether a source has keys with its prefix.
pub(super) async fn holds_any(
    source: &SyncSource,
    keys: &SourceCredentials,
    oms: &Oms,
) -> Result<bool, SourceFault> {
    let open = oms.sources.open(source, keys).await?;
    let page = open.list(&source.prefix, "", 1).await?;
    Ok(!page.objects.is_empty())
}

/// A source that cannot be looked into.
pub(super) fn unreadable(fault: &SourceFault) -> OmsError {
    match fault {
        SourceFault::Unknown(_) => unknown(fault),
        SourceFault::Unaskable(_)
        | SourceFault::Missing
        | SourceFault::Denied
        | SourceFault::Archived => OmsError::bad("OMS.0153", fault.to_string()),
        SourceFault::Changed | SourceFault::Busy(_) | SourceFault::Broken(_) => {
            let message = format!("{fault}; try again");
            OmsError::new(StatusCode::SERVICE_UNAVAILABLE, "OMS.1001", message)
        }
    }
}

fn unknown(fault: &SourceFault) -> OmsError {
    OmsError::bad("OMS.0079", fault.to_string())
}
