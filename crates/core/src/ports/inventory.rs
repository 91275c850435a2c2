//! Lists of the archives of a vault, and of what a bucket holds.

use std::fmt::Debug;

use super::ByteStream;
use crate::model::{
    Archive, Bucket, Inventory, ObjectKey, ObjectVersion, Timestamp, Vault, VersionTag,
};
use crate::records::InventoryFile;

/// Writes an inventory in the words of a dialect, piece by piece.
pub trait InventoryFormat: Debug + Send + Sync + 'static {
    /// What comes before the archives. The inventory shows the vault as it was at `at`.
    fn begin(&self, vault: &Vault, at: Timestamp) -> String;

    /// One archive; `first` says that none came before it.
    fn archive(&self, archive: &Archive, first: bool) -> String;

    /// What comes behind the archives.
    fn end(&self) -> String;
}

/// A list of what a bucket holds, in the making.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// What is listed, and how.
    pub inventory: &'a Inventory,
    /// The bucket that is listed.
    pub source: &'a Bucket,
    /// When it was begun.
    pub begun: Timestamp,
    /// Names its files: no other list has it.
    pub name: [u8; 16],
}

/// A version as a list tells of it.
#[derive(Clone, Copy, Debug)]
pub struct ReportRow<'a> {
    /// The key.
    pub key: &'a ObjectKey,
    /// The version.
    pub version: &'a ObjectVersion,
    /// How clients know it.
    pub tag: VersionTag,
    /// Whether it is the current one.
    pub is_latest: bool,
}

/// A document that tells what belongs to a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportPaper {
    /// Its key.
    pub key: String,
    /// Its type.
    pub content_type: &'static str,
    /// What it says.
    pub text: String,
}

/// Writes lists of what a bucket holds in the words of a dialect. The same report gives the same words.
pub trait ReportFormat: Debug + Send + Sync + 'static {
    /// The key of a file, in the bucket that the list is written into.
    fn file_key(&self, report: &Report<'_>, n: usize) -> String;

    /// The type of a file.
    fn file_type(&self, report: &Report<'_>) -> &'static str;

    /// One line, its end included.
    fn line(&self, report: &Report<'_>, row: ReportRow<'_>) -> String;

    /// The lines as a file has them.
    fn packed(&self, report: &Report<'_>, lines: ByteStream) -> ByteStream;

    /// The documents that are written when all files stand, in this order.
    fn papers(&self, report: &Report<'_>, files: &[InventoryFile]) -> Vec<ReportPaper>;
}
