//! What a disk may and may not hold after a cut.

use std::path::Path;

use super::*;
use crate::seed::Seed;

/// A process that makes files as it should, in a folder `/d`.
const TRACE: &str = r#"
1 mkdir("/d/tmp", 0777) = 0
1 fsync(8</d>) = 0
1 openat(AT_FDCWD</>, "/d/tmp/a", O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0666) = 9</d/tmp/a>
1 write(9</d/tmp/a>, "hello ", 6) = 6
1 pwrite64(9</d/tmp/a>, "world", 5, 6 <unfinished ...>
2 openat(AT_FDCWD</>, "/d/log", O_WRONLY|O_CREAT|O_APPEND, 0600) = 3</d/log>
2 writev(3</d/log>, [{iov_base="one", iov_len=3}, {iov_base="two", iov_len=3}], 2) = 6
1 <... pwrite64 resumed>) = 5
1 fdatasync(9</d/tmp/a> <unfinished ...>
2 write(3</d/log>, "three", 5) = 5
1 <... fdatasync resumed>) = 0
1 rename("/d/tmp/a", "/d/a") = 0
1 fsync(8</d>) = 0
3 sendto(7<socket:[1]>, "HTTP/1.1 200 OK\r\nx-tos-request-id: r1\r\n\r\n", 40, 0, NULL, 0) = 40
3 sendto(7<socket:[2]>, "POST /live HTTP/1.1\r\nce-id: 5\r\nx-faas-request-id: r1\r\n\r\n{}", 60, 0, NULL, 0) = 60
1 unlink("/d/a") = 0
1 unlink("/d/b") = -1 ENOENT (No such file or directory)
"#;

fn recorded(trace: &str) -> Recording {
    Recording::read(trace, Path::new("/d"), Disk::empty()).unwrap()
}

/// What a folder may hold when the power fails after so many steps, as texts by path.
fn found(
    recording: &Recording,
    steps: usize,
    survival: Survival,
    seed: u64,
) -> BTreeMap<String, String> {
    let mut disk = recording.before();
    for step in &recording.steps[..steps] {
        disk.apply(step, |_| true);
    }
    let folder = tempfile::tempdir().unwrap();
    disk.cut(survival, seed).put(folder.path()).unwrap();
    let mut all = BTreeMap::new();
    for dir in ["", "tmp"] {
        let Ok(entries) = std::fs::read_dir(folder.path().join(dir)) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = path.strip_prefix(folder.path()).unwrap();
                let text = String::from_utf8(std::fs::read(&path).unwrap()).unwrap();
                all.insert(name.to_str().unwrap().to_owned(), text);
            }
        }
    }
    all
}

#[test]
fn an_answer_leaves_when_all_before_it_is_durable() {
    let recording = recorded(TRACE);
    let answered = recording.answers()["r1"];
    assert_eq!(recording.deliveries()[&("/live", "r1")], answered + 1);
    let worst = found(&recording, answered, Survival::None, 0);
    assert_eq!(worst["a"], "hello world");
    assert!(!worst.contains_key("tmp/a"), "{worst:?}");
    let best = found(&recording, answered, Survival::All, 0);
    assert_eq!(best["log"], "onetwothree");
}

#[test]
fn a_number_is_anothers_before_its_close_has_ended() {
    let trace = r#"
1 openat(AT_FDCWD</>, "/d/a", O_WRONLY|O_CREAT, 0666) = 9</d/a>
1 close(9</d/a> <unfinished ...>
2 openat(AT_FDCWD</>, "/d/b", O_WRONLY|O_CREAT, 0666) = 9</d/b>
1 <... close resumed>) = 0
2 write(9</d/b>, "text", 4) = 4
2 close(9</d/b>) = 0
"#;
    let recording = recorded(trace);
    let all = found(&recording, recording.steps.len(), Survival::All, 0);
    assert_eq!(all["b"], "text");
}

#[test]
fn what_is_appended_goes_to_the_end_wherever_its_file_stands() {
    let trace = r#"
1 openat(AT_FDCWD</>, "/d/a", O_WRONLY|O_CREAT, 0666) = 9</d/a>
1 write(9</d/a>, "one", 3) = 3
1 close(9</d/a>) = 0
1 openat(AT_FDCWD</>, "/d/a", O_WRONLY|O_APPEND) = 9</d/a>
1 lseek(9</d/a>, 0, SEEK_CUR) = 0
1 write(9</d/a>, "two", 3) = 3
"#;
    let recording = recorded(trace);
    let all = found(&recording, recording.steps.len(), Survival::All, 0);
    assert_eq!(all["a"], "onetwo");
}

#[test]
fn a_sync_covers_what_was_written_before_it_began_and_nothing_else() {
    let trace = r#"
1 openat(AT_FDCWD</>, "/d/a", O_WRONLY|O_CREAT, 0666) = 9</d/a>
1 write(9</d/a>, "one", 3) = 3
1 fsync(9</d/a> <unfinished ...>
2 write(9</d/a>, "two", 3) = 3
3 fsync(9</d/a>) = 0
2 write(9</d/a>, "three", 5) = 5
1 <... fsync resumed>) = 0
"#;
    let recording = recorded(trace);
    let all = found(&recording, recording.steps.len(), Survival::None, 0);
    assert_eq!(all["a"], "onetwo");
}

#[test]
fn what_is_not_synced_may_be_there_or_not_and_what_is_synced_stays() {
    let recording = recorded(TRACE);
    let answered = recording.answers()["r1"];
    let (mut with, mut without) = (0, 0);
    for seed in 0..64 {
        let any = found(&recording, answered, Survival::Some(4), seed);
        assert_eq!(any["a"], "hello world");
        // Its one sector is as it was at some time, and so is its length.
        let log = any.get("log").map(|text| text.trim_end_matches('\0'));
        match log {
            Some("onetwothree") => with += 1,
            None | Some("" | "onetwo") => without += 1,
            Some(other) => panic!("{other:?} was never there"),
        }
        let removed = found(&recording, recording.steps.len(), Survival::Some(4), seed);
        assert!(removed.get("a").is_none_or(|text| text == "hello world"));
    }
    assert!(with > 0 && without > 0, "{with} {without}");
}

#[test]
fn a_rename_is_whole_and_a_synced_file_has_a_name() {
    let recording = recorded(TRACE);
    for steps in 0..recording.steps.len() {
        for seed in 0..16 {
            let any = found(&recording, steps, Survival::Some(4), seed);
            assert!(
                !(any.contains_key("a") && any.contains_key("tmp/a")),
                "two names after {steps} steps"
            );
        }
    }
    let synced = recording
        .steps
        .iter()
        .position(|step| matches!(step, Step::Renamed { .. }));
    let worst = found(&recording, synced.unwrap(), Survival::None, 0);
    assert_eq!(worst["tmp/a"], "hello world");
}

#[test]
fn a_disk_that_does_not_sync_loses_what_was_answered() {
    let recording = recorded(TRACE);
    for (deaf, lost) in [("tmp/a", true), ("", true), ("log", false)] {
        let mut disk = recording.before();
        for step in &recording.steps[..recording.answers()["r1"]] {
            disk.apply(step, |path| path != deaf);
        }
        let folder = tempfile::tempdir().unwrap();
        disk.cut(Survival::None, 0).put(folder.path()).unwrap();
        let found = std::fs::read(folder.path().join("a")).unwrap_or_default();
        assert_eq!(found != b"hello world", lost, "{deaf}");
    }
}

#[test]
fn a_call_that_is_not_understood_is_an_error() {
    for line in [
        "1 syncfs(3</d/a>) = 0",
        "1 linkat(AT_FDCWD</>, \"/x\", AT_FDCWD</>, \"/d/x\", 0) = 0",
        "1 rename(\"/elsewhere\", \"/d/x\") = 0",
        "1 copy_file_range(3</x>, NULL, 4</d/a>, NULL, 9, 0) = 9",
        "1 write(3</d/never-opened>, \"a\", 1) = 1",
        "1 pwrite64(3</d/log>, \"a\"..., 9, 0) = 9",
    ] {
        let trace =
            format!("1 openat(AT_FDCWD</>, \"/d/log\", O_CREAT, 0600) = 3</d/log>\n{line}\n");
        let error = Recording::read(&trace, Path::new("/d"), Disk::empty()).unwrap_err();
        assert!(error.contains("not understood"), "{error}");
    }
}

#[test]
fn pages_survive_torn_at_sectors() {
    let bytes = "x".repeat(4096);
    let trace = format!(
        "1 openat(AT_FDCWD</>, \"/d/log\", O_CREAT, 0600) = 3</d/log>\n\
         1 fsync(3</d/log>) = 0\n\
         1 pwrite64(3</d/log>, \"{bytes}\", 4096, 100) = 4096\n"
    );
    let recording = recorded(&trace);
    let mut seed = Seed::new(1);
    let mut torn = 0;
    for _ in 0..64 {
        let any = found(
            &recording,
            recording.steps.len(),
            Survival::Some(6),
            seed.draw(),
        );
        let kept = any["log"].matches('x').count();
        assert!(matches!(kept % 512, 0 | 100 | 412), "{kept}");
        torn += usize::from(kept > 0 && kept < 4096);
    }
    assert!(torn > 0);
}
