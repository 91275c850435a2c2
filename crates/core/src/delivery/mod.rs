//! Ordered delivery of events to their destinations.
//!
//! Promise: for one key and one destination, first deliveries start in log order, and the next starts
//! only after the one before was accepted, buried or cancelled. Nothing is dropped. A duplicate keeps
//! its event id and may come late. Nothing is promised across keys or destinations; replayed events are
//! marked and stand outside the order.
//!
//! How: `subscribe` adds a subscription to the transaction that stores a rule. The dispatcher
//! finds subscriptions and gives each to the `runner` of its destination, which reads the log into
//! a `window`, sends, and settles outcomes. Keys that fail are set aside (`hold`), targets that
//! fail are paused (`pause`), and all go slower while requests wait (`pace`). A crash repeats at most what was not settled. It knows no transport:
//! [`Registry`] names the targets and who writes their messages.

mod admin;
mod attempts;
mod backoff;
mod bell;
mod dead;
mod dispatch;
mod drain;
mod held;
mod hold;
mod landing;
mod ledger;
mod line;
mod log;
mod pace;
mod pause;
mod probe;
mod registry;
mod replay;
mod retention;
mod rule_sets;
mod runner;
mod send;
mod settle;
mod status;
mod sub;
mod subscribe;
mod wait;
mod window;

use std::sync::Arc;

use crate::engine::Engine;
use crate::ports::Load;

pub use admin::DeliveryHandle;
pub use attempts::SeenAttempt;
pub use bell::Bell;
pub use dead::{DeadEvent, DeadSelection};
pub use held::SeenHeld;
pub use log::SeenEvent;
pub use registry::{Registry, TargetKind};
pub use replay::ReplayRequest;
pub use status::{SubActivity, SubStatus};
pub(crate) use subscribe::subscription_writes;
pub use wait::WaitReport;

/// Starts delivery of everything that is owed, now and from now on, slower while `load` presses. It runs
/// until [`DeliveryHandle::stop`]; what is not delivered then is still owed at the next start.
pub fn start(engine: &Engine, registry: Registry, load: Arc<dyn Load>) -> DeliveryHandle {
    let shared = line::Shared::new(engine.ports.clone(), registry, engine.bell.clone(), load);
    let shared = Arc::new(shared);
    shared.spawn("delivery dispatcher", dispatch::run(shared.clone()));
    shared.spawn("delivery replays", replay::resume(shared.clone()));
    shared.spawn("delivery retention", retention::run(shared.clone()));
    DeliveryHandle::new(shared)
}
