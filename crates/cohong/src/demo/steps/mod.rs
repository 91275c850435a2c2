//! The steps. Each makes what it needs, so each can be tried alone.

mod archive;
mod callbacks;
mod events;
mod objects;
mod safety;
mod start;
mod sync;

use super::notes::{Deviation, Notes};
use super::world::World;

/// One capability, shown once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Start,
    Objects,
    Versions,
    Callback,
    FailingCallback,
    Events,
    Outage,
    Multipart,
    Refusals,
    Crash,
    Trace,
    Sync,
    Archive,
}

impl Step {
    /// All steps in order.
    pub(crate) const ALL: [Self; 13] = [
        Self::Start,
        Self::Objects,
        Self::Versions,
        Self::Callback,
        Self::FailingCallback,
        Self::Events,
        Self::Outage,
        Self::Multipart,
        Self::Refusals,
        Self::Crash,
        Self::Trace,
        Self::Sync,
        Self::Archive,
    ];

    /// The name that programs read.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Objects => "objects",
            Self::Versions => "versions",
            Self::Callback => "callback",
            Self::FailingCallback => "failing-callback",
            Self::Events => "events",
            Self::Outage => "outage",
            Self::Multipart => "multipart",
            Self::Refusals => "refusals",
            Self::Crash => "crash",
            Self::Trace => "trace",
            Self::Sync => "sync",
            Self::Archive => "archive",
        }
    }

    pub(crate) fn headline(self) -> &'static str {
        match self {
            Self::Start => "A server starts on an empty folder",
            Self::Objects => "A TOS client stores an object and reads it back",
            Self::Versions => "An overwritten object is not lost",
            Self::Callback => "An upload waits until the application has confirmed it",
            Self::FailingCallback => {
                "The application fails: the uploader is told, the object stays"
            }
            Self::Events => "A function is told what happens to a bucket, in order",
            Self::Outage => "The function is out of order: uploads go on, nothing is forgotten",
            Self::Multipart => "A large object in parts, completed without naming them",
            Self::Refusals => "What is not allowed is refused, with the reason",
            Self::Crash => "The server is killed: what it acknowledged is still true",
            Self::Trace => "One command shows what an upload caused",
            Self::Sync => "What is written to one bucket appears in another",
            Self::Archive => "A file goes into a vault, and a job brings it back",
        }
    }

    /// Shows it; ends at the first thing that is not as promised.
    pub(crate) async fn run(self, world: &mut World, notes: &mut Notes) -> Result<(), Deviation> {
        match self {
            Self::Start => start::start(world, notes).await,
            Self::Objects => objects::objects(world, notes).await,
            Self::Versions => objects::versions(world, notes).await,
            Self::Callback => callbacks::callback(world, notes).await,
            Self::FailingCallback => callbacks::failing(world, notes).await,
            Self::Events => events::events(world, notes).await,
            Self::Outage => events::outage(world, notes).await,
            Self::Multipart => objects::multipart(world, notes).await,
            Self::Refusals => safety::refusals(world, notes).await,
            Self::Crash => safety::crash(world, notes).await,
            Self::Trace => events::trace(world, notes).await,
            Self::Sync => sync::sync(world, notes).await,
            Self::Archive => archive::archive(world, notes).await,
        }
    }
}
