//! Samples of what bounds a bucket, and of callbacks by name.

use cohong_core::model::{NamedCallback, OverwriteRule, TlsVersion, Trash};

use super::{Samples, account};

pub(super) fn tls() -> Vec<TlsVersion> {
    vec![TlsVersion::V1_2, TlsVersion::V1_3]
}

pub(super) fn trash() -> Trash {
    Trash {
        path: "trash/".into(),
        days: 300,
        enabled: true,
    }
}

pub(super) fn kept() -> Vec<OverwriteRule> {
    vec![OverwriteRule {
        id: "rule".into(),
        prefix: "a/".into(),
        suffix: ".txt".into(),
        accounts: vec![account()],
    }]
}

pub(super) fn samples(samples: &mut Samples) {
    let named = NamedCallback {
        name: "app".into(),
        order: "e30=".into(),
        vars: Some("e30=".into()),
    };
    samples.check("named-callbacks", &vec![named]);
}
