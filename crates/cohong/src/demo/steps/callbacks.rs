//! Upload callbacks: one that is confirmed, one that is not.

use http::StatusCode;

use crate::demo::notes::{Deviation, Notes};
use crate::demo::receiver::Accepted;
use crate::demo::world::{World, callback as order};

const TEMPLATE: &str = r#"{"object": ${object}, "bytes": ${size}}"#;

pub(super) async fn callback(world: &mut World, notes: &mut Notes) -> Result<(), Deviation> {
    let bucket = "demo-callback";
    world.bucket(bucket, notes).await?;
    world
        .application
        .answer(StatusCode::OK, r#"{"photo": 4711}"#);
    let url = world.application.url("/uploaded");
    notes.did(format!("The upload asks for a call of {url} with the body"));
    notes.shown(TEMPLATE);
    let header = order(&url, TEMPLATE);
    let headers = &[("x-tos-callback", header.as_str())];
    let put = world
        .put_with(bucket, "cat.jpg", "not a cat", headers)
        .await?;
    let calls = world.application.accepted(1, world.patience).await;
    let call = calls.first();
    let target = call.map_or_else(String::new, |call| call.target.clone());
    let received = call.map_or_else(String::new, Accepted::text);
    notes.see("the application was called at", "/uploaded", target)?;
    let expected = r#"{"object": "cat.jpg", "bytes": 9}"#;
    notes.see("with the body", expected, received)?;
    notes.see("status of the upload", 200, put.status.as_u16())?;
    notes.see(
        "the uploader gets the application's own answer",
        r#"{"photo": 4711}"#,
        put.text(),
    )
}

pub(super) async fn failing(world: &mut World, notes: &mut Notes) -> Result<(), Deviation> {
    let bucket = "demo-callback-fails";
    world.bucket(bucket, notes).await?;
    notes.did("The same again, but the application answers every call with status 500.");
    world
        .application
        .answer(StatusCode::INTERNAL_SERVER_ERROR, "{}");
    let header = order(&world.application.url("/uploaded"), TEMPLATE);
    let headers = &[("x-tos-callback", header.as_str())];
    let put = world
        .put_with(bucket, "dog.jpg", "not a dog", headers)
        .await?;
    notes.see(
        "calls that failed",
        1,
        world.application.refused(world.patience).await,
    )?;
    notes.see("status of the upload", 203, put.status.as_u16())?;
    notes.see("its code", "CallbackFailed", put.member("Code"))?;
    notes.shown(put.member("Message"));
    let read = world.get(bucket, "dog.jpg").await?;
    notes.see("GET dog.jpg", "not a dog", read.text())
}
