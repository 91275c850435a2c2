//! Samples of object sets, and of what bounds them.

use cohong_core::model::{
    Due, LifecycleFilter, LifecycleRule, ObjectSet, SetLayout, SetLifecycleRule, SetLifecycles,
    SetQuotaRule, SetQuotas, SetRates,
};

use super::{Samples, pair};

pub(super) fn samples(samples: &mut Samples) {
    let set = ObjectSet {
        tags: vec![pair("team", "one")],
        quota: Some(300),
        rules: vec![rule()],
        may_overlap: true,
    };
    samples.check("object-set", &set);
    let quotas = SetQuotas {
        rules: vec![SetQuotaRule {
            tag: pair("team", "one"),
            quota: Some(0),
            rates: rates(),
        }],
    };
    samples.check("set-quotas", &quotas);
    let lifecycles = SetLifecycles {
        tags: vec![SetLifecycleRule {
            tag: pair("team", "one"),
            rules: vec![rule()],
        }],
        may_overlap: false,
    };
    samples.check("set-lifecycles", &lifecycles);
}

pub(super) fn layout() -> SetLayout {
    SetLayout {
        levels: 3,
        delimiter: "/".into(),
        rest: true,
        quota: Some(300),
        rates: rates(),
        by_tag: true,
        has_rules: false,
    }
}

fn rates() -> SetRates {
    SetRates {
        reads: Some(1),
        writes: Some(300),
        lists: None,
        read_bytes: Some(3),
        written_bytes: Some(0),
    }
}

fn rule() -> LifecycleRule {
    LifecycleRule {
        id: "old".into(),
        enabled: true,
        filter: LifecycleFilter {
            prefix: "log/".into(),
            ..LifecycleFilter::default()
        },
        expire: Some(Due::Days(30)),
        ..LifecycleRule::default()
    }
}
