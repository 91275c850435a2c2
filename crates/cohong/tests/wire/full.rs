//! A disk without space: writes are refused in each vendor's words and nothing of them is seen, reads and deletes
//! go on, and the server is as before once there is space.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use cohong_testkit::client::{Ask, Client, Tongue};
use http::Method;
use tokio::process::Command;

use crate::{BUCKET, World};

/// Long enough for anything that happens at all.
const PATIENCE: Duration = Duration::from_mins(1);

/// Mounts a file system in memory, which only the server sees, over the data folder.
fn on_its_own_disk(folder: &Path) -> Vec<String> {
    let mount = "mount -t tmpfs -o size=4g,mode=700 tmpfs \"$1\" && shift && exec \"$@\"";
    let folder = folder.to_str().expect("UTF-8");
    let words = [
        "unshare",
        "--user",
        "--map-root-user",
        "--mount",
        "sh",
        "-c",
        mount,
        "sh",
        folder,
    ];
    words.map(Into::into).to_vec()
}

/// The data folder as this process sees it.
fn seen(world: &World) -> String {
    let folder = world.folder.path().display();
    format!("/proc/{}/root{folder}", world.server.pid())
}

/// What the server tells of a key.
async fn traced(world: &World, key: &str) -> serde_json::Value {
    let told = Command::new(crate::binary())
        .args(["--json", "--data", &seen(world), "trace"])
        .arg(format!("{BUCKET}/{key}"))
        .output()
        .await
        .expect("it runs");
    serde_json::from_slice(&told.stdout).expect("JSON")
}

/// Leaves so much free space on the server's disk.
async fn leave(world: &World, free: u64) {
    let pid = world.server.pid().to_string();
    let folder = world.folder.path();
    let disk = rustix::fs::statvfs(seen(world).as_str()).expect("a disk");
    let used = (disk.f_blocks - disk.f_bfree) * disk.f_frsize;
    let size = format!("remount,size={}", used + free);
    let done = Command::new("nsenter")
        .args([
            "--target",
            &pid,
            "--user",
            "--mount",
            "--preserve-credentials",
        ])
        .args(["mount", "-o", &size])
        .arg(folder)
        .status()
        .await;
    assert!(done.expect("nsenter runs").success());
}

/// Sends a request until it is answered with a status: the server measures its disk now and then.
async fn until(client: &mut Client, method: Method, ask: &Ask<'_>, status: u16) -> Bytes {
    let wanted = async {
        loop {
            let answer = client.send(method.clone(), ask).await.expect("an answer");
            if answer.status.as_u16() == status {
                return answer.body;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let answered = tokio::time::timeout(PATIENCE, wanted).await;
    answered.unwrap_or_else(|_| panic!("{method} {:?} is never answered with {status}", ask.key))
}

fn object<'a>(key: &'a str, body: &[u8]) -> Ask<'a> {
    Ask {
        bucket: Some(BUCKET),
        key: Some(key),
        body: Bytes::copy_from_slice(body),
        ..Ask::default()
    }
}

#[tokio::test]
async fn e11_a_full_disk_refuses_writes_and_nothing_else() {
    let world = World::start_under(on_its_own_disk).await;
    let mut tos = world.server.client();
    let mut oss = world.server.client().speaking(Tongue::Oss);
    let mut oas = world.server.client().speaking(Tongue::Oas);
    let large = vec![b'l'; 2 << 20];
    for (key, body) in [
        ("small", &b"s"[..]),
        ("large", &large),
        ("gone", b"g"),
        ("probe", b"p"),
    ] {
        tos.put(BUCKET, key, Bytes::copy_from_slice(body))
            .await
            .expect("room");
    }
    tos.notify(BUCKET, "", "nobody").await.expect("room");

    leave(&world, 200 << 20).await;
    // What is known of the disk is a moment old.
    until(&mut tos, Method::PUT, &object("probe", &large), 507).await;
    let said = until(&mut tos, Method::PUT, &object("probe", b"n"), 507).await;
    let said: serde_json::Value = serde_json::from_slice(&said).expect("JSON");
    assert_eq!(said["Code"], "InsufficientStorage");
    for body in [&b"n"[..], &large] {
        let answer = oss
            .send(Method::PUT, &object("new", body))
            .await
            .expect("an answer");
        assert_eq!(answer.status, 507);
        let text = String::from_utf8_lossy(&answer.body);
        assert!(text.contains("<Code>InsufficientStorage</Code>"), "{text}");
    }
    let vault = Ask {
        key: Some("vaults/cabinet"),
        ..Ask::default()
    };
    let answer = oas.send(Method::PUT, &vault).await.expect("an answer");
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(
        answer.status.is_server_error() && text.contains("ServiceUnavailable"),
        "{text}"
    );
    assert_eq!(
        tos.get(BUCKET, "new").await,
        Ok(None),
        "nothing is half there"
    );
    assert_eq!(
        tos.get(BUCKET, "small").await,
        Ok(Some(Bytes::from_static(b"s")))
    );
    assert_eq!(
        tos.get(BUCKET, "large").await,
        Ok(Some(large.clone().into()))
    );
    assert_eq!(world.keys().await, ["gone", "large", "probe", "small"]);
    tos.delete(BUCKET, "gone").await.expect("deletes go on");
    assert_eq!(tos.get(BUCKET, "gone").await, Ok(None));

    leave(&world, 2 << 30).await;
    until(&mut tos, Method::PUT, &object("new", b"n"), 200).await;
    until(&mut oss, Method::PUT, &object("large", &large), 200).await;
    assert_eq!(world.keys().await, ["large", "new", "probe", "small"]);
    // Nothing is stored without its event, and nothing that was refused has one.
    for (key, kinds) in [
        ("gone", vec!["removed:delete"]),
        ("new", vec!["created:put"]),
    ] {
        let told = traced(&world, key).await;
        let changes = told["changes"].as_array().expect("changes");
        let logged = |change: &&serde_json::Value| !change["deliveries"][0].is_null();
        let logged = changes.iter().filter(logged).map(|change| &change["kind"]);
        assert_eq!(logged.collect::<Vec<_>>(), kinds, "{told}");
    }
}
