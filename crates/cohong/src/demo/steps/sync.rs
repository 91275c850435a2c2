//! Buckets that follow each other: a rule whose target is a sync task.

use http::Method;

use super::events::settled;
use crate::demo::client::Ask;
use crate::demo::notes::{Deviation, Notes};
use crate::demo::world::{World, text};

pub(super) async fn sync(world: &mut World, notes: &mut Notes) -> Result<(), Deviation> {
    let (from, to, key) = ("demo-sync", "demo-sync-copies", "album/sunset.jpg");
    world.bucket(from, notes).await?;
    world.bucket(to, notes).await?;
    notes.did("A task copies from the one to the other, here on this server; a rule of the first names it.");
    let words = [
        "sync",
        "create",
        "local/demo-sync",
        "local/demo-sync-copies",
        "--deletes",
    ];
    let made = world.command(&words).await?;
    notes.see(
        "`cohong sync create`, its state",
        "running",
        text(&made, "state"),
    )?;
    let task = text(&made, "task");
    world.rule(from, &format!("sync:{task}"), notes).await?;
    let put = world.put(from, key, "golden").await?;
    notes.see("PUT album/sunset.jpg", 200, put.status.as_u16())?;
    carried(world, &task, notes).await?;
    let copy = world.get(to, key).await?;
    notes.see(
        "GET album/sunset.jpg from the other bucket",
        "golden",
        copy.text(),
    )?;
    let story = world.told(&["trace", "demo-sync/album/sunset.jpg"]).await?;
    notes.shown(story.as_str());
    notes.see_within("what the upload caused", "copied, 6 bytes", &story)?;
    notes.did("The object is deleted.");
    let bucket = from;
    let ask = Ask {
        bucket,
        key,
        ..Ask::default()
    };
    let delete = world.client.send(Method::DELETE, ask).await?;
    notes.see("DELETE album/sunset.jpg", 204, delete.status.as_u16())?;
    carried(world, &task, notes).await?;
    let gone = world.get(to, key).await?;
    notes.see(
        "GET from the other bucket, once it was deleted",
        404,
        gone.status.as_u16(),
    )
}

/// Waits until what was changed is on the other side.
async fn carried(world: &World, task: &str, notes: &mut Notes) -> Result<(), Deviation> {
    settled(world, notes).await?;
    let timeout = format!("{}s", world.patience.as_secs());
    let end = world
        .command(&["sync", "wait", task, "--timeout", &timeout])
        .await?;
    notes.see(
        "`cohong sync wait`, keys that wait",
        "0",
        text(&end, "waiting"),
    )?;
    notes.see("keys that failed", "0", text(&end, "failure"))
}
