//! The server that is already there.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::demo::notes::{Deviation, Notes, missing};
use crate::demo::world::World;

pub(super) async fn start(world: &mut World, notes: &mut Notes) -> Result<(), Deviation> {
    let server = &world.server;
    notes.did(format!(
        "`cohong serve` runs as process {}: no configuration, no database, two free ports.",
        server.id(),
    ));
    notes.did(format!(
        "It listens for SDKs on {} and for operators on {}.",
        server.listen, server.admin,
    ));
    notes.did("It made a root key, which it says at the first start and never again.");
    let answer = health(world)
        .await
        .map_err(|why| missing("GET /readyz", why))?;
    let status = answer.split(' ').nth(1).unwrap_or_default();
    notes.see("GET /readyz on the admin address", "200", status)?;
    let doctor = world.command(&["doctor"]).await?;
    notes.holds(
        "`cohong doctor`: nothing is wrong",
        doctor["healthy"] == true,
    )
}

async fn health(world: &World) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(world.server.admin).await?;
    let request = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
