//! Lists of the archives of a vault.

use std::fmt::Debug;

use crate::model::{Archive, Timestamp, Vault};

/// Writes an inventory in the words of a dialect, piece by piece.
pub trait InventoryFormat: Debug + Send + Sync + 'static {
    /// What comes before the archives. The inventory shows the vault as it was at `at`.
    fn begin(&self, vault: &Vault, at: Timestamp) -> String;

    /// One archive; `first` says that none came before it.
    fn archive(&self, archive: &Archive, first: bool) -> String;

    /// What comes behind the archives.
    fn end(&self) -> String;
}
