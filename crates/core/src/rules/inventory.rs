//! Inventories of buckets: which can be ordered, when their turn is, and what they list. Pure.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::error::{Error, ErrorKind};
use crate::limits::{INVENTORIES_BYTES_MAX, INVENTORY_ID_BYTES_MAX};
use crate::model::{
    Inventory, InventoryFilter, InventoryPeriod, ObjectKey, ObjectVersion, Timestamp,
};
use crate::rules::lifecycle::next_turn;

/// Days from the beginning of time, a Thursday, to a Sunday.
const TO_SUNDAY: u32 = 3;

/// Checks an inventory before it is stored: `InvalidArgument`.
pub fn check(inventory: &Inventory) -> Result<(), Error> {
    let id = inventory.id.as_bytes();
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-_.".contains(b);
    if id.is_empty() || id.len() > INVENTORY_ID_BYTES_MAX || !id.iter().all(plain) {
        return Err(invalid(
            "the id of an inventory has 1 to 64 letters, digits, '-', '_' and '.'",
        ));
    }
    let filter = &inventory.filter;
    let turned =
        |least: Option<u64>, most: Option<u64>| least.zip(most).is_some_and(|(a, b)| a > b);
    let millis = |at: Option<Timestamp>| at.map(Timestamp::millis);
    if turned(filter.at_least, filter.at_most) || turned(millis(filter.from), millis(filter.until))
    {
        return Err(invalid(
            "a bound of an inventory's filter is above the other",
        ));
    }
    for text in [&filter.prefix, &inventory.target.prefix] {
        if !text.is_empty() && ObjectKey::new(text).is_err() {
            return Err(invalid(
                "a prefix of an inventory is none that keys can have",
            ));
        }
    }
    let fields: BTreeSet<_> = inventory.fields.iter().collect();
    if fields.len() < inventory.fields.len() {
        return Err(invalid("a field of an inventory is asked for twice"));
    }
    Ok(())
}

/// Checks all inventories of a bucket together.
pub fn check_all(all: &[Inventory]) -> Result<(), Error> {
    if all.iter().map(bytes).sum::<usize>() > INVENTORIES_BYTES_MAX {
        return Err(invalid(
            "the inventories of the bucket are larger than 512 KiB",
        ));
    }
    Ok(())
}

/// Bytes of what a client wrote into an inventory, and of what stands around it.
fn bytes(inventory: &Inventory) -> usize {
    let texts = [
        &inventory.id,
        &inventory.filter.prefix,
        &inventory.target.prefix,
    ];
    let labels = inventory.labels.iter();
    let labels = labels
        .map(|(name, value)| name.len() + value.len())
        .sum::<usize>();
    128 + texts.iter().map(|text| text.len()).sum::<usize>() + labels
}

/// When the next list is due: at the next midnight, or the next one that begins a Sunday.
pub fn next_list(now: Timestamp, period: InventoryPeriod, day: Duration) -> Timestamp {
    match period {
        InventoryPeriod::Daily => next_turn(now, day),
        InventoryPeriod::Weekly => {
            let shift = day.saturating_mul(TO_SUNDAY);
            // A multiple of weeks is a Thursday: a clock that is ahead shows one when it is Sunday.
            let ahead = day.saturating_mul(7).saturating_sub(shift);
            let turn = next_turn(now.plus(ahead), period.length(day));
            Timestamp::from_millis(turn.millis().saturating_sub(millis(ahead)))
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Whether a version belongs into a list. A delete marker has neither size nor class.
pub fn covers(filter: &InventoryFilter, version: &ObjectVersion) -> bool {
    let at = version.written_at;
    let in_time =
        filter.from.is_none_or(|from| at >= from) && filter.until.is_none_or(|until| at <= until);
    let by_object =
        filter.at_least.is_some() || filter.at_most.is_some() || !filter.classes.is_empty();
    in_time
        && version.object().map_or(!by_object, |object| {
            filter.at_least.is_none_or(|least| object.size >= least)
                && filter.at_most.is_none_or(|most| object.size <= most)
                && (filter.classes.is_empty() || filter.classes.contains(&object.class))
        })
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}

#[cfg(test)]
mod tests;
