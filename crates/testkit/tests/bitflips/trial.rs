//! One flip: the folder with it is opened, and everything is read.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

use bytes::Bytes;
use cohong_core::model::{BlobId, BucketId};
use cohong_core::ports::{BlobStore, Key, LogId, MetadataStore, Order, Position};
use cohong_core::records::keys;
use cohong_store::meta::EmbeddedMeta;
use futures_util::{FutureExt, StreamExt};
use tempfile::TempDir;

use super::state::{Expected, Flip, State, WIDE, open, scratch};

/// How blobs are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// As the server does.
    Checks,
    /// As the file has them.
    Blind,
}

/// What became of a flip.
#[derive(Debug)]
pub(crate) enum Fate {
    /// The folder is not opened.
    Refused,
    /// Some reads fail, and none gives anything else than what was written.
    Noticed,
    /// Everything is read as it was written.
    Harmless,
    /// Something else is read.
    Served(String),
}

impl Fate {
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Refused => "not opened",
            Self::Noticed => "noticed by readers",
            Self::Harmless => "harmless",
            Self::Served(_) => "served",
        }
    }
}

/// A place for trials.
pub(crate) struct Trials<'a> {
    state: &'a State,
    reader: Reader,
    folder: TempDir,
}

impl<'a> Trials<'a> {
    pub(crate) fn new(state: &'a State, reader: Reader) -> Self {
        Self {
            state,
            reader,
            folder: scratch(),
        }
    }

    pub(crate) async fn run(&self, flip: &Flip) -> Fate {
        if flip.is_data {
            return self.data(flip).await;
        }
        let dir = self.folder.path().join("meta");
        for (path, bytes) in &self.state.meta {
            let path = dir.join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, bytes).expect("written");
        }
        let path = dir.join(&flip.path);
        let mut bytes = fs::read(&path).expect("a file");
        flip.apply(&mut bytes);
        fs::write(path, bytes).expect("written");
        // A panic of the engine ends the server, and is no answer.
        let trial = std::panic::AssertUnwindSafe(self.meta(&dir)).catch_unwind();
        let fate = trial.await.unwrap_or(Fate::Refused);
        fs::remove_dir_all(dir).expect("removed");
        fate
    }

    async fn meta(&self, dir: &Path) -> Fate {
        let Ok(store) = open(dir) else {
            return Fate::Refused;
        };
        let mut findings = Findings::default();
        findings.records(&store, &self.state.expected).await;
        findings.logs(&store, &self.state.expected).await;
        for (id, body) in &self.state.expected.payloads {
            let read = store.payload(*id, 0..body.len() as u64).await;
            findings.compare(|| format!("payload {id}"), read.ok().as_ref(), body);
        }
        findings.fate()
    }

    async fn data(&self, flip: &Flip) -> Fate {
        let file = File::options().read(true).write(true).open(&flip.path);
        let file = file.expect("a file");
        let turn = || {
            let mut byte = [0];
            file.read_exact_at(&mut byte, flip.bit / 8).expect("read");
            byte[0] ^= 1 << (flip.bit % 8);
            file.write_all_at(&byte, flip.bit / 8).expect("written");
        };
        turn();
        let name = flip.path.file_name().expect("a name").to_string_lossy();
        let blobs = self.state.expected.blobs.iter();
        let (id, body) = blobs
            .filter(|(id, _)| id.to_string() == name)
            .last()
            .expect("a blob of that name");
        let read = match self.reader {
            Reader::Checks => self.checked(*id, body.len()).await,
            Reader::Blind => {
                let mut bytes = vec![0; body.len()];
                file.read_exact_at(&mut bytes, 0).expect("read");
                Some(Bytes::from(bytes))
            }
        };
        turn();
        let mut findings = Findings::default();
        findings.compare(|| format!("blob {id}"), read.as_ref(), body);
        findings.fate()
    }

    async fn checked(&self, id: BlobId, len: usize) -> Option<Bytes> {
        let mut stream = self.state.blobs.read(id, 0..len as u64).await.ok()?;
        let mut bytes = Vec::new();
        while let Some(piece) = stream.next().await {
            bytes.extend_from_slice(&piece.ok()?);
        }
        Some(bytes.into())
    }
}

/// What reads gave.
#[derive(Default)]
struct Findings {
    failed: bool,
    served: Option<String>,
}

impl Findings {
    fn compare<T: PartialEq>(&mut self, what: impl Fn() -> String, read: Option<&T>, expected: &T) {
        match read {
            Some(read) if read == expected => {}
            Some(_) => self.served = Some(what()),
            None => self.failed = true,
        }
    }

    /// As a whole, and one by one: these take another way.
    async fn records(&mut self, store: &EmbeddedMeta, expected: &Expected) {
        for (table, rows) in &expected.records {
            let all = [keys::prefix_range(*table, &[])];
            let pages = store.scan(&all, Order::Ascending, WIDE).await;
            let read = pages.ok().and_then(|mut pages| pages.pop());
            let read = read.map(|page| page.rows);
            self.compare(|| format!("table {table:?}"), read.as_ref(), rows);
            for (bytes, record) in rows {
                let at = Key {
                    table: *table,
                    bytes: bytes.clone(),
                };
                let read = store.get_many(std::slice::from_ref(&at)).await;
                let read = read.ok().map(|mut found| found.remove(0));
                self.compare(|| format!("{at:?}"), read.as_ref(), &Some(record.clone()));
            }
        }
    }

    /// All but what is told to be damaged.
    async fn logs(&mut self, store: &EmbeddedMeta, expected: &Expected) {
        for (n, records) in &expected.logs {
            let Ok(tail) = store.tail(LogId(BucketId(*n)), Position(0), WIDE).await else {
                self.failed = true;
                continue;
            };
            let (mut read, mut damaged_upto) = (tail.records.iter().peekable(), None);
            for (at, bytes) in records {
                while let Some((upto, _)) =
                    read.next_if(|(upto, bytes)| bytes.is_empty() && upto <= at)
                {
                    damaged_upto = Some(*upto);
                    self.failed = true;
                }
                match read.peek() {
                    Some((found, whole)) if found == at && whole == bytes => {
                        read.next();
                    }
                    _ if damaged_upto == Some(*at) => {}
                    Some((upto, whole)) if whole.is_empty() && upto > at => self.failed = true,
                    _ => self.served = Some(format!("log {n} at {}", at.0)),
                }
            }
            if read.any(|(_, bytes)| !bytes.is_empty()) {
                self.served = Some(format!("log {n} has more than it had"));
            }
        }
    }

    fn fate(self) -> Fate {
        match (self.served, self.failed) {
            (Some(what), _) => Fate::Served(what),
            (None, true) => Fate::Noticed,
            (None, false) => Fate::Harmless,
        }
    }
}
