//! A folder that no server answers for: can one be started on it?

use std::fs::{self, File, TryLockError};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use cohong_store::meta::FORMAT;
use rustix::fs::Access;

use crate::finding::{Finding, authority, free_bytes, space};

/// What is wrong with a folder, and how to go on.
pub(super) fn examine(folder: &Path) -> Vec<Finding> {
    let shown = folder.display();
    let start = format!("`cohong serve --data {shown}`");
    if !folder.exists() {
        return vec![Finding::wrong(
            format!("there is no folder {shown}"),
            "without its data folder a server has no data",
            format!("name another folder with --data DIR, or make a new server with {start}"),
        )];
    }
    if let Err(error) =
        rustix::fs::access(folder, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK)
    {
        return vec![Finding::wrong(
            format!("this user cannot use the folder {shown}: {error}"),
            "the server could not read or write its data",
            "run as the user who owns it, or give it to this user",
        )];
    }
    let mut findings = vec![Finding::note(
        format!("no server answers for {shown}"),
        "only the folder was looked at, not what is stored in it",
        format!("start it with {start} and ask again"),
    )];
    findings.extend(locked(folder));
    findings.extend(format(folder));
    findings.extend(key(folder));
    findings.extend(open_to_others(folder));
    findings.extend(authority(folder));
    findings.extend(free_bytes(folder).and_then(space));
    findings
}

/// A process that has the folder but does not answer.
fn locked(folder: &Path) -> Option<Finding> {
    let path = folder.join("meta/lock");
    let lock = File::open(&path).ok()?;
    match lock.try_lock_shared() {
        Ok(()) => None,
        Err(TryLockError::WouldBlock) => {
            let holder = fs::read_to_string(&path).unwrap_or_default();
            Some(Finding::wrong(
                format!("{holder} has the folder open but does not answer")
                    .trim()
                    .to_owned(),
                "it is starting, stopping or stuck, and no other can start meanwhile",
                "wait a little and ask again; when it stays so, look at that process and end it",
            ))
        }
        Err(TryLockError::Error(error)) => Some(Finding::wrong(
            format!("the lock {} cannot be tried: {error}", path.display()),
            "without locks two servers could damage the data",
            "use a local file system that supports locks",
        )),
    }
}

fn format(folder: &Path) -> Option<Finding> {
    let meta = folder.join("meta");
    if !meta.join("fjall").exists() {
        return None;
    }
    match fs::read_to_string(meta.join("format")) {
        Ok(found) if found == FORMAT => None,
        Ok(found) => Some(Finding::wrong(
            format!(
                "the metadata has the format {:?}, this version knows {:?}",
                found.trim(),
                FORMAT.trim()
            ),
            "this version will not start on it",
            "use the version that wrote it, or a newer one",
        )),
        Err(error) => Some(Finding::wrong(
            format!("the format of the metadata cannot be read: {error}"),
            "without it nobody knows how to read the rest",
            "restore the folder from a backup",
        )),
    }
}

fn key(folder: &Path) -> Option<Finding> {
    if !folder.join("meta/fjall").exists() {
        return None;
    }
    let path = folder.join("server.key");
    let why = "stored secrets are sealed with it";
    match fs::metadata(&path) {
        Ok(found) if found.mode() & 0o077 != 0 => Some(Finding::wrong(
            format!("others may read {}", path.display()),
            why,
            format!("chmod 600 {}", path.display()),
        )),
        Ok(found) if found.len() == 0 => Some(Finding::wrong(
            format!("{} is empty", path.display()),
            why,
            "restore it from a backup",
        )),
        Ok(_) => None,
        Err(error) => Some(Finding::wrong(
            format!("{} cannot be read: {error}", path.display()),
            why,
            "restore it from a backup; a new one cannot open what the old one sealed",
        )),
    }
}

fn open_to_others(folder: &Path) -> Option<Finding> {
    let mode = fs::metadata(folder).ok()?.mode();
    (mode & 0o007 != 0).then(|| {
        Finding::note(
            "other users of this machine may look into the folder",
            "they may read stored objects past all access rules",
            format!("chmod o-rwx {}", folder.display()),
        )
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::finding::Level;

    fn wrong(folder: &Path) -> Vec<String> {
        let findings = examine(folder).into_iter();
        let wrong = findings.filter(|finding| finding.level == Level::Wrong);
        wrong.map(|finding| finding.what).collect()
    }

    /// A folder as a server leaves it.
    fn healthy() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("meta/fjall")).expect("a folder");
        fs::write(at("meta/format"), FORMAT).expect("written");
        fs::write(at("meta/lock"), "process 7").expect("written");
        fs::write(at("server.key"), [1; 32]).expect("written");
        fs::set_permissions(at("server.key"), fs::Permissions::from_mode(0o600)).expect("set");
        folder
    }

    #[test]
    fn a_folder_that_a_server_left_is_healthy_and_so_is_an_empty_one() {
        assert_eq!(wrong(healthy().path()), [""; 0]);
        let empty = tempfile::tempdir().expect("a folder");
        assert_eq!(wrong(empty.path()), [""; 0]);
    }

    #[test]
    fn every_illness_is_named() {
        type Harm = fn(&Path);
        let cases: [(Harm, &str); 5] = [
            (
                |at| fs::write(at.join("meta/format"), "cohong metadata 9\n").expect("written"),
                "metadata 9",
            ),
            (
                |at| fs::remove_file(at.join("meta/format")).expect("removed"),
                "format",
            ),
            (
                |at| fs::remove_file(at.join("server.key")).expect("removed"),
                "server.key",
            ),
            (
                |at| fs::write(at.join("server.key"), "").expect("written"),
                "empty",
            ),
            (
                |at| {
                    let open = fs::Permissions::from_mode(0o644);
                    fs::set_permissions(at.join("server.key"), open).expect("set");
                },
                "others may read",
            ),
        ];
        for (harm, expected) in cases {
            let folder = healthy();
            harm(folder.path());
            let found = wrong(folder.path());
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].contains(expected), "{found:?}");
        }
        assert!(wrong(Path::new("/nonexistent/folder"))[0].contains("no folder"));
    }

    #[test]
    fn a_process_that_holds_the_folder_and_is_silent_is_named() {
        let folder = healthy();
        let lock = File::open(folder.path().join("meta/lock")).expect("a lock");
        lock.try_lock().expect("free");
        assert!(wrong(folder.path())[0].contains("process 7"));
    }
}
