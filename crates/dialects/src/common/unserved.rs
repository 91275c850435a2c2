//! Rules that name what nothing serves yet: stored all the same, and told to the operator.

use cohong_core::Error;
use cohong_core::engine::Engine;
use cohong_core::model::{BucketName, Destination, NotificationRule};

/// Warns, in the log, of functions that are not registered and of brokers without a producer. Their
/// events stay owed and go out when the target is there.
pub(crate) async fn warn_of_unserved(
    engine: &Engine,
    bucket: &BucketName,
    rules: &[NotificationRule],
) -> Result<(), Error> {
    for destination in rules.iter().flat_map(|rule| &rule.destinations) {
        match destination {
            Destination::Function(name) if engine.function(name).await?.is_none() => {
                tracing::warn!(
                    %bucket,
                    function = %name,
                    "a rule names a function that is not registered; its events wait until it is added \
                     with `cohong function add`"
                );
            }
            Destination::Broker { kind, .. } => {
                tracing::warn!(
                    %bucket,
                    broker = ?kind,
                    "a rule names a message broker, for which there is no producer; its events wait"
                );
            }
            Destination::Function(_) | Destination::Webhook(_) | Destination::Sync(_) => {}
        }
    }
    Ok(())
}
