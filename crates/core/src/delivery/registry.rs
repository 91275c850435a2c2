//! Who can send to what, and who writes the messages.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{Destination, DialectId};
use crate::ports::{EventFormat, Target};

/// Kinds of destinations, each served by one target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TargetKind {
    /// Registered functions.
    Function,
    /// HTTP endpoints.
    Webhook,
    /// Message brokers.
    Broker,
    /// Sync tasks: [`crate::sync::RuleTarget`].
    Sync,
}

impl TargetKind {
    /// The kind of a destination.
    pub fn of(destination: &Destination) -> Self {
        match destination {
            Destination::Function(_) => Self::Function,
            Destination::Webhook(_) => Self::Webhook,
            Destination::Broker { .. } => Self::Broker,
            Destination::Sync(_) => Self::Sync,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Function => "functions",
            Self::Webhook => "webhooks",
            Self::Broker => "message brokers",
            Self::Sync => "sync tasks",
        }
    }
}

/// The targets and message formats of this server. What is missing is no error: deliveries that need
/// it stay owed, and their status says what is missing.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    /// Who sends, by kind of destination.
    pub targets: BTreeMap<TargetKind, Arc<dyn Target>>,
    /// Who writes messages, by the dialect a rule was configured through.
    pub formats: BTreeMap<DialectId, Arc<dyn EventFormat>>,
}

impl Registry {
    pub(super) fn target(&self, destination: &Destination) -> Result<Arc<dyn Target>, String> {
        let kind = TargetKind::of(destination);
        self.targets.get(&kind).cloned().ok_or_else(|| {
            format!(
                "this server is not configured for {}; events wait until it is",
                kind.name()
            )
        })
    }

    pub(super) fn format(&self, dialect: DialectId) -> Result<&Arc<dyn EventFormat>, String> {
        self.formats
            .get(&dialect)
            .ok_or_else(|| format!("this server writes no messages for {dialect:?}"))
    }
}
