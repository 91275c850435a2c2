//! Bodies about inventories. An element that is not known here might narrow what is listed, so it is refused
//! instead of passed over.

use cohong_core::model::{DialectId, Inventory, InventoryFilter, Timestamp};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::common::inventory::{
    CSV, InventoryWords, Order, classes, label, labels, period_word, versions_word,
};
use crate::common::vocabulary::Vocabulary;
use crate::common::xml;
use crate::gate::fault::Fault;

/// Root of the body that orders one.
pub(crate) const ROOT: &str = "InventoryConfiguration";

const ACCOUNT: &str = "AccountId";
const ROLE: &str = "RoleArn";

/// An inventory; `D` is the destination, whose name is the vendor's.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct InventoryBody<D> {
    id: String,
    #[serde(deserialize_with = "xml::flag")]
    is_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<FilterBody>,
    destination: D,
    schedule: Schedule,
    included_object_versions: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    optional_fields: Option<Fields>,
    /// Lists of what changed in the last minutes.
    #[serde(skip_serializing)]
    incremental_inventory: Option<IgnoredAny>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct FilterBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<String>,
    #[serde(
        rename = "LastModifyBeginTimeStamp",
        skip_serializing_if = "Option::is_none"
    )]
    from: Option<u64>,
    #[serde(
        rename = "LastModifyEndTimeStamp",
        skip_serializing_if = "Option::is_none"
    )]
    until: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lower_size_bound: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upper_size_bound: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_class: Option<String>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Schedule {
    frequency: String,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Fields {
    #[serde(default)]
    field: Vec<String>,
}

/// Where lists go; `E` is how they are encrypted, in the vendor's words.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct Place<E> {
    format: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_arn: Option<String>,
    bucket: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) encryption: Option<E>,
}

/// A page of inventories.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct InventoryPage<B> {
    #[serde(rename = "InventoryConfiguration")]
    inventories: Vec<B>,
    is_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    continuation_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_continuation_token: Option<String>,
}

impl<B> InventoryPage<B> {
    /// A page behind a token, and the one of the next page.
    pub(crate) fn new(inventories: Vec<B>, token: Option<&str>, next: Option<String>) -> Self {
        Self {
            inventories,
            is_truncated: next.is_some(),
            continuation_token: token.filter(|token| !token.is_empty()).map(Into::into),
            next_continuation_token: next,
        }
    }
}

/// What a vendor's destination says.
pub(crate) trait Destination: Sized {
    /// How it says that lists are encrypted.
    type Encryption;

    /// Whether a filter is told that lets everything through.
    const TELLS_EMPTY_FILTER: bool;

    /// The place, whatever the element around it is called.
    fn place(self) -> Place<Self::Encryption>;

    /// The element around a place.
    fn around(place: Place<Self::Encryption>) -> Self;

    /// What is asked for; `None` where an empty element is the vendor's word for nothing.
    fn read(encryption: &Self::Encryption)
    -> Result<Option<cohong_core::model::Encryption>, Fault>;

    /// What is in force.
    fn tell(encryption: &cohong_core::model::Encryption) -> Self::Encryption;
}

impl<D: Destination> InventoryBody<D> {
    /// What it orders.
    pub(crate) fn read(
        self,
        vocabulary: &Vocabulary,
        words: &InventoryWords,
        via: DialectId,
    ) -> Result<Inventory, Fault> {
        if self.incremental_inventory.is_some() {
            return Err(Fault::NotServed("IncrementalInventory".into()));
        }
        let place = self.destination.place();
        let encryption = place
            .encryption
            .as_ref()
            .map(D::read)
            .transpose()?
            .flatten();
        let filter = self.filter.unwrap_or_default();
        let instant = |seconds: u64| Timestamp::from_millis(seconds.saturating_mul(1000));
        let order = Order {
            id: self.id,
            enabled: self.is_enabled,
            filter: InventoryFilter {
                prefix: filter.prefix.unwrap_or_default().into(),
                from: filter.from.map(instant),
                until: filter.until.map(instant),
                at_least: filter.lower_size_bound,
                at_most: filter.upper_size_bound,
                classes: classes(vocabulary, &filter.storage_class.unwrap_or_default())?,
            },
            versions: self.included_object_versions,
            frequency: self.schedule.frequency,
            fields: self.optional_fields.unwrap_or_default().field,
            format: place.format,
            bucket: place.bucket,
            prefix: place.prefix.unwrap_or_default(),
            encryption,
            compressed: true,
            labels: labels([(ACCOUNT, place.account_id), (ROLE, place.role_arn)]),
        };
        words.read(order, via)
    }

    /// What is ordered.
    pub(crate) fn new(
        vocabulary: &Vocabulary,
        words: &InventoryWords,
        inventory: &Inventory,
    ) -> Self {
        let target = &inventory.target;
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let place = Place {
            format: CSV.to_owned(),
            account_id: label(inventory, ACCOUNT).map(Into::into),
            role_arn: label(inventory, ROLE).map(Into::into),
            bucket: words.named(&target.bucket),
            prefix: some(&target.prefix),
            encryption: target.encryption.as_ref().map(D::tell),
        };
        let fields = words.words(inventory);
        Self {
            id: inventory.id.to_string(),
            is_enabled: inventory.enabled,
            filter: (D::TELLS_EMPTY_FILTER || inventory.filter != InventoryFilter::default())
                .then(|| FilterBody::new(vocabulary, &inventory.filter)),
            destination: D::around(place),
            schedule: Schedule {
                frequency: period_word(inventory.period).to_owned(),
            },
            included_object_versions: versions_word(inventory).to_owned(),
            optional_fields: (!fields.is_empty()).then_some(Fields { field: fields }),
            incremental_inventory: None,
        }
    }
}

impl FilterBody {
    fn new(vocabulary: &Vocabulary, filter: &InventoryFilter) -> Self {
        let mut classes: Vec<&str> = filter
            .classes
            .iter()
            .map(|class| vocabulary.class_word(*class))
            .collect();
        classes.sort_unstable();
        Self {
            prefix: Some(filter.prefix.to_string()),
            from: filter.from.map(Timestamp::seconds),
            until: filter.until.map(Timestamp::seconds),
            lower_size_bound: filter.at_least,
            upper_size_bound: filter.at_most,
            storage_class: (!classes.is_empty()).then(|| classes.join(",")),
        }
    }
}
