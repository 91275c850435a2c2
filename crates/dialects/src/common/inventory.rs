//! Orders of inventories: what bodies say of one, in a vendor's words, and the model's.

use cohong_core::engine::Engine;
use cohong_core::model::{
    BucketName, DialectId, Encryption, Inventory, InventoryField, InventoryFilter, InventoryPeriod,
    InventoryTarget, WorkId,
};
use http::{HeaderMap, Response, StatusCode};

use super::answer;
use super::vocabulary::Vocabulary;
use crate::gate::OutBody;
use crate::gate::call::Call;
use crate::gate::fault::Fault;

/// How a vendor speaks of inventories.
#[derive(Debug)]
pub(crate) struct InventoryWords {
    /// The parameter that names one.
    pub(crate) id: &'static str,
    /// Fields that lists can have, with the vendor's words.
    pub(crate) fields: &'static [(InventoryField, &'static str)],
    /// Columns whose names are not the words for their fields.
    pub(crate) columns: &'static [(InventoryField, &'static str)],
    /// Words of the vendor's that are not served.
    pub(crate) unserved: &'static [&'static str],
    /// What stands in front of the names of buckets.
    pub(crate) resource: &'static str,
    /// How many a bucket has at most.
    pub(crate) most: usize,
}

/// Entries on a page of inventories; every vendor says so.
const PAGE: usize = 100;

/// The only format of lists.
pub(crate) const CSV: &str = "CSV";

/// An order as a body has it.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) id: String,
    pub(crate) enabled: bool,
    pub(crate) filter: InventoryFilter,
    pub(crate) versions: String,
    pub(crate) frequency: String,
    pub(crate) fields: Vec<String>,
    pub(crate) format: String,
    pub(crate) bucket: String,
    pub(crate) prefix: String,
    pub(crate) encryption: Option<Encryption>,
    pub(crate) compressed: bool,
    pub(crate) labels: Vec<(Box<str>, Box<str>)>,
}

impl InventoryWords {
    /// What an order asks for.
    pub(crate) fn read(&self, order: Order, via: DialectId) -> Result<Inventory, Fault> {
        if order.format != CSV {
            let why = "this server writes inventories as CSV";
            return Err(Fault::argument("Format", &order.format, why));
        }
        let bucket = order.bucket.strip_prefix(self.resource);
        let bucket = bucket.and_then(|name| BucketName::new(name).ok());
        let bucket = bucket.ok_or_else(|| {
            let why = format!("Bucket is {}NAME", self.resource);
            Fault::argument("Bucket", &order.bucket, why)
        })?;
        let fields = order.fields.iter().map(|word| self.field(word));
        Ok(Inventory {
            id: order.id.into(),
            enabled: order.enabled,
            filter: order.filter,
            all_versions: match &*order.versions {
                "All" => true,
                "Current" => false,
                word => {
                    let why = "IncludedObjectVersions is All or Current";
                    return Err(Fault::argument("IncludedObjectVersions", word, why));
                }
            },
            period: period(&order.frequency)?,
            fields: fields.collect::<Result<_, _>>()?,
            target: InventoryTarget {
                bucket,
                prefix: order.prefix.into(),
                encryption: order.encryption,
            },
            compressed: order.compressed,
            via,
            labels: order.labels,
            duty: WorkId([0; 16]),
        })
    }

    fn field(&self, word: &str) -> Result<InventoryField, Fault> {
        if self.unserved.contains(&word) {
            return Err(Fault::NotServed(word.to_owned().into()));
        }
        let known = self.fields.iter().find(|(_, known)| *known == word);
        known.map(|(field, _)| *field).ok_or_else(|| {
            let why = "OptionalFields names a field that inventories do not have";
            Fault::argument("Field", word, why)
        })
    }

    /// The word for a field; none for one that only another vendor has.
    pub(crate) fn word(&self, field: InventoryField) -> Option<&'static str> {
        let known = self.fields.iter().find(|(known, _)| *known == field);
        known.map(|(_, word)| *word)
    }

    /// Words for the fields of an inventory.
    pub(crate) fn words(&self, inventory: &Inventory) -> Vec<String> {
        let words = inventory.fields.iter().filter_map(|one| self.word(*one));
        words.map(ToOwned::to_owned).collect()
    }

    /// The name of the column of a field.
    pub(crate) fn column(&self, field: InventoryField) -> &'static str {
        let own = self.columns.iter().find(|(known, _)| *known == field);
        own.map(|(_, name)| *name)
            .or_else(|| self.word(field))
            .unwrap_or_default()
    }

    /// A bucket as bodies name it.
    pub(crate) fn named(&self, bucket: &BucketName) -> String {
        format!("{}{bucket}", self.resource)
    }

    /// Puts an inventory, whose id the address names too.
    pub(crate) async fn put(
        &self,
        call: &Call,
        engine: &Engine,
        inventory: Inventory,
    ) -> Result<Response<OutBody>, Fault> {
        let named = self.of_address(call)?;
        if named != &*inventory.id {
            let why = "the id of the body is not that of the address";
            return Err(Fault::argument("Id", &inventory.id, why));
        }
        let bucket = call.bucket()?;
        engine
            .put_inventory(&call.cx, bucket, inventory, self.most)
            .await?;
        Ok(answer::empty(StatusCode::OK, HeaderMap::new()))
    }

    /// The inventory that the address names.
    pub(crate) async fn get(&self, call: &Call, engine: &Engine) -> Result<Inventory, Fault> {
        let id = self.of_address(call)?;
        Ok(engine.get_inventory(&call.cx, call.bucket()?, id).await?)
    }

    /// Removes the inventory that the address names.
    pub(crate) async fn delete(
        &self,
        call: &Call,
        engine: &Engine,
    ) -> Result<Response<OutBody>, Fault> {
        let id = self.of_address(call)?;
        engine
            .delete_inventory(&call.cx, call.bucket()?, id)
            .await?;
        Ok(answer::empty(StatusCode::NO_CONTENT, HeaderMap::new()))
    }

    /// A page of the inventories of the bucket, and where the next one begins.
    pub(crate) async fn list(
        &self,
        call: &Call,
        engine: &Engine,
    ) -> Result<(Vec<Inventory>, Option<String>), Fault> {
        let after = call.query("continuation-token").unwrap_or_default();
        let (page, more) = engine
            .list_inventories(&call.cx, call.bucket()?, after, PAGE)
            .await?;
        let next = page.last().filter(|_| more).map(|last| last.id.to_string());
        Ok((page, next))
    }

    fn of_address<'a>(&self, call: &'a Call) -> Result<&'a str, Fault> {
        let id = call.query(self.id).filter(|id| !id.is_empty());
        id.ok_or_else(|| {
            let why = format!("{} names the inventory", self.id);
            Fault::argument(self.id, "", why)
        })
    }
}

/// What a vendor wants back with an inventory under a name.
pub(crate) fn label<'a>(inventory: &'a Inventory, name: &str) -> Option<&'a str> {
    let mut labels = inventory.labels.iter();
    let found = labels.find(|(label, _)| **label == *name);
    found.map(|(_, value)| &**value)
}

/// Words to keep with an inventory: those that are there.
pub(crate) fn labels<const N: usize>(
    pairs: [(&'static str, Option<String>); N],
) -> Vec<(Box<str>, Box<str>)> {
    let there = |(name, value): (&str, Option<String>)| Some((name.into(), value?.into()));
    pairs.into_iter().filter_map(there).collect()
}

/// The word for a period.
pub(crate) fn period_word(period: InventoryPeriod) -> &'static str {
    match period {
        InventoryPeriod::Daily => "Daily",
        InventoryPeriod::Weekly => "Weekly",
    }
}

/// The word for which versions are listed.
pub(crate) fn versions_word(inventory: &Inventory) -> &'static str {
    if inventory.all_versions {
        "All"
    } else {
        "Current"
    }
}

fn period(word: &str) -> Result<InventoryPeriod, Fault> {
    [InventoryPeriod::Daily, InventoryPeriod::Weekly]
        .into_iter()
        .find(|period| period_word(*period) == word)
        .ok_or_else(|| Fault::argument("Frequency", word, "Frequency is Daily or Weekly"))
}

/// Classes by the vendor's words, separated by commas.
pub(crate) fn classes(
    words: &Vocabulary,
    text: &str,
) -> Result<Vec<cohong_core::model::StorageClass>, Fault> {
    let all = text.split(',').map(str::trim);
    all.filter(|word| !word.is_empty() && *word != "All")
        .map(|word| words.class(word))
        .collect()
}
