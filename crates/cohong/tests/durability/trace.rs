//! Reads a trace of system calls and keeps book of what is written and not yet synced.

use std::collections::{BTreeMap, BTreeSet};

/// What a trace held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Successful answers sent.
    pub answers: usize,
    /// Syncs of files in the folder.
    pub syncs: usize,
    /// Files that got their name.
    pub renames: usize,
}

#[derive(Default)]
struct Book {
    /// Files and directories of the folder with changes that a power cut would take.
    dirty: BTreeSet<String>,
    seen: Seen,
}

/// Walks a trace made with `strace -f -y`. An error names the answer and what was unsynced then.
pub(crate) fn check(trace: &str, folder: &str) -> Result<Seen, String> {
    let mut book = Book::default();
    let mut pending: BTreeMap<&str, String> = BTreeMap::new();
    for line in trace.lines() {
        let Some((thread, call)) = line.trim_start().split_once(' ') else {
            continue;
        };
        let call = call.trim_start();
        if let Some(begun) = call.strip_suffix("<unfinished ...>") {
            // A write counts from its beginning, a sync from its end.
            book.begin(begun, folder)?;
            pending.insert(thread, begun.to_owned());
        } else if call.starts_with("<... ") {
            if let Some(begun) = pending.remove(thread) {
                book.end(&begun, call, folder);
            }
        } else {
            book.begin(call, folder)?;
            book.end(call, call, folder);
        }
    }
    Ok(book.seen)
}

impl Book {
    fn begin(&mut self, call: &str, folder: &str) -> Result<(), String> {
        let name = call.split('(').next().unwrap_or_default();
        match name {
            "write" | "pwrite64" | "writev" | "pwritev" | "sendto" | "sendmsg" => {
                match descriptor(call) {
                    Some(path) if path.starts_with(folder) => {
                        self.dirty.insert(path.to_owned());
                    }
                    Some(path) if path.starts_with("socket:") || path.starts_with("TCP") => {
                        return self.answer(call);
                    }
                    _ => {}
                }
            }
            "openat" if call.contains("O_CREAT") => {
                if let Some(path) = quoted(call).first().filter(|path| path.starts_with(folder)) {
                    self.dirty.insert(parent(path));
                }
            }
            "mkdir" => {
                if let Some(path) = quoted(call).first().filter(|path| path.starts_with(folder)) {
                    self.dirty.insert(parent(path));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, begun: &str, ended: &str, folder: &str) {
        let name = begun.split('(').next().unwrap_or_default();
        let good = ended
            .rsplit("= ")
            .next()
            .is_some_and(|result| result.trim().starts_with('0'));
        if !good {
            return;
        }
        match name {
            "fsync" | "fdatasync" => {
                if let Some(path) = descriptor(begun).filter(|path| path.starts_with(folder)) {
                    self.dirty.remove(path);
                    self.seen.syncs += 1;
                }
            }
            "rename" | "renameat" | "renameat2" => self.rename(&quoted(begun), folder),
            "unlink" | "unlinkat" => {
                if let Some(path) = quoted(begun).first() {
                    self.dirty.remove(*path);
                }
            }
            _ => {}
        }
    }

    fn rename(&mut self, paths: &[&str], folder: &str) {
        if let [from, to] = paths
            && to.starts_with(folder)
        {
            if self.dirty.remove(*from) {
                self.dirty.insert((*to).to_owned());
            }
            self.dirty.insert(parent(to));
            self.seen.renames += 1;
        }
    }

    /// A success on a socket: everything that makes objects must be durable. Unfinished blobs, locks and
    /// the admin socket are nobody's promise; directories they came to be in are not either.
    fn answer(&mut self, call: &str) -> Result<(), String> {
        if !["HTTP/1.1 200", "HTTP/1.1 204"]
            .iter()
            .any(|status| call.contains(status))
        {
            return Ok(());
        }
        self.seen.answers += 1;
        let promised = |path: &&String| !path.contains("/tmp") && !path.ends_with("/lock");
        match self.dirty.iter().find(promised) {
            None => Ok(()),
            Some(path) => Err(format!("unsynced {path} when this left: {call}")),
        }
    }
}

/// The path or socket in `call(3</path>, ...`.
fn descriptor(call: &str) -> Option<&str> {
    let (_, rest) = call.split_once('<')?;
    let (path, _) = rest.split_once('>')?;
    Some(path)
}

/// The quoted arguments of a call.
fn quoted(call: &str) -> Vec<&str> {
    call.split('"').skip(1).step_by(2).collect()
}

fn parent(path: &str) -> String {
    path.rsplit_once('/')
        .map_or_else(String::new, |(parent, _)| parent.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
1 openat(AT_FDCWD, \"/d/tmp/a\", O_WRONLY|O_CREAT, 0600) = 9</d/tmp/a>
1 pwrite64(9</d/tmp/a>, \"x\", 1, 0) = 1
1 fdatasync(9</d/tmp/a> <unfinished ...>
2 write(3</d/meta/log>, \"r\", 1) = 1
1 <... fdatasync resumed>) = 0
1 rename(\"/d/tmp/a\", \"/d/blobs/a\") = 0
1 fsync(10</d/blobs>) = 0
2 fdatasync(3</d/meta/log>) = 0
3 sendto(7<socket:[1]>, \"HTTP/1.1 200 OK\"..., 99, 0, NULL, 0) = 99
";

    #[test]
    fn a_trace_with_every_sync_passes() {
        let seen = check(GOOD, "/d").expect("good");
        assert_eq!(
            seen,
            Seen {
                answers: 1,
                syncs: 3,
                renames: 1
            }
        );
    }

    #[test]
    fn a_trace_without_any_one_of_its_syncs_fails() {
        for sync in ["3</d/meta/log>) = 0", "10</d/blobs>) = 0"] {
            let without: Vec<&str> = GOOD.lines().filter(|line| !line.ends_with(sync)).collect();
            let without = without.join("\n");
            check(&without, "/d").expect_err(sync);
        }
        let failed = GOOD.replace(
            "<... fdatasync resumed>) = 0",
            "<... fdatasync resumed>) = -1 EIO",
        );
        check(&failed, "/d").expect_err("a failed sync of data");
        let early = "1 write(3</d/meta/log>, \"r\", 1) = 1\n\
                     1 fdatasync(3</d/meta/log> <unfinished ...>\n\
                     3 writev(7<TCP:[1]>, [{iov_base=\"HTTP/1.1 204 No\"...}], 1) = 9\n\
                     1 <... fdatasync resumed>) = 0\n";
        check(early, "/d").expect_err("an answer while the sync still runs");
    }
}
