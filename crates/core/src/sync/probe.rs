//! A first look at a source.

use crate::model::SyncSource;
use crate::ports::{SourceCredentials, SourceFault, Sources};

/// Looks whether a source can be read. Gives what it says clearly, such as wrong credentials; trouble on
/// the way may be over when objects are named.
pub async fn probe(
    sources: &dyn Sources,
    source: &SyncSource,
    with: &SourceCredentials,
) -> Result<(), SourceFault> {
    let look = async {
        let open = sources.open(source, with).await?;
        open.list(&source.prefix, "", 1).await
    };
    match look.await {
        Err(fault) if fault.is_final() => Err(fault),
        Ok(_) | Err(_) => Ok(()),
    }
}
