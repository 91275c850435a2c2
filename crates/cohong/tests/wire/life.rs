//! The life of the process and of what a client began and left.

use std::process::Output;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cohong_testkit::receiver::Receiver;
use http::StatusCode;
use tokio::process::Command;
use tokio::sync::Semaphore;

use crate::ask::Ask;
use crate::{BUCKET, World, binary};

/// Long enough for anything that happens at all.
const PATIENCE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_callback_goes_on_when_its_client_is_gone() {
    let world = World::start().await;
    let called = std::sync::Arc::new(Semaphore::new(0));
    let receiver = Receiver::answering({
        let called = called.clone();
        move |_| {
            called.add_permits(1);
            // The client hangs up in this time.
            std::thread::sleep(Duration::from_millis(500));
            (StatusCode::OK, Bytes::from_static(b"{}"))
        }
    });
    let receiver = receiver.await.expect("a receiver");
    let order = serde_json::json!({"callbackUrl": receiver.url(), "callbackBody": "key=${object}"});
    let order = STANDARD.encode(order.to_string());
    let mut raw = world.raw().await;
    raw.send(
        &Ask::new("PUT", "/k")
            .signed("x-tos-callback", &order)
            .with(b"kept"),
    )
    .await;
    let begun = tokio::time::timeout(PATIENCE, called.acquire()).await;
    begun
        .expect("the application is called")
        .expect("open")
        .forget();
    drop(raw);
    assert_eq!(
        world.object("k").await.as_deref(),
        Some(&b"kept"[..]),
        "readable before it ended"
    );
    assert_eq!(receiver.wait(1, PATIENCE).await[0].body, "key=k".as_bytes());
    let recorded = recorded_call(&world).await;
    assert_eq!(recorded["attempts"][0]["status"], 200, "{recorded}");
    assert_eq!(receiver.arrived().len(), 1, "called once");
}

/// What `trace` tells of the callback once it has ended.
async fn recorded_call(world: &World) -> serde_json::Value {
    let object = format!("{BUCKET}/k");
    let ended = async {
        loop {
            let story = world
                .server
                .command(binary(), &["trace", &object])
                .await
                .expect("traced");
            let changes = story["changes"].as_array().expect("a list");
            let call = changes
                .iter()
                .map(|change| &change["callback"])
                .find(|call| call.is_object());
            if let Some(call) = call.filter(|call| call["state"] == "accepted") {
                return call.clone();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, ended)
        .await
        .expect("the callback is recorded as accepted")
}

/// Runs `serve` on addresses that are free unless named otherwise, until it gives up by itself.
async fn serve(folder: &std::path::Path, listen: &str, admin: &str) -> Output {
    let mut command = Command::new(binary());
    command
        .args(["serve", "--listen", listen, "--admin", admin, "--data"])
        .arg(folder);
    let run = command.kill_on_drop(true).output();
    tokio::time::timeout(PATIENCE, run)
        .await
        .expect("it gives up")
        .expect("it runs")
}

#[tokio::test]
async fn a_folder_has_one_server() {
    let world = World::start().await;
    let second = serve(world.folder.path(), "127.0.0.1:0", "127.0.0.1:0").await;
    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(
        said.contains("in use") || said.contains("another"),
        "{said}"
    );
    let put = Ask::new("PUT", "/k").with(b"x");
    assert_eq!(
        world.raw().await.ask(&put).await.status,
        200,
        "the first one serves on"
    );
    assert_eq!(world.server.stop().await.expect("stopped"), Some(0));
}

#[tokio::test]
async fn a_busy_port_names_its_owner() {
    let world = World::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let owner = format!("pid {}", world.server.pid());
    let (listen, admin) = (
        world.server.listen().to_string(),
        world.server.admin().to_string(),
    );
    for (listen, admin, flag) in [
        (listen.as_str(), "127.0.0.1:0", "--listen"),
        ("127.0.0.1:0", admin.as_str(), "--admin"),
    ] {
        let refused = serve(folder.path(), listen, admin).await;
        assert_eq!(refused.status.code(), Some(1));
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(said.contains(&owner) && said.contains(flag), "{said}");
    }
}

/// Service managers kill what has not ended by itself in 15 s.
#[tokio::test]
async fn an_upload_does_not_hold_up_the_end() {
    let world = World::start().await;
    let (mut upload, mut idle) = (world.raw().await, world.raw().await);
    upload
        .send(&Ask::new("PUT", "/k").line("Content-Length: 1000000").head())
        .await;
    upload.send(&[b'x'; 1000]).await;
    assert_eq!(
        idle.ask(&Ask::new("GET", "/absent").head()).await.status,
        404
    );
    let World { server, folder } = world;
    let ended = tokio::time::timeout(Duration::from_secs(15), server.stop()).await;
    assert_eq!(ended.expect("within 15 s").expect("stopped"), Some(0));
    drop((upload, idle));
    let start = cohong_testkit::instance::Start::default();
    let again = cohong_testkit::instance::Instance::start(binary(), folder.path(), &start).await;
    let server = again.expect("it starts again");
    let world = World { server, folder };
    assert_eq!(world.object("k").await, None);
    assert_eq!(world.unfinished(), 0);
}

#[tokio::test]
async fn an_upload_that_ends_in_time_is_kept() {
    let world = World::start().await;
    let mut upload = world.raw().await;
    upload
        .send(&Ask::new("PUT", "/k").line("Content-Length: 10").head())
        .await;
    upload.send(b"first").await;
    assert_eq!(
        world
            .raw()
            .await
            .ask(&Ask::new("GET", "/k").head())
            .await
            .status,
        404
    );
    let World { server, folder } = world;
    let stop = tokio::spawn(server.stop());
    tokio::time::sleep(Duration::from_millis(300)).await;
    let answer = upload.ask(b" last").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(stop.await.expect("joined").expect("stopped"), Some(0));
    let start = cohong_testkit::instance::Start::default();
    let again = cohong_testkit::instance::Instance::start(binary(), folder.path(), &start).await;
    let world = World {
        server: again.expect("it starts again"),
        folder,
    };
    assert_eq!(world.object("k").await.as_deref(), Some(&b"first last"[..]));
}
