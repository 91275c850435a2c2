//! Looking for the objects of a task that finds them itself: one look at a time, beside the copies, and
//! only while few keys wait. When all were found and have their outcome, the task has ended.

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{Runner, STORE_RETRY, Tries};
use crate::engine::ScanStep;
use crate::error::Error;
use crate::limits::{SYNC_AHEAD, SYNC_FOUND_MAX, SYNC_MIND_MAX};
use crate::model::{ObjectKey, ScanFault, ScanFaultKind, SyncPick, SyncScope, SyncStage};
use crate::ports::{Mono, SourceFault, SourcePage};
use crate::records::{FailedKeys, SyncScanRecord};
use crate::rules::sync::{Tried, pause};
use crate::sync::shared::Shared;
use crate::sync::transfer::{Desk, Hope, Trouble};

/// How far the looking is.
#[derive(Debug)]
pub(super) struct Scan {
    /// Whether a look is under way.
    looking: bool,
    /// Whether there is nothing more to look for.
    over: bool,
    /// Why nothing more is looked for, until that is noted.
    fault: Option<ScanFault>,
    /// Looks that failed, one after the other.
    tries: Tries,
    /// Nothing is done before this.
    pub(super) wait: Option<Mono>,
    looks: UnboundedSender<Look>,
    pub(super) looked: UnboundedReceiver<Look>,
}

/// What came of a look.
#[derive(Debug)]
pub(super) enum Look {
    /// These keys are owed from now on.
    Found(Vec<ObjectKey>),
    /// There is nothing more to find.
    Over,
    /// The source did not answer.
    Trouble(Hope, ScanFault),
    /// Nobody knows how far the task is: the store failed, or somebody was faster.
    Unsure,
    /// It was broken off.
    Cut,
}

impl Scan {
    pub(super) fn new() -> Self {
        let (looks, looked) = unbounded_channel();
        Self {
            looking: false,
            over: false,
            fault: None,
            tries: Tries::default(),
            wait: None,
            looks,
            looked,
        }
    }

    /// Another start: everything is open again but a look that is under way.
    pub(super) fn begin(&mut self) {
        (self.over, self.fault, self.wait) = (false, None, None);
        self.tries = Tries::default();
    }
}

impl Runner {
    /// Looks for more, or ends the task.
    pub(super) async fn scan_on(&mut self) -> Result<(), Error> {
        let now = self.now();
        self.scan.wait = self.scan.wait.filter(|wait| *wait > now);
        let Some(desk) = self.desk.clone().filter(|desk| desk.finds()) else {
            return Ok(());
        };
        let passed = self.pass.rest.is_none() && !self.pass.again;
        let waits = self.scan.looking || self.scan.wait.is_some();
        if self.shared.is_stopping() || waits || !passed {
            return Ok(());
        }
        if let Some(fault) = &self.scan.fault {
            self.shared.engine.fault_scan(self.id, fault).await?;
            (self.scan.fault, self.scan.over) = (None, true);
        }
        if self.scan.over {
            return self.end_scan().await;
        }
        if self.ready.len() < SYNC_AHEAD && self.mind.len() < SYNC_MIND_MAX {
            self.scan.looking = true;
            let (shared, looks) = (self.shared.clone(), self.scan.looks.clone());
            let look = async move {
                // Nobody has to know when the runner is gone.
                let _ = looks.send(look(&shared, &desk).await);
            };
            let spawner = &self.shared.engine.ports().spawner;
            spawner.spawn("sync scan", Box::pin(look));
        }
        Ok(())
    }

    /// Ends the task when every key has its outcome. Its lists are there before.
    async fn end_scan(&mut self) -> Result<(), Error> {
        if !self.mind.is_empty() {
            return Ok(());
        }
        let now = self.now();
        self.scan.wait = Some(now + STORE_RETRY);
        self.lists_at = self.lists_at.map(|_| now);
        self.write_lists().await;
        if self.lists_at.is_some() {
            return Ok(());
        }
        if !self.shared.engine.end_scan(self.id).await? {
            // It was stopped, or something is owed that was lost sight of.
            self.pass.again = true;
        }
        Ok(())
    }

    pub(super) fn looked(&mut self, look: Look) {
        self.scan.looking = false;
        match look {
            Look::Found(keys) => {
                self.scan.tries = Tries::default();
                let runs = self.desk.is_some();
                for key in keys.into_iter().filter(|_| runs) {
                    if !self.mind.contains_key(&key) {
                        self.make_ready(key, Tries::default());
                    }
                }
            }
            Look::Over => self.scan.over = true,
            Look::Trouble(hope, fault) => self.look_later(hope, fault),
            Look::Unsure => {
                self.pass.again = true;
                self.scan.wait = Some(self.now() + STORE_RETRY);
            }
            Look::Cut => {}
        }
    }

    /// Waits for the next look, or gives up.
    fn look_later(&mut self, hope: Hope, fault: ScanFault) {
        let now = self.now();
        let tries = &mut self.scan.tries;
        let first = *tries.first.get_or_insert(now);
        tries.count += 1;
        let so_far = Tried {
            tries: tries.count,
            since: now.saturating_sub(first),
            asked: match hope {
                Hope::Later(asked) => asked,
                Hope::Lost | Hope::Restoring => None,
            },
            restoring: false,
        };
        let ids = &self.shared.engine.ports().ids;
        let again = match hope {
            Hope::Lost => None,
            Hope::Later(_) | Hope::Restoring => pause(so_far, |bound| ids.below(bound)),
        };
        match again {
            Some(pause) => self.scan.wait = Some(now + pause),
            None => self.scan.fault = Some(fault),
        }
    }
}

impl Desk {
    /// Whether the task finds its objects itself.
    fn finds(&self) -> bool {
        self.task.settings.scope != SyncScope::Told
    }

    async fn look_on(&self) -> Result<Look, Error> {
        let id = self.task.id;
        let SyncScope::Found(picks) = &self.task.settings.scope else {
            return Ok(Look::Over);
        };
        let Some((scan, seen)) = self.shared.engine.sync_scan(id).await? else {
            return Ok(Look::Over);
        };
        if scan.is_over(picks.len()) {
            return Ok(Look::Over);
        }
        let step = if scan.failed == FailedKeys::None {
            match self.find(picks, scan).await {
                Ok(step) => step,
                Err((hope, fault)) => return Ok(Look::Trouble(hope, fault)),
            }
        } else {
            self.shared.engine.failed_step(id, scan).await?
        };
        self.shared.engine.take_step(id, seen, &step).await?;
        Ok(Look::Found(step.keys))
    }

    /// What the source has next.
    async fn find(
        &self,
        picks: &[SyncPick],
        scan: SyncScanRecord,
    ) -> Result<ScanStep, (Hope, ScanFault)> {
        let at = usize::try_from(scan.pick).unwrap_or(usize::MAX);
        let rest = picks.get(at..).unwrap_or_default();
        let Some(SyncPick::Prefix(prefix)) = rest.first() else {
            return Ok(named(rest, scan));
        };
        let source = self.source().await;
        let source = source.map_err(|trouble| of_trouble(&trouble))?;
        let page = source.list(prefix, &scan.after, SYNC_FOUND_MAX).await;
        let page = page.map_err(|fault| of_fault(&fault))?;
        listed(page, scan)
    }
}

/// A step over the keys that picks begin with.
fn named(picks: &[SyncPick], scan: SyncScanRecord) -> ScanStep {
    let key = |pick: &SyncPick| match pick {
        SyncPick::Key(key) => Some(key.clone()),
        SyncPick::Prefix(_) => None,
    };
    let keys: Vec<ObjectKey> = picks.iter().map_while(key).take(SYNC_FOUND_MAX).collect();
    let n = keys.len() as u64;
    ScanStep {
        then: SyncScanRecord {
            pick: scan
                .pick
                .saturating_add(u32::try_from(n).unwrap_or(u32::MAX)),
            found: scan.found.saturating_add(n),
            ..scan
        },
        keys,
        spent: Vec::new(),
    }
}

/// A step over a page of keys.
fn listed(page: SourcePage, scan: SyncScanRecord) -> Result<ScanStep, (Hope, ScanFault)> {
    let bytes = page.objects.iter().map(|(_, size)| *size);
    let mut then = SyncScanRecord {
        found: scan.found.saturating_add(page.objects.len() as u64),
        found_bytes: bytes.fold(scan.found_bytes, u64::saturating_add),
        ..scan
    };
    let last = page.objects.last().map(|(key, _)| key.as_str());
    match last.filter(|_| page.more) {
        Some(last) if last > &*then.after => then.after = last.into(),
        None if !page.more => {
            then.pick = then.pick.saturating_add(1);
            then.after = "".into();
        }
        _ => {
            let why = "it lists keys that do not follow each other";
            return Err(of_fault(&SourceFault::Broken(why.into())));
        }
    }
    Ok(ScanStep {
        keys: page.objects.into_iter().map(|(key, _)| key).collect(),
        spent: Vec::new(),
        then,
    })
}

fn of_fault(fault: &SourceFault) -> (Hope, ScanFault) {
    let kind = match fault {
        SourceFault::Missing => ScanFaultKind::Missing,
        SourceFault::Denied => ScanFaultKind::Denied,
        _ => ScanFaultKind::Other,
    };
    let trouble = Trouble::of_source(SyncStage::StatSource, fault);
    let (hope, why) = (trouble.hope, trouble.why);
    (hope, ScanFault { kind, why })
}

/// The source could not be opened.
fn of_trouble(trouble: &Trouble) -> (Hope, ScanFault) {
    let kind = ScanFaultKind::Other;
    let why = trouble.why.clone();
    (trouble.hope, ScanFault { kind, why })
}

/// Looks once; breaks off when syncing stops.
async fn look(shared: &Shared, desk: &Desk) -> Look {
    tokio::select! {
        biased;
        () = shared.stopping() => Look::Cut,
        look = desk.look_on() => look.unwrap_or(Look::Unsure),
    }
}
