//! What the service remembers, and its digests, written again from the sheet.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use http::Method;
use md5::{Digest, Md5};

use super::{Fault, Request};

const BLOCK: usize = 1 << 20;

/// Called with a request.
type Hook = Box<dyn FnMut(&Request) + Send>;

#[derive(Default)]
pub(crate) struct State {
    /// Vaults by id: name and archives.
    pub(crate) vaults: BTreeMap<String, Vault>,
    pub(crate) uploads: BTreeMap<String, Upload>,
    pub(crate) jobs: BTreeMap<String, Job>,
    /// Objects of OSS by bucket and name.
    pub(crate) objects: BTreeMap<(String, String), Arc<Vec<u8>>>,
    /// Items on a page of a list; 0 means 2.
    pub(crate) page: usize,
    /// Whether every page says that it is not the last.
    pub(crate) endless: bool,
    /// Looks at a job before it is done.
    pub(crate) looks: usize,
    /// Parts that are taken before every further one is refused, and ranges that are given.
    pub(crate) budget: Option<usize>,
    pub(crate) faults: Vec<(Method, String, Fault)>,
    pub(crate) log: Vec<String>,
    /// What is called while a request is carried out.
    pub(crate) on_request: Option<Hook>,
    ids: u64,
}

#[derive(Default)]
pub(crate) struct Vault {
    pub(crate) name: String,
    pub(crate) archives: BTreeMap<String, Archive>,
}

#[derive(Clone)]
pub(crate) struct Archive {
    pub(crate) bytes: Arc<Vec<u8>>,
    pub(crate) description: String,
}

pub(crate) struct Upload {
    pub(crate) vault: String,
    pub(crate) part_size: u64,
    pub(crate) description: String,
    /// Parts by their first bytes.
    pub(crate) parts: BTreeMap<u64, Vec<u8>>,
}

#[derive(Clone)]
pub(crate) struct Job {
    pub(crate) vault: String,
    pub(crate) action: &'static str,
    pub(crate) archive: String,
    pub(crate) description: String,
    /// Looks before it is done.
    pub(crate) looks: usize,
    /// Why it fails, if it does.
    pub(crate) fails: Option<String>,
    /// Of the whole archive, and the range of the job.
    pub(crate) bytes: Arc<Vec<u8>>,
    pub(crate) range: (usize, usize),
    /// Tree-etags of the archive and of the range.
    pub(crate) trees: (String, String),
    /// Whether the service tells no tree-etags, as for ranges that are no node of the tree.
    pub(crate) silent: bool,
    /// What it says its tree-etag is, when it lies.
    pub(crate) promise: Option<String>,
}

impl State {
    /// An id of 32 digits, greater than the last.
    pub(crate) fn id(&mut self) -> String {
        self.ids += 1;
        format!("{:032X}", self.ids)
    }

    /// Notes a request and finds out what is to happen to it.
    pub(crate) fn begin(&mut self, request: &Request) -> Option<Fault> {
        let range = [request.header("content-range"), request.header("range")].concat();
        let line = format!("{} {} {range}", request.method, request.path);
        self.log.push(line.clone());
        let due = |(method, part, _): &(Method, String, Fault)| {
            method == request.method && line.contains(part.as_str())
        };
        if let Some(at) = self.faults.iter().position(due) {
            return Some(self.faults.remove(at).2);
        }
        let counted = !range.is_empty();
        match &mut self.budget {
            Some(0) if counted => Some(Fault::Refuse),
            Some(left) if counted => {
                *left -= 1;
                None
            }
            _ => None,
        }
    }

    pub(crate) fn archive(&self, id: &str) -> Option<Archive> {
        let mut vaults = self.vaults.values();
        vaults.find_map(|vault| vault.archives.get(id).cloned())
    }

    /// All archives there are.
    pub(crate) fn archives(&self) -> BTreeSet<String> {
        let vaults = self.vaults.values();
        vaults
            .flat_map(|vault| vault.archives.keys().cloned())
            .collect()
    }
}

pub(crate) fn etag(bytes: &[u8]) -> String {
    hex::encode_upper(Md5::digest(bytes))
}

/// By the rule, level by level.
pub(crate) fn tree_etag(bytes: &[u8]) -> String {
    let mut level: Vec<String> = bytes.chunks(BLOCK).map(etag).collect();
    while level.len() > 1 {
        let pair = |pair: &[String]| match pair {
            [left, right] => etag(format!("{left}{right}").as_bytes()),
            odd => odd[0].clone(),
        };
        level = level.chunks(2).map(pair).collect();
    }
    level.pop().unwrap_or_default()
}
