//! Documents and what they become.

use proptest::prelude::*;
use serde_json::json;

use super::*;

const WORDS: Words = Words {
    versions: &["1", "2012-10-17"],
    actions: &[
        ("x:GetObject", &[Action::ReadObject]),
        ("x:GetBucketAcl", &[Action::ReadBucketAcl]),
        (
            "x:PutObject",
            &[Action::WriteObject, Action::WriteObjectMeta],
        ),
        ("x:PutBucketLogging", &[]),
    ],
    keys: &[
        ("x:SourceIp", Key::Source),
        ("x:SecureTransport", Key::Secure),
        ("x:CurrentTime", Key::Time),
        ("x:Prefix", Key::Text(Fact::ListPrefix)),
    ],
    resource: |name| name.strip_prefix("arn:x:::"),
    no_principal: true,
    account: |name| name.strip_prefix('a').map(|_| AccountId(name.into())),
};

fn parse(document: &Value) -> Read<Vec<Statement>> {
    let bucket = BucketName::new("photos").expect("a name");
    read(document.to_string().as_bytes(), &bucket, &WORDS)
}

/// A good statement, changed.
fn with(member: &str, value: Value) -> Value {
    let mut statement = json!({
        "Sid": "s", "Effect": "Allow", "Action": ["x:GetObject"], "Principal": ["*"],
        "Resource": ["arn:x:::photos/*"],
    });
    let members = statement.as_object_mut().expect("an object");
    match value {
        Value::Null => members.remove(member),
        value => members.insert(member.into(), value),
    };
    json!({"Version": "1", "Statement": [statement]})
}

fn one(member: &str, value: Value) -> Statement {
    let document = with(member, value);
    let mut statements = parse(&document).unwrap_or_else(|error| panic!("{document}: {error}"));
    statements.remove(0)
}

#[test]
fn a_whole_document_is_read() {
    let document = json!({
        "Version": "2012-10-17",
        "Id": "mine",
        "Statement": [
            {
                "Effect": "Deny", "Action": "x:*", "Principal": {"X": ["a1", "a2"]},
                "Resource": "arn:x:::photos",
                "Condition": {
                    "IpAddress": {"x:sourceip": ["10.0.0.0/8"]},
                    "StringLike": {"x:Prefix": ["a/*", "b/*"]},
                },
            },
        ],
    });
    let accounts = ["a1", "a2"].map(|name| AccountId(name.into()));
    let network = Network::parse("10.0.0.0/8").expect("a network");
    let wanted = Statement {
        effect: Effect::Deny,
        principals: Principals::Accounts(accounts.to_vec()),
        actions: Actions::of([
            Action::ReadObject,
            Action::ReadBucketAcl,
            Action::WriteObject,
            Action::WriteObjectMeta,
        ]),
        resources: vec!["photos".into()],
        conditions: vec![
            Condition::Source {
                within: true,
                networks: vec![network],
            },
            Condition::Text {
                fact: Fact::ListPrefix,
                likeness: Likeness::Pattern,
                fits: true,
                values: vec!["a/*".into(), "b/*".into()],
            },
        ],
    };
    assert_eq!(parse(&document), Ok(vec![wanted]));
}

#[test]
fn actions_are_names_patterns_or_all_others() {
    let cases = [
        (json!("x:GetObject"), vec![Action::ReadObject]),
        (json!(["X:getobject"]), vec![Action::ReadObject]),
        (
            json!("x:Get*"),
            vec![Action::ReadObject, Action::ReadBucketAcl],
        ),
        (json!("x:PutBucketLogging"), vec![]),
        (
            json!(["x:Put*", "x:GetObject"]),
            vec![
                Action::WriteObject,
                Action::WriteObjectMeta,
                Action::ReadObject,
            ],
        ),
    ];
    for (value, wanted) in cases {
        assert_eq!(
            one("Action", value.clone()).actions,
            Actions::of(wanted),
            "{value}"
        );
    }
    let mut document = with("NotAction", json!("x:Put*"));
    let statement = &mut document["Statement"][0];
    statement
        .as_object_mut()
        .expect("an object")
        .remove("Action");
    let found = parse(&document).expect("a policy")[0].actions;
    let others = Action::ALL
        .into_iter()
        .filter(|action| found.contains(*action));
    assert_eq!(others.count(), Action::ALL.len() - 2);
    assert!(!found.contains(Action::WriteObject) && found.contains(Action::DeleteObject));
}

#[test]
fn principals_and_resources_are_the_vendors() {
    let account = |name: &str| AccountId(name.into());
    let cases = [
        (json!("*"), Principals::Everyone),
        (json!(["a1", "*"]), Principals::Everyone),
        (json!({"X": "*"}), Principals::Everyone),
        (json!("a1"), Principals::Accounts(vec![account("a1")])),
        (Value::Null, Principals::Accounts(vec![])),
    ];
    for (value, wanted) in cases {
        assert_eq!(
            one("Principal", value.clone()).principals,
            wanted,
            "{value}"
        );
    }
    for rest in ["photos", "photos/*", "*", "pho*", "photos?", "*/a/b"] {
        let resource = one("Resource", json!(format!("arn:x:::{rest}")));
        assert_eq!(resource.resources, vec![Box::from(rest)]);
    }
    assert_eq!(one("Resource", json!("*")).resources, vec![Box::from("*")]);
}

fn text(likeness: Likeness, fits: bool) -> Condition {
    Condition::Text {
        fact: Fact::ListPrefix,
        likeness,
        fits,
        values: vec!["a".into()],
    }
}

#[test]
fn every_condition_has_its_meaning() {
    let at = date::parse_iso("2030-01-01T00:00:00Z").expect("a date");
    let time = |relation| Condition::Time {
        relation,
        instants: vec![at],
    };
    let date = "2030-01-01T00:00:00Z";
    let cases = [
        (
            "Bool",
            "x:SecureTransport",
            json!("false"),
            Condition::Secure(false),
        ),
        (
            "Bool",
            "x:SecureTransport",
            json!([true]),
            Condition::Secure(true),
        ),
        (
            "DateLessThan",
            "x:CurrentTime",
            json!(date),
            time(Relation::Before),
        ),
        (
            "DateLessThanEquals",
            "x:CurrentTime",
            json!(date),
            time(Relation::Until),
        ),
        (
            "DateGreaterThan",
            "x:CurrentTime",
            json!(date),
            time(Relation::After),
        ),
        (
            "DateGreaterThanEquals",
            "x:CurrentTime",
            json!(date),
            time(Relation::From),
        ),
        (
            "StringEquals",
            "x:Prefix",
            json!("a"),
            text(Likeness::Same, true),
        ),
        (
            "StringNotEquals",
            "x:Prefix",
            json!("a"),
            text(Likeness::Same, false),
        ),
        (
            "StringEqualsIgnoreCase",
            "x:Prefix",
            json!("a"),
            text(Likeness::SameButCase, true),
        ),
        (
            "StringNotEqualsIgnoreCase",
            "x:Prefix",
            json!("a"),
            text(Likeness::SameButCase, false),
        ),
        (
            "StringLike",
            "x:Prefix",
            json!(["a"]),
            text(Likeness::Pattern, true),
        ),
        (
            "StringNotLike",
            "x:Prefix",
            json!("a"),
            text(Likeness::Pattern, false),
        ),
        (
            "NotIpAddress",
            "x:SourceIp",
            json!("::1"),
            Condition::Source {
                within: false,
                networks: Network::parse("::1").into_iter().collect(),
            },
        ),
    ];
    for (operator, key, value, wanted) in cases {
        let found = one("Condition", json!({operator: {key: value}}));
        assert_eq!(found.conditions, vec![wanted], "{operator}");
    }
    assert!(one("Condition", json!({})).conditions.is_empty());
}

#[test]
fn what_would_not_be_kept_is_refused() {
    let bad = [
        json!([]),
        json!({"Statement": []}),
        json!({"Version": "3", "Statement": []}),
        json!({"Version": "1"}),
        json!({"Version": "1", "Statement": ["x"]}),
        json!({"Version": "1", "Statement": [], "Extra": 1}),
        with("Effect", json!("allow")),
        with("Effect", Value::Null),
        with("Action", Value::Null),
        with("Action", json!([])),
        with("Action", json!([1])),
        with("Action", json!("x:Nothing")),
        with("Action", json!(vec!["x:GetObject"; POLICY_VALUES_MAX + 1])),
        with("NotAction", json!("x:GetObject")),
        with("NotPrincipal", json!("*")),
        with("NotResource", json!("*")),
        json!({"Version": "1", "Statement": [{
            "Effect": "Deny", "Action": "x:GetObject", "Resource": "arn:x:::photos",
        }]}),
        with("Principal", json!("b1")),
        with("Principal", json!({"X": "*", "Y": "*"})),
        with("Resource", Value::Null),
        with("Resource", json!("photos")),
        with("Resource", json!("arn:x:::other/*")),
        with("Condition", json!([])),
        with("Condition", json!({"StringEquals": "x:Prefix"})),
        with("Condition", json!({"StringEquals": {"x:Unknown": "a"}})),
        with("Condition", json!({"StringMatches": {"x:Prefix": "a"}})),
        with("Condition", json!({"StringEquals": {"x:SourceIp": "a"}})),
        with("Condition", json!({"IpAddress": {"x:SourceIp": "10.0.0"}})),
        with("Condition", json!({"Bool": {"x:SecureTransport": "maybe"}})),
        with(
            "Condition",
            json!({"DateLessThan": {"x:CurrentTime": "soon"}}),
        ),
    ];
    for document in bad {
        assert!(parse(&document).is_err(), "{document}");
    }
    let bucket = BucketName::new("photos").expect("a name");
    let padded = format!(
        "{}{}",
        with("Sid", json!("s")),
        " ".repeat(POLICY_BYTES_MAX)
    );
    assert!(read(padded.as_bytes(), &bucket, &WORDS).is_err());
    let twice = r#"{"Version":"1","Version":"1","Statement":[]}"#;
    assert!(read(twice.as_bytes(), &bucket, &WORDS).is_err());
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let bucket = BucketName::new("photos").expect("a name");
        let read = read(&bytes, &bucket, &WORDS);
        prop_assert!(read.is_err(), "random bytes are no policy");
    }
}
