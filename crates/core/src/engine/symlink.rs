//! Symlinks: made, looked at, and followed by those who read bytes.

use md5::{Digest, Md5};

use super::buckets::owner_of;
use super::commit::{Also, VersionWrite};
use super::holding::NewBytes;
use super::read::{Found, busy};
use super::{Cx, Engine, NewVersion, ObjectTarget, PutSymlink, SymlinkInfo};
use crate::error::{Error, ErrorKind};
use crate::limits;
use crate::model::{Bucket, Checksums, Etag, EventKind, Form, ObjectRecord, PayloadRef};
use crate::records::{CurrentRecord, decode, keys};
use crate::rules::access::{Action, On, allow};
use crate::rules::lifecycle::end_of;
use crate::rules::{attributes, symlink};

impl Engine {
    /// Makes a link, as a new version of its key. What it points at need not be there.
    pub async fn put_symlink(&self, cx: &Cx, req: PutSymlink) -> Result<NewVersion, Error> {
        attributes::check(&req.attributes)?;
        let (bucket, _) = self.bucket_for_change(&req.bucket).await?;
        allow(cx, &bucket, Action::WriteObject, On::Key(&req.key))?;
        let write = VersionWrite {
            bucket: &req.bucket,
            key: &req.key,
            record: new_link(cx, &bucket, &req),
            class: req.attributes.class,
            bytes: NewBytes::None,
            kind: EventKind::CreatedSymlink,
            conditions: &req.conditions,
            callback: None,
            also: Also::default(),
        };
        Ok(self.write_version(cx, &write).await?.stored)
    }

    /// Says where a link points: errors of [`Engine::get_object`] about the link itself, and `NotSymlink`.
    pub async fn get_symlink(&self, cx: &Cx, target: &ObjectTarget) -> Result<SymlinkInfo, Error> {
        let info = self.inspect_object(cx, target, Action::ReadObject).await?;
        match &info.record.form {
            Form::Symlink(to) => Ok(SymlinkInfo {
                to: to.clone(),
                info,
            }),
            Form::Normal | Form::Appendable | Form::Directory { .. } => Err(Error::new(
                ErrorKind::NotSymlink,
                "the object is no link; read it instead",
            )),
        }
    }

    /// Finds a version the caller may read, through the link if it is one: then what is found is what
    /// [`symlink::through`] makes of both, with the record of the target as its place. Link and target
    /// are of one moment.
    pub(super) async fn reach(
        &self,
        cx: &Cx,
        bucket: &Bucket,
        target: &ObjectTarget,
    ) -> Result<Found, Error> {
        for _ in 0..limits::READ_RETRIES_MAX {
            let meant = self.target_meant(bucket, target).await?;
            let link = self
                .find_allowed(cx, bucket, &meant, Action::ReadObject)
                .await?;
            let Form::Symlink(to) = &link.object().form else {
                return Ok(link);
            };
            let places = [link.at.clone(), keys::head(bucket.id, to)];
            let mut seen = self.ports.meta.get_many(&places).await?.into_iter();
            let still = seen.next().flatten().map(|record| record.revision);
            if still != Some(link.revision) {
                continue;
            }
            let Some(head) = seen.next().flatten() else {
                return Err(dangling(ErrorKind::NoSymlinkTarget));
            };
            let current: CurrentRecord = decode(&head.bytes)?;
            if let Some(record) = current.version.object() {
                allow(cx, bucket, Action::ReadObject, On::object(to, record))?;
            }
            let through = symlink::through(&link.version, Some(&current.version));
            let [_, at] = places;
            return Ok(Found {
                version: through.map_err(dangling)?,
                tag: link.tag,
                at,
                revision: head.revision,
            });
        }
        Err(busy())
    }
}

fn new_link(cx: &Cx, bucket: &Bucket, req: &PutSymlink) -> ObjectRecord {
    let attributes = req.attributes.clone();
    ObjectRecord {
        size: 0,
        etag: Etag::Opaque(Md5::digest(req.to.as_str()).into()),
        checksums: Checksums::default(),
        payload: PayloadRef::Empty,
        headers: attributes.headers,
        user_meta: attributes.user_meta,
        tags: attributes.tags,
        class: attributes.class.unwrap_or(bucket.default_class),
        upload: None,
        owner: owner_of(cx, bucket),
        acl: attributes.acl,
        form: Form::Symlink(req.to.clone()),
        restore: None,
        seal: None,
        expires_at: attributes.expires_days.map(|days| end_of(cx.at, days)),
        lock: attributes.lock,
        nanos: 0,
    }
}

fn dangling(kind: ErrorKind) -> Error {
    let message = match kind {
        ErrorKind::SymlinkToSymlink => "the link points at another link; point it at an object",
        _ => "the link points at a key that has no object; store one there",
    };
    Error::new(kind, message)
}
