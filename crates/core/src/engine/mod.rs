//! The engine: every operation reads a snapshot, plans with a pure rule, commits one transaction and
//! reports. One file per service.

mod stubs;
mod types;

use std::sync::Arc;

use crate::error::Error;
use crate::model::{AccessKeyId, Bucket, BucketName, ObjectKey, UploadId, VersionTag};
use crate::ports::{BlobStore, CallbackSender, Clock, Ids, MetadataStore, Sealer, Spawner};
use crate::rules::access::Action;

pub use stubs::{Credential, Secret};
pub use types::*;

/// What the engine stands on.
#[derive(Clone, Debug)]
pub struct Ports {
    /// Records and small bodies.
    pub meta: Arc<dyn MetadataStore>,
    /// Large bodies.
    pub blobs: Arc<dyn BlobStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers.
    pub ids: Arc<dyn Ids>,
    /// Background tasks.
    pub spawner: Arc<dyn Spawner>,
    /// Upload callbacks.
    pub callbacks: Arc<dyn CallbackSender>,
    /// Secrets at rest.
    pub sealer: Arc<dyn Sealer>,
}

/// The engine. Cheap to share behind an `Arc`.
#[derive(Debug)]
pub struct Engine {
    ports: Ports,
}

impl Engine {
    /// An engine on the given ports. Background work starts with [`crate::work`] and
    /// [`crate::delivery`].
    pub fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// The ports it stands on.
    pub fn ports(&self) -> &Ports {
        &self.ports
    }
}
