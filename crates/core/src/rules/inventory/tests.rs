//! Which inventories can be ordered, when their turn is, and what they list.

use super::*;
use crate::model::{
    AccountId, BucketName, Checksums, DialectId, Etag, Form, InventoryField, InventoryTarget,
    ObjectRecord, PayloadRef, Replicated, StorageClass, StoredHeaders, VersionId, VersionKind,
    WorkId,
};

const DAY: Duration = Duration::from_hours(24);

fn inventory() -> Inventory {
    Inventory {
        id: "daily".into(),
        enabled: true,
        filter: InventoryFilter::default(),
        all_versions: false,
        period: InventoryPeriod::Daily,
        fields: vec![InventoryField::Size],
        target: InventoryTarget {
            bucket: BucketName::new("lists").unwrap(),
            prefix: "to".into(),
            encryption: None,
        },
        compressed: true,
        via: DialectId::S3,
        labels: Vec::new(),
        duty: WorkId([0; 16]),
    }
}

#[test]
fn only_sensible_inventories_are_stored() {
    type Change = fn(&mut Inventory);
    let cases: [(&str, bool, Change); 13] = [
        ("as it is", true, |_| {}),
        ("id with marks", true, |i| i.id = "a-b_c.D9".into()),
        ("longest id", true, |i| i.id = "a".repeat(64).into()),
        ("no id", false, |i| i.id = "".into()),
        ("long id", false, |i| i.id = "a".repeat(65).into()),
        ("slash in the id", false, |i| i.id = "a/b".into()),
        ("same bounds", true, |i| {
            i.filter.at_least = Some(3);
            i.filter.at_most = Some(3);
        }),
        ("turned sizes", false, |i| {
            i.filter.at_least = Some(4);
            i.filter.at_most = Some(3);
        }),
        ("turned times", false, |i| {
            i.filter.from = Some(Timestamp::from_millis(4));
            i.filter.until = Some(Timestamp::from_millis(3));
        }),
        ("impossible prefix", false, |i| {
            i.filter.prefix = "a\0".into();
        }),
        ("impossible target", false, |i| {
            i.target.prefix = "a".repeat(2000).into();
        }),
        ("field twice", false, |i| {
            i.fields = vec![InventoryField::Size, InventoryField::Size];
        }),
        ("no fields", true, |i| i.fields.clear()),
    ];
    for (name, good, change) in cases {
        let mut one = inventory();
        change(&mut one);
        assert_eq!(check(&one).is_ok(), good, "{name}");
    }
}

#[test]
fn all_inventories_of_a_bucket_fit_one_record() {
    let mut large = inventory();
    large.filter.prefix = "p".repeat(1000).into();
    assert!(check_all(&vec![large.clone(); 400]).is_ok());
    assert!(check_all(&vec![large; 500]).is_err());
    assert!(check_all(&vec![inventory(); 1000]).is_ok());
}

#[test]
fn lists_are_due_at_midnights_and_on_sundays() {
    let at = |days: u64, hours: u64| Timestamp::from_millis((days * 24 + hours) * 3_600_000);
    // Days since the beginning of 1970: the third is a Sunday.
    let cases = [
        (at(0, 0), InventoryPeriod::Daily, at(1, 0)),
        (at(3, 23), InventoryPeriod::Daily, at(4, 0)),
        (at(0, 0), InventoryPeriod::Weekly, at(3, 0)),
        (at(2, 23), InventoryPeriod::Weekly, at(3, 0)),
        (at(3, 0), InventoryPeriod::Weekly, at(10, 0)),
        (at(9, 1), InventoryPeriod::Weekly, at(10, 0)),
    ];
    for (now, period, due) in cases {
        assert_eq!(next_list(now, period, DAY), due, "{now:?} {period:?}");
    }
    let second = Duration::from_secs(1);
    let now = Timestamp::from_millis(1_700_000_000_123);
    let due = next_list(now, InventoryPeriod::Weekly, second);
    assert!(due > now && due.since(now) <= Duration::from_secs(7));
}

fn version(written_ms: u64, object: Option<(u64, StorageClass)>) -> ObjectVersion {
    let owner = AccountId("a".into());
    let kind = match object {
        None => VersionKind::DeleteMarker { owner },
        Some((size, class)) => VersionKind::Object(Box::new(ObjectRecord {
            size,
            etag: Etag::Md5([0; 16]),
            checksums: Checksums {
                crc64: 0,
                further: None,
            },
            payload: PayloadRef::Empty,
            headers: StoredHeaders::default(),
            user_meta: Vec::new(),
            tags: Vec::new(),
            class,
            upload: None,
            owner,
            acl: None,
            form: Form::Normal,
            restore: None,
            seal: None,
            expires_at: None,
            lock: crate::model::Lock::default(),
            replicated: Replicated::No,
            nanos: 0,
        })),
    };
    ObjectVersion {
        id: VersionId(1),
        is_null: false,
        written_at: Timestamp::from_millis(written_ms),
        kind,
    }
}

#[test]
fn filters_choose_by_time_size_and_class() {
    let small = version(5, Some((10, StorageClass::Standard)));
    let cold = version(5, Some((10, StorageClass::Archive)));
    let marker = version(5, None);
    let at = |ms| Some(Timestamp::from_millis(ms));
    let none = InventoryFilter::default;
    // Filter; whether it lists the small object, the archived one, the marker.
    let cases = [
        (none(), [true, true, true]),
        (
            InventoryFilter {
                from: at(5),
                until: at(5),
                ..none()
            },
            [true; 3],
        ),
        (
            InventoryFilter {
                from: at(6),
                ..none()
            },
            [false; 3],
        ),
        (
            InventoryFilter {
                until: at(4),
                ..none()
            },
            [false; 3],
        ),
        (
            InventoryFilter {
                at_least: Some(10),
                ..none()
            },
            [true, true, false],
        ),
        (
            InventoryFilter {
                at_least: Some(11),
                ..none()
            },
            [false; 3],
        ),
        (
            InventoryFilter {
                at_most: Some(10),
                ..none()
            },
            [true, true, false],
        ),
        (
            InventoryFilter {
                at_most: Some(9),
                ..none()
            },
            [false; 3],
        ),
        (
            InventoryFilter {
                classes: vec![StorageClass::Archive],
                ..none()
            },
            [false, true, false],
        ),
    ];
    for (filter, wanted) in cases {
        let found = [&small, &cold, &marker].map(|one| covers(&filter, one));
        assert_eq!(found, wanted, "{filter:?}");
    }
}
