use cohong_core::model::RuleSetVersion;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{PutV1, PutV2, ShownV1, ShownV2};
use super::*;
use crate::common::json::read;

fn vectors(section: &str) -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/tos.json");
    let all: Value = serde_json::from_slice(&std::fs::read(path).expect("vectors")).expect("JSON");
    let cases = all[section].as_array().expect("a list").clone();
    assert!(!cases.is_empty());
    cases
}

fn v1(body: &Value) -> Result<Vec<NotificationRule>, TosError> {
    rules(
        read::<PutV1>(body.to_string().as_bytes())
            .expect("the shape")
            .drafts(),
    )
}

fn v2(body: &Value) -> Result<Vec<NotificationRule>, TosError> {
    rules(
        read::<PutV2>(body.to_string().as_bytes())
            .expect("the shape")
            .drafts(),
    )
}

fn check(case: &Value, outcome: Result<Vec<NotificationRule>, TosError>) {
    let name = &case["name"];
    match outcome {
        Ok(rules) => {
            assert_eq!(case["accept"], true, "{name}");
            assert_eq!(
                rules.len(),
                case["rules"].as_array().expect("rules").len(),
                "{name}"
            );
        }
        Err(error) => {
            assert_eq!(case["accept"], false, "{name}: {}", error.message);
            assert_eq!(
                (error.status.as_u16(), error.code),
                (400, "InvalidArgument"),
                "{name}"
            );
            assert!(error.ec.starts_with("0014-"), "{name}");
        }
    }
}

#[test]
fn vectors_of_version_1() {
    for case in vectors("notification_v1") {
        check(
            &case,
            v1(&json!({ "CloudFunctionConfigurations": case["rules"] })),
        );
    }
}

#[test]
fn vectors_of_type2() {
    for case in vectors("notification_v2") {
        check(&case, v2(&json!({ "Rules": case["rules"] })));
    }
}

fn function_rule(id: &str, prefix: &str) -> Value {
    json!({
        "RuleId": id, "Events": ["tos:ObjectCreated:Put"], "CloudFunction": "f",
        "Filter": {"TOSKey": {"FilterRules": [{"Name": "prefix", "Value": prefix}]}},
    })
}

fn rocket_mq() -> Value {
    json!({
        "RuleId": "m", "Role": "trn:iam::1:role/r", "Events": ["tos:ObjectRemoved:*"],
        "RocketMQ": {"InstanceId": "i", "Topic": "t", "AccessKeyId": "k"},
    })
}

#[test]
fn what_version_1_writes_both_versions_show() {
    let body = json!({
        "CloudFunctionConfigurations": [function_rule("1", "a")],
        "RocketMQConfigurations": [rocket_mq()],
    });
    let rules = v1(&body).expect("accepted");
    assert_eq!(
        serde_json::to_value(ShownV1::new(&rules)).expect("JSON"),
        body
    );
    let shown = serde_json::to_value(ShownV2::new(&rules, RuleSetVersion(7))).expect("JSON");
    assert_eq!(shown["Version"], "7");
    assert_eq!(
        shown["Rules"][0]["Destination"],
        json!({"VeFaaS": [{"FunctionId": "f"}]})
    );
    assert_eq!(
        shown["Rules"][1]["Destination"]["RocketMQ"][0]["Role"],
        "trn:iam::1:role/r"
    );
    let again = v2(&shown).expect("accepted again");
    assert_eq!(
        serde_json::to_value(ShownV2::new(&again, RuleSetVersion(7))).expect("JSON"),
        shown
    );
}

#[test]
fn version_1_does_not_show_what_it_cannot_say() {
    let rule = |id: &str, event: &str, destination: Value| json!({"RuleId": id, "Events": [event], "Destination": destination});
    let region = json!({
        "Role": "r", "InstanceId": "i", "Topic": "t", "AccessKeyId": "k", "Region": "x",
    });
    let rules = v2(&json!({"Rules": [
        rule("one", "tos:ObjectCreated:Put", json!({"VeFaaS": [{"FunctionId": "f"}]})),
        rule("two", "tos:ObjectCreated:Post", json!({"VeFaaS": [{"FunctionId": "f"}, {"FunctionId": "g"}]})),
        rule("http", "tos:ObjectCreated:Copy", json!({"HttpServer": [{"Url": "http://a/b"}]})),
        rule("mq", "tos:ObjectCreated:Fetch", json!({ "RocketMQ": [region] })),
    ]}));
    let shown = serde_json::to_value(ShownV1::new(&rules.expect("accepted"))).expect("JSON");
    assert_eq!(
        shown["CloudFunctionConfigurations"]
            .as_array()
            .expect("a list")
            .len(),
        1
    );
    assert_eq!(shown["CloudFunctionConfigurations"][0]["RuleId"], "one");
    assert_eq!(shown["RocketMQConfigurations"], json!([]));
    let none = serde_json::to_value(ShownV1::new(&[])).expect("JSON");
    assert_eq!(
        none,
        json!({"CloudFunctionConfigurations": [], "RocketMQConfigurations": []})
    );
}

#[test]
fn a_rule_of_version_1_has_one_target() {
    let mut both = rocket_mq();
    both["CloudFunction"] = "f".into();
    let error = v1(&json!({ "RocketMQConfigurations": [both] })).expect_err("refused");
    assert_eq!(error.ec, "0014-00000034");
    assert_eq!(error.message, "multi destination is not support");
    let functions: Vec<Value> = (0..6)
        .map(|n| json!({"FunctionId": format!("f{n}")}))
        .collect();
    let six = json!({"Rules": [{"Events": ["tos:ObjectCreated:*"], "Destination": {"VeFaaS": functions}}]});
    assert_eq!(v2(&six).expect_err("refused").ec, "0014-00000014");
}

#[test]
fn missing_ids_are_made_and_unique() {
    let mut unnamed = function_rule("", "b");
    unnamed.as_object_mut().expect("an object").remove("RuleId");
    let body = json!({"CloudFunctionConfigurations": [
        unnamed, function_rule("rule-1", "c"), function_rule("", "d"),
    ]});
    let ids: Vec<_> = v1(&body)
        .expect("accepted")
        .into_iter()
        .map(|rule| rule.id.0)
        .collect();
    assert_eq!(
        ids,
        ["rule-2".into(), "rule-1".into(), "rule-3".into()] as [Box<str>; 3]
    );
}

#[test]
fn destinations_are_judged() {
    let put = |destination: Value| {
        v2(&json!({"Rules": [{"Events": ["tos:ObjectCreated:*"], "Destination": destination}]}))
    };
    let good = [
        json!({"HttpServer": [{"Url": "HTTPS://a.example/x?y"}]}),
        json!({"Kafka": [{"Role": "r", "InstanceID": "i", "Topic": "t", "User": "u", "Region": "x"}]}),
    ];
    for destination in good {
        assert!(put(destination.clone()).is_ok(), "{destination}");
    }
    let bad = [
        json!({"HttpServer": [{"Url": "ftp://a"}]}),
        json!({"HttpServer": [{"Url": "http://"}]}),
        json!({"HttpServer": [{"Url": "http://a/\r\nx"}]}),
        json!({"HttpServer": [{"Url": format!("http://a/{}", "x".repeat(1024))}]}),
        json!({"VeFaaS": [{"FunctionId": ""}]}),
        json!({"Kafka": [{"Role": "r", "InstanceId": "i", "Topic": "t", "Region": "x"}]}),
        json!({"RocketMQ": [{"Role": "r", "InstanceId": "i", "Topic": "t", "AccessKeyId": "k", "User": "u"}]}),
        json!(null),
    ];
    for destination in bad {
        assert!(put(destination.clone()).is_err(), "{destination}");
    }
}

#[test]
fn a_sync_task_is_named_in_place_of_a_function() {
    const TASK: &str = "sync:01234567-89ab-cdef-0123-456789abcdef";
    let mut rule = function_rule("1", "a");
    rule["CloudFunction"] = TASK.into();
    let body = json!({ "CloudFunctionConfigurations": [rule] });
    let rules = v1(&body).expect("accepted");
    assert!(
        matches!(&*rules[0].destinations, [Destination::Sync(task)] if TASK.ends_with(&task.to_string()))
    );
    let shown = serde_json::to_value(ShownV1::new(&rules)).expect("JSON");
    assert_eq!(
        shown["CloudFunctionConfigurations"],
        body["CloudFunctionConfigurations"]
    );
    let both = json!({"Rules": [{
        "RuleId": "2", "Events": ["tos:ObjectRemoved:*"],
        "Destination": {"VeFaaS": [{"FunctionId": "f"}, {"FunctionId": TASK}]},
    }]});
    let rules = v2(&both).expect("accepted");
    let shown = serde_json::to_value(ShownV2::new(&rules, RuleSetVersion(7))).expect("JSON");
    assert_eq!(shown["Rules"], both["Rules"]);
    for bad in [
        "sync:",
        "sync:all",
        "sync:01234567-89AB-cdef-0123-456789abcdef",
    ] {
        let mut rule = function_rule("1", "a");
        rule["CloudFunction"] = bad.into();
        let refused = v1(&json!({ "CloudFunctionConfigurations": [rule] }));
        assert!(
            refused.expect_err("refused").message.contains("sync task"),
            "{bad}"
        );
    }
}

/// Every text of at most six letters over a small alphabet.
fn keys() -> Vec<String> {
    let mut all = vec![String::new()];
    let mut last = all.clone();
    for _ in 0..6 {
        last = last
            .iter()
            .flat_map(|key| ["a", "b"].map(|letter| key.clone() + letter))
            .collect();
        all.extend(last.clone());
    }
    all
}

proptest! {
    #[test]
    fn rules_overlap_when_some_key_matches_both(affixes in proptest::array::uniform4("[ab]{0,3}")) {
        let [p1, s1, p2, s2] = &affixes;
        let rule = |id: &str, prefix: &str, suffix: &str| json!({
            "RuleId": id, "Events": ["tos:ObjectCreated:*"], "CloudFunction": "f",
            "Filter": {"TOSKey": {"FilterRules": [
                {"Name": "prefix", "Value": prefix}, {"Name": "suffix", "Value": suffix},
            ]}},
        });
        let both = json!({"CloudFunctionConfigurations": [rule("1", p1, s1), rule("2", p2, s2)]});
        let shared = keys().iter().any(|key| {
            let matches = |prefix: &str, suffix: &str| key.starts_with(prefix) && key.ends_with(suffix);
            matches(p1, s1) && matches(p2, s2)
        });
        prop_assert_eq!(v1(&both).is_err(), shared);
    }
}
