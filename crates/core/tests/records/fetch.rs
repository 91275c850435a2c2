//! Samples of tasks that fetch what a URL names.

use cohong_core::engine::Attributes;
use cohong_core::model::{
    Accept, BodyType, BucketId, BucketName, CallbackSpec, CallbackStyle, DialectId, EtagCase,
    FetchId, JsonTemplate, StorageClass,
};
use cohong_core::records::{FetchRecord, FetchState, WorkKind};

use super::{Samples, acl, headers, key, pair, principals, time};

pub(super) fn samples(samples: &mut Samples) {
    let record = FetchRecord {
        bucket: BucketName::new("photos").unwrap(),
        key: key(),
        url: "http://origin.example.com/a?b=c".into(),
        md5: Some([1; 16]),
        keeps: true,
        attributes: Attributes {
            headers: headers(),
            user_meta: vec![pair("name", "value")],
            tags: vec![pair("tag", "red")],
            class: Some(StorageClass::Infrequent),
            acl: Some(acl()),
            expires_days: Some(3),
            lock: crate::lock::lock(),
        },
        callback: Some(CallbackSpec {
            urls: vec!["http://app.example.com/".into()],
            host: Some("app".into()),
            body: "a=${object}".into(),
            body_type: BodyType::Form,
            vars: vec![pair("x:a", "b")],
            headers: vec![pair("h", "v")],
            style: CallbackStyle {
                etag: EtagCase::Upper,
                json: JsonTemplate::Lenient,
                accept: Accept::Document,
            },
        }),
        labels: vec![pair("acl", "private")],
        principal: principals()[1].clone(),
        request_id: "req".into(),
        via: DialectId::Tos,
        created_at: time(1),
        state: FetchState::Running,
    };
    samples.check("fetch", &record);
    let states = [
        FetchState::Running,
        FetchState::Stored,
        FetchState::Uncalled,
        FetchState::Failed("why".into()),
        FetchState::Calling,
    ];
    samples.check("fetch-states", &states);
    let work = WorkKind::RunFetch {
        bucket: BucketId(5),
        task: FetchId([6; 16]),
    };
    samples.check("work-fetch", &work);
}
