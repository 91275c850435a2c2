//! What is kept long: a file in a vault, brought back by a job.

use crate::demo::notes::{Deviation, Notes, missing};
use crate::demo::world::{World, text};

const TEXT: &str = "kept for years";

pub(super) async fn archive(world: &mut World, notes: &mut Notes) -> Result<(), Deviation> {
    let (vault, name) = ("demo-vault", "monday.txt");
    let made = world.command(&["vault", "create", vault]).await?;
    notes.see(
        "`cohong vault create`, its name",
        vault,
        text(&made, "name"),
    )?;
    let file = world.path(name);
    let written = std::fs::write(&file, TEXT);
    written.map_err(|error| missing("a file to store", error))?;
    notes.did(format!(
        "The file {name} is stored there as an archive, which nobody can change."
    ));
    let put = world.command(&["archive", "put", vault, &file]).await?;
    let archive = text(&put, "archive");
    let listed = world.command(&["archive", "ls", vault]).await?;
    notes.see(
        "the archive in the vault's inventory",
        &archive,
        text(&listed[0], "archive"),
    )?;
    notes.see("what it is called", name, text(&listed[0], "description"))?;
    notes.did("A job brings it back.");
    let back = world.path("restored.txt");
    let got = world
        .command(&["archive", "get", vault, &archive, &back])
        .await?;
    notes.see(
        "`cohong archive get`, bytes",
        TEXT.len(),
        text(&got, "bytes"),
    )?;
    let job = world
        .command(&["job", "show", vault, &text(&got, "job")])
        .await?;
    notes.see("status of the job", "Succeeded", text(&job, "status"))?;
    let read = std::fs::read_to_string(&back);
    let read = read.map_err(|error| missing("the file that came back", error))?;
    notes.see("the file that came back", TEXT, read)
}
