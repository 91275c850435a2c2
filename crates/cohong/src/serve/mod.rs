//! The server: everything plugged together, started in order and stopped in order.

pub(crate) mod admin;
pub(crate) mod authority;
mod callback_key;
pub(crate) mod config;
mod fetching;
mod gateway;
mod handles;
mod listeners;
mod outbound;
mod ready;
pub(crate) mod scrub;
mod sources;
mod telemetry;
pub(crate) mod tls;
mod world;

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cohong_core::engine::{CallbackKeys, Engine, InventorySettings, Ports};
use cohong_core::model::DialectId;
use cohong_core::ports::{Sealer, Sources, Spawner};
use cohong_core::{delivery, sync, work};
use cohong_dialects::gate::Dialect;
use cohong_dialects::gate::detect::Dialects;
use cohong_dialects::oas::{Oas, OasInventory};
use cohong_dialects::oms::Oms;
use cohong_dialects::oss::{self, Oss};
use cohong_dialects::s3::{self, S3};
use cohong_dialects::tos::{self, Tos};
use cohong_store::blob::{self, LocalBlobs};
use cohong_store::disk::RealDisk;
use cohong_store::meta::{self, EmbeddedMeta};
use cohong_store::seal::FileSealer;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use admin::Admin;
use authority::Authority;
use callback_key::KeyRing;
use config::Settings;
use fetching::Fetches;
use gateway::access::AccessLogs;
use gateway::{Gateway, Local};
use listeners::Listeners;
use scrub::Scrub;
use sources::KnownSources;

pub(crate) use outbound::egress_entry;
pub(crate) use ready::{Manner, Ready};
pub(crate) use telemetry::log;
pub(crate) use world::{STACK_BYTES, SystemClock};

/// Why the server does not start. Says what to do.
pub(crate) type StartError = Box<dyn std::error::Error + Send + Sync>;

/// A running server.
pub(crate) struct Server {
    ready: Ready,
    /// Told when no more requests are taken.
    stop: watch::Sender<bool>,
    /// Told when nothing is left to ask about.
    end: watch::Sender<bool>,
    gateways: Vec<JoinHandle<()>>,
    logs: Arc<AccessLogs>,
    logging: JoinHandle<()>,
    admins: Vec<JoinHandle<()>>,
    engine: Arc<Engine>,
    meta: Arc<EmbeddedMeta>,
    delivery: Arc<delivery::DeliveryHandle>,
    work: Arc<work::WorkHandle>,
    sync: sync::SyncHandle,
    background: world::Background,
}

/// The tongues of the data listeners. The first takes what nobody claims.
fn dialects(engine: &Arc<Engine>, sources: &Arc<dyn Sources>, settings: &Settings) -> Dialects {
    let all: Vec<Arc<dyn Dialect>> = vec![
        Arc::new(Tos::new(engine.clone(), settings.tos.clone())),
        Arc::new(Oss::new(engine.clone(), settings.oss.clone())),
        Arc::new(S3::new(engine.clone(), settings.s3.clone())),
        Arc::new(Oms::new(
            engine.clone(),
            sources.clone(),
            settings.oms.clone(),
        )),
        Arc::new(Oas::new(engine.clone(), settings.oas.clone())),
    ];
    Dialects::new(engine.clone(), all)
}

/// The engine as the settings want it, with the words that it writes in by itself.
fn configured(engine: Engine, settings: &Settings) -> Engine {
    engine
        .with_restore_delay(settings.restore_delay)
        .with_vaults(settings.vaults)
        .with_inventory(DialectId::Oas, Arc::new(OasInventory))
        .with_reports(DialectId::Tos, tos::reports())
        .with_reports(DialectId::Oss, oss::reports())
        .with_reports(DialectId::S3, s3::reports())
        .with_inventories(InventorySettings {
            day: settings.inventory_day,
            ..InventorySettings::default()
        })
}

/// Opens the admin interface, over the network and on its socket.
async fn admins(
    listener: TcpListener,
    socket: &Path,
    admin: Arc<Admin>,
    ended: watch::Receiver<bool>,
) -> Result<Vec<JoinHandle<()>>, StartError> {
    let router = admin::router(admin.clone(), true);
    let tcp = tokio::spawn(admin::serve_tcp(listener, router, ended.clone()));
    let router = admin::router(admin, false);
    Ok(vec![tcp, admin::serve_unix(socket, router, ended).await?])
}

/// Begins to look after what is stored, in the background.
fn scrub(
    settings: &Settings,
    (meta, blobs): (&Arc<EmbeddedMeta>, &Arc<LocalBlobs>),
    background: &world::Background,
    stopped: &watch::Receiver<bool>,
) -> Arc<Scrub> {
    let scrub = Scrub::new(meta.clone(), blobs.clone(), &settings.data, settings.scrub);
    let scrub = Arc::new(scrub);
    let running = scrub.clone().run(stopped.clone());
    background.spawner().spawn("scrub", Box::pin(running));
    scrub
}

/// How long workers may take to stop between two units.
const WORKERS_STOP_MAX: Duration = Duration::from_secs(3);

/// How long the last lines of access logs may take to be written.
const LOGS_STOP_MAX: Duration = Duration::from_secs(2);

/// Exit code of a process that a failed sync ended.
const SYNC_FAILED: i32 = 74;

impl Server {
    /// Starts everything. When this returns, requests are served.
    pub(crate) async fn start(settings: Settings) -> Result<Self, StartError> {
        let started = Instant::now();
        let listeners = Listeners::bind(&settings).await?;
        let at = listeners.addresses()?;
        let metrics = telemetry::count();
        let (meta, blobs, sealer) = open_stores(settings.data.clone()).await?;
        let background = world::Background::start()?;
        let own: Vec<_> = [at.data, at.admin].into_iter().chain(at.tls).collect();
        let (calls, deliveries) = (
            outbound::client(&settings, own.clone())?,
            outbound::client(&settings, own)?,
        );
        let public_url = settings.callback_public_url.clone();
        let keys = Arc::new(KeyRing::new(
            CallbackKeys::new(meta.clone(), sealer.clone()),
            public_url.unwrap_or_else(|| format!("http://{}", at.data)),
        ));
        let engine = Engine::new(Ports {
            meta: meta.clone(),
            blobs: blobs.clone(),
            clock: Arc::new(world::SystemClock::new()),
            ids: Arc::new(world::RandomIds::new()),
            spawner: Arc::new(background.spawner()),
            callbacks: outbound::callbacks(&calls, &keys),
            sealer,
        });
        let fetches = Fetches::new(&calls);
        let engine = configured(engine, &settings);
        let engine = Arc::new(outbound::equip(engine, &calls, fetches.clone()));
        let given = settings.root.as_ref();
        let given = given.map(|(access, secret)| (access.as_str(), secret));
        let root = engine.ensure_root(given).await?;
        let registry = outbound::registry(&engine, &deliveries).await?;
        let work = Arc::new(work::start(&engine));
        let (stop, stopped) = watch::channel(false);
        let (end, ended) = watch::channel(false);
        tokio::spawn(telemetry::upkeep(metrics.clone(), stopped.clone()));
        let sources: Arc<dyn Sources> = Arc::new(KnownSources::new(&engine, &deliveries));
        let dialects = dialects(&engine, &sources, &settings);
        let local = local(&settings, &dialects, at)?;
        let authority = local.as_ref().map(|local| local.authority.clone());
        let logs = AccessLogs::new(&engine, &dialects, settings.access_log_delay);
        let places = handles::raised();
        let gateway = Gateway::new(dialects, logs.clone(), keys.clone(), local, places);
        fetches.served_by(&gateway);
        let delivery = delivery::start(&engine, registry.clone(), gateway.clone());
        let delivery = Arc::new(delivery);
        let sync = sync::start(
            &engine,
            sources::registry(sources.clone(), settings.sync_transfers),
        );
        let scrub = scrub(&settings, (&meta, &blobs), &background, &stopped);
        let admin_state = Arc::new(Admin {
            engine: engine.clone(),
            delivery: delivery.clone(),
            registry,
            work: work.clone(),
            sources,
            root: root.access.clone(),
            meta: meta.clone(),
            blobs,
            scrub,
            keys,
            data: settings.data.clone(),
            settings: settings.shown(),
            listen: at.data,
            authority,
            metrics,
            started,
            draining: stopped.clone(),
        });
        let logging = tokio::spawn(logs.clone().run(stopped.clone()));
        let gateways = listeners::open(&gateway, listeners.data, listeners.tls, &stopped);
        let socket = settings.data.join(admin::SOCKET);
        let admins = admins(listeners.admin, &socket, admin_state, ended).await?;
        let ready = Ready {
            at,
            root,
            data: settings.data,
            profile: settings.profile,
        };
        Ok(Self {
            ready,
            stop,
            end,
            gateways,
            logs,
            logging,
            admins,
            engine,
            meta,
            delivery,
            work,
            sync,
            background,
        })
    }

    /// What start-up has to say.
    pub(crate) fn ready(&self) -> &Ready {
        &self.ready
    }

    /// Lets running requests end, stops the workers and closes the store.
    pub(crate) async fn stop(self) {
        tracing::info!("stopping: running requests may end");
        self.stop.send_replace(true);
        for gateway in self.gateways {
            ended(gateway).await;
        }
        ended(self.logging).await;
        if tokio::time::timeout(LOGS_STOP_MAX, self.logs.flush())
            .await
            .is_err()
        {
            tracing::warn!("access logs were not written in time; their last lines are lost");
        }
        drop(self.logs);
        let workers = async {
            self.delivery.stop().await;
            self.work.stop().await;
            self.sync.stop().await;
        };
        if tokio::time::timeout(WORKERS_STOP_MAX, workers)
            .await
            .is_err()
        {
            tracing::warn!("workers did not stop in time; what they did last will be repeated");
        }
        self.end.send_replace(true);
        for admin in self.admins {
            ended(admin).await;
        }
        drop((self.engine, self.background));
        let meta = self.meta;
        if let Err(defect) = tokio::task::spawn_blocking(move || meta.close()).await {
            tracing::error!(%defect, "closing the store ended in a defect");
        }
        tracing::info!("stopped");
    }
}

async fn ended(listener: JoinHandle<()>) {
    if let Err(defect) = listener.await {
        tracing::error!(%defect, "a listener ended in a defect");
    }
}

/// What stands for the vendors' names, if the settings want that.
fn local(
    settings: &Settings,
    dialects: &Dialects,
    at: listeners::Addresses,
) -> Result<Option<Local>, StartError> {
    if !settings.local_ca {
        return Ok(None);
    }
    let listening = [Some(at.data), at.tls].into_iter().flatten();
    let addresses = listening.map(|at| at.ip());
    let authority = Authority::open(&settings.data, dialects.clone(), addresses)?;
    let config = authority.config()?;
    Ok(Some(Local { authority, config }))
}

type Stores = (Arc<EmbeddedMeta>, Arc<LocalBlobs>, Arc<dyn Sealer>);

/// Opens the data folder: metadata first, because its lock says that the folder is ours.
async fn open_stores(data: std::path::PathBuf) -> Result<Stores, StartError> {
    tokio::task::spawn_blocking(move || open_folder(&data)).await?
}

fn open_folder(data: &Path) -> Result<Stores, StartError> {
    // Nobody else on the machine may read objects past the access rules.
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data)
        .map_err(|error| format!("cannot create the data folder {}: {error}", data.display()))?;
    let meta = EmbeddedMeta::open(
        &data.join("meta"),
        meta::Options {
            on_fatal: Arc::new(|_| std::process::exit(SYNC_FAILED)),
            ..Default::default()
        },
    )?;
    let sealer = FileSealer::open(data)?;
    let options = blob::Options::new(Arc::new(|error| {
        tracing::error!(%error, "a sync failed: what the disk holds is unknown, so this process ends");
        std::process::exit(SYNC_FAILED);
    }));
    let blobs = LocalBlobs::open(data.to_owned(), Arc::new(RealDisk), options)?;
    Ok((Arc::new(meta), Arc::new(blobs), Arc::new(sealer)))
}
