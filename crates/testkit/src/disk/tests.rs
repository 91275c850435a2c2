//! The simulated disk forgets what a real one may forget, and nothing else.

use cohong_store::disk::Disk;

use super::*;

/// A disk with the durable folder `/d`.
fn disk() -> SimDisk {
    let disk = SimDisk::new();
    disk.create_dir(Path::new("/d")).unwrap();
    disk.sync_dir(Path::new("/")).unwrap();
    disk
}

fn content(disk: &SimDisk, path: &str) -> Option<Vec<u8>> {
    let file = disk.open(Path::new(path)).ok()?;
    let mut bytes = vec![0; usize::try_from(file.size().unwrap()).unwrap()];
    file.read_at(0, &mut bytes).unwrap();
    Some(bytes)
}

/// The different outcomes of many crashes.
fn outcomes(disk: &SimDisk, path: &str) -> BTreeSet<Option<Vec<u8>>> {
    (0..100)
        .map(|seed| content(&disk.crash(seed), path))
        .collect()
}

#[test]
fn synced_bytes_under_a_synced_name_survive() {
    let disk = disk();
    let file = disk.create(Path::new("/d/a")).unwrap();
    file.write_at(0, b"kept").unwrap();
    file.sync().unwrap();
    disk.sync_dir(Path::new("/d")).unwrap();
    assert_eq!(outcomes(&disk, "/d/a"), [Some(b"kept".to_vec())].into());
    assert!(
        disk.open(Path::new("/d/a")).is_err(),
        "a crashed disk is dead"
    );
}

#[test]
fn an_unsynced_name_may_or_may_not_survive() {
    let disk = disk();
    let file = disk.create(Path::new("/d/a")).unwrap();
    file.write_at(0, b"kept").unwrap();
    file.sync().unwrap();
    let either = [None, Some(b"kept".to_vec())];
    assert_eq!(outcomes(&disk, "/d/a"), either.into());
}

#[test]
fn unsynced_bytes_survive_in_part_and_in_any_order() {
    let disk = disk();
    let file = disk.create(Path::new("/d/a")).unwrap();
    disk.sync_dir(Path::new("/d")).unwrap();
    file.write_at(0, &[1; 2 * SECTOR]).unwrap();
    file.write_at(2 * SECTOR as u64, &[2; SECTOR]).unwrap();
    let outcomes = outcomes(&disk, "/d/a");
    let (zero, one, two) = ([0; SECTOR], [1; SECTOR], [2; SECTOR]);
    for expected in [
        Vec::new(),
        one.to_vec(),
        [one, one].concat(),
        [zero, zero, two].concat(),
        [one, zero, two].concat(),
        [one, one, two].concat(),
    ] {
        assert!(outcomes.contains(&Some(expected)));
    }
    assert_eq!(outcomes.len(), 6);
}

#[test]
fn bytes_of_a_failed_sync_are_lost_whatever_later_syncs_say() {
    let disk = disk();
    let file = disk.create(Path::new("/d/a")).unwrap();
    disk.sync_dir(Path::new("/d")).unwrap();
    file.write_at(0, b"lost").unwrap();
    disk.fail_sync_after(0);
    file.sync().unwrap_err();
    file.sync().unwrap();
    assert_eq!(content(&disk, "/d/a"), Some(b"lost".to_vec()));
    assert_eq!(outcomes(&disk, "/d/a"), [Some(Vec::new())].into());
}

#[test]
fn a_full_disk_takes_what_fits() {
    let disk = disk();
    disk.set_capacity(Some(6));
    let file = disk.create(Path::new("/d/a")).unwrap();
    file.write_at(0, b"1234").unwrap();
    let full = file.write_at(4, b"5678").unwrap_err();
    assert_eq!(full.kind(), ErrorKind::StorageFull);
    assert_eq!(content(&disk, "/d/a"), Some(b"123456".to_vec()));
    assert_eq!(disk.free_space(Path::new("/d")).unwrap(), 0);
    disk.remove(Path::new("/d/a")).unwrap();
    assert_eq!(disk.used(), 0);
}

#[test]
fn nothing_happens_once_the_power_is_off() {
    let disk = disk();
    disk.cut_after(1);
    disk.create(Path::new("/d/a")).unwrap();
    assert!(disk.create(Path::new("/d/b")).is_err());
    assert!(disk.list(Path::new("/d")).is_err());
    assert!(disk.crash(1).list(Path::new("/d")).unwrap().len() <= 1);
}

#[test]
fn what_is_durable_is_told_apart() {
    let (disk, path) = (SimDisk::new(), Path::new("/a/b"));
    disk.create_dir(Path::new("/a")).unwrap();
    let file = disk.create(path).unwrap();
    file.write_at(0, b"bytes").unwrap();
    assert_eq!(disk.durable_size(path), None, "nothing was synced");
    file.sync().unwrap();
    disk.sync_dir(Path::new("/a")).unwrap();
    assert_eq!(disk.durable_size(path), None, "its folder has no name yet");
    disk.sync_dir(Path::new("/")).unwrap();
    assert_eq!(disk.durable_size(path), Some(5));
    file.write_at(0, b"other").unwrap();
    assert_eq!(disk.durable_size(path), None, "it has changed");
    assert!(!disk.is_off());
    disk.cut_after(0);
    assert!(disk.is_off());
}
