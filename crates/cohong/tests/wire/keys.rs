//! Keys that look like paths, like nothing, or like too much.

use crate::World;
use crate::ask::Ask;

#[tokio::test]
async fn keys_are_stored_as_they_are_or_refused() {
    let world = World::start().await;
    let long = format!("/{}", "k".repeat(1025));
    let cases: [(&str, Result<&str, &str>); 17] = [
        ("/..", Ok("..")),
        ("/../../etc/passwd", Ok("../../etc/passwd")),
        ("/a/../b", Ok("a/../b")),
        ("/a/./b", Ok("a/./b")),
        ("/%2e%2e/x", Ok("../x")),
        ("//", Ok("/")),
        ("//a//b//", Ok("/a//b//")),
        ("/a%2Fb", Ok("a/b")),
        ("/%2Fetc%2Fx", Ok("/etc/x")),
        ("/a%5Cb", Ok("a\\b")),
        ("/%E4%B8%AD", Ok("中")),
        ("/a%00b", Err("InvalidObjectName")),
        ("/%ff", Err("InvalidObjectName")),
        ("/%c0%ae%c0%ae/x", Err("InvalidObjectName")),
        ("/a%zz", Err("InvalidArgument")),
        ("/a%", Err("InvalidArgument")),
        (&long, Err("KeyTooLong")),
    ];
    for (target, wanted) in cases {
        let mut raw = world.raw().await;
        let answer = raw
            .ask(&Ask::new("PUT", target).with(target.as_bytes()))
            .await;
        let shown = &target[..target.len().min(30)];
        match wanted {
            Ok(key) => assert_stored(&world, target, key, answer.status).await,
            Err(code) => {
                assert_eq!(
                    (answer.status, answer.code().as_str()),
                    (400, code),
                    "{shown}"
                );
                assert!(world.keys().await.is_empty(), "{shown}");
            }
        }
    }
    assert!(!world.folder.path().join("../x").exists());
}

/// Stored under exactly this key, read and deleted through the same target; or refused as a name.
async fn assert_stored(world: &World, target: &str, key: &str, status: u16) {
    if status == 400 {
        assert!(key.contains(".."), "{target} is a good name");
        assert!(world.keys().await.is_empty(), "{target}");
        return;
    }
    assert_eq!(status, 200, "{target}");
    assert_eq!(world.keys().await, [key], "{target}");
    let mut raw = world.raw().await;
    let read = raw.ask(&Ask::new("GET", target).head()).await;
    assert_eq!(
        (read.status, read.body.as_slice()),
        (200, target.as_bytes())
    );
    assert_eq!(
        raw.ask(&Ask::new("DELETE", target).head()).await.status,
        204
    );
    assert!(world.keys().await.is_empty(), "{target}");
}

#[tokio::test]
async fn names_in_bodies_are_judged_like_names_in_addresses() {
    let world = World::start().await;
    let secret = world.folder.path().join("secret");
    std::fs::write(&secret, "outside").expect("written");
    let list = serde_json::json!({"Objects": [
        {"Key": "../secret"}, {"Key": "a\u{0}b"}, {"Key": ""}, {"Key": "k".repeat(1025)},
    ]});
    let request = Ask::new("POST", "/?delete=").with(list.to_string().as_bytes());
    let answer = world.raw().await.ask(&request).await;
    assert_eq!(answer.status, 200);
    let outcome: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
    let errors = outcome["Error"].as_array().expect("errors");
    assert!(errors.len() >= 3, "{outcome}");
    assert!(secret.exists());
    for source in [
        "wire-test/../secret",
        "wire-test/..%2Fsecret",
        "../../secret",
        "wire-test/%00",
    ] {
        let copy = Ask::new("PUT", "/copy")
            .signed("x-tos-copy-source", source)
            .with(b"");
        let answer = world.raw().await.ask(&copy).await;
        assert!((400..500).contains(&answer.status), "{source}: {answer:?}");
    }
    assert!(world.keys().await.is_empty());
}

#[tokio::test]
async fn queries_that_are_no_text_are_refused() {
    let world = World::start().await;
    for target in ["/?prefix=%ff", "/?prefix=%zz", "/k?versionId=%ff"] {
        let answer = world.raw().await.ask(&Ask::new("GET", target).head()).await;
        assert_eq!(answer.status, 400, "{target}");
    }
}
