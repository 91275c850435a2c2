use super::*;
use crate::model::{
    AccountId, ObjectKey, Replicated, StorageClass, StoredHeaders, Timestamp, UploadId, VersionId,
    VersionKind,
};

fn record(form: Form, size: u64) -> ObjectRecord {
    ObjectRecord {
        size,
        etag: Etag::Opaque([1; 16]),
        checksums: Checksums {
            crc64: 0,
            further: None,
        },
        payload: PayloadRef::Empty,
        headers: StoredHeaders::default(),
        user_meta: vec![("n".into(), "1".into())],
        tags: Vec::new(),
        class: StorageClass::Infrequent,
        upload: None,
        owner: AccountId("owner".into()),
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

fn version(kind: VersionKind) -> ObjectVersion {
    ObjectVersion {
        id: VersionId(7),
        is_null: false,
        written_at: Timestamp::default(),
        kind,
    }
}

fn object(record: ObjectRecord) -> ObjectVersion {
    version(VersionKind::Object(Box::new(record)))
}

#[test]
fn pieces_go_where_the_object_ends() {
    use ErrorKind::{NotAppendable, PositionMismatch};
    let marker = version(VersionKind::DeleteMarker {
        owner: AccountId("owner".into()),
    });
    let link = Form::Symlink(ObjectKey::new("k").unwrap().into());
    let of_parts = ObjectRecord {
        upload: Some(UploadId([1; 16])),
        ..record(Form::Normal, 9)
    };
    let grows = object(record(Form::Appendable, 9));
    // (what is there, position, refusal and the length it tells)
    let cases = [
        (None, 0, None),
        (None, 1, Some((PositionMismatch, Some(0)))),
        (Some(&marker), 0, None),
        (Some(&marker), 9, Some((PositionMismatch, Some(0)))),
        (Some(&grows), 9, None),
        (Some(&grows), 0, Some((PositionMismatch, Some(9)))),
        (Some(&grows), 8, Some((PositionMismatch, Some(9)))),
        (Some(&grows), 10, Some((PositionMismatch, Some(9)))),
        (
            Some(&object(record(Form::Normal, 9))),
            9,
            Some((NotAppendable, None)),
        ),
        (
            Some(&object(record(Form::Normal, 9))),
            0,
            Some((NotAppendable, None)),
        ),
        (Some(&object(of_parts)), 9, Some((NotAppendable, None))),
        (
            Some(&object(record(link, 0))),
            0,
            Some((NotAppendable, None)),
        ),
    ];
    for (there, position, refused) in cases {
        let outcome = onto(there, position, false);
        let seen = outcome
            .as_ref()
            .err()
            .map(|error| (error.kind(), error.length()));
        assert_eq!(seen, refused, "{there:?} at {position}");
        if let Ok(found) = outcome {
            let object = there.and_then(ObjectVersion::object);
            assert_eq!(found, object, "{there:?} at {position}");
        }
    }
}

#[test]
fn who_modifies_takes_what_was_written_as_a_whole_too() {
    use ErrorKind::{NoSuchKey, NotAppendable, PositionMismatch};
    let directory = Form::Directory { leaving: false };
    let of = |form, size| object(record(form, size));
    let link = Form::Symlink(ObjectKey::new("k").unwrap().into());
    let cases = [
        (None, 0, Some(NoSuchKey)),
        (Some(of(Form::Normal, 9)), 9, None),
        (Some(of(Form::Normal, 0)), 0, None),
        (Some(of(Form::Appendable, 9)), 9, None),
        (Some(of(Form::Normal, 9)), 8, Some(PositionMismatch)),
        (Some(of(link, 0)), 0, Some(NotAppendable)),
        (Some(of(directory, 0)), 0, Some(NotAppendable)),
    ];
    for (there, position, refused) in cases {
        let outcome = onto(there.as_ref(), position, true);
        let kind = outcome.err().map(|error| error.kind());
        assert_eq!(kind, refused, "{there:?} at {position}");
    }
}

#[test]
fn what_grew_has_its_bytes_to_itself() {
    let piece = |size| Piece {
        size,
        md5: [1; 16],
        crc64: 0,
    };
    let before = ObjectRecord {
        upload: Some(UploadId([1; 16])),
        nanos: 7,
        ..record(Form::Normal, 9)
    };
    let same = grown(&before, &piece(0), PayloadRef::Empty);
    assert_eq!(same.form, Form::Normal);
    let after = grown(&before, &piece(1), PayloadRef::Empty);
    let told = (after.form, after.upload, after.nanos);
    assert_eq!(told, (Form::Appendable, None, 0));
}

#[test]
fn small_pieces_are_gathered_and_their_number_has_a_limit() {
    use Held::{Blobs, Nothing, Small};
    let most = APPENDED_PIECES_MAX;
    // (bytes held, size, piece, layout); 10 bytes fit into a commit
    let cases = [
        (Nothing, 0, 0, Some(Layout::Same)),
        (Nothing, 0, 5, Some(Layout::First)),
        (Nothing, 0, 50, Some(Layout::First)),
        (Small, 5, 0, Some(Layout::Same)),
        (Small, 5, 5, Some(Layout::Small)),
        (Small, 5, 6, Some(Layout::Next)),
        (Small, 5, 50, Some(Layout::Next)),
        (Blobs(1, 5), 5, 5, Some(Layout::Next)),
        (Blobs(2, 5), 9, 5, Some(Layout::Gather)),
        (Blobs(2, 9), 99, 10, Some(Layout::Gather)),
        (Blobs(2, 10), 99, 1, Some(Layout::Next)),
        (Blobs(2, 5), 99, 11, Some(Layout::Next)),
        (Blobs(most - 1, 50), 99, 11, Some(Layout::Next)),
        (Blobs(most, 5), 99, 5, Some(Layout::Gather)),
        (Blobs(most, 5), 99, 11, None),
        (Blobs(most, 50), 99, 1, None),
        (Blobs(most, 50), 99, 0, Some(Layout::Same)),
        (Blobs(2, 50), OBJECT_BYTES_MAX - 1, 1, Some(Layout::Next)),
        (Blobs(2, 50), OBJECT_BYTES_MAX, 1, None),
        (Blobs(2, 50), OBJECT_BYTES_MAX, u64::MAX, None),
    ];
    for (held, size, piece, wanted) in cases {
        let found = layout(held, size, piece, 10).map_err(|error| error.kind());
        assert_eq!(
            found,
            wanted.ok_or(ErrorKind::TooLarge),
            "{held:?} of {size} and {piece}"
        );
    }
}

#[test]
fn a_piece_changes_bytes_and_digests_and_nothing_else() {
    let crc = |bytes: &[u8]| crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Xz, bytes);
    let piece = |bytes: &[u8]| Piece {
        size: bytes.len() as u64,
        md5: Md5::digest(bytes).into(),
        crc64: crc(bytes),
    };
    let mut before = record(Form::Appendable, 5);
    before.checksums.crc64 = crc(b"12345");
    let payload = PayloadRef::Manifest {
        id: crate::model::PayloadId([9; 16]),
        extents: 2,
    };
    let after = grown(&before, &piece(b"6789"), payload.clone());
    assert_eq!(after.checksums.crc64, crc(b"123456789"));
    assert_ne!(after.etag, before.etag);
    let wanted = ObjectRecord {
        size: 9,
        etag: after.etag.clone(),
        checksums: after.checksums,
        payload,
        ..before.clone()
    };
    assert_eq!(after, wanted);
    let again = grown(&after, &piece(b""), after.payload.clone());
    assert_eq!(again.checksums, after.checksums);
    assert_ne!(again.etag, after.etag, "every append is another state");
}
