//! Every word of the enumerations that records are made of: they are stored by number.

use cohong_core::model::{
    BucketId, BucketName, BucketState, DialectId, EventKind, EventKinds, Form, LinkTarget,
    PayloadId, Permission, StorageClass, UploadId, VersionId, VersionTag, Versioning, WorkId,
};
use cohong_core::ports::{Fault, Phase, Position};
use cohong_core::records::{
    LifecycleStep, OwedRestore, ReplaySource, ReplayState, SubState, UploadState, WorkKind,
};

use super::{Samples, destinations, etags, grantees, key, payloads, principals, time};

fn forms() -> [Form; 5] {
    let link = |bucket| LinkTarget { bucket, key: key() };
    let other = BucketName::new("linked").expect("a name");
    [
        Form::Normal,
        Form::Appendable,
        Form::Symlink(link(None)),
        Form::Symlink(link(Some(other))),
        Form::Directory { leaving: true },
    ]
}

pub(super) fn samples(samples: &mut Samples) {
    samples.check("event-kinds", &EventKind::ALL);
    samples.check("dialects", &[DialectId::Tos, DialectId::Oss]);
    samples.check("bucket-states", &[BucketState::Live, BucketState::Deleting]);
    let versionings = [Versioning::Off, Versioning::Enabled, Versioning::Suspended];
    samples.check("versionings", &versionings);
    samples.check("classes", &StorageClass::ALL);
    let permissions = [
        Permission::Read,
        Permission::ReadNonList,
        Permission::Write,
        Permission::ReadAcl,
        Permission::WriteAcl,
        Permission::FullControl,
    ];
    samples.check("permissions", &permissions);
    samples.check("grantees", &grantees());
    samples.check("principals", &principals());
    samples.check("payloads", &payloads());
    samples.check("forms", &forms());
    samples.check("etags", &etags());
    samples.check(
        "upload-states",
        &[UploadState::Open, UploadState::Completing],
    );
    let version = VersionId(9);
    let tags = [
        VersionTag::Unversioned,
        VersionTag::Null,
        VersionTag::Id(version),
    ];
    samples.check("version-tags", &tags);
    let sub_states = [SubState::Active, SubState::Cancelled(Position(3))];
    samples.check("sub-states", &sub_states);
    samples.check("replay-states", &[ReplayState::Running, ReplayState::Done]);
    let log = ReplaySource::Log {
        since: Some(time(1)),
        until: None,
        prefix: "p".into(),
        suffix: "s".into(),
        kinds: Some(EventKinds::of([EventKind::RemovedMarker])),
        destination: Some(destinations()[2].clone()),
    };
    samples.check("replay-log", &log);
    let phases = [
        Phase::Policy,
        Phase::Resolve,
        Phase::Connect,
        Phase::Request,
        Phase::Answer,
        Phase::Prepare,
    ];
    samples.check("phases", &phases);
    let faults = [
        Fault::Broken,
        Fault::TimedOut,
        Fault::Busy,
        Fault::Status,
        Fault::NoLength,
        Fault::TooLong,
        Fault::Form,
    ];
    samples.check("faults", &faults);
    let work = [
        WorkKind::DropPayload {
            payload: PayloadId([7; 16]),
        },
        WorkKind::PurgeParts {
            bucket: BucketId(5),
            key: key(),
            upload: UploadId([3; 16]),
        },
        WorkKind::RemoveBucket {
            bucket: BucketId(5),
            name: BucketName::new("photos").unwrap(),
        },
        WorkKind::Lifecycle {
            bucket: BucketId(5),
            name: BucketName::new("photos").unwrap(),
            duty: WorkId([4; 16]),
            step: LifecycleStep {
                after: Box::from(&b"photos"[..]),
                ..LifecycleStep::begin(time(1_700_000_000_000))
            },
        },
        WorkKind::TellRestored(OwedRestore {
            bucket: BucketId(5),
            name: BucketName::new("photos").unwrap(),
            key: key(),
            version: VersionId(9),
            request_id: "request".into(),
            dialect: DialectId::Tos,
        }),
    ];
    samples.check("work-kinds", &work);
}
