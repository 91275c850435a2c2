//! The engine: every operation reads a snapshot, plans with a pure rule, commits one transaction and
//! reports. One file per service.

mod access_log;
mod accounts;
mod append;
mod body_out;
mod buckets;
mod callback;
mod callback_key;
mod change;
mod commit;
mod complete;
mod copy;
mod delete;
mod docs;
mod domains;
mod fetch;
mod functions;
mod gate;
mod holding;
mod ingest;
mod inspect;
mod inventory;
mod key;
mod known;
mod lifecycle;
mod list;
mod mirror;
mod object_sets;
mod parts;
mod prune;
mod put;
mod quota;
mod rates;
mod read;
mod reads;
mod removal;
mod rename;
mod replication;
mod restore;
mod sealing;
mod settings;
mod sources;
mod stat;
mod symlink;
mod sync;
mod tree;
mod types;
mod uploads;
mod vaults;
mod walk;
mod webhook;
mod website;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use crate::delivery::Bell;
use crate::model::{DialectId, SyncTaskId};
use crate::ports::{
    BlobStore, CallbackSender, Clock, Fetcher, Ids, InventoryFormat, MetadataStore, Origins,
    ReportFormat, Sealer, Spawner,
};
use crate::work::WorkBell;

pub use accounts::{Credential, IssuedKey, KeyInfo, RootKey, Secret};
pub use callback::SeenCall;
pub use callback_key::{CallbackKeys, StoredCallbackKey};
pub use docs::Document;
pub use functions::Function;
pub use ingest::Comparison;
pub use inspect::{Damage, Inspection};
pub use mirror::MirrorOrder;
pub use sources::{ANYWHERE, NewSource, RegisteredSource};
pub(crate) use sync::{Bringing, Ended, ScanStep, SyncOrder, Unbrought};
pub use sync::{CreateSyncTask, SeenSync, SyncChange, SyncKeys, SyncSpan};
pub use types::*;
pub(crate) use walk::Walk;

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
    pub(crate) ports: Ports,
    /// Rung after commits that delivery has to look at.
    pub(crate) bell: Arc<Bell>,
    /// Rung after commits that put work.
    pub(crate) work_bell: Arc<WorkBell>,
    /// Rung after commits that sync tasks have to look at.
    pub(crate) sync_bell: Arc<Bell<SyncTaskId>>,
    /// Where writers of one key queue.
    gates: gate::Gates,
    /// Greatest version id this process gave out: ids never repeat while it runs, even when a key
    /// loses all its versions within one tick of the clock.
    versions: AtomicU64,
    /// Names this run of the server: wall clock at construction, milliseconds.
    pub(crate) boot: u64,
    /// Buckets as they were read last.
    known: known::Known,
    /// What buckets and object sets with a quota hold.
    usages: quota::Usages,
    /// What was used of the rates of object sets.
    rates: rates::Rates,
    /// Credentials read in the last seconds.
    pub(crate) credentials: accounts::Cache,
    /// How often lifecycle rules are carried out.
    lifecycle_every: Duration,
    /// How long it takes until a restored object can be read.
    restore_delay: Duration,
    /// How vaults behave.
    vault_settings: VaultSettings,
    /// Who writes the inventories of vaults.
    inventories: BTreeMap<DialectId, Arc<dyn InventoryFormat>>,
    /// Who writes lists of what buckets hold.
    reports: BTreeMap<DialectId, Arc<dyn ReportFormat>>,
    /// How inventories of buckets are written.
    inventory_settings: InventorySettings,
    /// Who reaches origins.
    origins: Option<Arc<dyn Origins>>,
    /// Where those queue who ask for one missing object.
    mirrors: gate::Gates,
    /// Reads that wait to be noted.
    reads: reads::Reads,
    /// Who reads what URLs name.
    fetcher: Option<Arc<dyn Fetcher>>,
}

impl Engine {
    /// An engine on the given ports. Background work starts with [`crate::work`] and
    /// [`crate::delivery`].
    pub fn new(ports: Ports) -> Self {
        let boot = ports.clock.now().millis();
        Self {
            ports,
            bell: Arc::default(),
            work_bell: Arc::default(),
            sync_bell: Arc::default(),
            gates: gate::Gates::default(),
            versions: AtomicU64::new(0),
            boot,
            known: known::Known::default(),
            usages: quota::Usages::default(),
            rates: rates::Rates::default(),
            credentials: accounts::Cache::default(),
            lifecycle_every: crate::limits::LIFECYCLE_INTERVAL,
            restore_delay: Duration::ZERO,
            vault_settings: VaultSettings::default(),
            inventories: BTreeMap::new(),
            reports: BTreeMap::new(),
            inventory_settings: InventorySettings::default(),
            origins: None,
            mirrors: gate::Gates::default(),
            reads: reads::Reads::default(),
            fetcher: None,
        }
    }

    /// The engine with restores that take so long; without this they take no time.
    #[must_use]
    pub fn with_restore_delay(self, restore_delay: Duration) -> Self {
        Self {
            restore_delay,
            ..self
        }
    }

    /// The engine with other settings of vaults.
    #[must_use]
    pub fn with_vaults(self, vault_settings: VaultSettings) -> Self {
        Self {
            vault_settings,
            ..self
        }
    }

    /// The engine with who writes the inventories that are asked for through a dialect; without, such jobs
    /// fail.
    #[must_use]
    pub fn with_inventory(mut self, of: DialectId, format: Arc<dyn InventoryFormat>) -> Self {
        self.inventories.insert(of, format);
        self
    }

    /// The engine with who writes the lists of what buckets hold that are ordered through a dialect; without,
    /// none can be ordered.
    #[must_use]
    pub fn with_reports(mut self, of: DialectId, format: Arc<dyn ReportFormat>) -> Self {
        self.reports.insert(of, format);
        self
    }

    /// The engine with other settings of inventories.
    #[must_use]
    pub fn with_inventories(self, inventory_settings: InventorySettings) -> Self {
        Self {
            inventory_settings,
            ..self
        }
    }

    /// The engine with who reads what URLs name; without, nothing is fetched.
    #[must_use]
    pub fn with_fetcher(self, fetcher: Arc<dyn Fetcher>) -> Self {
        Self {
            fetcher: Some(fetcher),
            ..self
        }
    }

    /// Carries out lifecycle rules at other intervals than every day. They count days all the same.
    #[must_use]
    pub fn with_lifecycle_interval(self, every: Duration) -> Self {
        Self {
            lifecycle_every: every,
            ..self
        }
    }

    /// The ports it stands on.
    pub fn ports(&self) -> &Ports {
        &self.ports
    }
}
