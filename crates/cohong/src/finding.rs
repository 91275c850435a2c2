//! What the doctor finds.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use crate::serve::authority;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// Something has to be done.
    Wrong,
    /// Good to know; nothing has to be done now.
    Note,
}

/// One finding: what it is, why it matters, what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    pub level: Level,
    pub what: String,
    pub why: &'static str,
    pub todo: String,
}

impl Finding {
    pub(crate) fn wrong(
        what: impl Into<String>,
        why: &'static str,
        todo: impl Into<String>,
    ) -> Self {
        Self {
            level: Level::Wrong,
            what: what.into(),
            why,
            todo: todo.into(),
        }
    }

    pub(crate) fn note(
        what: impl Into<String>,
        why: &'static str,
        todo: impl Into<String>,
    ) -> Self {
        Self {
            level: Level::Note,
            ..Self::wrong(what, why, todo)
        }
    }
}

/// The doctor's report. Healthy means that nothing is wrong.
pub(crate) fn report(server: &str, seen: &Value, findings: &[Finding]) -> Value {
    let healthy = findings.iter().all(|finding| finding.level != Level::Wrong);
    json!({ "healthy": healthy, "server": server, "seen": seen, "findings": findings })
}

/// Free space of the disk below which nothing is written any more, roughly: what the stores keep for
/// themselves.
const FREE_BYTES_HARD: u64 = 768 << 20;
/// Free space below which somebody should look after it.
const FREE_BYTES_LOW: u64 = 4 << 30;

/// Free space of the file system of a folder; none when it cannot be asked.
pub(crate) fn free_bytes(folder: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(folder).ok()?;
    stat.f_bavail.checked_mul(stat.f_frsize)
}

/// Judges the free space.
pub(crate) fn space(free: u64) -> Option<Finding> {
    let what = format!("{} MiB of the data folder's disk are free", free >> 20);
    let todo = "free some space, or move the folder to a larger disk while the server is stopped";
    if free < FREE_BYTES_HARD {
        let why = "the server refuses uploads so that deletes and its own records still fit";
        return Some(Finding::wrong(what, why, todo));
    }
    let why = "uploads are refused when less than 768 MiB are left";
    (free < FREE_BYTES_LOW).then(|| Finding::note(what, why, todo))
}

/// Judges the server's own authority, once there are programs that may trust it.
pub(crate) fn authority(data: &Path) -> Option<Finding> {
    let folder = data.join(authority::FOLDER);
    let key = folder.join(authority::KEY);
    let mode = fs::metadata(&key).ok()?.mode();
    let why = "whoever has its key can pretend to be a vendor's host to programs that trust it";
    if mode & 0o077 != 0 {
        let what = format!("others may read {}", key.display());
        let todo = format!("chmod 600 {}", key.display());
        return Some(Finding::wrong(what, why, todo));
    }
    folder.join(authority::CERTIFICATE).exists().then(|| {
        Finding::note(
            "programs may have been told by `cohong env` to trust this server's own authority",
            why,
            format!(
                "keep {} to yourself; to end all trust, stop the server and remove the folder",
                folder.display()
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn little_space_is_noted_and_none_is_wrong() {
        let level = |free| space(free).map(|finding| finding.level);
        assert_eq!(level(100 << 30), None);
        assert_eq!(level(3 << 30), Some(Level::Note));
        assert_eq!(level(1 << 20), Some(Level::Wrong));
    }

    #[test]
    fn an_authority_is_mentioned_when_it_may_be_trusted_and_wrong_when_its_key_is_open() {
        let data = tempfile::tempdir().expect("a folder");
        let level = || authority(data.path()).map(|finding| finding.level);
        let at = |name: &str| data.path().join(authority::FOLDER).join(name);
        assert_eq!(level(), None);
        fs::create_dir(at("")).expect("a folder");
        fs::write(at(authority::KEY), "key").expect("written");
        let open = |mode| fs::set_permissions(at(authority::KEY), PermissionsExt::from_mode(mode));
        open(0o600).expect("set");
        assert_eq!(level(), None);
        fs::write(at(authority::CERTIFICATE), "certificate").expect("written");
        assert_eq!(level(), Some(Level::Note));
        open(0o640).expect("set");
        assert_eq!(level(), Some(Level::Wrong));
    }

    #[test]
    fn notes_do_not_make_a_server_ill() {
        let note = Finding::note("n", "", "");
        let wrong = Finding::wrong("w", "", "");
        assert_eq!(report("running", &Value::Null, &[])["healthy"], true);
        assert_eq!(
            report("running", &Value::Null, std::slice::from_ref(&note))["healthy"],
            true
        );
        assert_eq!(
            report("running", &Value::Null, &[note, wrong])["healthy"],
            false
        );
    }
}
