//! Symlinks: made, looked at, and followed by those who read bytes.

use std::sync::Arc;

use md5::{Digest, Md5};

use super::buckets::owner_of;
use super::commit::{Also, VersionWrite};
use super::holding::NewBytes;
use super::read::{Found, busy};
use super::{Cx, Engine, NewVersion, ObjectTarget, PutSymlink, SymlinkInfo};
use crate::error::{Error, ErrorKind};
use crate::limits;
use crate::model::{
    Bucket, Checksums, Etag, EventKind, Form, LinkTarget, ObjectRecord, PayloadRef, Replicated,
};
use crate::records::{CurrentRecord, decode, keys};
use crate::rules::access::{Action, On, allow};
use crate::rules::lifecycle::end_of;
use crate::rules::{attributes, symlink};

impl Engine {
    /// Makes a link, as a new version of its key. What it points at need not be there; who reads the link needs the
    /// right to read that too.
    pub async fn put_symlink(&self, cx: &Cx, req: PutSymlink) -> Result<NewVersion, Error> {
        attributes::check(&req.attributes)?;
        let (bucket, _) = self.bucket_for_change(&req.bucket).await?;
        allow(cx, &bucket, Action::WriteObject, On::Key(&req.key))?;
        self.take_write(0, &bucket, &req.key).await?;
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
            let linked = self.linked_bucket(to).await?;
            let of = linked.as_deref().unwrap_or(bucket);
            let places = [link.at.clone(), keys::head(of.id, &to.key)];
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
                allow(cx, of, Action::ReadObject, On::object(&to.key, record))?;
            }
            let through = symlink::through(&link.version, Some(&current.version));
            let [_, at] = places;
            return Ok(Found {
                id: current.version.id,
                version: through.map_err(dangling)?,
                tag: link.tag,
                at,
                revision: head.revision,
                linked,
            });
        }
        Err(busy())
    }

    /// The other bucket that a link points into, if it is another one.
    async fn linked_bucket(&self, to: &LinkTarget) -> Result<Option<Arc<Bucket>>, Error> {
        let Some(name) = &to.bucket else {
            return Ok(None);
        };
        match self.read_live_bucket(name).await {
            Ok((bucket, _)) => Ok(Some(bucket)),
            Err(error) if error.kind() == ErrorKind::NoSuchBucket => {
                Err(dangling(ErrorKind::NoSymlinkTarget))
            }
            Err(error) => Err(error),
        }
    }
}

fn new_link(cx: &Cx, bucket: &Bucket, req: &PutSymlink) -> ObjectRecord {
    let attributes = req.attributes.clone();
    let to = LinkTarget {
        bucket: req.to.bucket.clone().filter(|to| *to != req.bucket),
        key: req.to.key.clone(),
    };
    ObjectRecord {
        size: 0,
        etag: Etag::Opaque(Md5::digest(to.key.as_str()).into()),
        checksums: Checksums::default(),
        payload: PayloadRef::Empty,
        headers: attributes.headers,
        user_meta: attributes.user_meta,
        tags: attributes.tags,
        class: attributes.class.unwrap_or(bucket.default_class),
        upload: None,
        owner: owner_of(cx, bucket),
        acl: attributes.acl,
        form: Form::Symlink(to),
        restore: None,
        seal: None,
        expires_at: attributes.expires_days.map(|days| end_of(cx.at, days)),
        lock: attributes.lock,
        replicated: Replicated::No,
        nanos: 0,
    }
}

fn dangling(kind: ErrorKind) -> Error {
    let message = match kind {
        ErrorKind::SymlinkToSymlink => "the link points at another link; point it at an object",
        _ => "the link points where no object is; store one there",
    };
    Error::new(kind, message)
}
