//! Sync events (sheet section 4.1).

use super::sync::{in_state, task};
use super::{Answer, Call, done};
use crate::oms::Oms;
use crate::oms::wire::fields::Fields;
use crate::oms::wire::keys;

/// `CreateSyncEvents`: every key of it is durable when this is answered, or none was taken.
pub(super) async fn create(call: Call, oms: &Oms) -> Answer {
    let fields = Fields::read(&call.body)?;
    let keys = keys::read(&fields, oms.options.event_keys_max)?;
    let accepted = oms.engine.accept_sync(&call.cx, task(&call)?, keys).await;
    accepted.map_err(in_state("OMS.1036"))?;
    Ok(done())
}
