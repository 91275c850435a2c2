//! What must be so when nothing fails any more.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use cohong_core::ErrorKind;
use cohong_core::engine::{
    Conditions, DeleteObject, Deletion, GetObject, JobOrder, ObjectTarget, VersionChoice,
};
use cohong_core::limits::{DROP_GRACE, JOB_KEPT, SWEEP_AGE};
use cohong_core::model::{ArchiveId, JobId, JobResult, JobStatus, ObjectKey};
use cohong_core::ports::{BlobStore, ByteStream, Clock, Table};
use futures_util::StreamExt;

use crate::client::{Asked, Client, tree};
use crate::world::World;

/// How many of what there was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) archives: usize,
    pub(crate) lists: usize,
    pub(crate) reads: usize,
    pub(crate) pulls: usize,
    pub(crate) pushes: usize,
}

/// Every job ends, and gives what was asked for; what was acknowledged is there; nothing is there twice, and
/// nothing is left when all of it is removed.
pub(crate) fn check(world: &World, client: &Client) -> Tally {
    world.pass(Duration::from_hours(2));
    let found = {
        let client = client.clone();
        world.wait(async move { client.everything().await })
    };
    let ending = client.clone();
    let mut tally = world.wait(async move { ending.jobs().await });
    tally.archives = found.len();
    let known = client.known();
    for (id, bytes) in &known.kept {
        match found.get(id) {
            Some((_, read)) => assert!(read == bytes, "{id} has other bytes"),
            None => assert!(known.removed.contains(id), "{id} is gone"),
        }
    }
    let mut names: Vec<&String> = found.values().map(|(name, _)| name).collect();
    names.sort_unstable();
    assert!(
        names.is_sorted_by(|a, b| a < b),
        "an archive is there twice"
    );
    for (name, read) in found.values() {
        assert_eq!(known.sent.get(name), Some(read), "{name} was never sent");
    }
    drop(known);
    remove_all(world, client, found.into_keys().collect());
    tally
}

fn remove_all(world: &World, client: &Client, archives: Vec<ArchiveId>) {
    let ending = client.clone();
    world.wait(async move { ending.remove_everything(archives).await });
    world.pass(JOB_KEPT + SWEEP_AGE * 3 + DROP_GRACE * 2);
    for table in [
        Table::Vaults,
        Table::VaultNames,
        Table::VaultUsage,
        Table::Archives,
        Table::ArchiveUploads,
        Table::Leaves,
        Table::Jobs,
        Table::Heads,
        Table::Parts,
        Table::Extents,
        Table::PayloadRefs,
        Table::Payloads,
        Table::Work,
        Table::WorkDue,
    ] {
        assert_eq!(world.rows(table).len(), 0, "{table:?}");
    }
    let blobs = world.blobs.clone();
    let left = world.wait(async move { blobs.scan(None, 1000).await.unwrap() });
    assert!(left.is_empty(), "{left:?}");
}

impl Client {
    /// All archives, with their descriptions and bytes, as an inventory lists them.
    async fn everything(&self) -> BTreeMap<ArchiveId, (String, Bytes)> {
        let order = JobOrder::Inventory;
        let job = self.make(order).await;
        let list = self.output(job).await;
        let list = String::from_utf8(list.to_vec()).unwrap();
        let lines: Vec<&str> = list.lines().collect();
        assert_eq!((lines[0], lines[lines.len() - 1]), ("begin", "end"));
        let mut found = BTreeMap::new();
        let mut bytes = 0;
        for line in &lines[1..lines.len() - 1] {
            let id = ArchiveId::parse(line).unwrap();
            let archive = self.engine.archive(&self.cx, self.vault, id).await.unwrap();
            let range = None;
            let job = self.make(JobOrder::Retrieval { archive: id, range }).await;
            let read = self.output(job).await;
            assert_eq!(
                (archive.size, archive.tree),
                (read.len() as u64, tree(&read))
            );
            bytes += archive.size;
            let name = match archive.description.strip_prefix("objects/") {
                Some(name) => name.to_owned(),
                None => archive.description.to_string(),
            };
            found.insert(id, (name, read));
        }
        let info = self.engine.vault(&self.cx, self.vault).await.unwrap();
        let counted = (info.usage.archives, info.usage.bytes);
        assert_eq!(counted, (found.len() as u64, bytes), "what is counted");
        found
    }

    async fn make(&self, order: JobOrder) -> JobId {
        let req = cohong_core::engine::CreateJob {
            vault: self.vault,
            description: "".into(),
            order,
        };
        self.engine.create_job(&self.cx, req).await.unwrap()
    }

    /// What a job gives, once it has ended.
    async fn output(&self, job: JobId) -> Bytes {
        loop {
            let read = self
                .engine
                .job_output(&self.cx, self.vault, job, None)
                .await;
            match read {
                Ok(output) => return read_all(output.body).await,
                Err(error) => assert_eq!(error.kind(), ErrorKind::JobNotReady, "{error}"),
            }
            self.sim.pass(Duration::from_secs(1)).await;
        }
    }

    /// All jobs that were acknowledged have ended, as far as they are not forgotten.
    async fn jobs(&self) -> Tally {
        let jobs = self.known().jobs.clone();
        let mut tally = Tally::default();
        for (id, asked) in jobs {
            let job = match self.engine.job(&self.cx, self.vault, id).await {
                Ok(job) => job,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::NoSuchJob);
                    continue;
                }
            };
            let JobStatus::Done(outcome) = job.status(self.sim.now()) else {
                panic!("{job:?} does not end");
            };
            match (&outcome.result, asked) {
                (JobResult::Failed { .. }, Asked::Inventory | Asked::Pull(_) | Asked::Push(_)) => {
                    // Only when the server was in trouble for an hour.
                    panic!("{outcome:?}");
                }
                (JobResult::Retrieved, Asked::Bytes(bytes)) => {
                    assert!(self.output(id).await == bytes, "{id} gives other bytes");
                    tally.reads += 1;
                }
                (JobResult::Listed { .. }, Asked::Inventory) => {
                    assert!(self.output(id).await.ends_with(b"end\n"));
                    tally.lists += 1;
                }
                (JobResult::Pulled { archive, .. }, Asked::Pull(bytes)) => {
                    self.known().kept.insert(*archive, bytes);
                    tally.pulls += 1;
                }
                (JobResult::Pushed, Asked::Push(key)) => {
                    let wanted = self.known().pushed.get(&key).cloned();
                    assert!(self.object(&key).await == wanted, "{key} has other bytes");
                    tally.pushes += 1;
                }
                (result, asked) => panic!("{result:?} for {asked:?}"),
            }
        }
        tally
    }

    fn target(&self, key: &ObjectKey) -> ObjectTarget {
        ObjectTarget {
            bucket: self.bucket.clone(),
            key: key.clone(),
            version: VersionChoice::Current,
        }
    }

    async fn object(&self, key: &ObjectKey) -> Option<Bytes> {
        let req = GetObject {
            target: self.target(key),
            range: None,
            conditions: Conditions::default(),
        };
        let reader = self.engine.get_object(&self.cx, req).await.ok()?;
        Some(read_all(reader.body).await)
    }

    async fn remove_everything(&self, archives: Vec<ArchiveId>) {
        for id in archives {
            let removed = self.engine.delete_archive(&self.cx, self.vault, id).await;
            removed.unwrap();
        }
        let names: Vec<String> = {
            let known = self.known();
            let pushed = known.pushed.keys().map(ToString::to_string);
            known.sent.keys().cloned().chain(pushed).collect()
        };
        for name in names {
            let req = DeleteObject {
                target: self.target(&ObjectKey::new(&name).unwrap()),
                if_match: None,
                how: Deletion::default(),
            };
            self.engine.delete_object(&self.cx, req).await.unwrap();
        }
        // Open uploads and jobs go with it.
        let gone = self.engine.delete_vault(&self.cx, self.vault).await;
        gone.unwrap();
    }
}

async fn read_all(mut body: ByteStream) -> Bytes {
    let mut bytes = Vec::new();
    while let Some(piece) = body.next().await {
        bytes.extend_from_slice(&piece.unwrap());
    }
    bytes.into()
}
