//! Servers: built on what the last one left, used by clients while things go wrong, crashed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use cohong_core::delivery::{self, Registry, TargetKind};
use cohong_core::engine::{Engine, Ports};
use cohong_core::model::{AccountId, DialectId};
use cohong_core::ports::{Clock, EventFormat, Target};
use cohong_core::work::{self, WorkHandle};

use super::client::Client;
use super::exec::{Sim, Stop};
use super::oracle::{OWNER, OWNER_KEY, Oracle, destinations};
use super::ports::{
    Callbacks, Plain, Receivers, RoughDisk, Secrets, SimBlobs, SimMeta, Weather, Web,
};
use super::{end, quiet};

/// More polls than any wait of a run needs.
const POLLS_MAX: u64 = 3_000_000;

/// How often lifecycle rules are carried out.
const TURN: Duration = Duration::from_millis(700);

/// A day, milliseconds: the wall clock jumps by at most one.
const DAY_MS: u64 = 24 * 3_600_000;

/// A server and everything around it.
pub(super) struct World {
    pub(super) sim: Sim,
    pub(super) weather: Weather,
    pub(super) oracle: Oracle,
    pub(super) disk: RoughDisk,
    pub(super) blobs: Arc<SimBlobs>,
    pub(super) meta: Arc<SimMeta>,
    pub(super) receivers: Arc<Receivers>,
    pub(super) client: Client,
    _workers: WorkHandle,
}

/// One run.
pub(super) fn run(sim: &Sim, weather: &Weather) {
    let mut world = World::new(sim, weather.clone());
    for round in 0..2 + sim.random(3) {
        sim.note(format_args!("round {round}"));
        world = world.rough_time();
        world.calm();
        let looks = world.client.clone();
        world.wait_for(quiet::look(looks));
    }
    world = world.crash();
    end::check(&world);
}

impl World {
    fn new(sim: &Sim, weather: Weather) -> Self {
        let oracle = Oracle::new(sim);
        let disk = RoughDisk::new((sim, &weather, &oracle));
        let meta = Arc::new(SimMeta::new(sim, &weather, &oracle, &disk));
        let receivers = Arc::new(Receivers::new(sim, &weather, &oracle));
        let world = Self::on(sim, (weather, oracle), (meta, disk), receivers);
        let engine = world.client.engine.clone();
        world.wait_for(async move {
            let made = engine.create_key(&AccountId(OWNER.into()), None).await;
            let access = made.expect("nothing fails").access;
            assert_eq!(*access.0, *OWNER_KEY, "what is known of the key");
        });
        world
    }

    fn on(
        sim: &Sim,
        (weather, oracle): (Weather, Oracle),
        (meta, disk): (Arc<SimMeta>, RoughDisk),
        receivers: Arc<Receivers>,
    ) -> Self {
        let blobs = Arc::new(SimBlobs::open((sim, &weather, &oracle), &disk, &meta));
        let engine = Engine::new(Ports {
            meta: meta.clone(),
            blobs: blobs.clone(),
            clock: Arc::new(sim.clone()),
            ids: Arc::new(sim.clone()),
            spawner: Arc::new(sim.clone()),
            callbacks: Arc::new(Callbacks {
                sim: sim.clone(),
                oracle: oracle.clone(),
            }),
            sealer: Arc::new(Secrets {
                sim: sim.clone(),
                weather: weather.clone(),
            }),
        });
        let web = Web {
            sim: sim.clone(),
            weather: weather.clone(),
        };
        let engine = engine
            .with_fetcher(Arc::new(web))
            .with_lifecycle_interval(TURN);
        let engine = Arc::new(engine);
        let target: Arc<dyn Target> = receivers.clone();
        let format: Arc<dyn EventFormat> = Arc::new(Plain);
        let registry = Registry {
            targets: BTreeMap::from([
                (TargetKind::Function, target.clone()),
                (TargetKind::Webhook, target),
            ]),
            formats: BTreeMap::from([(DialectId::Tos, format)]),
        };
        let client = Client {
            sim: sim.clone(),
            oracle: oracle.clone(),
            delivery: delivery::start(&engine, registry, Arc::new(sim.clone())),
            engine: engine.clone(),
        };
        Self {
            sim: sim.clone(),
            weather,
            oracle,
            disk,
            blobs,
            meta,
            receivers,
            client,
            _workers: work::start(&engine),
        }
    }

    /// The process dies where it stands and starts again on what is durable.
    fn crash(self) -> Self {
        self.sim.note("crash");
        // The power goes first: nothing that ends with the process reaches the disk any more.
        let disk = self.disk.crash();
        self.sim.kill();
        self.oracle.crash();
        self.receivers.crash();
        let meta = Arc::new(self.meta.crash(&disk));
        let Self {
            sim,
            weather,
            oracle,
            receivers,
            ..
        } = self;
        let mut now = weather.now();
        now.dying = false;
        let rough = std::mem::replace(&mut now.rough, false);
        drop(now);
        let world = Self::on(&sim, (weather, oracle), (meta, disk), receivers);
        let meta = world.meta.clone();
        futures_util::FutureExt::now_or_never(meta.check_all_places())
            .expect("memory does not wait");
        world.weather.now().rough = rough;
        world
    }

    /// Clients at work while everything goes wrong; at times the server crashes under them.
    fn rough_time(mut self) -> Self {
        self.weather.now().rough = true;
        for _ in 0..=self.sim.random(2) {
            self.sim.start(change_weather(
                self.sim.clone(),
                self.weather.clone(),
                self.oracle.clone(),
            ));
            let busy = self.start_clients();
            let crashes = self.sim.one_in(2) && self.weather.crash();
            let at_a_poll = self.sim.coin();
            let (mut polls, until) = (POLLS_MAX, self.sim.mono() + Duration::from_hours(4));
            match (crashes, at_a_poll) {
                (true, true) => polls = 20 + self.sim.random(4000),
                (true, false) => self.disk.cut_after(self.sim.random(120)),
                (false, _) => {}
            }
            let ended = || busy.load(SeqCst) == 0 || self.weather.now().dying;
            let stop = self.sim.run(ended, polls, until);
            assert_ne!(stop, Stop::Time, "clients have waited for hours");
            assert!(
                crashes || stop == Stop::Done,
                "clients do not come to their end"
            );
            if crashes || self.weather.now().dying {
                self = self.crash();
            }
        }
        self
    }

    fn start_clients(&self) -> Arc<AtomicU64> {
        let clients = self.weather.clients(1 + self.sim.random(4));
        let busy = Arc::new(AtomicU64::new(clients));
        for _ in 0..clients {
            let (client, busy) = (self.client.clone(), busy.clone());
            let weather = self.weather.clone();
            let requests = 5 + self.sim.random(25);
            self.sim.start(async move {
                client.work(requests, &weather).await;
                busy.fetch_sub(1, SeqCst);
            });
        }
        busy
    }

    /// Nothing fails any more, and removals of buckets that were begun come to their end.
    fn calm(&self) {
        let mut now = self.weather.now();
        now.rough = false;
        now.down.clear();
        now.full = false;
        drop(now);
        let closing = || {
            self.oracle
                .look(|model| model.buckets.values().any(|b| b.closing))
        };
        let until = self.sim.mono() + Duration::from_hours(1);
        let stop = self.sim.run(|| !closing(), POLLS_MAX, until);
        assert_eq!(stop, Stop::Done, "a bucket is being removed for ever");
        // What rules and tasks have to do now is done.
        self.pass(TURN * 3);
    }

    /// Runs until `main` ends.
    pub(super) fn wait_for(&self, main: impl Future<Output = ()> + Send + 'static) {
        let busy = Arc::new(AtomicU64::new(1));
        let ended = busy.clone();
        self.sim.start(async move {
            main.await;
            ended.store(0, SeqCst);
        });
        let until = self.sim.mono() + Duration::from_hours(24);
        let stop = self.sim.run(|| busy.load(SeqCst) == 0, POLLS_MAX, until);
        assert_eq!(stop, Stop::Done, "a look at everything does not end");
    }

    /// Lets time pass.
    pub(super) fn pass(&self, time: Duration) {
        let stop = self.sim.run(|| false, POLLS_MAX, self.sim.mono() + time);
        assert_eq!(stop, Stop::Time, "the server is busy with itself");
    }
}

/// Receivers come and go, the disk runs full, the wall clock jumps.
async fn change_weather(sim: Sim, weather: Weather, oracle: Oracle) {
    while weather.is_rough() {
        sim.pass(Duration::from_millis(50 + sim.random(2000))).await;
        if weather.strikes(&sim, 8) {
            let by = i64::try_from(sim.random(2 * DAY_MS)).unwrap_or(0);
            oracle.tick();
            sim.jump_wall(by.saturating_sub_unsigned(DAY_MS));
            oracle.tick();
        }
        let full = std::mem::replace(&mut weather.now().full, false) || weather.strikes(&sim, 20);
        if full && !sim.one_in(3) {
            sim.note("the disk is full");
            weather.now().full = true;
        }
        for to in destinations() {
            let id = to.id();
            if sim.one_in(5) && !weather.now().down.remove(&id) && weather.strikes(&sim, 1) {
                sim.note(format_args!("{id} goes down"));
                weather.now().down.insert(id);
            }
        }
    }
}
