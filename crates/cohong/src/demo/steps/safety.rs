//! Refusals, and a crash.

use http::StatusCode;

use super::events::told;
use crate::demo::client::{Ask, Tos};
use crate::demo::notes::{Deviation, Notes, missing};
use crate::demo::world::{World, callback};

/// Where clouds keep the credentials of their machines.
const METADATA: &str = "http://169.254.169.254/latest/meta-data/";

pub(super) async fn refusals(world: &mut World, notes: &mut Notes) -> Result<(), Deviation> {
    let bucket = "demo-refusals";
    world.bucket(bucket, notes).await?;
    notes.did("A client that does not know the secret key:");
    let thief = Tos {
        secret_key: "a guess".into(),
        ..world.client.clone()
    };
    let ask = Ask {
        bucket,
        key: "x",
        ..Ask::default()
    };
    let refused = thief.send(http::Method::PUT, ask).await?;
    notes.see("status of the forged request", 403, refused.status.as_u16())?;
    notes.see(
        "code of the forged request",
        "SignatureDoesNotMatch",
        refused.member("Code"),
    )?;
    notes.shown(refused.member("Message"));
    notes.did(format!(
        "An upload that wants the server to call {METADATA}, where clouds keep secrets:"
    ));
    let header = callback(METADATA, r#"{"key": ${object}}"#);
    let headers = &[("x-tos-callback", header.as_str())];
    let put = world.put_with(bucket, "y", "body", headers).await?;
    notes.see(
        "status of the upload with that order",
        400,
        put.status.as_u16(),
    )?;
    notes.see(
        "code of the upload with that order",
        "InvalidArgument",
        put.member("Code"),
    )?;
    notes.shown(put.member("Message"));
    let read = world.get(bucket, "y").await?;
    notes.see("GET y: nothing was stored", 404, read.status.as_u16())
}

pub(super) async fn crash(world: &mut World, notes: &mut Notes) -> Result<(), Deviation> {
    let (bucket, key) = ("demo-crash", "payment.json");
    world.watched(bucket, notes).await?;
    world.function.answer(StatusCode::SERVICE_UNAVAILABLE, "{}");
    let put = world.put(bucket, key, "paid").await?;
    notes.see("PUT payment.json is acknowledged", 200, put.status.as_u16())?;
    notes.did("The function does not work, so its event is still owed.");
    let tried = world.function.refused(world.patience).await;
    notes.holds("the function was tried", tried > 0)?;
    let before = world.server.id();
    world
        .server
        .crash()
        .await
        .map_err(|why| missing("a start after the crash", why))?;
    notes.did(format!(
        "kill -9 {before}; `cohong serve` on the same folder is process {}.",
        world.server.id()
    ));
    let read = world.get(bucket, key).await?;
    notes.see("GET payment.json", "paid", read.text())?;
    world.function.answer(StatusCode::OK, "{}");
    notes.did("The function works again.");
    let calls = world.function.accepted(1, world.patience).await;
    let key_told = calls
        .first()
        .map_or_else(String::new, |call| told(call, "/tos/object/key"));
    notes.see("the function was told about", key, key_told)
}
