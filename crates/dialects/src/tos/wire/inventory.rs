//! What inventories are in this vendor's words, and bodies about them (sheet section 7).

use cohong_core::model::{DialectId, Inventory, InventoryField, InventoryFilter, ObjectRecord};
use serde::{Deserialize, Serialize};

use crate::common::date;
use crate::common::inventory::{
    CSV, InventoryWords, Order, label, labels, period_word, versions_word,
};
use crate::common::report::{Files, ReportWords, Reports, escaped_key, is_encrypted};
use crate::gate::fault::Fault;
use crate::tos::words::TOS;

/// Orders.
pub(in crate::tos) static INVENTORIES: InventoryWords = InventoryWords {
    id: "id",
    fields: &[
        (InventoryField::Size, "Size"),
        (InventoryField::WrittenAt, "LastModifiedDate"),
        (InventoryField::Etag, "ETag"),
        (InventoryField::Class, "StorageClass"),
        (InventoryField::IsMultipart, "IsMultipartUploaded"),
        (InventoryField::Encryption, "EncryptionStatus"),
        (InventoryField::Crc64, "CRC64"),
        (InventoryField::Replication, "ReplicationStatus"),
    ],
    columns: &[],
    unserved: &[],
    resource: "",
    most: 10,
};

/// Lists, as the vendor's page on inventories has them.
pub(in crate::tos) static REPORTS: Reports = Reports(&ReportWords {
    words: &TOS,
    order: &INVENTORIES,
    version: "2016-11-30",
    names_target: true,
    millis: false,
    instants: date::iso,
    keys: escaped_key,
    files: Files::Apart,
    encrypted: is_encrypted,
    acl: no_acl,
});

/// Lists of this vendor tell no grants.
fn no_acl(_: &ObjectRecord) -> &'static str {
    ""
}

const ACCOUNT: &str = "AccountId";
const ROLE: &str = "Role";

/// Body of `PutBucketInventory`; member names in lower case.
#[derive(Debug, Deserialize)]
pub(in crate::tos) struct PutInventory {
    id: String,
    #[serde(rename = "isenabled")]
    enabled: bool,
    #[serde(rename = "isuncompressed", default)]
    plain: bool,
    filter: Option<PutFilter>,
    destination: PutDestination,
    schedule: PutSchedule,
    #[serde(rename = "includedobjectversions")]
    versions: String,
    #[serde(rename = "optionalfields")]
    fields: Option<PutFields>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PutFilter {
    prefix: Option<String>,
}

#[derive(Debug, Deserialize)]
struct PutDestination {
    #[serde(rename = "tosbucketdestination")]
    place: PutPlace,
}

#[derive(Debug, Deserialize)]
struct PutPlace {
    format: String,
    #[serde(rename = "accountid")]
    account: Option<String>,
    role: Option<String>,
    bucket: String,
    prefix: Option<String>,
}

#[derive(Debug, Deserialize)]
struct PutSchedule {
    frequency: String,
}

#[derive(Debug, Deserialize)]
struct PutFields {
    field: Option<Vec<String>>,
}

impl PutInventory {
    /// What it orders.
    pub(in crate::tos) fn read(self) -> Result<Inventory, Fault> {
        let place = self.destination.place;
        let prefix = self.filter.and_then(|filter| filter.prefix);
        let order = Order {
            id: self.id,
            enabled: self.enabled,
            filter: InventoryFilter {
                prefix: prefix.unwrap_or_default().into(),
                ..InventoryFilter::default()
            },
            versions: self.versions,
            frequency: self.schedule.frequency,
            fields: self
                .fields
                .and_then(|fields| fields.field)
                .unwrap_or_default(),
            format: place.format,
            bucket: place.bucket,
            prefix: place.prefix.unwrap_or_default(),
            encryption: None,
            compressed: !self.plain,
            labels: labels([(ACCOUNT, place.account), (ROLE, place.role)]),
        };
        INVENTORIES.read(order, DialectId::Tos)
    }
}

/// Answer of `GetBucketInventory`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct InventoryBody {
    id: String,
    is_enabled: bool,
    is_un_compressed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<FilterBody>,
    destination: DestinationBody,
    schedule: ScheduleBody,
    included_object_versions: &'static str,
    optional_fields: FieldsBody,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct FilterBody {
    prefix: String,
}

#[derive(Debug, Serialize)]
struct DestinationBody {
    #[serde(rename = "TOSBucketDestination")]
    place: PlaceBody,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PlaceBody {
    format: &'static str,
    account_id: String,
    role: String,
    bucket: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    prefix: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ScheduleBody {
    frequency: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct FieldsBody {
    field: Vec<String>,
}

impl InventoryBody {
    pub(in crate::tos) fn new(inventory: &Inventory) -> Self {
        let word = |name| label(inventory, name).unwrap_or_default().to_owned();
        let prefix = &*inventory.filter.prefix;
        Self {
            id: inventory.id.to_string(),
            is_enabled: inventory.enabled,
            is_un_compressed: !inventory.compressed,
            filter: (!prefix.is_empty()).then(|| FilterBody {
                prefix: prefix.to_owned(),
            }),
            destination: DestinationBody {
                place: PlaceBody {
                    format: CSV,
                    account_id: word(ACCOUNT),
                    role: word(ROLE),
                    bucket: INVENTORIES.named(&inventory.target.bucket),
                    prefix: inventory.target.prefix.to_string(),
                },
            },
            schedule: ScheduleBody {
                frequency: period_word(inventory.period),
            },
            included_object_versions: versions_word(inventory),
            optional_fields: FieldsBody {
                field: INVENTORIES.words(inventory),
            },
        }
    }
}

/// Answer of `ListBucketInventory`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct InventoryList {
    inventory_configurations: Vec<InventoryBody>,
    is_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_continuation_token: Option<String>,
}

impl InventoryList {
    pub(in crate::tos) fn new(all: &[Inventory], next: Option<String>) -> Self {
        Self {
            inventory_configurations: all.iter().map(InventoryBody::new).collect(),
            is_truncated: next.is_some(),
            next_continuation_token: next,
        }
    }
}
