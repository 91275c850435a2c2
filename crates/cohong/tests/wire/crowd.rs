//! Many clients, few file handles, little memory: who is let in is served, the others wait or are told to come
//! again, and everything is as before when the crowd has gone.

use std::path::PathBuf;
use std::time::Duration;

use tokio::process::Command;

use crate::World;
use crate::ask::{Ask, unsigned};
use crate::raw::Raw;

/// More than small objects have: it becomes a file.
const LARGE: usize = 1 << 20;

/// With 192 file handles there are 64 places, of which an address gets 32.
async fn narrow() -> World {
    World::start_under(|_| ["prlimit", "--nofile=192:192"].map(Into::into).to_vec()).await
}

/// An upload that has begun and lacks its last byte.
async fn begun(raw: &mut Raw, key: &str, len: usize) {
    let ask = Ask::new("PUT", key).line(&format!("Content-Length: {len}"));
    raw.send(&ask.head()).await;
    raw.send(&vec![b'x'; len - 1]).await;
}

#[tokio::test]
async fn no_address_keeps_the_others_out() {
    let world = narrow().await;
    let listen = world.server.listen();
    let get = unsigned("GET", "/k");
    let (mut kept, mut closed) = (Vec::new(), 0);
    for _ in 0..40 {
        let mut raw = Raw::open_from(3, listen).await;
        raw.send(&get).await;
        if raw.is_answered().await {
            kept.push(raw);
        } else {
            closed += 1;
        }
    }
    assert_eq!((kept.len(), closed), (32, 8));
    let mut other = Raw::open_from(4, listen).await;
    assert_eq!(other.ask(&get).await.status, 403, "others are served");
    kept.clear();
    loop {
        // Its places are free as soon as the server has seen the ends.
        let mut again = Raw::open_from(3, listen).await;
        again.send(&get).await;
        if again.is_answered().await {
            break;
        }
    }
}

#[tokio::test]
async fn who_finds_no_place_waits_and_is_served() {
    let world = narrow().await;
    let mut uploads = Vec::new();
    for n in 0..64 {
        let mut raw = Raw::open_from(2 + n / 16, world.server.listen()).await;
        begun(&mut raw, &format!("/{n}"), LARGE).await;
        uploads.push(raw);
    }
    let mut last = Raw::open_from(9, world.server.listen()).await;
    last.send(&Ask::new("PUT", "/last").with(b"x")).await;
    for mut raw in uploads {
        assert_eq!(raw.ask(b"x").await.status, 200);
    }
    assert_eq!(last.answer(false).await.status, 200);
    assert_eq!(
        world.object("63").await.map(|bytes| bytes.len()),
        Some(LARGE)
    );
}

/// Sets the limit of open files of the running server.
async fn allow_handles(world: &World, limit: &str) {
    let pid = world.server.pid().to_string();
    let done = Command::new("prlimit")
        .args(["--pid", &pid, &format!("--nofile={limit}:20000")])
        .status()
        .await;
    assert!(done.expect("prlimit runs").success());
}

/// The lowest number that no open file of the server has.
fn free_handle(world: &World) -> usize {
    let folder = PathBuf::from(format!("/proc/{}/fd", world.server.pid()));
    (0..usize::MAX)
        .find(|n| std::fs::symlink_metadata(folder.join(n.to_string())).is_err())
        .expect("one is free")
}

#[tokio::test]
async fn without_file_handles_it_says_so_and_recovers() {
    let world = World::start().await;
    let large = Ask::new("PUT", "/large").with(&vec![b'x'; LARGE]);
    let mut raw = world.raw().await;
    assert_eq!(raw.ask(&large).await.status, 200);
    assert_eq!(
        raw.ask(&Ask::new("PUT", "/small").with(b"s")).await.status,
        200
    );
    allow_handles(&world, &free_handle(&world).to_string()).await;
    for ask in [large.clone(), Ask::new("GET", "/large").head()] {
        let answer = raw.ask(&ask).await;
        let told = (answer.status, answer.code());
        assert_eq!(told, (503, "ServiceUnavailable".into()));
    }
    let small = raw.ask(&Ask::new("GET", "/small").head()).await;
    assert_eq!((small.status, &small.body[..]), (200, &b"s"[..]));
    assert_eq!(
        raw.ask(&Ask::new("DELETE", "/small").head()).await.status,
        204
    );
    let mut waiting = world.raw().await;
    waiting.send(&large).await;
    allow_handles(&world, "20000").await;
    assert_eq!(
        waiting.answer(false).await.status,
        200,
        "nobody had to help"
    );
    assert_eq!(raw.ask(&Ask::new("GET", "/large").head()).await.status, 200);
}

/// A figure of `/proc/PID/status`, bytes.
fn memory(world: &World, name: &str) -> u64 {
    let path = format!("/proc/{}/status", world.server.pid());
    let text = std::fs::read_to_string(path).expect("a status");
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number
        .and_then(|kib| kib.parse::<u64>().ok())
        .expect("a number")
        << 10
}

/// 16 uploads and 16 downloads of 16 MiB, none of which ends: 512 MiB that must not be in memory.
#[tokio::test]
async fn memory_does_not_grow_with_what_is_sent() {
    const EACH: usize = 16 << 20;
    let world = World::start().await;
    let body = vec![b'x'; EACH];
    let put = Ask::new("PUT", "/large").with(&body);
    assert_eq!(world.raw().await.ask(&put).await.status, 200);
    let before = memory(&world, "VmHWM");
    let mut slow = Vec::new();
    for n in 0..16 {
        let mut up = world.raw().await;
        begun(&mut up, &format!("/{n}"), EACH).await;
        let mut down = world.raw().await;
        down.send(&Ask::new("GET", "/large").head()).await;
        // The head of the answer has come; nothing more is read.
        assert!(down.is_answered().await);
        slow.extend([up, down]);
    }
    assert_eq!(world.unfinished(), 16);
    let grown = memory(&world, "VmHWM") - before;
    assert!(grown < 32 * (4 << 20), "{} MiB more", grown >> 20);
    drop(slow);
    while world.unfinished() > 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
