//! This server's own buckets as sources, without a way over the network.

use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use sha2::{Digest, Sha256};

use crate::engine::{
    Conditions, Cx, ETagMatch, Engine, GetObject, ListObjects, ListingEntry, ObjectInfo,
    ObjectTarget, RangeSpec, VersionChoice,
};
use crate::error::{Error, ErrorKind};
use crate::limits::PAGE_MAX;
use crate::model::{
    AccessKeyId, BucketName, ChecksumKind, Etag, ObjectKey, Principal, RestoreState, SyncPast,
    SyncSource, Timestamp,
};
use crate::ports::{
    ByteStream, Source, SourceCredentials, SourceDigests, SourceFault, SourceObject, SourcePage,
    Sources,
};

/// Days that an object of this server is restored for to be read.
const RESTORE_DAYS: u32 = 1;

/// Opens buckets of this server, as the account sees them whose key is given. Kind and place of the
/// source mean nothing here: whoever asks has found that they mean this server.
#[derive(Debug)]
pub struct OwnBuckets(Arc<Engine>);

impl OwnBuckets {
    /// The buckets of an engine.
    pub fn new(engine: &Arc<Engine>) -> Self {
        Self(Arc::clone(engine))
    }
}

#[async_trait]
impl Sources for OwnBuckets {
    async fn open(
        &self,
        source: &SyncSource,
        with: &SourceCredentials,
    ) -> Result<Arc<dyn Source>, SourceFault> {
        let bucket = BucketName::new(&source.bucket).map_err(|_| SourceFault::Missing)?;
        Ok(Arc::new(OwnBucket {
            engine: Arc::clone(&self.0),
            bucket,
            access: AccessKeyId(with.access.clone()),
            principal: self.principal(with).await?,
        }))
    }

    async fn buckets(
        &self,
        _place: &SyncSource,
        with: &SourceCredentials,
    ) -> Result<Vec<Box<str>>, SourceFault> {
        let cx = reader(self.principal(with).await?, self.0.ports().clock.now());
        let buckets = self.0.list_buckets(&cx).await;
        let buckets = buckets.map_err(|error| fault(&error))?.into_iter();
        Ok(buckets.map(|bucket| bucket.name.as_str().into()).collect())
    }
}

impl OwnBuckets {
    /// Who has these credentials.
    async fn principal(&self, with: &SourceCredentials) -> Result<Principal, SourceFault> {
        let engine = &self.0;
        let access = AccessKeyId(with.access.clone());
        let found = engine.credential(&access).await;
        let found = found.map_err(|error| fault(&error))?;
        let now = engine.ports().clock.now();
        let known = found.filter(|key| {
            let token = key.token.as_ref().map_or("", |token| &*token.0);
            let shown = with.token.as_ref().map_or("", |token| token.expose());
            equal(key.secret.expose(), with.secret.expose())
                && equal(token, shown)
                && key.expires_at.is_none_or(|end| end > now)
        });
        Ok(known.ok_or(SourceFault::Denied)?.principal)
    }
}

/// The call of a reader.
fn reader(principal: Principal, at: Timestamp) -> Cx {
    Cx {
        principal,
        request_id: "sync-source".into(),
        source: None,
        dialect: crate::model::DialectId::Tos,
        at,
        secure: true,
        tls: None,
        user_agent: None,
        referer: None,
        pays: true,
        by_link: false,
        bypasses: false,
        past: SyncPast::None,
        encrypting: crate::engine::Encrypting::default(),
    }
}

/// Whether secrets are equal, without telling how much of them is.
fn equal(ours: &str, theirs: &str) -> bool {
    Sha256::digest(ours) == Sha256::digest(theirs)
}

/// A bucket of this server.
#[derive(Debug)]
pub(super) struct OwnBucket {
    engine: Arc<Engine>,
    bucket: BucketName,
    access: AccessKeyId,
    principal: Principal,
}

impl OwnBucket {
    /// A bucket as an account sees it; `None` for nobody.
    pub(super) fn of(
        engine: &Arc<Engine>,
        bucket: &BucketName,
        principal: &Principal,
    ) -> Option<Self> {
        let Principal::Account { key, .. } = principal else {
            return None;
        };
        Some(Self {
            engine: Arc::clone(engine),
            bucket: bucket.clone(),
            access: key.clone(),
            principal: principal.clone(),
        })
    }

    /// In whose name is read, as long as its key is one.
    async fn cx(&self) -> Result<Cx, SourceFault> {
        let found = self.engine.credential(&self.access).await;
        let found = found.map_err(|error| fault(&error))?;
        let now = self.engine.ports().clock.now();
        let stands = |key: &crate::engine::Credential| {
            key.principal == self.principal && key.expires_at.is_none_or(|end| end > now)
        };
        found.filter(stands).ok_or(SourceFault::Denied)?;
        Ok(reader(self.principal.clone(), now))
    }

    fn get(&self, key: &ObjectKey) -> GetObject {
        GetObject {
            target: self.target(key),
            range: None,
            conditions: Conditions::default(),
        }
    }

    fn target(&self, key: &ObjectKey) -> ObjectTarget {
        ObjectTarget {
            bucket: self.bucket.clone(),
            key: key.clone(),
            version: VersionChoice::Current,
        }
    }
}

#[async_trait]
impl Source for OwnBucket {
    async fn stat(&self, key: &ObjectKey) -> Result<SourceObject, SourceFault> {
        let cx = self.cx().await?;
        let info = self.engine.head_object(&cx, self.get(key)).await;
        Ok(object_of(info.map_err(|error| fault(&error))?))
    }

    async fn fetch(
        &self,
        key: &ObjectKey,
        most: u64,
    ) -> Result<(SourceObject, Option<ByteStream>), SourceFault> {
        let object = self.stat(key).await?;
        if object.size > most || object.archived {
            return Ok((object, None));
        }
        let body = self.read(key, None, object.etag.as_deref()).await?;
        Ok((object, Some(body)))
    }

    async fn read(
        &self,
        key: &ObjectKey,
        range: Option<Range<u64>>,
        if_etag: Option<&str>,
    ) -> Result<ByteStream, SourceFault> {
        let cx = self.cx().await?;
        let if_match = if_etag.map(|etag| ETagMatch::OneOf(vec![etag.into()]));
        let spec = |range: Range<u64>| RangeSpec::Within(range.start, range.end.saturating_sub(1));
        let req = GetObject {
            range: range.filter(|range| !range.is_empty()).map(spec),
            conditions: Conditions {
                if_match,
                ..Conditions::default()
            },
            ..self.get(key)
        };
        let reader = self.engine.get_object(&cx, req).await;
        Ok(reader.map_err(|error| fault(&error))?.body)
    }

    async fn restore(&self, key: &ObjectKey) -> Result<(), SourceFault> {
        let cx = self.cx().await?;
        let restored = self
            .engine
            .restore_object(&cx, &self.target(key), RESTORE_DAYS)
            .await;
        match restored {
            Err(error) if error.kind() == ErrorKind::RestoreInProgress => Ok(()),
            restored => restored.map(drop).map_err(|error| fault(&error)),
        }
    }

    async fn list(
        &self,
        prefix: &str,
        after: &str,
        limit: usize,
    ) -> Result<SourcePage, SourceFault> {
        let cx = self.cx().await?;
        let req = ListObjects {
            bucket: self.bucket.clone(),
            prefix: prefix.into(),
            delimiter: String::new(),
            after: after.into(),
            reverse: false,
            limit: limit.min(PAGE_MAX),
        };
        let listing = self.engine.list_objects(&cx, req).await;
        let listing = listing.map_err(|error| fault(&error))?;
        let object = |entry| match entry {
            ListingEntry::Object(object) => Some((object.key, object.size)),
            ListingEntry::Prefix(_) => None,
        };
        Ok(SourcePage {
            objects: listing.entries.into_iter().filter_map(object).collect(),
            more: listing.next.is_some(),
        })
    }
}

fn object_of(info: ObjectInfo) -> SourceObject {
    let record = info.record;
    let restored = matches!(info.restore, Some(RestoreState::Until(_)));
    let md5 = match record.etag {
        Etag::Md5(md5) => Some(md5),
        Etag::Parts { .. } | Etag::Opaque(_) => None,
    };
    let whole = record.checksums.further;
    let whole = whole.filter(|further| further.kind == ChecksumKind::Full);
    SourceObject {
        size: record.size,
        etag: Some(record.etag.to_string().into()),
        modified: info.written_at,
        digests: SourceDigests {
            md5,
            crc64: Some(record.checksums.crc64),
            further: whole.map(|further| further.value),
        },
        headers: record.headers,
        user_meta: record.user_meta,
        class: record.class,
        archived: record.class.is_frozen() && !restored,
    }
}

fn fault(error: &Error) -> SourceFault {
    match error.kind() {
        ErrorKind::NoSuchBucket
        | ErrorKind::NoSuchKey
        | ErrorKind::NoSymlinkTarget
        | ErrorKind::SymlinkToSymlink => SourceFault::Missing,
        ErrorKind::Denied => SourceFault::Denied,
        ErrorKind::NotRestored => SourceFault::Archived,
        ErrorKind::PreconditionFailed | ErrorKind::InvalidRange => SourceFault::Changed,
        ErrorKind::Busy
        | ErrorKind::Unavailable
        | ErrorKind::TooManyRequests
        | ErrorKind::TooManyBytes => SourceFault::Busy(None),
        _ => SourceFault::Broken(error.message().into()),
    }
}
