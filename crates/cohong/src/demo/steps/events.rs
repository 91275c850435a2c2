//! Notifications: delivered, owed while the function is out of order, and traced.

use http::{Method, StatusCode};
use serde_json::Value;

use crate::demo::client::Ask;
use crate::demo::notes::{Deviation, Notes, missing};
use crate::demo::receiver::Accepted;
use crate::demo::world::{FUNCTION, World, callback, text};

/// As much of a message as is shown.
const SHOWN_CHARS: usize = 300;

pub(super) async fn events(world: &mut World, notes: &mut Notes) -> Result<(), Deviation> {
    let (bucket, key) = ("demo-events", "orders/1.json");
    world.function.answer(StatusCode::OK, "{}");
    world.watched(bucket, notes).await?;
    notes.did("A key is written, then deleted.");
    let put = world.put(bucket, key, "{}").await?;
    notes.see("PUT orders/1.json", 200, put.status.as_u16())?;
    let delete = world
        .client
        .send(
            Method::DELETE,
            Ask {
                bucket,
                key,
                ..Ask::default()
            },
        )
        .await?;
    notes.see("DELETE orders/1.json", 204, delete.status.as_u16())?;
    let calls = world.function.accepted(2, world.patience).await;
    let names: Vec<String> = calls.iter().map(|call| told(call, "/eventName")).collect();
    let expected = "tos:ObjectCreated:Put, tos:ObjectRemoved:Delete";
    notes.see(
        "the function was told, in this order",
        expected,
        names.join(", "),
    )?;
    let first = calls
        .first()
        .ok_or_else(|| missing("the first event", "nothing"))?;
    notes.see("the key in the event", key, told(first, "/tos/object/key"))?;
    let id = first.headers.get("ce-id").is_some();
    notes.holds("it has an id, by which a function knows repetitions", id)?;
    notes.did("The message, shortened:");
    let message: String = first.text().chars().take(SHOWN_CHARS).collect();
    notes.shown(format!("{message}..."));
    Ok(())
}

pub(super) async fn outage(world: &mut World, notes: &mut Notes) -> Result<(), Deviation> {
    let (bucket, key) = ("demo-outage", "log.txt");
    world.watched(bucket, notes).await?;
    notes.did("The function answers 503 from now on. One key is written three times.");
    world.function.answer(StatusCode::SERVICE_UNAVAILABLE, "{}");
    for body in ["1", "22", "333"] {
        let put = world.put(bucket, key, body).await?;
        notes.see("PUT log.txt", 200, put.status.as_u16())?;
    }
    let refused = world.function.refused(world.patience).await;
    notes.holds("the function was tried", refused > 0)?;
    let owed = world
        .command(&["events", "wait", "--timeout", "1s"])
        .await?;
    notes.holds(
        "`cohong events wait`: not everything is delivered",
        owed["settled"] == false,
    )?;
    notes.see("events owed", "3", text(&owed, "owed"))?;
    notes.did("The function works again. Nobody has to do anything else.");
    world.function.answer(StatusCode::OK, "{}");
    let calls = world.function.accepted(3, world.patience).await;
    let sizes: Vec<String> = calls
        .iter()
        .map(|call| told(call, "/tos/object/size"))
        .collect();
    notes.see(
        "sizes in the order the function was told",
        "1, 2, 3",
        sizes.join(", "),
    )?;
    settled(world, notes).await
}

pub(super) async fn trace(world: &mut World, notes: &mut Notes) -> Result<(), Deviation> {
    let bucket = "demo-trace";
    world.function.answer(StatusCode::OK, "{}");
    world.application.answer(StatusCode::OK, "{}");
    world.watched(bucket, notes).await?;
    notes.did("An upload with a callback and an event.");
    let header = callback(&world.application.url("/uploaded"), r#"{"key": ${object}}"#);
    let headers = &[("x-tos-callback", header.as_str())];
    let put = world
        .put_with(bucket, "song.mp3", "la la la", headers)
        .await?;
    notes.see("PUT song.mp3", 200, put.status.as_u16())?;
    settled(world, notes).await?;
    let story = world.told(&["trace", "demo-trace/song.mp3"]).await?;
    notes.shown(story.as_str());
    notes.see_within("what was stored", "uploaded, 8 bytes", &story)?;
    notes.see_within("its callback", "callback: accepted", &story)?;
    notes.see_within(
        "its event",
        &format!("function:{FUNCTION}: delivered"),
        &story,
    )
}

pub(super) async fn settled(world: &World, notes: &mut Notes) -> Result<(), Deviation> {
    let timeout = format!("{}s", world.patience.as_secs());
    let end = world
        .command(&["events", "wait", "--timeout", &timeout])
        .await?;
    notes.holds(
        "`cohong events wait`: everything is delivered",
        end["settled"] == true,
    )
}

/// A member of the one event of a message, as text.
pub(super) fn told(call: &Accepted, member: &str) -> String {
    let message: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    match message["events"][0].pointer(member) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}
