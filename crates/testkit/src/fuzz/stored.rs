//! Bytes of the metadata store: keys that sort as what they name, and records.

use cohong_core::model::{Bucket, BucketId, ObjectKey, UploadId, VersionId};
use cohong_core::ports::{Key, KeyRange, Table};
use cohong_core::records::{
    AccountRecord, ArchivePartRecord, ArchiveUploadRecord, AttemptBlock, CallRecord,
    CredentialRecord, CurrentRecord, DeadRecord, DomainRecord, FetchRecord, FunctionRecord,
    HeldRecord, LoggedEvent, PartRecord, PayloadRecord, ReplayRecord, RootRecord, RuleSetRecord,
    SourceRecord, SubRecord, SyncItemRecord, SyncLine, SyncScanRecord, UploadRecord, WorkRecord,
    decode, encode, keys,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Target;

pub(super) const KEYS: Target = Target {
    name: "keys",
    run: keys,
    words: &["/", "//", "..", "\u{ffff}", "\u{10ffff}", "a\nb", "%00"],
    more: Vec::new,
};

pub(super) const RECORDS: Target = Target {
    name: "records",
    run: records,
    words: &["\u{1}\u{1}", "\u{1}\0", "\u{1}\u{7f}"],
    more: fixtures,
};

/// The samples of all records that `core` keeps.
fn fixtures() -> Vec<Vec<u8>> {
    let text = include_str!("../../../core/tests/fixtures/records.txt");
    let samples = text.lines().filter_map(|line| line.split_once(' '));
    samples
        .filter_map(|(_, hex)| hex::decode(hex.trim()).ok())
        .collect()
}

/// Two object keys, a line each, in one bucket and its neighbour: they come back out of their encodings, sort as they do
/// themselves, and lie in the ranges that they belong to and in no others.
fn keys(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (one, two) = text.split_once('\n').unwrap_or((&text, ""));
    let _ = keys::object_of_current(input);
    let _ = keys::object_of_version(input);
    let _ = keys::object_of_upload(input);
    let _ = keys::object_of_sync(input);
    let _ = keys::object_of_failed(input);
    let _ = keys::work_of_due(input);
    let (Ok(one), Ok(two)) = (ObjectKey::new(one), ObjectKey::new(two)) else {
        return;
    };
    let (here, next) = (BucketId(7), BucketId(8));
    let (low, high) = (VersionId(1), VersionId(2));
    for key in [&one, &two] {
        assert_eq!(
            keys::object_of_current(&keys::head(here, key).bytes).as_ref(),
            Some(key)
        );
        let version = keys::object_of_version(&keys::version(here, key, low).bytes);
        assert_eq!(version.as_ref(), Some(&(key.clone(), low)));
        let upload = keys::object_of_upload(&keys::upload(here, key, UploadId([9; 16])).bytes);
        assert_eq!(upload.as_ref(), Some(&(key.clone(), UploadId([9; 16]))));
        let (newer, older) = (
            keys::version(here, key, high),
            keys::version(here, key, low),
        );
        assert!(newer.bytes < older.bytes, "newer versions come first");
        let range = keys::current_range(Table::Heads, here, key.as_str());
        assert!(within(&range, &keys::head(here, key)));
        assert!(!within(&range, &keys::head(next, key)));
    }
    let order = one.as_str().cmp(two.as_str());
    let heads = (keys::head(here, &one), keys::head(here, &two));
    assert_eq!(heads.0.bytes.cmp(&heads.1.bytes), order);
    let versions = (
        keys::version(here, &one, low),
        keys::version(here, &two, low),
    );
    assert_eq!(versions.0.bytes.cmp(&versions.1.bytes), order);
    let of_one = keys::version_range(here, &one);
    assert_eq!(
        within(&of_one, &versions.1),
        one == two,
        "versions of another key"
    );
    let below_one = keys::current_range(Table::Heads, here, one.as_str());
    assert_eq!(
        within(&below_one, &heads.1),
        two.as_str().starts_with(one.as_str())
    );
}

fn within(range: &KeyRange, key: &Key) -> bool {
    let before_end = range.end.as_ref().is_none_or(|end| key.bytes < *end);
    range.table == key.table && key.bytes >= range.start && before_end
}

/// Any bytes as every record: damage, or a record that is written and read again as it is.
fn records(input: &[u8]) {
    again::<AccountRecord>(input);
    again::<ArchivePartRecord>(input);
    again::<ArchiveUploadRecord>(input);
    again::<AttemptBlock>(input);
    again::<Bucket>(input);
    again::<CallRecord>(input);
    again::<CredentialRecord>(input);
    again::<CurrentRecord>(input);
    again::<DeadRecord>(input);
    again::<DomainRecord>(input);
    again::<FetchRecord>(input);
    again::<FunctionRecord>(input);
    again::<HeldRecord>(input);
    again::<LoggedEvent>(input);
    again::<PartRecord>(input);
    again::<PayloadRecord>(input);
    again::<ReplayRecord>(input);
    again::<RootRecord>(input);
    again::<RuleSetRecord>(input);
    again::<SourceRecord>(input);
    again::<SubRecord>(input);
    again::<SyncItemRecord>(input);
    again::<SyncLine>(input);
    again::<SyncScanRecord>(input);
    again::<UploadRecord>(input);
    again::<WorkRecord>(input);
}

fn again<T: Serialize + DeserializeOwned>(input: &[u8]) {
    let Ok(record) = decode::<T>(input) else {
        return;
    };
    let once = encode(&record);
    let Ok(read) = decode::<T>(&once) else {
        panic!(
            "{} is written as what is no record",
            std::any::type_name::<T>()
        );
    };
    assert_eq!(encode(&read), once, "{}", std::any::type_name::<T>());
}
