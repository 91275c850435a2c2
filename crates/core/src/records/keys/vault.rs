//! Keys of vaults and what they hold.

use super::{key, prefix_range};
use crate::model::{AccountId, ArchiveId, JobId, PayloadId, UploadId, VaultId, VaultName};
use crate::ports::{Key, KeyRange, Table};

/// What holders of payloads that are no versions begin with: no bucket has this id.
const NO_BUCKET: [u8; 8] = [0; 8];

/// A vault.
pub fn vault(id: VaultId) -> Key {
    key(Table::Vaults, &[&id.0])
}

/// What a vault holds, counted.
pub fn vault_usage(id: VaultId) -> Key {
    key(Table::VaultUsage, &[&id.0])
}

/// Which vault of an account has a name in a region.
pub fn vault_name(account: &AccountId, region: &str, name: &VaultName) -> Key {
    let name = name.as_str().as_bytes();
    key(
        Table::VaultNames,
        &[account.0.as_bytes(), &[0], region.as_bytes(), &[0], name],
    )
}

/// The names of all vaults of an account in a region.
pub fn vault_names_range(account: &AccountId, region: &str) -> KeyRange {
    prefix_range(
        Table::VaultNames,
        &[account.0.as_bytes(), &[0], region.as_bytes(), &[0]],
    )
}

/// An archive.
pub fn archive(vault: VaultId, id: ArchiveId) -> Key {
    key(Table::Archives, &[&vault.0, &id.0])
}

/// All archives of a vault.
pub fn archives_range(vault: VaultId) -> KeyRange {
    prefix_range(Table::Archives, &[&vault.0])
}

/// An open upload of an archive.
pub fn archive_upload(vault: VaultId, id: UploadId) -> Key {
    key(Table::ArchiveUploads, &[&vault.0, &id.0])
}

/// All open uploads of a vault.
pub fn archive_uploads_range(vault: VaultId) -> KeyRange {
    prefix_range(Table::ArchiveUploads, &[&vault.0])
}

/// The upload in a key of [`archive_upload`].
pub fn upload_of_archive(bytes: &[u8]) -> Option<UploadId> {
    bytes.get(16..)?.try_into().ok().map(UploadId)
}

/// A row of the leaves of a payload.
pub fn leaves(payload: PayloadId, row: u32) -> Key {
    key(Table::Leaves, &[&payload.0, &row.to_be_bytes()])
}

/// All leaves of a payload.
pub fn leaves_range(payload: PayloadId) -> KeyRange {
    prefix_range(Table::Leaves, &[&payload.0])
}

/// A job.
pub fn job(vault: VaultId, id: JobId) -> Key {
    key(Table::Jobs, &[&vault.0, &id.0])
}

/// All jobs of a vault.
pub fn jobs_range(vault: VaultId) -> KeyRange {
    prefix_range(Table::Jobs, &[&vault.0])
}

/// The vault and job in a key of [`job`].
pub fn vault_of_job(bytes: &[u8]) -> Option<(VaultId, JobId)> {
    let (vault, id) = bytes.split_first_chunk::<16>()?;
    Some((VaultId(*vault), JobId(id.try_into().ok()?)))
}

/// That an archive holds a payload.
pub fn held_by_archive(payload: PayloadId, vault: VaultId, id: ArchiveId) -> Key {
    key(
        Table::PayloadRefs,
        &[&payload.0, &NO_BUCKET, &vault.0, &id.0, b"a"],
    )
}

/// That a job holds a payload.
pub fn held_by_job(payload: PayloadId, vault: VaultId, id: JobId) -> Key {
    key(
        Table::PayloadRefs,
        &[&payload.0, &NO_BUCKET, &vault.0, &id.0, b"j"],
    )
}
