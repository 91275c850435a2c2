//! Who may do what, as tables, and what policies never do.

use proptest::prelude::*;

use super::*;
use crate::model::{
    AccessKeyId, Actions, BucketId, BucketName, BucketState, Condition, DialectId, Fact, Grant,
    Likeness, LogFields, Network, Principals, Relation, RuleSetVersion, StorageClass, Timestamp,
    Versioning,
};

fn account(name: &str) -> Principal {
    Principal::Account {
        account: AccountId(name.into()),
        key: AccessKeyId("key".into()),
    }
}

fn acl(grants: &[(Grantee, Permission)]) -> Acl {
    let grant = |(grantee, permission): &(Grantee, Permission)| Grant {
        grantee: grantee.clone(),
        permission: *permission,
    };
    Acl {
        grants: grants.iter().map(grant).collect(),
    }
}

fn cx(principal: &Principal) -> Cx {
    Cx {
        principal: principal.clone(),
        request_id: "request".into(),
        source: Some([10, 1, 2, 3].into()),
        dialect: DialectId::Tos,
        at: Timestamp::from_millis(1000),
        secure: false,
        tls: None,
        user_agent: Some("agent/1.0".into()),
        referer: None,
        pays: false,
        by_link: false,
        bypasses: false,
        past: crate::model::SyncPast::None,
        encrypting: crate::engine::Encrypting::default(),
    }
}

fn bucket(acl: &Acl, policy: &[Statement]) -> Bucket {
    Bucket {
        id: BucketId(1),
        name: BucketName::new("photos").unwrap(),
        owner: AccountId("owner".into()),
        created_at: Timestamp::default(),
        region: "region".into(),
        home: DialectId::Tos,
        state: BucketState::Live,
        versioning: Versioning::Off,
        acl: acl.clone(),
        default_class: StorageClass::Standard,
        labels: Vec::new(),
        rules: Vec::new(),
        rule_set: RuleSetVersion(0),
        policy: policy.to_vec(),
        requester_pays: false,
        has_cors: false,
        lifecycle: None,
        retention: None,
        encryption: None,
        referers: crate::model::Referers::default(),
        has_website: false,
        has_mirrors: false,
        access_log: None,
        log_fields: LogFields::default(),
        access_monitor: None,
        sets: None,
        replicated: Vec::new(),
        blocks_public: false,
        account_blocks_public: false,
        reads_archive: false,
        renames: false,
        quota: None,
        domains: Vec::new(),
        tls: None,
        kept: Vec::new(),
        expires: false,
        locks: None,
        kind: crate::model::BucketKind::Flat,
        trash: None,
    }
}

fn key() -> ObjectKey {
    ObjectKey::new("dir/a").unwrap()
}

fn may(who: &Principal, action: Action, granted: &Acl, own: Option<&Acl>) -> bool {
    let (key, owner) = (key(), AccountId("writer".into()));
    let on = On::Object {
        key: &key,
        owner: &owner,
        acl: own,
    };
    allow(&cx(who), &bucket(granted, &[]), action, on).is_ok()
}

#[test]
fn without_grants_only_owners_may() {
    let private = Acl::default();
    for action in Action::ALL {
        assert!(may(&account("owner"), action, &private, None), "{action:?}");
        assert!(
            !may(&account("other"), action, &private, None),
            "{action:?}"
        );
        assert!(
            !may(&Principal::Anonymous, action, &private, None),
            "{action:?}"
        );
    }
    let writer = account("writer");
    assert!(may(&writer, Action::ReadObject, &private, None));
    assert!(may(&writer, Action::WriteObjectAcl, &private, None));
    assert!(!may(&writer, Action::WriteObject, &private, None));
}

#[test]
fn a_grant_reaches_as_far_as_its_grantee_and_permission() {
    use Permission::{FullControl, Read, ReadAcl, ReadNonList, Write, WriteAcl};
    let all = Grantee::AllUsers;
    let signed = Grantee::AuthenticatedUsers;
    let other = Grantee::Account(AccountId("other".into()));
    let nobody = Principal::Anonymous;
    let cases = [
        (&all, Read, nobody.clone(), Action::ListObjects, true),
        (&all, Read, nobody.clone(), Action::ReadObject, true),
        (&all, Read, nobody.clone(), Action::WriteObject, false),
        (&all, ReadNonList, nobody.clone(), Action::ReadObject, true),
        (
            &all,
            ReadNonList,
            nobody.clone(),
            Action::ListObjects,
            false,
        ),
        (&all, ReadNonList, nobody.clone(), Action::ReadBucket, false),
        (&all, Write, nobody.clone(), Action::WriteObject, true),
        (&all, Write, nobody.clone(), Action::ReadObject, false),
        (
            &all,
            FullControl,
            nobody.clone(),
            Action::DeleteBucket,
            false,
        ),
        (
            &all,
            FullControl,
            nobody.clone(),
            Action::WriteNotification,
            false,
        ),
        (&signed, Read, nobody.clone(), Action::ReadObject, false),
        (&signed, Read, account("other"), Action::ReadObject, true),
        (
            &other,
            ReadAcl,
            account("other"),
            Action::ReadObjectAcl,
            true,
        ),
        (
            &other,
            ReadAcl,
            account("third"),
            Action::ReadObjectAcl,
            false,
        ),
        (
            &other,
            WriteAcl,
            account("other"),
            Action::WriteBucketAcl,
            true,
        ),
        (
            &other,
            FullControl,
            account("other"),
            Action::DeleteObject,
            true,
        ),
        (
            &other,
            FullControl,
            account("other"),
            Action::DeleteObjectVersion,
            false,
        ),
    ];
    for (grantee, permission, who, action, allowed) in cases {
        let granted = acl(&[(grantee.clone(), permission)]);
        let found = may(&who, action, &granted, None);
        assert_eq!(
            found, allowed,
            "{grantee:?} {permission:?} {who:?} {action:?}"
        );
    }
}

#[test]
fn an_objects_own_grants_replace_those_of_the_bucket() {
    let public = acl(&[(Grantee::AllUsers, Permission::Read)]);
    let private = Acl::default();
    let nobody = Principal::Anonymous;
    assert!(!may(&nobody, Action::ReadObject, &public, Some(&private)));
    assert!(may(&nobody, Action::ReadObject, &private, Some(&public)));
    let write = acl(&[(Grantee::AllUsers, Permission::Write)]);
    assert!(!may(&nobody, Action::WriteObject, &private, Some(&write)));
}

#[test]
fn account_operations_need_a_signature() {
    assert!(allow_account(&account("any")).is_ok());
    assert!(allow_account(&Principal::Anonymous).is_err());
}

/// A statement about everybody, every action and everything in the bucket.
fn statement(effect: Effect) -> Statement {
    Statement {
        effect,
        principals: Principals::Everyone,
        actions: Actions::of(Action::ALL),
        resources: vec!["photos".into(), "photos/*".into()],
        conditions: Vec::new(),
    }
}

fn under(condition: Condition) -> Statement {
    Statement {
        conditions: vec![condition],
        ..statement(Effect::Allow)
    }
}

fn decide(who: &Principal, action: Action, on: On<'_>, policy: &[Statement]) -> bool {
    allow(&cx(who), &bucket(&Acl::default(), policy), action, on).is_ok()
}

#[test]
fn a_statement_is_about_what_all_of_its_parts_are_about() {
    let key = key();
    let read = Actions::of([Action::ReadObject]);
    let to = |names: &[&str]| {
        Principals::Accounts(names.iter().map(|&name| AccountId(name.into())).collect())
    };
    let base = statement(Effect::Allow);
    let with = |change: &dyn Fn(&mut Statement)| {
        let mut changed = base.clone();
        change(&mut changed);
        changed
    };
    let cases = [
        (base.clone(), true),
        (with(&|s| s.principals = to(&["other"])), true),
        (with(&|s| s.principals = to(&["third"])), false),
        (with(&|s| s.principals = to(&[])), false),
        (with(&|s| s.actions = read), true),
        (
            with(&|s| s.actions = Actions::of([Action::WriteObject])),
            false,
        ),
        (with(&|s| s.resources = vec!["photos".into()]), false),
        (with(&|s| s.resources = vec!["photos/dir/?".into()]), true),
        (with(&|s| s.resources = vec!["photos/*/b".into()]), false),
        (
            with(&|s| s.resources = vec!["other/*".into(), "*/a".into()]),
            true,
        ),
    ];
    for (statement, allowed) in cases {
        let policy = [statement];
        let found = decide(
            &account("other"),
            Action::ReadObject,
            On::Key(&key),
            &policy,
        );
        assert_eq!(found, allowed, "{policy:?}");
    }
    let to_accounts = [with(&|s| s.principals = to(&["other"]))];
    let nobody = Principal::Anonymous;
    assert!(!decide(
        &nobody,
        Action::ReadObject,
        On::Key(&key),
        &to_accounts
    ));
    assert!(decide(
        &nobody,
        Action::ReadObject,
        On::Key(&key),
        std::slice::from_ref(&base)
    ));
    assert!(decide(&nobody, Action::ReadBucket, On::Bucket, &[base]));
}

fn text(fact: Fact, likeness: Likeness, fits: bool, values: &[&str]) -> Condition {
    Condition::Text {
        fact,
        likeness,
        fits,
        values: values.iter().map(|&value| value.into()).collect(),
    }
}

fn source(within: bool, networks: &[&str]) -> Condition {
    let network = |one: &&str| Network::parse(one).unwrap();
    Condition::Source {
        within,
        networks: networks.iter().map(network).collect(),
    }
}

fn time(relation: Relation, millis: &[u64]) -> Condition {
    let at = |&at: &u64| Timestamp::from_millis(at);
    Condition::Time {
        relation,
        instants: millis.iter().map(at).collect(),
    }
}

#[test]
fn conditions_are_judged_by_the_request() {
    let listing = On::List {
        prefix: "dir/",
        delimiter: "",
    };
    let cases = [
        (source(true, &["10.0.0.0/8"]), true),
        (source(true, &["192.168.0.0/16", "10.1.2.3"]), true),
        (source(true, &["11.0.0.0/8"]), false),
        (source(false, &["11.0.0.0/8"]), true),
        (source(false, &["11.0.0.0/8", "10.0.0.0/8"]), false),
        (Condition::Secure(false), true),
        (Condition::Secure(true), false),
        (time(Relation::Before, &[1001]), true),
        (time(Relation::Before, &[1000]), false),
        (time(Relation::Until, &[1000]), true),
        (time(Relation::Until, &[999]), false),
        (time(Relation::After, &[999]), true),
        (time(Relation::After, &[1000]), false),
        (time(Relation::From, &[1000]), true),
        (time(Relation::From, &[1001]), false),
        (time(Relation::From, &[1001, 5]), true),
        (
            text(Fact::ListPrefix, Likeness::Same, true, &["dir/"]),
            true,
        ),
        (
            text(Fact::ListPrefix, Likeness::Same, true, &["", "x"]),
            false,
        ),
        (
            text(Fact::ListPrefix, Likeness::Same, true, &["dir*"]),
            false,
        ),
        (
            text(Fact::ListPrefix, Likeness::SameButCase, true, &["DIR/"]),
            true,
        ),
        (
            text(Fact::ListPrefix, Likeness::Pattern, true, &["d*", "x"]),
            true,
        ),
        (
            text(Fact::ListPrefix, Likeness::Pattern, false, &["d*", "x"]),
            false,
        ),
        (
            text(Fact::ListPrefix, Likeness::Pattern, false, &["x"]),
            true,
        ),
        (text(Fact::ListDelimiter, Likeness::Same, true, &[""]), true),
        (
            text(Fact::ListDelimiter, Likeness::Same, true, &["/"]),
            false,
        ),
        (
            text(Fact::UserAgent, Likeness::Pattern, true, &["agent/*"]),
            true,
        ),
        (text(Fact::Referer, Likeness::Pattern, true, &["*"]), false),
        (text(Fact::Referer, Likeness::Pattern, false, &["*"]), true),
    ];
    for (condition, holds) in cases {
        let policy = [under(condition)];
        let found = decide(&account("other"), Action::ListObjects, listing, &policy);
        assert_eq!(found, holds, "{policy:?}");
    }
    // What is no listing has no prefix: it fits no value, not even the empty one.
    let none = [under(text(Fact::ListPrefix, Likeness::Same, true, &[""]))];
    let other = [under(text(
        Fact::ListPrefix,
        Likeness::Same,
        false,
        &["dir/"],
    ))];
    assert!(!decide(
        &account("other"),
        Action::ListObjects,
        On::Bucket,
        &none
    ));
    assert!(decide(
        &account("other"),
        Action::ListObjects,
        On::Bucket,
        &other
    ));
}

#[test]
fn conditions_of_one_statement_all_have_to_hold() {
    let both = |secure| Statement {
        conditions: vec![Condition::Secure(false), Condition::Secure(secure)],
        ..statement(Effect::Allow)
    };
    let nobody = Principal::Anonymous;
    assert!(decide(
        &nobody,
        Action::ReadBucket,
        On::Bucket,
        &[both(false)]
    ));
    assert!(!decide(
        &nobody,
        Action::ReadBucket,
        On::Bucket,
        &[both(true)]
    ));
}

#[test]
fn the_owner_keeps_the_policy_and_nothing_else_against_a_denial() {
    let policy = [statement(Effect::Deny)];
    let kept = [
        Action::ReadPolicy,
        Action::WritePolicy,
        Action::DeletePolicy,
    ];
    for action in Action::ALL {
        let owner = decide(&account("owner"), action, On::Bucket, &policy);
        assert_eq!(owner, kept.contains(&action), "{action:?}");
        assert!(!decide(&account("other"), action, On::Bucket, &policy));
    }
}

#[test]
fn a_policy_is_public_when_it_allows_everybody_from_everywhere() {
    let everybody = || statement(Effect::Allow);
    let some = Principals::Accounts(vec![AccountId("other".into())]);
    let secure = Condition::Secure(true);
    let cases = [
        (everybody(), true),
        (statement(Effect::Deny), false),
        (
            Statement {
                principals: some,
                ..everybody()
            },
            false,
        ),
        (
            Statement {
                actions: Actions::default(),
                ..everybody()
            },
            false,
        ),
        (under(source(true, &["10.0.0.0/8"])), false),
        (under(source(true, &["10.0.0.0/8", "0.0.0.0/0"])), true),
        (under(source(false, &["10.0.0.0/8"])), true),
        (under(secure), true),
    ];
    for (one, wanted) in cases {
        assert_eq!(
            is_public(&[statement(Effect::Deny), one.clone()]),
            wanted,
            "{one:?}"
        );
    }
    assert!(!is_public(&[]));
}

#[test]
fn policies_are_few_and_small() {
    let one = statement(Effect::Allow);
    let many = |n| vec![one.clone(); n];
    let resources = |n: usize, len| Statement {
        resources: vec!["r".repeat(len).into(); n],
        ..one.clone()
    };
    let cases = [
        ("{}", many(1), true),
        ("{}", many(0), false),
        ("{}", many(100), true),
        ("{}", many(101), false),
        ("{}", vec![resources(0, 0)], false),
        ("{}", vec![resources(16, 1000)], true),
        ("{}", vec![resources(17, 1000)], false),
    ];
    for (text, statements, good) in cases {
        assert_eq!(
            check_policy(text, &statements).is_ok(),
            good,
            "{statements:?}"
        );
    }
    assert!(check_policy(&" ".repeat((16 << 10) + 1), &many(1)).is_err());
}

#[test]
fn lifecycle_acts_while_its_duty_is_the_buckets() {
    let mut bucket = bucket(&Acl::default(), &[statement(Effect::Deny)]);
    let duty = WorkId([1; 16]);
    assert!(allow_lifecycle(&bucket, duty).is_none());
    bucket.lifecycle = Some(duty);
    assert!(allow_lifecycle(&bucket, duty).is_some());
    assert!(allow_lifecycle(&bucket, WorkId([2; 16])).is_none());
}

fn any_principal() -> impl Strategy<Value = Principal> {
    prop_oneof![
        Just(Principal::Anonymous),
        "owner|other|third".prop_map(|name| account(&name)),
    ]
}

fn any_actions() -> impl Strategy<Value = Actions> {
    let some = proptest::sample::subsequence(Action::ALL.to_vec(), 0..=Action::ALL.len());
    some.prop_map(Actions::of)
}

fn any_statement() -> impl Strategy<Value = Statement> {
    let effect = prop_oneof![Just(Effect::Allow), Just(Effect::Deny)];
    let principals = prop_oneof![
        Just(Principals::Everyone),
        "owner|other".prop_map(|name| Principals::Accounts(vec![AccountId(name.into())])),
    ];
    let resources = proptest::collection::vec("photos|photos/\\*|\\*|photos/d\\*|other", 1..3);
    let conditions = proptest::option::of(any::<bool>().prop_map(Condition::Secure));
    (effect, principals, any_actions(), resources, conditions).prop_map(
        |(effect, principals, actions, resources, conditions)| Statement {
            effect,
            principals,
            actions,
            resources: resources.into_iter().map(Into::into).collect(),
            conditions: conditions.into_iter().collect(),
        },
    )
}

/// Who may do what to the bucket and to a key, under a policy.
fn rights(who: &Principal, granted: &Acl, policy: &[Statement]) -> Vec<bool> {
    let key = key();
    let bucket = bucket(granted, policy);
    let asks = Action::ALL
        .into_iter()
        .flat_map(|action| [(action, On::Bucket), (action, On::Key(&key))]);
    asks.map(|(action, on)| allow(&cx(who), &bucket, action, on).is_ok())
        .collect()
}

proptest! {
    #[test]
    fn an_allow_takes_nothing_and_a_denial_gives_nothing(
        who in any_principal(),
        public in any::<bool>(),
        policy in proptest::collection::vec(any_statement(), 0..4),
        added in any_statement(),
        at in any::<prop::sample::Index>(),
    ) {
        let read = [(Grantee::AllUsers, Permission::Read)];
        let granted = acl(if public { &read } else { &[] });
        let before = rights(&who, &granted, &policy);
        let mut longer = policy;
        longer.insert(at.index(longer.len() + 1), added.clone());
        let after = rights(&who, &granted, &longer);
        for (before, after) in before.into_iter().zip(after) {
            match added.effect {
                Effect::Allow => prop_assert!(after || !before),
                Effect::Deny => prop_assert!(before || !after),
            }
        }
    }

    #[test]
    fn a_denial_is_never_outvoted(
        who in any_principal(),
        policy in proptest::collection::vec(any_statement(), 0..4),
        at in any::<prop::sample::Index>(),
    ) {
        let everything = acl(&[(Grantee::AllUsers, Permission::FullControl)]);
        let mut policy = policy;
        policy.insert(at.index(policy.len() + 1), statement(Effect::Deny));
        let found = rights(&who, &everything, &policy);
        let kept = if who.account() == Some(&AccountId("owner".into())) { 6 } else { 0 };
        prop_assert_eq!(found.into_iter().filter(|allowed| *allowed).count(), kept);
    }

    #[test]
    fn nobody_may_what_neither_grant_nor_policy_allows(
        policy in proptest::collection::vec(any_statement(), 0..4),
    ) {
        let denials = policy.into_iter().filter(|one| one.effect == Effect::Deny);
        let found = rights(&Principal::Anonymous, &Acl::default(), &denials.collect::<Vec<_>>());
        prop_assert!(found.into_iter().all(|allowed| !allowed));
    }
}

#[test]
fn where_the_requester_pays_others_than_the_owner_sign_and_agree() {
    let everybody = acl(&[(Grantee::AllUsers, Permission::FullControl)]);
    let bucket = Bucket {
        requester_pays: true,
        ..bucket(&everybody, &[])
    };
    let cases = [
        (account("owner"), false, true),
        (account("other"), false, false),
        (account("other"), true, true),
        (Principal::Anonymous, false, false),
        (Principal::Anonymous, true, false),
    ];
    for (who, pays, wanted) in cases {
        let cx = Cx { pays, ..cx(&who) };
        let found = allow(&cx, &bucket, Action::ReadObject, On::Key(&key()));
        assert_eq!(found.is_ok(), wanted, "{who:?} pays: {pays}");
    }
}

#[test]
fn where_public_access_is_blocked_nothing_that_names_everybody_allows() {
    let friends = account("friend");
    let everybody = acl(&[(Grantee::AllUsers, Permission::Read)]);
    let signers = acl(&[(Grantee::AuthenticatedUsers, Permission::Read)]);
    let friend = AccountId("friend".into());
    let named = acl(&[(Grantee::Account(friend), Permission::Read)]);
    // (list, who, without the block)
    let cases = [
        (&everybody, Principal::Anonymous, true),
        (&everybody, friends.clone(), true),
        (&signers, friends.clone(), true),
        (&named, friends, true),
        (&named, Principal::Anonymous, false),
    ];
    for (acl, who, open) in cases {
        let by_name = acl == &named;
        for (own, accounts) in [(false, false), (true, false), (false, true)] {
            let blocks_public = own || accounts;
            let bucket = Bucket {
                blocks_public: own,
                account_blocks_public: accounts,
                ..bucket(acl, &[])
            };
            let allowed = allow(&cx(&who), &bucket, Action::ListObjects, On::Bucket).is_ok();
            let wanted = open && (!blocks_public || by_name);
            assert_eq!(allowed, wanted, "{acl:?} {who:?} {blocks_public}");
            let kept = check_public(&bucket, is_for_everybody(acl)).is_ok();
            assert_eq!(kept, !blocks_public || by_name, "{acl:?} {blocks_public}");
        }
    }
}
