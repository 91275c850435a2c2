//! What inventories are in this vendor's words (sheet section 7, inventory).

use cohong_core::model::{Encryption, InventoryField, ObjectRecord};
use serde::{Deserialize, Serialize};

use crate::common::date;
use crate::common::inventory::InventoryWords;
use crate::common::report::{Files, ReportWords, Reports, escaped_key, scheme_of};
use crate::common::wire::inventory::{Destination, InventoryBody, Place};
use crate::gate::fault::Fault;
use crate::s3::words::S3;

/// Orders.
pub(in crate::s3) static INVENTORIES: InventoryWords = InventoryWords {
    id: "id",
    fields: &[
        (InventoryField::Size, "Size"),
        (InventoryField::WrittenAt, "LastModifiedDate"),
        (InventoryField::Class, "StorageClass"),
        (InventoryField::Etag, "ETag"),
        (InventoryField::IsMultipart, "IsMultipartUploaded"),
        (InventoryField::Replication, "ReplicationStatus"),
        (InventoryField::Encryption, "EncryptionStatus"),
        (InventoryField::ChecksumAlgorithm, "ChecksumAlgorithm"),
        (InventoryField::Owner, "ObjectOwner"),
    ],
    columns: &[],
    unserved: &[
        "ObjectLockRetainUntilDate",
        "ObjectLockMode",
        "ObjectLockLegalHoldStatus",
        "ObjectLockEventHoldStatus",
        "ObjectLockEventHoldDuration",
        "IntelligentTieringAccessTier",
        "IntelligentTieringReferenceDate",
        "BucketKeyStatus",
        "ObjectAccessControlList",
        "LifecycleExpirationDate",
    ],
    resource: "arn:aws:s3:::",
    most: 1000,
};

/// Lists, as the vendor's guide has them.
pub(in crate::s3) static REPORTS: Reports = Reports(&ReportWords {
    words: &S3,
    order: &INVENTORIES,
    version: "2016-11-30",
    names_target: true,
    millis: true,
    instants: date::iso,
    keys: escaped_key,
    files: Files::Together { scheme: Some("s3") },
    encrypted: scheme_of,
    acl: no_acl,
});

/// Lists of this vendor tell no grants.
fn no_acl(_: &ObjectRecord) -> &'static str {
    ""
}

/// Body of `PutBucketInventoryConfiguration` and of its answer's counterpart.
pub(in crate::s3) type S3Inventory = InventoryBody<S3Destination>;

/// Where lists go.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::s3) struct S3Destination {
    #[serde(rename = "S3BucketDestination")]
    place: Place<S3Encryption>,
}

/// How lists are encrypted.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::s3) struct S3Encryption {
    #[serde(rename = "SSE-S3", skip_serializing_if = "Option::is_none")]
    own: Option<Nothing>,
    #[serde(rename = "SSE-KMS", skip_serializing)]
    service: Option<Service>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Nothing {}

#[derive(Debug, Deserialize)]
struct Service {}

impl Destination for S3Destination {
    type Encryption = S3Encryption;
    const TELLS_EMPTY_FILTER: bool = false;

    fn place(self) -> Place<S3Encryption> {
        self.place
    }

    fn around(place: Place<S3Encryption>) -> Self {
        Self { place }
    }

    fn read(encryption: &S3Encryption) -> Result<Option<Encryption>, Fault> {
        match (&encryption.own, &encryption.service) {
            (Some(_), None) => {
                let own = S3.encryption_of("Encryption", "AES256", None, None)?;
                Ok(Some(own))
            }
            (None, Some(_)) => Err(Fault::NotServed("SSE-KMS".into())),
            _ => Err(Fault::Body("Encryption is SSE-S3 or SSE-KMS".into())),
        }
    }

    fn tell(_: &Encryption) -> S3Encryption {
        S3Encryption {
            own: Some(Nothing {}),
            service: None,
        }
    }
}
