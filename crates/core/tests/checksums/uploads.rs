//! Of uploads: fixed at the beginning, of parts, of the whole.

use cohong_core::engine::{
    Attributes, CompleteReceipt, CompleteUpload, Conditions, CopyPart, CopySource, CreateUpload,
    ExpectedDigests, FurtherDigest, ListParts, ListUploads, NamedPart, PartReceipt, PutPart,
    RangeSpec, UploadTarget, VersionChoice,
};
use cohong_core::model::{
    BucketName, ChecksumAlgorithm, ChecksumForm, ChecksumKind, ChecksumValue, FurtherChecksum,
    ObjectKey,
};
use cohong_core::{Error, ErrorKind};
use serde_json::Value;

use ChecksumAlgorithm::{Crc32, Crc32c, Crc64Nvme, Sha1, Sha256};
use ChecksumKind::{Composite, Full};

use crate::common::{World, body, owner, run, target};
use crate::{flipped, kept, value, vectors, with};

struct Upload {
    world: World,
    target: UploadTarget,
}

fn form(algorithm: ChecksumAlgorithm, kind: ChecksumKind) -> ChecksumForm {
    ChecksumForm { algorithm, kind }
}

async fn create(
    world: &World,
    bucket: &BucketName,
    checksum: Option<ChecksumForm>,
) -> Result<UploadTarget, Error> {
    let key = ObjectKey::new("k").unwrap();
    let req = CreateUpload {
        bucket: bucket.clone(),
        key: key.clone(),
        attributes: Attributes::default(),
        conditions: Conditions::default(),
        sequential: false,
        checksum,
    };
    Ok(UploadTarget {
        bucket: bucket.clone(),
        key,
        upload: world.engine.create_upload(&owner(), req).await?.upload,
    })
}

async fn begin(checksum: Option<ChecksumForm>) -> Upload {
    let world = World::new();
    let bucket = world.bucket("uploads").await;
    let target = create(&world, &bucket, checksum).await.unwrap();
    Upload { world, target }
}

impl Upload {
    async fn part(
        &self,
        number: u32,
        bytes: &[u8],
        digests: ExpectedDigests,
    ) -> Result<PartReceipt, ErrorKind> {
        let req = PutPart {
            target: self.target.clone(),
            number,
            digests,
        };
        let receipt = self.world.engine.put_part(&owner(), req, body(bytes)).await;
        receipt.map_err(|error| error.kind())
    }

    async fn copied(
        &self,
        number: u32,
        range: Option<RangeSpec>,
        checksum: Option<ChecksumAlgorithm>,
    ) -> PartReceipt {
        let object = target(&self.target.bucket, "source", VersionChoice::Current);
        let req = CopyPart {
            target: self.target.clone(),
            number,
            source: CopySource {
                object,
                conditions: Conditions::default(),
            },
            range,
            checksum,
        };
        self.world.engine.copy_part(&owner(), req).await.unwrap()
    }

    fn request(&self) -> CompleteUpload {
        CompleteUpload {
            target: self.target.clone(),
            parts: None,
            part_bytes_min: 0,
            acl: None,
            conditions: Conditions::default(),
            checksum: None,
            size: None,
            callback: None,
        }
    }

    async fn complete(&self, req: CompleteUpload) -> Result<CompleteReceipt, ErrorKind> {
        let receipt = self.world.engine.complete_upload(&owner(), req).await;
        receipt.map_err(|error| error.kind())
    }
}

fn named(number: u32, part: &PartReceipt) -> NamedPart {
    NamedPart {
        number,
        etag: hex::encode(part.md5).into(),
        checksum: part.checksums.further.map(|further| further.value),
    }
}

fn sent(value: ChecksumValue) -> ExpectedDigests {
    with(FurtherDigest::Sent(value))
}

/// What the object of the vectors' parts must get.
fn whole(vectors: &Value, form: ChecksumForm) -> FurtherChecksum {
    let sums = match form.kind {
        Full => &vectors["full_object"],
        Composite => &vectors["composite"],
    };
    FurtherChecksum {
        value: value(sums, form.algorithm),
        kind: form.kind,
    }
}

#[test]
fn objects_of_parts_get_what_the_vendors_client_computes() {
    let vectors = &vectors()["multipart"];
    let bodies = [(5 << 20, b'A'), (5 << 20, b'B'), (1000, b'C')];
    let bodies = bodies.map(|(len, byte): (usize, u8)| vec![byte; len]);
    let forms = [
        form(Crc32, Full),
        form(Crc32, Composite),
        form(Crc32c, Full),
        form(Crc32c, Composite),
        form(Crc64Nvme, Full),
        form(Sha1, Composite),
        form(Sha256, Composite),
    ];
    for form in forms {
        run(async {
            let upload = begin(Some(form)).await;
            let mut parts = Vec::new();
            for (number, bytes) in (1..).zip(&bodies) {
                let sums = &vectors["part_sums"][number as usize - 1];
                let wanted = value(sums, form.algorithm);
                let receipt = upload.part(number, bytes, sent(wanted)).await.unwrap();
                let further = Some(FurtherChecksum::full(wanted));
                assert_eq!(receipt.checksums.further, further, "{form:?}");
                parts.push(named(number, &receipt));
            }
            let wanted = whole(vectors, form);
            let req = CompleteUpload {
                parts: Some(parts.clone()),
                checksum: Some(wanted.value),
                size: Some((10 << 20) + 1000),
                ..upload.request()
            };
            let done = upload.complete(req.clone()).await.unwrap();
            assert_eq!(done.stored.further, Some(wanted), "{form:?}");
            assert_eq!(done.stored.etag.to_string(), vectors["etag"], "{form:?}");
            assert_eq!(done.parts, parts, "{form:?}");
            let bucket = &upload.target.bucket;
            assert_eq!(kept(&upload.world, bucket, "k").await, Some(wanted));
            let again = upload.complete(req).await.unwrap();
            assert_eq!(again.stored.further, Some(wanted), "{form:?}");
        });
    }
}

#[test]
fn what_no_object_can_get_is_refused_at_the_beginning() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("uploads").await;
        for (algorithm, kind) in [(Sha1, Full), (Sha256, Full), (Crc64Nvme, Composite)] {
            let outcome = create(&world, &bucket, Some(form(algorithm, kind))).await;
            let refused = outcome.map_err(|error| error.kind()).unwrap_err();
            assert_eq!(refused, ErrorKind::InvalidArgument, "{algorithm} {kind:?}");
        }
    });
}

#[test]
fn parts_bring_the_checksum_of_their_upload() {
    run(async {
        let sums = &vectors()["checksums"][1];
        let right = |algorithm| sent(value(sums, algorithm));
        let wrong = |algorithm| sent(flipped(value(sums, algorithm)));
        let none = ExpectedDigests::default;
        let (argument, digest) = (Some(ErrorKind::InvalidArgument), Some(ErrorKind::BadDigest));
        let cases = [
            (Some(form(Sha256, Composite)), right(Sha256), None),
            (Some(form(Sha256, Composite)), wrong(Sha256), digest),
            (Some(form(Sha256, Composite)), right(Sha1), argument),
            (Some(form(Sha256, Composite)), none(), argument),
            (Some(form(Crc32, Composite)), none(), None),
            (Some(form(Crc32, Full)), right(Crc32), None),
            (Some(form(Crc32, Full)), wrong(Crc32), digest),
            (Some(form(Crc32, Full)), right(Crc64Nvme), argument),
            (None, right(Sha1), None),
            (None, wrong(Sha1), digest),
            (None, none(), None),
        ];
        for (form, digests, wanted) in cases {
            let case = format!("{form:?} {digests:?}");
            let upload = begin(form).await;
            let outcome = upload.part(1, b"123456789", digests.clone()).await;
            assert_eq!(outcome.as_ref().err(), wanted.as_ref(), "{case}");
            let stored = usize::from(wanted.is_none());
            let listed = ListParts {
                target: upload.target.clone(),
                after: 0,
                limit: 10,
            };
            let page = upload.world.engine.list_parts(&owner(), listed).await;
            let page = page.unwrap();
            assert_eq!((page.parts.len(), page.checksum), (stored, form), "{case}");
            let further = outcome.ok().and_then(|receipt| receipt.checksums.further);
            assert_eq!(
                page.parts.first().and_then(|p| p.further),
                further,
                "{case}"
            );
            let asked = digests.further.is_some() || form.is_some();
            assert_eq!(further.is_some(), wanted.is_none() && asked, "{case}");
        }
    });
}

#[test]
fn a_complete_that_means_another_object_is_refused() {
    run(async {
        let upload = begin(Some(form(Sha256, Composite))).await;
        let sums = &vectors()["checksums"][1];
        let digests = sent(value(sums, Sha256));
        let part = upload.part(1, b"123456789", digests).await.unwrap();
        let right = named(1, &part);
        let silent = NamedPart {
            checksum: None,
            ..right.clone()
        };
        let wrong = NamedPart {
            checksum: right.checksum.map(flipped),
            ..right.clone()
        };
        let other = NamedPart {
            checksum: Some(value(sums, Crc32)),
            ..right.clone()
        };
        let req = |part: &NamedPart, checksum, size| CompleteUpload {
            parts: Some(vec![part.clone()]),
            checksum,
            size,
            ..upload.request()
        };
        let cases = [
            (req(&silent, None, None), ErrorKind::InvalidArgument),
            (req(&wrong, None, None), ErrorKind::InvalidPart),
            (req(&other, None, None), ErrorKind::InvalidPart),
            (req(&right, None, Some(8)), ErrorKind::InvalidArgument),
            (
                req(&right, Some(value(sums, Sha256)), None),
                ErrorKind::BadDigest,
            ),
            (
                req(&right, Some(value(sums, Crc32)), None),
                ErrorKind::BadDigest,
            ),
        ];
        for (req, wanted) in cases {
            let case = format!("{req:?}");
            assert_eq!(upload.complete(req).await.err(), Some(wanted), "{case}");
        }
        // What was refused left the upload as it was.
        upload.complete(req(&right, None, Some(9))).await.unwrap();
    });
}

#[test]
fn an_upload_that_fixed_nothing_takes_any_checksum_per_part() {
    run(async {
        let sums = &vectors()["checksums"][1];
        let nvme = with(FurtherDigest::Compute(Crc64Nvme));
        let crc = sent(value(sums, Crc32));
        let twice = |algorithm| ChecksumValue::of(algorithm, b"123456789123456789");
        let cases = [
            ([nvme.clone(), nvme.clone()], Some(twice(Crc64Nvme))),
            ([nvme.clone(), crc.clone()], None),
            ([crc.clone(), crc], Some(twice(Crc32))),
            ([nvme, ExpectedDigests::default()], None),
        ];
        for (digests, gets) in cases {
            let case = format!("{digests:?}");
            let upload = begin(None).await;
            for (number, digests) in (1..).zip(digests) {
                upload.part(number, b"123456789", digests).await.unwrap();
            }
            let done = upload.complete(upload.request()).await.unwrap();
            assert_eq!(
                done.stored.further,
                gets.map(FurtherChecksum::full),
                "{case}"
            );
        }
    });
}

#[test]
fn copied_parts_get_the_checksum_of_their_upload_or_the_one_asked_for() {
    run(async {
        let sums = &vectors()["checksums"][1];
        let cases = [
            (Some(form(Sha1, Composite)), None, Some(Sha1)),
            (Some(form(Crc32c, Full)), Some(Crc64Nvme), Some(Crc32c)),
            (None, Some(Crc64Nvme), Some(Crc64Nvme)),
            (None, None, None),
        ];
        for (form, asked, wanted) in cases {
            let upload = begin(form).await;
            let bucket = &upload.target.bucket;
            upload.world.put(bucket, "source", "<123456789>").await;
            let range = Some(RangeSpec::From(1, Some(9)));
            let receipt = upload.copied(1, range, asked).await;
            let wanted = wanted.map(|algorithm| FurtherChecksum::full(value(sums, algorithm)));
            assert_eq!(receipt.checksums.further, wanted, "{form:?} {asked:?}");
        }
    });
}

#[test]
fn lists_of_uploads_tell_what_was_fixed() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("uploads").await;
        let forms = [None, Some(form(Sha1, Composite)), Some(form(Crc32, Full))];
        for form in forms {
            create(&world, &bucket, form).await.unwrap();
        }
        let req = ListUploads {
            bucket,
            prefix: String::new(),
            delimiter: String::new(),
            key_marker: String::new(),
            upload_marker: None,
            limit: 10,
        };
        let page = world.engine.list_uploads(&owner(), req).await.unwrap();
        let told: Vec<_> = page.uploads.iter().map(|upload| upload.checksum).collect();
        assert_eq!(told, forms);
    });
}
