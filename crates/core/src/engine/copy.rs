//! Copying an object within the server. Large bodies get a further holder and are not moved; small
//! ones, which have one holder each, are written again, and so are those whose encryption changes.

use crate::error::Error;
use crate::limits::COPY_RETRIES_MAX;
use crate::model::{
    BlobId, Bucket, ChecksumAlgorithm, ChecksumKind, ChecksumValue, Checksums, EventKind, Extent,
    Form, FurtherChecksum, KeyHolder, ObjectRecord, PayloadRef, Place, Replicated, StoredHeaders,
    UserMeta,
};
use crate::ports::{BlobError, BodyError, CommitError, StoreError};
use crate::rules::access::{Action, On, allow};
use crate::rules::attributes::{check_acl, check_expiry, check_meta, check_tags};
use crate::rules::checksum::Hasher;
use crate::rules::cipher::DataKey;
use crate::rules::conditions::check_read;
use crate::rules::lifecycle::end_of;
use crate::rules::restore::check_readable;

use super::body_out::{prefetch, stored};
use super::buckets::owner_of;
use super::commit::{Also, Unwritten, VersionWrite};
use super::holding::NewBytes;
use super::ingest::next;
use super::read::{Found, refusal};
use super::sealing::Sealing;
use super::{CopyObject, CopyReceipt, Cx, Engine};

impl Engine {
    /// Copies a version of an object; of a link the link, not what it points at. `NotRestored` for an
    /// archived source. The source may be overwritten meanwhile; then it is read again,
    /// so the copy is always one of the states the source had during the request. Its bytes are read only
    /// for a further checksum that the source has not got.
    pub async fn copy_object(&self, cx: &Cx, req: CopyObject) -> Result<CopyReceipt, Error> {
        check_new(&req)?;
        let mut missing = None;
        for tried in 0..COPY_RETRIES_MAX {
            let (bucket, _) = self.bucket_for_change(&req.bucket).await?;
            allow(cx, &bucket, Action::WriteObject, On::Key(&req.key))?;
            self.take_write(tried, &bucket, &req.key).await?;
            let from = &req.source.object;
            let (source, _) = self.read_live_bucket(&from.bucket).await?;
            let found = self
                .find_allowed(cx, &source, from, Action::ReadObject)
                .await?;
            let validators = Some(found.validators());
            check_read(&req.source.conditions, validators).map_err(|kind| refusal(kind, &found))?;
            if !matches!(found.object().form, Form::Symlink(_)) {
                check_readable(found.object(), source.reads_archive, self.ports.clock.now())
                    .map_err(|kind| refusal(kind, &found))?;
            }
            let sealing = self.new_sealing(cx, &bucket);
            let source_key = cx.encrypting.source_key.as_ref();
            let key = self.data_key(found.object().seal.as_ref(), source_key)?;
            let record = copied(cx, &bucket, &req, found.object());
            let taken = self
                .take(&found, record, (key, sealing), req.checksum)
                .await;
            let (record, bytes) = match taken {
                Ok(taken) => taken,
                // Missing under the very record that was read before: lost, not replaced.
                Err(BodyError::Stored(BlobError::NoSuchBlob))
                    if missing != Some(found.revision) =>
                {
                    missing = Some(found.revision);
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let write = VersionWrite {
                bucket: &req.bucket,
                key: &req.key,
                record,
                class: req.class,
                bytes,
                kind: EventKind::CreatedCopy,
                conditions: &req.conditions,
                callback: None,
                also: Also::default(),
            };
            match self.write_version(cx, &write).await {
                Ok(written) => {
                    return Ok(CopyReceipt {
                        stored: written.stored,
                        source_version: found.tag,
                    });
                }
                Err(Unwritten::Stale) => {}
                Err(Unwritten::Failed(error)) => {
                    self.discard_refused(&write.bytes, &error).await;
                    return Err(error);
                }
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// How a further version comes to hold the bytes of one that was found: `record` with what is known of
    /// them. Bytes are shared while they stay as they are stored; `keys` are the key of the source and what
    /// the copy is to be sealed with.
    pub(super) async fn take(
        &self,
        found: &Found,
        record: ObjectRecord,
        keys: (Option<DataKey>, Option<Sealing>),
        wanted: Option<ChecksumAlgorithm>,
    ) -> Result<(ObjectRecord, NewBytes), BodyError> {
        let source = found.object();
        let is_link = matches!(source.form, Form::Symlink(_));
        if is_link {
            return Ok((record, NewBytes::None));
        }
        let wanted = wanted.filter(|wanted| !has(&source.checksums, *wanted));
        let (key, sealing) = keys;
        if !stays(source, sealing.as_ref()) {
            let plain = self.open_payload(&source.payload, key.as_ref(), 0..source.size);
            let plain = prefetch(plain).await?;
            let again = self.sealed_again(record, plain, sealing, wanted).await;
            return again.map_err(BodyError::Refused);
        }
        let (payload, bytes) = self.take_over(found).await.map_err(stored)?;
        let mut checksums = source.checksums;
        if let Some(wanted) = wanted {
            let value = self.checksum_of(source, key.as_ref(), wanted).await?;
            checksums.further = Some(FurtherChecksum::full(value));
        }
        let record = ObjectRecord {
            payload,
            checksums,
            seal: source.seal.clone(),
            ..record
        };
        Ok((record, bytes))
    }

    /// Reads all bytes of an object for a further checksum.
    async fn checksum_of(
        &self,
        object: &ObjectRecord,
        key: Option<&DataKey>,
        algorithm: ChecksumAlgorithm,
    ) -> Result<ChecksumValue, BodyError> {
        let mut hasher = Hasher::new(algorithm);
        let mut body = self.open_payload(&object.payload, key, 0..object.size);
        while let Some(piece) = next(&mut body).await {
            hasher.update(&piece?);
        }
        Ok(hasher.finish())
    }

    async fn take_over(&self, found: &Found) -> Result<(PayloadRef, NewBytes), StoreError> {
        let payload = &found.object().payload;
        let shared = |id| NewBytes::Shared {
            payload: id,
            source: (found.at.clone(), found.revision),
        };
        Ok(match payload {
            PayloadRef::Empty => (PayloadRef::Empty, NewBytes::None),
            PayloadRef::One { id, extent } => match extent.at {
                Place::Hot(_) => (payload.clone(), shared(*id)),
                Place::Meta(blob) => self.duplicate(blob, *extent).await?,
            },
            PayloadRef::Manifest { id, .. } => (payload.clone(), shared(*id)),
        })
    }

    async fn duplicate(
        &self,
        from: BlobId,
        extent: Extent,
    ) -> Result<(PayloadRef, NewBytes), StoreError> {
        let range = extent.offset..extent.offset.saturating_add(extent.len);
        let bytes = self.ports.meta.payload(from, range).await?;
        let to = BlobId {
            payload: self.ports.ids.payload(),
            n: 0,
        };
        let payload = PayloadRef::One {
            id: to.payload,
            extent: Extent {
                at: Place::Meta(to),
                offset: 0,
                len: extent.len,
            },
        };
        Ok((payload, NewBytes::Small(to, bytes)))
    }
}

/// Whether a copy may hold the bytes as they are stored. Small ones are sealed for their place.
fn stays(source: &ObjectRecord, sealing: Option<&Sealing>) -> bool {
    let is_small = matches!(&source.payload, PayloadRef::One { extent, .. } if matches!(extent.at, Place::Meta(_)));
    match (&source.seal, sealing) {
        (None, None) => true,
        (Some(old), Some(new)) => {
            let same = old.encryption == new.seal.encryption;
            same && old.encryption.holder != KeyHolder::Customer && !is_small
        }
        (None, Some(_)) | (Some(_), None) => false,
    }
}

/// Whether there is this further checksum, over all bytes.
fn has(checksums: &Checksums, wanted: ChecksumAlgorithm) -> bool {
    checksums.further.is_some_and(|further| {
        further.kind == ChecksumKind::Full && further.value.algorithm() == wanted
    })
}

fn check_new(req: &CopyObject) -> Result<(), Error> {
    if let Some(new) = &req.replace {
        check_meta(&new.headers, &new.user_meta)?;
    }
    req.tags.as_ref().map_or(Ok(()), check_tags)?;
    check_expiry(req.expires_days)?;
    req.acl.as_ref().map_or(Ok(()), check_acl)
}

/// The record of the copy, without its bytes: the source's, but for what the request replaces. It comes from
/// no upload.
fn copied(cx: &Cx, bucket: &Bucket, req: &CopyObject, source: &ObjectRecord) -> ObjectRecord {
    let (headers, user_meta) = meta_of_copy(req, source);
    ObjectRecord {
        size: source.size,
        etag: source.etag.clone(),
        checksums: source.checksums,
        payload: PayloadRef::Empty,
        headers,
        user_meta,
        tags: req.tags.clone().unwrap_or_else(|| source.tags.clone()),
        class: req.class.unwrap_or(bucket.default_class),
        upload: None,
        owner: owner_of(cx, bucket),
        acl: req.acl.clone(),
        // A link is copied as one; everything else is an object written as a whole from now on.
        form: match &source.form {
            Form::Symlink(to) => Form::Symlink(to.clone()),
            Form::Normal | Form::Appendable | Form::Directory { .. } => Form::Normal,
        },
        restore: None,
        seal: None,
        expires_at: req.expires_days.map(|days| end_of(cx.at, days)),
        lock: req.lock,
        replicated: Replicated::No,
        nanos: 0,
    }
}

/// Headers and metadata of the copy.
fn meta_of_copy(req: &CopyObject, source: &ObjectRecord) -> (StoredHeaders, UserMeta) {
    let Some(new) = req.replace.clone() else {
        return (source.headers.clone(), source.user_meta.clone());
    };
    let mut headers = new.headers;
    if new.keeps_type && headers.content_type.is_none() {
        headers
            .content_type
            .clone_from(&source.headers.content_type);
    }
    (headers, new.user_meta)
}
