//! Multipart uploads.

use serde::{Deserialize, Serialize};

use crate::model::{
    Acl, ChecksumForm, Checksums, Extent, Lock, Principal, Seal, StorageClass, StoredHeaders, Tags,
    Timestamp, UserMeta,
};

/// Whether parts may still change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UploadState {
    /// Parts come and go.
    Open,
    /// A Complete is at work; no part can change under it. A crash leaves this for the next Complete
    /// or Abort.
    Completing,
}

/// A multipart upload. The commit that completes or aborts it removes this record; a repeated
/// Complete finds its result by [`crate::model::ObjectRecord::upload`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadRecord {
    /// Whether parts may still change.
    pub state: UploadState,
    /// When it was created.
    pub created_at: Timestamp,
    /// Who created it.
    pub owner: Principal,
    /// Headers of the object to be.
    pub headers: StoredHeaders,
    /// User metadata of the object to be.
    pub user_meta: UserMeta,
    /// Tags of the object to be.
    pub tags: Tags,
    /// Class of the object to be.
    pub class: StorageClass,
    /// Grants of the object to be.
    pub acl: Option<Acl>,
    /// Where parts have to come in order: the number of the last one that came, 0 at first.
    pub last_part: Option<u16>,
    /// Further checksum of the object to be.
    pub checksum: Option<ChecksumForm>,
    /// How its parts and the object to be are encrypted, if they are.
    pub seal: Option<Seal>,
    /// Days after which the object to be is deleted.
    pub expires_days: Option<u32>,
    /// What its writer asked to keep the object to be as it is.
    pub lock: Lock,
}

/// A part of an upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartRecord {
    /// MD5 of its bytes: its etag.
    pub md5: [u8; 16],
    /// Digests of its bytes.
    pub checksums: Checksums,
    /// Its bytes; a copied part may have several extents, an empty one none.
    pub extents: Vec<Extent>,
    /// Length in bytes.
    pub size: u64,
    /// When it was written.
    pub written_at: Timestamp,
}
