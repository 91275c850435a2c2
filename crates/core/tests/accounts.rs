//! Accounts, access keys and the registries of functions and sources.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod common;

use std::time::Duration;

use cohong_core::engine::{Credential, NewSource, Secret};
use cohong_core::memory::Fate;
use cohong_core::model::{AccessKeyId, AccountId, Principal};
use cohong_core::ports::Table;
use cohong_core::{Error, ErrorKind, limits};
use common::{World, run};

fn account(name: &str) -> AccountId {
    AccountId(name.into())
}

async fn credential(world: &World, key: &AccessKeyId) -> Option<Credential> {
    world.engine.credential(key).await.unwrap()
}

fn kind<T>(outcome: Result<T, Error>) -> Option<ErrorKind> {
    outcome.err().map(|error| error.kind())
}

#[test]
fn the_root_key_is_made_once_and_shown_once() {
    run(async {
        let world = World::new();
        let made = world.engine.ensure_root(None).await.unwrap();
        let secret = made.secret.unwrap();
        assert!(made.access.0.len() == 22 && made.access.0.starts_with("AK"));
        let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
        assert!(made.access.0.chars().all(plain), "{}", made.access.0);
        assert_eq!(secret.expose().len(), 40);

        let again = world.engine.ensure_root(None).await.unwrap();
        assert_eq!((again.access, again.secret), (made.access.clone(), None));
        let known = credential(&world, &made.access).await.unwrap();
        assert_eq!(known.secret, secret);
        let principal = Principal::Account {
            account: account("root"),
            key: made.access,
        };
        assert_eq!(known.principal, principal);
        assert_eq!((known.token, known.expires_at), (None, None));
    });
}

#[test]
fn a_given_root_key_takes_the_place_of_the_former_one() {
    run(async {
        let world = World::new();
        let made = world.engine.ensure_root(None).await.unwrap();
        assert!(credential(&world, &made.access).await.is_some());
        let first = Secret::new("a secret with spaces, 中");
        let given = world
            .engine
            .ensure_root(Some(("admin", &first)))
            .await
            .unwrap();
        assert_eq!((&*given.access.0, given.secret), ("admin", None));
        assert!(
            credential(&world, &made.access).await.is_none(),
            "the former key is unknown"
        );
        assert_eq!(
            credential(&world, &given.access).await.unwrap().secret,
            first
        );

        let second = Secret::new("another");
        world
            .engine
            .ensure_root(Some(("admin", &second)))
            .await
            .unwrap();
        assert_eq!(
            credential(&world, &given.access).await.unwrap().secret,
            second
        );
        world.meta.applied();
        world
            .engine
            .ensure_root(Some(("admin", &second)))
            .await
            .unwrap();
        assert!(
            world.meta.applied().is_empty(),
            "nothing changed, nothing was written"
        );
        let kept = world.engine.ensure_root(None).await.unwrap();
        assert_eq!((&*kept.access.0, kept.secret), ("admin", None));
        assert_eq!(world.engine.list_keys(None).await.unwrap().len(), 1);
    });
}

#[test]
fn root_keys_that_cannot_be_one_are_refused() {
    run(async {
        let world = World::new();
        let long = "k".repeat(129);
        for (access, secret) in [
            ("", "s"),
            ("a", ""),
            (long.as_str(), "s"),
            ("a", long.as_str()),
            ("a b", "s"),
            ("a\n", "s"),
            ("键", "s"),
            ("a", "s\0"),
            ("a", "s\r\n"),
        ] {
            let refused = world
                .engine
                .ensure_root(Some((access, &Secret::new(secret))))
                .await;
            assert_eq!(
                kind(refused),
                Some(ErrorKind::InvalidArgument),
                "{access:?} {secret:?}"
            );
        }
        let longest = "k".repeat(128);
        let taken = world
            .engine
            .ensure_root(Some((&longest, &Secret::new(&longest))))
            .await;
        assert!(taken.is_ok());

        let other = world.engine.create_key(&account("a"), None).await.unwrap();
        let refused = world
            .engine
            .ensure_root(Some((&other.access.0, &Secret::new("s"))))
            .await;
        assert_eq!(kind(refused), Some(ErrorKind::InvalidArgument));
        assert_eq!(
            credential(&world, &other.access).await.unwrap().secret,
            other.secret
        );
    });
}

#[test]
fn keys_are_issued_listed_and_removed() {
    run(async {
        let world = World::new();
        let root = world.engine.ensure_root(None).await.unwrap();
        let one = world
            .engine
            .create_key(&account("alice"), None)
            .await
            .unwrap();
        let two = world
            .engine
            .create_key(&account("bob"), None)
            .await
            .unwrap();
        assert!(one.access != two.access && one.secret != two.secret);
        assert_eq!((one.token.as_ref(), one.expires_at), (None, None));
        let known = credential(&world, &one.access).await.unwrap();
        assert_eq!(known.principal.account(), Some(&account("alice")));
        assert_eq!(world.rows(Table::Accounts).await.len(), 3);

        let all = world.engine.list_keys(None).await.unwrap();
        assert_eq!(all.len(), 3);
        let of_alice = world
            .engine
            .list_keys(Some(&account("alice")))
            .await
            .unwrap();
        assert_eq!(
            of_alice.iter().map(|key| &key.access).collect::<Vec<_>>(),
            [&one.access]
        );

        world.engine.remove_key(&one.access).await.unwrap();
        assert!(
            credential(&world, &one.access).await.is_none(),
            "at once, cached or not"
        );
        assert_eq!(
            kind(world.engine.remove_key(&one.access).await),
            Some(ErrorKind::UnknownAccessKey)
        );
        assert_eq!(
            kind(world.engine.remove_key(&root.access).await),
            Some(ErrorKind::InvalidArgument)
        );
    });
}

#[test]
fn a_key_that_was_unknown_is_known_as_soon_as_it_is_made() {
    run(async {
        let world = World::new();
        let key = AccessKeyId("admin".into());
        assert!(credential(&world, &key).await.is_none());
        world
            .engine
            .ensure_root(Some(("admin", &Secret::new("s"))))
            .await
            .unwrap();
        assert!(credential(&world, &key).await.is_some());
    });
}

#[test]
fn temporary_keys_carry_a_token_and_an_end() {
    run(async {
        let world = World::new();
        let now = cohong_core::ports::Clock::now(&*world.clock);
        let hour = Duration::from_hours(1);
        let issued = world
            .engine
            .create_key(&account("a"), Some(hour))
            .await
            .unwrap();
        let known = credential(&world, &issued.access).await.unwrap();
        assert_eq!(known.expires_at, Some(now.plus(hour)));
        assert!(known.token.is_some() && known.token == issued.token);

        // It is told apart from an unknown key for a day after its end, and then forgotten.
        world.clock.advance(hour + Duration::from_hours(23));
        world.engine.create_key(&account("a"), None).await.unwrap();
        assert!(credential(&world, &issued.access).await.is_some());
        world.clock.advance(Duration::from_hours(2));
        world.engine.create_key(&account("a"), None).await.unwrap();
        assert!(credential(&world, &issued.access).await.is_none());
    });
}

#[test]
fn what_cannot_be_a_key_is_refused_and_nothing_is_stored() {
    run(async {
        let world = World::new();
        let long = "a".repeat(65);
        for name in ["", "a b", "a/b", "账户", "a\0", &long] {
            let refused = world.engine.create_key(&account(name), None).await;
            assert_eq!(kind(refused), Some(ErrorKind::InvalidArgument), "{name:?}");
        }
        for life in [
            Duration::ZERO,
            Duration::from_millis(999),
            limits::TEMPORARY_KEY_MAX + Duration::from_secs(1),
        ] {
            let refused = world.engine.create_key(&account("a"), Some(life)).await;
            assert_eq!(kind(refused), Some(ErrorKind::InvalidArgument), "{life:?}");
        }
        world.meta.inner.fail_commits(1, Fate::Full);
        assert_eq!(
            kind(world.engine.create_key(&account("a"), None).await),
            Some(ErrorKind::Full)
        );
        assert!(world.rows(Table::Credentials).await.is_empty());
        assert!(world.rows(Table::Accounts).await.is_empty());
    });
}

#[test]
fn a_credential_is_read_at_most_every_five_seconds() {
    run(async {
        let world = World::new();
        let key = world
            .engine
            .create_key(&account("a"), None)
            .await
            .unwrap()
            .access;
        assert!(credential(&world, &key).await.is_some());
        // Another process removes it.
        let other = cohong_core::engine::Engine::new(world.engine.ports().clone());
        other.remove_key(&key).await.unwrap();
        world.clock.advance(Duration::from_millis(4999));
        assert!(credential(&world, &key).await.is_some());
        world.clock.advance(Duration::from_millis(1));
        assert!(credential(&world, &key).await.is_none());
    });
}

#[test]
fn absurd_access_keys_are_unknown() {
    run(async {
        let world = World::new();
        for key in [String::new(), "k".repeat(10_000)] {
            assert!(credential(&world, &AccessKeyId(key.into())).await.is_none());
        }
    });
}

#[test]
fn secrets_are_sealed_at_rest_and_never_print() {
    run(async {
        let world = World::new();
        let root = Secret::new("the-root-secret");
        let made = world
            .engine
            .ensure_root(Some(("admin", &root)))
            .await
            .unwrap();
        let hour = Some(Duration::from_hours(1));
        let issued = world.engine.create_key(&account("a"), hour).await.unwrap();
        let token = issued.token.clone().unwrap();
        let secrets = ["the-root-secret", issued.secret.expose(), &token.0];
        for (_, record) in world.rows(Table::Credentials).await {
            assert!(record.bytes.windows(7).any(|w| w == b"sealed:"));
            for secret in secrets {
                let holds = record
                    .bytes
                    .windows(secret.len())
                    .any(|w| w == secret.as_bytes());
                assert!(!holds, "a stored record holds a secret");
            }
        }
        let known = credential(&world, &issued.access).await;
        let printed = format!("{made:?} {issued:?} {known:?} {root:?} {:?}", world.engine);
        for secret in secrets {
            assert!(!printed.contains(secret), "{printed}");
        }
    });
}

#[test]
fn functions_are_added_replaced_listed_and_removed() {
    run(async {
        let world = World::new();
        let engine = &world.engine;
        engine
            .add_function("resize", "http://127.0.0.1:8080/f")
            .await
            .unwrap();
        engine
            .add_function("arn:acs:fc/a-b_c.1", "https://f.example")
            .await
            .unwrap();
        engine
            .add_function("resize", "http://127.0.0.1:9090/f")
            .await
            .unwrap();
        let all = engine.list_functions().await.unwrap();
        let shown: Vec<(&str, &str)> = all.iter().map(|f| (&*f.name, &*f.url)).collect();
        assert_eq!(
            shown,
            [
                ("arn:acs:fc/a-b_c.1", "https://f.example"),
                ("resize", "http://127.0.0.1:9090/f")
            ]
        );
        let found = engine.function("resize").await.unwrap().unwrap();
        assert_eq!(&*found.url, "http://127.0.0.1:9090/f");
        assert_eq!(engine.function("res").await.unwrap(), None);
        assert!(engine.remove_function("resize").await.unwrap());
        assert!(!engine.remove_function("resize").await.unwrap());
        assert_eq!(engine.list_functions().await.unwrap().len(), 1);
    });
}

#[test]
fn functions_that_cannot_be_one_are_refused() {
    run(async {
        let world = World::new();
        let (long_name, long_url) = ("n".repeat(129), format!("http://a/{}", "p".repeat(8 << 10)));
        for (name, url) in [
            ("", "http://a"),
            (long_name.as_str(), "http://a"),
            ("a b", "http://a"),
            ("函数", "http://a"),
            ("a\0", "http://a"),
            ("a", ""),
            ("a", "a.example"),
            ("a", "ftp://a"),
            ("a", "file:///etc/passwd"),
            ("a", "http://"),
            ("a", "http:///x"),
            ("a", "http://a/ b"),
            ("a", "http://a/\r\nX: 1"),
            ("a", long_url.as_str()),
        ] {
            let refused = world.engine.add_function(name, url).await;
            assert_eq!(
                kind(refused),
                Some(ErrorKind::InvalidArgument),
                "{name:?} {url:?}"
            );
        }
        assert_eq!(world.engine.list_functions().await.unwrap(), []);
        assert!(
            world
                .engine
                .add_function(&"n".repeat(128), "http://a")
                .await
                .is_ok()
        );
    });
}

#[test]
fn the_registry_is_bounded() {
    run(async {
        let world = World::new();
        for n in 0..limits::FUNCTIONS_MAX {
            world
                .engine
                .add_function(&format!("f{n}"), "http://a")
                .await
                .unwrap();
        }
        let refused = world.engine.add_function("one-more", "http://a").await;
        assert_eq!(kind(refused), Some(ErrorKind::InvalidArgument));
        assert!(
            world.engine.add_function("f0", "http://b").await.is_ok(),
            "replacing is no addition"
        );
    });
}

#[test]
fn the_webhook_secret_is_made_once_and_kept_sealed() {
    run(async {
        let world = World::new();
        let made = world.engine.webhook_secret().await.unwrap();
        assert_eq!(made.len(), 32);
        let rows = world.rows(Table::Server).await;
        assert_eq!(rows.len(), 1);
        let stored = &rows[0].1.bytes;
        assert!(!stored.windows(made.len()).any(|window| window == made));

        assert_eq!(world.engine.webhook_secret().await.unwrap(), made);
        assert_eq!(world.rows(Table::Server).await.len(), 1);
    });
}

fn source(name: &str, cloud: &str, region: &str) -> NewSource {
    NewSource {
        name: name.into(),
        cloud: cloud.into(),
        region: region.into(),
        speech: "s3".into(),
        endpoint: format!("https://{name}.example").into(),
        path_style: false,
        signing_region: None,
    }
}

#[test]
fn sources_are_found_by_kind_and_place_the_nearer_first() {
    run(async {
        let world = World::new();
        let engine = &world.engine;
        for (name, cloud, region) in [("a", "C", "*"), ("b", "C", "r1"), ("c", "D", "r1")] {
            engine
                .add_source(source(name, cloud, region))
                .await
                .unwrap();
        }
        let cases = [
            ("C", "r1", Some("https://b.example")),
            ("c", "r1", Some("https://b.example")),
            ("C", "r2", Some("https://a.example")),
            ("C", "", Some("https://a.example")),
            ("D", "r1", Some("https://c.example")),
            ("D", "r2", None),
            ("E", "r1", None),
        ];
        for (cloud, region, endpoint) in cases {
            let found = engine.source_at(cloud, region).await.unwrap();
            let found = found.as_ref().map(|record| &*record.endpoint);
            assert_eq!(found, endpoint, "{cloud} {region}");
        }
        let moved = NewSource {
            endpoint: "http://10.0.0.1:9000".into(),
            ..source("b", "C", "r1")
        };
        engine.add_source(moved).await.unwrap();
        let found = engine.source_at("C", "r1").await.unwrap().unwrap();
        assert_eq!(&*found.endpoint, "http://10.0.0.1:9000");
        assert!(engine.remove_source("b").await.unwrap());
        assert!(!engine.remove_source("b").await.unwrap());
        let found = engine.source_at("C", "r1").await.unwrap().unwrap();
        assert_eq!(&*found.endpoint, "https://a.example");
        assert_eq!(engine.list_sources().await.unwrap().len(), 2);
    });
}

#[test]
fn a_source_that_cannot_be_one_is_refused() {
    run(async {
        let world = World::new();
        let engine = &world.engine;
        engine.add_source(source("a", "C", "r")).await.unwrap();
        let with = |endpoint: &str| NewSource {
            endpoint: endpoint.into(),
            ..source("b", "C", "q")
        };
        let bad = [
            source("b", "c", "r"),
            source("", "C", "q"),
            source("b/c", "C", "q"),
            source("b", "", "q"),
            source("b", "C", ""),
            source("b", "C", "q r"),
            source("b", "C", &"q".repeat(129)),
            with("ftp://b.example"),
            with("b.example"),
            with("https://b.example?x=y"),
            with("https://user@b.example"),
            with("https://b.example#x"),
            with(&format!("https://b.example/{}", "x".repeat(8 << 10))),
        ];
        for new in bad {
            let shown = format!("{new:?}");
            let refused = engine.add_source(new).await.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::InvalidArgument, "{shown}");
        }
        for n in 1..256 {
            let name = format!("s{n}");
            engine.add_source(source(&name, "C", &name)).await.unwrap();
        }
        assert!(
            engine
                .add_source(source("more", "C", "more"))
                .await
                .is_err()
        );
        engine.add_source(source("s1", "C", "else")).await.unwrap();
    });
}

#[test]
fn the_key_of_programs_here_is_the_same_until_it_is_removed() {
    run(async {
        let world = World::new();
        let root = world.engine.ensure_root(None).await.unwrap();
        let first = world.engine.local_key().await.unwrap();
        assert_ne!(first.0, root.access);
        assert_eq!(world.engine.local_key().await.unwrap(), first);
        let known = credential(&world, &first.0).await.unwrap();
        assert_eq!(known.secret, first.1);
        assert_eq!(known.principal.account(), Some(&account("root")));
        assert_eq!(world.engine.list_keys(None).await.unwrap().len(), 2);
        world.engine.remove_key(&first.0).await.unwrap();
        let second = world.engine.local_key().await.unwrap();
        assert_ne!(second.0, first.0);
        assert_eq!(world.engine.local_key().await.unwrap(), second);
        assert!(credential(&world, &first.0).await.is_none());
    });
}

#[test]
fn those_who_ask_for_the_key_of_programs_at_once_get_the_same() {
    run(async {
        let world = World::new();
        let engine = &world.engine;
        let (one, two) = tokio::join!(engine.local_key(), engine.local_key());
        assert_eq!(one.unwrap(), two.unwrap());
        assert_eq!(
            engine.list_keys(None).await.unwrap().len(),
            1,
            "no key is left over"
        );
    });
}
