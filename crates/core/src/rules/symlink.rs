//! Symlinks: a version without bytes that stands for whatever is current under another key.

use crate::error::ErrorKind;
use crate::model::{Form, ObjectRecord, ObjectVersion, StoredHeaders, VersionKind};

/// What a reader of a link gets: the bytes of the target and what tells of them (size, digests, class,
/// restore), under the link's version and with its user metadata, tags, owner and grants; its headers too,
/// unless it has none; and the later of both times.
///
/// `NoSymlinkTarget` when nothing is current under the target's key, `SymlinkToSymlink` when that is a
/// link itself: there are no chains, so there are no circles.
pub fn through(
    link: &ObjectVersion,
    target: Option<&ObjectVersion>,
) -> Result<ObjectVersion, ErrorKind> {
    let found = target.and_then(|version| Some((version.written_at, version.object()?)));
    let (written_at, target) = found.ok_or(ErrorKind::NoSymlinkTarget)?;
    if matches!(target.form, Form::Symlink(_)) {
        return Err(ErrorKind::SymlinkToSymlink);
    }
    let own = link.object().ok_or(ErrorKind::NoSuchKey)?;
    let headers = if own.headers == StoredHeaders::default() {
        &target.headers
    } else {
        &own.headers
    };
    let record = ObjectRecord {
        size: target.size,
        etag: target.etag.clone(),
        checksums: target.checksums,
        payload: target.payload.clone(),
        headers: headers.clone(),
        class: target.class,
        restore: target.restore,
        seal: target.seal.clone(),
        ..own.clone()
    };
    Ok(ObjectVersion {
        written_at: link.written_at.max(written_at),
        kind: VersionKind::Object(Box::new(record)),
        ..*link
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        AccountId, Checksums, Etag, ObjectKey, PayloadRef, Replicated, StorageClass, Timestamp,
        VersionId,
    };

    fn record(n: u8, form: Form) -> ObjectRecord {
        ObjectRecord {
            size: u64::from(n),
            etag: Etag::Md5([n; 16]),
            checksums: Checksums {
                crc64: u64::from(n),
                further: None,
            },
            payload: PayloadRef::Empty,
            headers: StoredHeaders {
                content_type: Some(format!("type/{n}").into()),
                ..StoredHeaders::default()
            },
            user_meta: vec![("n".into(), n.to_string().into())],
            tags: vec![("n".into(), n.to_string().into())],
            class: if n == 1 {
                StorageClass::Infrequent
            } else {
                StorageClass::Archive
            },
            upload: None,
            owner: AccountId(n.to_string().into()),
            acl: None,
            form,
            restore: None,
            seal: None,
            expires_at: None,
            lock: crate::model::Lock::default(),
            replicated: Replicated::No,
            nanos: 0,
        }
    }

    fn version(n: u8, kind: VersionKind) -> ObjectVersion {
        ObjectVersion {
            id: VersionId(n.into()),
            is_null: false,
            written_at: Timestamp::from_millis(n.into()),
            kind,
        }
    }

    fn object(n: u8, form: Form) -> ObjectVersion {
        version(n, VersionKind::Object(Box::new(record(n, form))))
    }

    fn to(key: &str) -> Form {
        Form::Symlink(ObjectKey::new(key).unwrap().into())
    }

    #[test]
    fn targets_that_cannot_be_read() {
        let link = object(1, to("k"));
        let marker = VersionKind::DeleteMarker {
            owner: AccountId("owner".into()),
        };
        let cases = [
            (None, ErrorKind::NoSymlinkTarget),
            (Some(version(2, marker)), ErrorKind::NoSymlinkTarget),
            (Some(object(2, to("k"))), ErrorKind::SymlinkToSymlink),
            (Some(link.clone()), ErrorKind::SymlinkToSymlink),
        ];
        for (target, kind) in cases {
            assert_eq!(through(&link, target.as_ref()), Err(kind), "{target:?}");
        }
    }

    #[test]
    fn bytes_are_the_target_s_and_words_the_link_s() {
        for form in [Form::Normal, Form::Appendable] {
            let seen = through(&object(1, to("k")), Some(&object(2, form))).unwrap();
            assert_eq!(
                (seen.id, seen.written_at.millis()),
                (VersionId(1), 2),
                "the later of both times"
            );
            let wanted = ObjectRecord {
                size: 2,
                etag: Etag::Md5([2; 16]),
                checksums: Checksums {
                    crc64: 2,
                    further: None,
                },
                class: StorageClass::Archive,
                ..record(1, to("k"))
            };
            assert_eq!(seen.object(), Some(&wanted));
        }
        let newer = through(&object(3, to("k")), Some(&object(2, Form::Normal))).unwrap();
        assert_eq!(newer.written_at.millis(), 3);
    }

    #[test]
    fn a_link_without_headers_shows_those_of_its_target() {
        let plain = ObjectRecord {
            headers: StoredHeaders::default(),
            ..record(1, to("k"))
        };
        let link = version(1, VersionKind::Object(Box::new(plain)));
        let seen = through(&link, Some(&object(2, Form::Normal))).unwrap();
        let shown = &seen.object().unwrap().headers;
        assert_eq!(shown.content_type.as_deref(), Some("type/2"));
    }
}
