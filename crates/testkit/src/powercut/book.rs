//! From calls to what they did to one folder.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::call::{self, Args, Call};
use super::{Disk, Inode, Names, ROOT};

/// Bytes of a message in which its head ends.
const HEAD: usize = 4096;

/// Something a process did.
#[derive(Clone, Debug)]
pub enum Step {
    /// A new file or folder got a name.
    Made {
        /// The folder it stands in.
        dir: Inode,
        /// Its name there.
        name: String,
        /// What is new.
        inode: Inode,
        /// Permissions of a file; none for a folder.
        mode: Option<u32>,
    },
    /// A name of a file or folder is gone.
    Removed {
        /// The folder it stood in.
        dir: Inode,
        /// The name.
        name: String,
    },
    /// A file or folder has another name, which may have been another's.
    Renamed {
        /// Folder and name before.
        from: (Inode, String),
        /// Folder and name now.
        to: (Inode, String),
        /// What it is.
        inode: Inode,
    },
    /// Bytes were written.
    Written {
        /// The file.
        inode: Inode,
        /// Where.
        at: u64,
        /// The bytes.
        bytes: Arc<[u8]>,
    },
    /// A file was cut or extended.
    Resized {
        /// The file.
        inode: Inode,
        /// Its length now.
        len: u64,
    },
    /// A sync began: what was done before is durable when it has ended.
    SyncBegun {
        /// The file or folder.
        inode: Inode,
        /// Its path within the folder.
        path: String,
        /// Tells syncs apart.
        sync: usize,
    },
    /// A sync ended well.
    SyncEnded {
        /// Which one.
        sync: usize,
    },
    /// A successful answer begins to leave, with this request id.
    Answered(String),
    /// An event leaves.
    Sent {
        /// Path of the receiver's URL.
        path: String,
        /// Request id of the change that caused it.
        cause: String,
    },
}

/// Descriptors, names and lengths, as the calls so far left them.
struct Book<'a> {
    root: &'a str,
    /// What the names of each folder lead to; none for a file.
    folders: Vec<Option<Names>>,
    lens: BTreeMap<Inode, u64>,
    /// Where the next write through a descriptor goes; none at the end of the file.
    cursors: BTreeMap<i64, Option<u64>>,
    /// Syncs that run, by thread.
    syncing: BTreeMap<&'a str, usize>,
    syncs: usize,
    steps: Vec<Step>,
}

pub(super) fn read(trace: &str, folder: &Path, before: &Disk) -> Result<Vec<Step>, String> {
    let (folders, lens) = before.names();
    let mut book = Book {
        root: folder.to_str().ok_or("the folder's path is not UTF-8")?,
        folders,
        lens,
        cursors: BTreeMap::new(),
        syncing: BTreeMap::new(),
        syncs: 0,
        steps: Vec::new(),
    };
    call::each(trace, |call| {
        let noted = match call.end {
            None => book.begin(call),
            Some(end) => book.end(call, end),
        };
        noted.ok_or_else(|| {
            let args = call::head(call.args);
            format!(
                "a call is not understood: {}({args}) = {:?}",
                call.name, call.end
            )
        })
    })?;
    Ok(book.steps)
}

impl<'a> Book<'a> {
    /// Syncs, answers and closes count from their beginning, all else from its end: another thread may get the number of
    /// a file that is being closed before the close has ended. `None`: not understood.
    fn begin(&mut self, call: Call<'a>) -> Option<()> {
        let mut args = Args(call.args);
        match call.name {
            "close" => {
                self.cursors.remove(&args.descriptor()?.number?);
            }
            "fsync" | "fdatasync" => {
                let of = args.descriptor()?;
                let (Some(path), false) = (self.inside(of.path), of.gone) else {
                    return Some(());
                };
                let (inode, path) = (self.find(path)?, path.to_owned());
                let sync = self.syncs;
                self.syncs += 1;
                self.syncing.insert(call.thread, sync);
                self.steps.push(Step::SyncBegun { inode, path, sync });
            }
            _ => {
                let answer = said(call).filter(|said| matches!(said, Step::Answered(_)));
                self.steps.extend(answer);
            }
        }
        Some(())
    }

    fn end(&mut self, call: Call<'a>, end: &str) -> Option<()> {
        let mut args = Args(call.args);
        let sent = said(call).filter(|said| matches!(said, Step::Sent { .. }));
        self.steps.extend(sent);
        match call.name {
            "open" | "openat" | "creat" => self.opened(call, end)?,
            "lseek" => {
                // Wherever it stands, what is written to the end goes there.
                if let Some(Some(at)) = self.cursors.get_mut(&args.descriptor()?.number?) {
                    *at = end.parse().ok()?;
                }
            }
            "write" | "writev" | "pwrite64" | "pwritev" => self.written(call, end)?,
            "ftruncate" => {
                let of = args.descriptor()?;
                let len = args.word().parse().ok()?;
                self.resize(of.path, of.gone, len)?;
            }
            "truncate" => {
                let path = String::from_utf8(args.text()?).ok()?;
                self.resize(&path, false, args.word().parse().ok()?)?;
            }
            "fallocate" => {
                let of = args.descriptor()?;
                // Only that space is kept for a file, which changes nothing that can be read.
                if self.inside(of.path).is_some() && args.word() != "FALLOC_FL_KEEP_SIZE" {
                    return None;
                }
            }
            "fsync" | "fdatasync" => {
                if let Some(sync) = self.syncing.remove(call.thread) {
                    self.steps.push(Step::SyncEnded { sync });
                }
            }
            "rename" | "renameat" | "renameat2" => {
                let at = call.name != "rename";
                let (from, to) = (path(&mut args, at)?, path(&mut args, at)?);
                self.renamed(&from, &to)?;
            }
            "unlink" | "rmdir" | "unlinkat" => {
                let path = path(&mut args, call.name == "unlinkat")?;
                self.removed(&path)?;
            }
            "mkdir" | "mkdirat" => {
                let path = path(&mut args, call.name == "mkdirat")?;
                if self.inside(&path).is_some() {
                    self.made(&path, None)?;
                }
            }
            "close" | "sendto" | "sendmsg" => {}
            // A second name, or one that leads elsewhere, is not in the book.
            "link" | "linkat" | "symlink" | "symlinkat"
                if self.inside(call.args.split('"').nth_back(1)?).is_none() => {}
            "sync" | "syncfs" => return None,
            // What else moves bytes must not do so here.
            _ if call.args.contains(self.root) => return None,
            _ => {}
        }
        Some(())
    }

    /// The part of a path within the folder; empty for the folder itself.
    fn inside<'p>(&self, path: &'p str) -> Option<&'p str> {
        let rest = path.strip_prefix(self.root)?;
        if rest.is_empty() {
            return Some(rest);
        }
        rest.strip_prefix('/')
    }

    fn find(&self, path: &str) -> Option<Inode> {
        let names = path.split('/').filter(|name| !name.is_empty());
        names.into_iter().try_fold(ROOT, |at, name| {
            self.folders[at].as_ref()?.get(name).copied()
        })
    }

    /// The folder that a path within stands in, and its name there.
    fn stands_in(&self, path: &str) -> Option<(Inode, String)> {
        let (dir, name) = path.rsplit_once('/').unwrap_or(("", path));
        Some((self.find(dir)?, name.to_owned()))
    }

    fn opened(&mut self, call: Call<'a>, end: &str) -> Option<()> {
        let mut args = Args(call.args);
        let path = path(&mut args, call.name == "openat")?;
        let Some(within) = self.inside(&path) else {
            return Some(());
        };
        let within = within.to_owned();
        let flags = if call.name == "creat" {
            "O_CREAT|O_TRUNC"
        } else {
            args.word()
        };
        if flags.contains("O_TMPFILE") {
            return None;
        }
        let number = Args(end).descriptor()?.number?;
        match self.find(&within) {
            Some(inode) if flags.contains("O_TRUNC") => self.set_len(inode, 0),
            Some(_) => {}
            None if flags.contains("O_CREAT") => {
                let mode = u32::from_str_radix(args.word().trim_start_matches('0'), 8).ok()?;
                self.made(&path, Some(mode & !0o022))?;
            }
            None => return None,
        }
        let cursor = (!flags.contains("O_APPEND")).then_some(0);
        self.cursors.insert(number, cursor);
        Some(())
    }

    fn made(&mut self, path: &str, mode: Option<u32>) -> Option<()> {
        let (dir, name) = self.stands_in(self.inside(path)?)?;
        let inode = self.folders.len();
        self.folders.push(mode.is_none().then(BTreeMap::new));
        if mode.is_some() {
            self.lens.insert(inode, 0);
        }
        self.folders[dir].as_mut()?.insert(name.clone(), inode);
        self.steps.push(Step::Made {
            dir,
            name,
            inode,
            mode,
        });
        Some(())
    }

    fn written(&mut self, call: Call<'a>, end: &str) -> Option<()> {
        let mut args = Args(call.args);
        let to = args.descriptor()?;
        let (Some(path), false) = (self.inside(to.path), to.gone) else {
            return Some(());
        };
        let inode = self.find(path)?;
        let mut bytes = if call.name.ends_with('v') {
            args.pieces()?
        } else {
            args.text()?
        };
        let written: usize = end.trim().parse().ok()?;
        // What the tracer cut off cannot be made up.
        (written <= bytes.len()).then_some(())?;
        bytes.truncate(written);
        args.word();
        let at = if call.name.starts_with('p') {
            args.word().parse().ok()?
        } else {
            let len = self.lens[&inode];
            let cursor = self.cursors.get_mut(&to.number?)?;
            let at = cursor.unwrap_or(len);
            if let Some(cursor) = cursor {
                *cursor += written as u64;
            }
            at
        };
        let len = self.lens.get_mut(&inode)?;
        *len = (*len).max(at + written as u64);
        self.steps.push(Step::Written {
            inode,
            at,
            bytes: bytes.into(),
        });
        Some(())
    }

    fn resize(&mut self, path: &str, gone: bool, len: u64) -> Option<()> {
        if let (Some(path), false) = (self.inside(path), gone) {
            self.set_len(self.find(path)?, len);
        }
        Some(())
    }

    fn set_len(&mut self, inode: Inode, len: u64) {
        if self.lens.insert(inode, len) != Some(len) {
            self.steps.push(Step::Resized { inode, len });
        }
    }

    fn renamed(&mut self, from: &str, to: &str) -> Option<()> {
        let (from, to) = match (self.inside(from), self.inside(to)) {
            (Some(from), Some(to)) => (self.stands_in(from)?, self.stands_in(to)?),
            (None, None) => return Some(()),
            // What comes from elsewhere has bytes that nobody saw.
            _ => return None,
        };
        // Sockets have names too; they are not in the book.
        let Some(inode) = self.folders[from.0].as_mut()?.remove(&from.1) else {
            return Some(());
        };
        self.folders[to.0].as_mut()?.insert(to.1.clone(), inode);
        self.steps.push(Step::Renamed { from, to, inode });
        Some(())
    }

    fn removed(&mut self, path: &str) -> Option<()> {
        let Some(path) = self.inside(path) else {
            return Some(());
        };
        let (dir, name) = self.stands_in(path)?;
        if self.folders[dir].as_mut()?.remove(&name).is_some() {
            self.steps.push(Step::Removed { dir, name });
        }
        Some(())
    }
}

/// A path, with the descriptor of the folder it begins at if `at`.
fn path(args: &mut Args<'_>, at: bool) -> Option<String> {
    let dir = if at { Some(args.descriptor()?) } else { None };
    let path = String::from_utf8(args.text()?).ok()?;
    Some(match dir {
        Some(dir) if !path.starts_with('/') => format!("{}/{path}", dir.path),
        _ => path,
    })
}

/// All pieces of a message, however it is wrapped.
fn pieces(text: &str) -> Vec<u8> {
    let mut all = Vec::new();
    for piece in text.split("iov_base=").skip(1) {
        all.extend(Args(piece).text().unwrap_or_default());
    }
    all
}

/// What a call says on a socket, if that is the head of a successful answer or of an event.
fn said(call: Call<'_>) -> Option<Step> {
    let mut args = Args(call.args);
    let whole = match call.name {
        "sendto" | "write" => true,
        "sendmsg" | "writev" => false,
        _ => return None,
    };
    let to = args.descriptor()?;
    if !to.path.starts_with("socket:") && !to.path.starts_with("TCP:") {
        return None;
    }
    let bytes = if whole { args.text()? } else { pieces(args.0) };
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(HEAD)]).into_owned();
    let mut lines = head.split("\r\n");
    let first = lines.next()?;
    let mut fields = lines.filter_map(|line| line.split_once(": "));
    let mut value = |end: &str| {
        let found = fields.find(|(name, _)| name.to_ascii_lowercase().ends_with(end));
        found.map(|(_, value)| value.to_owned())
    };
    if let Some(status) = first.strip_prefix("HTTP/1.1 ") {
        let id = value("request-id").filter(|_| status.starts_with('2'))?;
        return Some(Step::Answered(id));
    }
    let path = first.strip_prefix("POST ")?.split(' ').next()?.to_owned();
    value("faas-request-id").map(|cause| Step::Sent { path, cause })
}
