//! Buckets as they were read last. Every request reads its bucket once or more, and reading many rules
//! takes longer than anything else it does. The store is still asked each time: a revision is never
//! used twice for a key (L4), so as long as it is the same, what was made of the bytes is the same.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::limits::BUCKETS_KNOWN_MAX;
use crate::model::{Bucket, BucketName};
use crate::ports::{Record, Revision, StoreError};
use crate::records::decode;

/// The buckets, by name.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<BTreeMap<BucketName, (Revision, Arc<Bucket>)>>);

impl Known {
    /// The bucket that a record holds.
    pub(super) fn read(
        &self,
        name: &BucketName,
        record: &Record,
    ) -> Result<Arc<Bucket>, StoreError> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((revision, bucket)) = lock().get(name)
            && *revision == record.revision
        {
            return Ok(bucket.clone());
        }
        let bucket: Arc<Bucket> = Arc::new(decode(&record.bytes)?);
        let mut known = lock();
        if known.len() >= BUCKETS_KNOWN_MAX && !known.contains_key(name) {
            known.pop_first();
        }
        known.insert(name.clone(), (record.revision, bucket.clone()));
        Ok(bucket)
    }

    /// The bucket as it was read last, if it was and nothing made it worth reading again.
    pub(super) fn last(&self, name: &BucketName) -> Option<Arc<Bucket>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(name).map(|(_, bucket)| bucket.clone())
    }

    /// Forgets what was read of a bucket.
    pub(super) fn forget(&self, name: &BucketName) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        AccountId, Acl, BucketId, BucketKind, BucketState, DialectId, LogFields, Referers,
        RuleSetVersion, StorageClass, Timestamp, Versioning,
    };
    use crate::records::encode;

    fn bucket(id: u64) -> (BucketName, Bucket) {
        let name = BucketName::new(&format!("bucket-{id:04}")).unwrap();
        let bucket = Bucket {
            id: BucketId(id),
            name: name.clone(),
            owner: AccountId("a".into()),
            created_at: Timestamp::from_millis(0),
            region: "r".into(),
            home: DialectId::Tos,
            state: BucketState::Live,
            versioning: Versioning::Off,
            acl: Acl::default(),
            default_class: StorageClass::Standard,
            labels: Vec::new(),
            rules: Vec::new(),
            rule_set: RuleSetVersion(0),
            policy: Vec::new(),
            requester_pays: false,
            has_cors: false,
            lifecycle: None,
            retention: None,
            encryption: None,
            referers: Referers::default(),
            has_website: false,
            has_mirrors: false,
            access_log: None,
            log_fields: LogFields::default(),
            access_monitor: None,
            sets: None,
            replicated: Vec::new(),
            blocks_public: false,
            account_blocks_public: false,
            reads_archive: false,
            renames: false,
            quota: None,
            domains: Vec::new(),
            expires: false,
            locks: None,
            tls: None,
            kept: Vec::new(),
            kind: BucketKind::Flat,
            trash: None,
        };
        (name, bucket)
    }

    fn record(bucket: &Bucket, revision: u64) -> Record {
        Record {
            revision: Revision(revision),
            bytes: encode(bucket),
        }
    }

    #[test]
    fn what_is_read_is_what_is_stored() {
        let known = Known::default();
        let (name, mut bucket) = bucket(1);
        let first = known.read(&name, &record(&bucket, 1)).unwrap();
        assert_eq!(*first, bucket);
        let again = known.read(&name, &record(&bucket, 1)).unwrap();
        assert!(Arc::ptr_eq(&first, &again), "it was not read again");
        bucket.versioning = Versioning::Enabled;
        let changed = known.read(&name, &record(&bucket, 2)).unwrap();
        assert_eq!(*changed, bucket);
        let before = known.read(&name, &record(&first, 1)).unwrap();
        assert_eq!(before, first, "a reader of an older snapshot");
    }

    #[test]
    fn they_are_bounded() {
        let known = Known::default();
        for id in 0..=BUCKETS_KNOWN_MAX as u64 {
            let (name, bucket) = bucket(id);
            assert_eq!(*known.read(&name, &record(&bucket, 1)).unwrap(), bucket);
        }
        assert_eq!(known.0.lock().unwrap().len(), BUCKETS_KNOWN_MAX);
    }
}
