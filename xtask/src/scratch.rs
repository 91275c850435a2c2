//! Folders below the build folder that are filled once and kept while what they were made from stays.

use std::fs::File;
use std::path::Path;

use crate::shell::{self, Failure, Outcome};

/// Leaves `folder` as `fill` makes it: empties and fills it unless a finished one has this stamp.
///
/// One folder is filled at a time, whoever fills it: not every installer can share its cache with another.
pub(crate) fn keep(folder: &Path, stamp: &str, fill: impl FnOnce() -> Outcome) -> Outcome {
    let stamp_file = folder.join("stamp");
    if std::fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp) {
        return Ok(());
    }
    let _turn = turn()?;
    start_afresh(folder)?;
    fill()?;
    std::fs::write(&stamp_file, stamp).map_err(|why| failure(&stamp_file, &why))
}

/// A lock on filling, until it is dropped.
fn turn() -> Outcome<File> {
    let path = shell::target_dir().join("filling.lock");
    let made = std::fs::create_dir_all(shell::target_dir()).and_then(|()| File::create(&path));
    let locked = made.and_then(|file| file.lock().map(|()| file));
    locked.map_err(|why| failure(&path, &why))
}

/// An empty folder in the place of whatever was there.
pub(crate) fn start_afresh(folder: &Path) -> Outcome {
    let gone = match std::fs::remove_dir_all(folder) {
        Err(why) if why.kind() != std::io::ErrorKind::NotFound => Err(why),
        _ => std::fs::create_dir_all(folder),
    };
    gone.map_err(|why| failure(folder, &why))
}

/// The text of a file that a folder is made from.
pub(crate) fn read(path: &Path) -> Outcome<String> {
    std::fs::read_to_string(path).map_err(|why| failure(path, &why))
}

fn failure(path: &Path, why: &std::io::Error) -> Failure {
    Failure::new(format!("{}: {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_is_kept_until_its_stamp_differs() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("kept");
        let mut fills = 0;
        for (stamp, wanted) in [("one", 1), ("one", 1), ("two", 2)] {
            keep(&folder, stamp, || {
                assert!(!folder.join("old").exists(), "it was not emptied");
                std::fs::write(folder.join("old"), "").unwrap();
                fills += 1;
                Ok(())
            })
            .unwrap();
            assert_eq!(fills, wanted, "{stamp}");
        }
    }

    #[test]
    fn folder_that_could_not_be_filled_is_filled_again() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("kept");
        assert!(keep(&folder, "one", || Err(Failure::new("no network"))).is_err());
        let mut filled = false;
        keep(&folder, "one", || {
            filled = true;
            Ok(())
        })
        .unwrap();
        assert!(filled);
    }
}
