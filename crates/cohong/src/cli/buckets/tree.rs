//! Folders and what keys below a prefix are to them: names with slashes, relative to where they were looked for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use cohong_core::model::Timestamp;
use cohong_egress::Reader;
use walkdir::{DirEntry, WalkDir};

use super::context::Context;
use super::limits::NAME_BYTES_MAX;
use super::report::Report;
use super::scratch::is_scratch;
use super::trouble::Trouble;

/// What is known of a file or an object without looking at it alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) size: u64,
    pub(super) modified: Timestamp,
    /// None for a file.
    pub(super) etag: Option<Box<str>>,
    /// When a file was made or changed in any way, where the system keeps that.
    pub(super) changed: Option<Timestamp>,
}

/// Files and objects by their names.
pub(super) type Tree = BTreeMap<String, Found>;

/// The files below a folder. What is no file, or has a name that no key can have, is told in the report.
pub(super) fn files(root: &Path, report: &mut Report) -> Result<Tree, Trouble> {
    if !std::fs::metadata(root).is_ok_and(|facts| facts.is_dir()) {
        return Err(Trouble::Said("there is no such folder".into()));
    }
    let mut tree = Tree::new();
    for entry in WalkDir::new(root).min_depth(1) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = error.path().unwrap_or(root).display().to_string();
                let why = error.into_io_error().map(|error| error.to_string());
                report.failed(path, why.unwrap_or_else(|| "it leads to itself".into()));
                continue;
            }
        };
        let is_ours = entry.file_name().to_str().is_some_and(is_scratch);
        if entry.file_type().is_dir() || is_ours {
            continue;
        }
        match file(root, &entry) {
            Ok((name, found)) => {
                tree.insert(name, found);
            }
            Err(why) => report.failed(entry.path().display().to_string(), why),
        }
    }
    Ok(tree)
}

/// A file's name in the tree. A link is followed to a file, not to a folder, which could hold the link.
fn file(root: &Path, entry: &DirEntry) -> Result<(String, Found), String> {
    let facts = std::fs::metadata(entry.path()).map_err(|error| error.to_string())?;
    if !facts.is_file() {
        return Err("it is no regular file".into());
    }
    let path = entry.path().strip_prefix(root).unwrap_or(entry.path());
    let parts = path.iter().map(|part| part.to_str());
    let parts: Option<Vec<&str>> = parts.collect();
    let parts = parts.ok_or("its name is no UTF-8, so no key can be like it")?;
    Ok((parts.join("/"), found(&facts)))
}

/// What is known of a file.
pub(super) fn found(facts: &std::fs::Metadata) -> Found {
    let modified = facts.modified().ok();
    let since = modified.and_then(|modified| modified.duration_since(UNIX_EPOCH).ok());
    let millis = since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    });
    Found {
        size: facts.len(),
        modified: Timestamp::from_millis(millis),
        etag: None,
        changed: changed(facts),
    }
}

#[cfg(unix)]
fn changed(facts: &std::fs::Metadata) -> Option<Timestamp> {
    use std::os::unix::fs::MetadataExt as _;
    let seconds = u64::try_from(facts.ctime()).ok()?;
    Some(Timestamp::from_millis(seconds.saturating_mul(1000)))
}

#[cfg(not(unix))]
fn changed(_: &std::fs::Metadata) -> Option<Timestamp> {
    None
}

/// All objects whose keys begin with a prefix; their names are what stands behind it.
pub(super) async fn objects(
    context: &Context,
    bucket: &Reader,
    prefix: &str,
) -> Result<Tree, Trouble> {
    let mut tree = Tree::new();
    let mut from: Option<Box<str>> = None;
    loop {
        let page = || async { Ok(bucket.page(prefix, "", from.as_deref()).await?) };
        let page = context.again(page).await?;
        for object in page.objects {
            let name = object.key.as_str().strip_prefix(prefix);
            let name = name.ok_or_else(|| {
                Trouble::Said("the store lists keys that were not asked for".into())
            })?;
            let found = Found {
                size: object.size,
                modified: object.modified,
                etag: Some(object.etag),
                changed: None,
            };
            tree.insert(name.to_owned(), found);
        }
        match page.next {
            Some(next) => from = Some(next),
            None => return Ok(tree),
        }
    }
}

/// Whether an object stands for a folder: many clients make such ones.
pub(super) fn is_folder(name: &str, size: u64) -> bool {
    size == 0 && (name.is_empty() || name.ends_with('/'))
}

/// The path of a name below a folder, or why there can be no such file. It never leads out of the folder.
pub(super) fn path_of(root: &Path, name: &str) -> Result<PathBuf, String> {
    let mut path = root.to_owned();
    for part in name.split('/') {
        let wrong = match part {
            "" => "a part of its name is empty",
            "." | ".." => "a part of its name means a folder",
            _ if part.contains('\0') => "its name holds a NUL",
            _ if part.len() > NAME_BYTES_MAX => "a part of its name is longer than 255 bytes",
            _ if is_scratch(part) => "its name is kept for files that are not complete",
            _ => {
                path.push(part);
                continue;
            }
        };
        return Err(format!("{wrong}, so it cannot be a file"));
    }
    Ok(path)
}

/// Makes the folders that a file is to be in. A link among them could lead anywhere, and is refused.
pub(super) fn make_folders(root: &Path, folder: &Path) -> Result<(), String> {
    let named = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    std::fs::create_dir_all(root).map_err(|error| named(root, error))?;
    let below = folder.strip_prefix(root).unwrap_or(Path::new(""));
    let mut path = root.to_owned();
    for part in below {
        path.push(part);
        match std::fs::symlink_metadata(&path) {
            Ok(facts) if facts.is_dir() => {}
            Ok(facts) if facts.is_symlink() => {
                return Err(format!(
                    "{} is a link, which is not followed",
                    path.display()
                ));
            }
            Ok(_) => return Err(format!("{} is a file, not a folder", path.display())),
            Err(_) => match std::fs::create_dir(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                    return Err(named(&path, error));
                }
                _ => {}
            },
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_are_no_files_are_refused() {
        let root = Path::new("/r");
        for name in ["a", "a/b", "公 x", "...", "a\\b", "-", "a\n"] {
            let path = path_of(root, name).expect(name);
            assert_eq!(path, root.join(name), "{name}");
        }
        let long = "x".repeat(256);
        let scratch = format!(".cohong-{}", "a".repeat(32));
        let bad = [
            "", "/a", "a//b", "a/", ".", "..", "../a", "a/../b", "a/.", &long, &scratch,
        ];
        for name in bad {
            path_of(root, name).expect_err(name);
        }
    }

    proptest! {
        #[test]
        fn no_name_leads_out(parts in proptest::collection::vec("\\.{0,3}|[a/.\\x00]{0,3}", 0..5)) {
            let name = parts.join("/");
            if let Ok(path) = path_of(Path::new("/r"), &name) {
                prop_assert!(path.starts_with("/r") && path != Path::new("/r"));
                let plain = |part| matches!(part, std::path::Component::Normal(_));
                prop_assert!(path.components().skip(1).all(plain));
                prop_assert_eq!(path.strip_prefix("/r").unwrap().to_str(), Some(&*name));
            }
        }
    }

    #[test]
    fn links_are_not_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let (root, out) = (folder.path().join("r"), folder.path().join("out"));
        make_folders(&root, &root.join("a/b")).expect("made");
        std::fs::create_dir(&out).expect("made");
        std::os::unix::fs::symlink(&out, root.join("link")).expect("linked");
        let why = make_folders(&root, &root.join("link/c")).expect_err("a link");
        assert!(why.contains("is a link"), "{why}");
        std::fs::write(root.join("f"), "").expect("written");
        let why = make_folders(&root, &root.join("f/c")).expect_err("a file");
        assert!(why.contains("is a file"), "{why}");
        assert_eq!(std::fs::read_dir(&out).expect("read").count(), 0);
    }
}
