//! What inventories are in this vendor's words (sheet section 6, inventory).

use cohong_core::model::{Cipher, Encryption, InventoryField, KeyHolder, ObjectRecord, Timestamp};
use serde::{Deserialize, Serialize};

use crate::common::date::shaped;
use crate::common::inventory::InventoryWords;
use crate::common::report::{Files, ReportWords, Reports, is_encrypted};
use crate::common::wire::inventory::{Destination, InventoryBody, Place};
use crate::gate::fault::Fault;
use crate::oss::words::{OSS, acl_word};

/// Orders.
pub(in crate::oss) static INVENTORIES: InventoryWords = InventoryWords {
    id: "inventoryId",
    fields: &[
        (InventoryField::Size, "Size"),
        (InventoryField::WrittenAt, "LastModifiedDate"),
        (InventoryField::Etag, "ETag"),
        (InventoryField::Class, "StorageClass"),
        (InventoryField::IsMultipart, "IsMultipartUploaded"),
        (InventoryField::Encryption, "EncryptionStatus"),
        (InventoryField::Acl, "ObjectAcl"),
        (InventoryField::TagCount, "TaggingCount"),
        (InventoryField::Kind, "ObjectType"),
        (InventoryField::Crc64, "Crc64"),
    ],
    columns: &[(InventoryField::Crc64, "CRC64")],
    // Nothing remembers when an object was moved or read last.
    unserved: &["TransitionTime", "LastAccessDate", "LastAccessTimestamp"],
    resource: "acs:oss:::",
    most: 1000,
};

/// Lists, as the vendor's page on inventories has them.
pub(in crate::oss) static REPORTS: Reports = Reports(&ReportWords {
    words: &OSS,
    order: &INVENTORIES,
    version: "2019-09-01",
    names_target: false,
    millis: false,
    instants: instant,
    keys: key,
    files: Files::Together { scheme: None },
    encrypted: is_encrypted,
    acl,
});

fn instant(at: Timestamp) -> String {
    shaped(at, "%Y-%m-%dT%H-%M-%SZ")
}

fn key(key: &str) -> String {
    cohong_sign::encode(key.as_bytes())
}

fn acl(object: &ObjectRecord) -> &'static str {
    object.acl.as_ref().map_or("default", acl_word)
}

/// Body of `PutBucketInventory` and `GetBucketInventory`.
pub(in crate::oss) type OssInventory = InventoryBody<OssDestination>;

/// Where lists go.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::oss) struct OssDestination {
    #[serde(rename = "OSSBucketDestination")]
    place: Place<OssEncryption>,
}

/// How lists are encrypted.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::oss) struct OssEncryption {
    #[serde(rename = "SSE-OSS", skip_serializing_if = "Option::is_none")]
    own: Option<Nothing>,
    #[serde(rename = "SSE-KMS", skip_serializing_if = "Option::is_none")]
    service: Option<Service>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Nothing {}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Service {
    key_id: String,
}

impl Destination for OssDestination {
    type Encryption = OssEncryption;
    // The vendor's Node client reads the prefix of a filter without asking whether there is one.
    const TELLS_EMPTY_FILTER: bool = true;

    fn place(self) -> Place<OssEncryption> {
        self.place
    }

    fn around(place: Place<OssEncryption>) -> Self {
        Self { place }
    }

    fn read(encryption: &OssEncryption) -> Result<Option<Encryption>, Fault> {
        let asked = match (&encryption.own, &encryption.service) {
            // The vendor's Node client writes an empty element when it was given none.
            (None, None) => return Ok(None),
            (Some(_), None) => OSS.encryption_of("Encryption", "AES256", None, None)?,
            (None, Some(service)) => {
                OSS.encryption_of("Encryption", "KMS", Some(&service.key_id), None)?
            }
            (Some(_), Some(_)) => {
                return Err(Fault::Body("Encryption is SSE-OSS or SSE-KMS".into()));
            }
        };
        Ok(Some(asked))
    }

    fn tell(encryption: &Encryption) -> OssEncryption {
        debug_assert!(encryption.cipher == Cipher::Aes256, "no other is asked for");
        match &encryption.holder {
            KeyHolder::Service(id) => OssEncryption {
                own: None,
                service: Some(Service {
                    key_id: id.as_deref().unwrap_or_default().to_owned(),
                }),
            },
            KeyHolder::Server | KeyHolder::Customer => OssEncryption {
                own: Some(Nothing {}),
                service: None,
            },
        }
    }
}
