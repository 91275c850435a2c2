//! Downloads: interrupted, truncated, damaged, with notes that lie, on disks that are full. Whatever happens, a file
//! under the final name is the right one or the one that was there before.

use std::io::Cursor;
use std::path::Path;

use cohong_client::oas::{ByRange, DOWNLOAD_PART_BYTES, Error, Job, OASClientError, ToFile};
use http::Method;

use crate::server::Fault;
use crate::{MIB, World, content, holds};

const STEP: u64 = DOWNLOAD_PART_BYTES;
/// Three ranges.
const LARGE: u64 = 2 * STEP + 3 * MIB + 7;

impl World {
    /// A job that brings back so many bytes.
    async fn job(&self, bytes: u64) -> Job {
        let path = self.file("source", 0, bytes);
        let api = self.api();
        let begun = api
            .initiate_multipart_upload(&self.vault.id, 64 * MIB, None)
            .await;
        let begun = begun.expect("begun");
        let id = begun.header("x-oas-multipart-upload-id").expect("an id");
        let mut uploader = self.vault.recover_uploader(id).await.expect("known");
        let archive = uploader.resume(&path).await.expect("stored");
        std::fs::remove_file(path).expect("removed");
        let job = self
            .vault
            .retrieve_archive(&archive, Some("back"), None)
            .await;
        job.expect("begun")
    }

    async fn get(&self, job: &mut Job, name: &str) -> Result<(), Error> {
        job.download_to_file(&self.path(name), ToFile::default())
            .await
    }
}

fn incomplete(error: &Error) -> bool {
    matches!(error, Error::Client(OASClientError::DownloadArchive(_)))
}

#[tokio::test]
async fn a_job_tells_what_it_is() {
    let world = World::once().await;
    world.server.state().looks = 4;
    let mut job = world.job(3 * MIB + 1).await;
    assert_eq!(job.action.as_deref(), Some("ArchiveRetrieval"));
    assert_eq!(job.description.as_deref(), Some("back"));
    assert_eq!(job.job_range, Some((0, 3 * MIB)));
    assert_eq!(
        (job.completed, job.status_code.as_deref()),
        (false, Some("InProgress"))
    );
    assert_eq!(
        (
            job.etag.as_deref(),
            job.tree_etag.as_deref(),
            job.archive_size
        ),
        (None, None, None)
    );
    assert_eq!(
        (
            job.completion_date.as_deref(),
            job.status_message.as_deref()
        ),
        (None, None)
    );
    for error in [
        job.download_to_file(
            &world.path("f"),
            ToFile {
                block: false,
                ..ToFile::default()
            },
        )
        .await,
        world.get_again(&job).await,
    ] {
        let error = error.expect_err("not ready");
        assert!(
            incomplete(&error) && error.to_string().contains("not ready"),
            "{error}"
        );
    }
    job.wait().await.expect("done");
    assert_eq!(
        (job.completed, job.status_code.as_deref()),
        (true, Some("Succeeded"))
    );
    assert_eq!(job.archive_size, Some(3 * MIB + 1));
    assert!(job.etag.is_some() && job.etag == job.tree_etag && job.completion_date.is_some());
    assert!(job.creation_date.is_some() && job.inventory_size.is_none());
    assert!(job.archive_id.as_ref().is_some_and(|id| id.len() == 128));
    let same = world.vault.get_job(&job.id).await.expect("known");
    assert_eq!(same.archive_id, job.archive_id);
    world.get(&mut job, "f").await.expect("there");
    assert_eq!(
        (job.size_completed(), job.progress().bytes()),
        (3 * MIB + 1, 3 * MIB + 1)
    );
    job.update_status().await.expect("asked");
    assert_eq!(job.size_completed(), 0, "forgotten");
}

impl World {
    /// The same job without waiting, by range.
    async fn get_again(&self, job: &Job) -> Result<(), Error> {
        let to = ByRange {
            file_path: Some(&self.path("f")),
            block: false,
            ..ByRange::default()
        };
        job.clone().download_by_range((0, MIB - 1), to).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_archives_of_all_sizes_come_back() {
    let world = World::once().await;
    for bytes in [1, MIB, MIB + 1, STEP, STEP + 1, LARGE] {
        let mut job = world.job(bytes).await;
        for chunk_size in [0, 1 << 16] {
            let how = ToFile {
                chunk_size,
                ..ToFile::default()
            };
            job.download_to_file(&world.path("f"), how)
                .await
                .expect("there");
            assert!(holds(&world.path("f"), &content(0, bytes)), "{bytes}");
            assert_eq!(world.names(), ["f"], "nothing is left over");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_interrupted_at_every_range_goes_on() {
    for after in 0..3 {
        let world = World::once().await;
        let mut job = world.job(LARGE).await;
        std::fs::write(world.path("f"), "what was there").expect("written");
        world.server.state().budget = Some(after);
        let error = world.get(&mut job, "f").await.expect_err("interrupted");
        assert!(incomplete(&error), "{error}");
        assert!(holds(&world.path("f"), b"what was there"));
        assert_eq!(world.names(), ["f", "f.oas", "f.oas-part"]);
        let there = job.size_completed();
        assert!(
            there <= after as u64 * STEP && job.progress().bytes() == there,
            "{there}"
        );
        world.server.state().budget = None;
        let before = world.server.asked("/output");
        // Another process, which knows the id alone.
        let mut other = world.vault.get_job(&job.id).await.expect("known");
        world.get(&mut other, "f").await.expect("there");
        assert!(holds(&world.path("f"), &content(0, LARGE)), "{after}");
        assert_eq!(
            world.server.asked("/output") - before,
            3 - after,
            "only what was missing"
        );
        assert_eq!(world.names(), ["f"]);
        assert_eq!(other.size_completed(), LARGE);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_answers_are_read_again_and_never_kept() {
    let faults = [
        Fault::Refuse,
        Fault::Lose,
        Fault::Cut(0),
        Fault::Cut(2 << 20),
        Fault::Shorten,
        Fault::Lengthen,
        Fault::Damage,
        Fault::Answer(500, "InternalError"),
        Fault::Html,
    ];
    let (once, patient) = (World::once().await, World::patient().await);
    let bytes = STEP + 2 * MIB;
    let (mut job, mut repeated) = (once.job(bytes).await, patient.job(bytes).await);
    for fault in faults {
        once.server.fault(Method::GET, "bytes=0-", fault);
        let error = once.get(&mut job, "f").await.expect_err("a fault");
        let told = incomplete(&error) || matches!(error, Error::Server(_));
        assert!(told, "{fault:?}: {error}");
        assert!(!once.path("f").exists(), "{fault:?}");
        once.get(&mut job, "f").await.expect("goes on");
        assert!(holds(&once.path("f"), &content(0, bytes)), "{fault:?}");
        std::fs::remove_file(once.path("f")).expect("removed");
        patient.server.fault(Method::GET, "bytes=0-", fault);
        patient.server.fault(Method::GET, "bytes=33554432-", fault);
        patient.get(&mut repeated, "f").await.expect("read again");
        assert!(holds(&patient.path("f"), &content(0, bytes)), "{fault:?}");
        assert_eq!(
            repeated.progress().bytes(),
            bytes,
            "no byte is counted twice"
        );
    }
    for fault in [
        Fault::Answer(404, "JobNotExists"),
        Fault::Answer(416, "InvalidRange"),
    ] {
        let before = patient.server.asked("/output");
        patient.server.fault(Method::GET, "bytes=33554432-", fault);
        let error = patient.get(&mut repeated, "f2").await.expect_err("refused");
        assert!(matches!(error, Error::Server(_)), "{error}");
        assert!(
            patient.server.asked("/output") - before <= 2,
            "a refusal is final"
        );
    }
}

/// Interrupts a download of three ranges after two.
async fn interrupted(world: &World, job: &mut Job) {
    world
        .server
        .fault(Method::GET, "bytes=67108864-", Fault::Refuse);
    world.get(job, "f").await.expect_err("interrupted");
    assert_eq!(job.size_completed(), 2 * STEP);
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_that_cannot_be_trusted_bring_no_wrong_bytes() {
    let world = World::once().await;
    let mut job = world.job(LARGE).await;
    let other = world.job(STEP).await;
    let (notes, part) = (world.path("f.oas"), world.path("f.oas-part"));
    interrupted(&world, &mut job).await;
    let good = std::fs::read_to_string(&notes).expect("notes");
    let bytes = std::fs::read(&part).expect("bytes");
    let json: serde_json::Value = serde_json::from_str(&good).expect("JSON");
    let mut lies = json.clone();
    lies["done"]["67108864"] = lies["done"]["0"].clone();
    let mut odd = json.clone();
    odd["done"] = serde_json::json!({ "5": "00", "0": "not a digest" });
    let damaged = |at: usize| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        bytes
    };
    let changed = |name: &str, value: serde_json::Value| {
        let mut json = json.clone();
        json[name] = value;
        json.to_string()
    };
    // Notes, bytes, and how many ranges are read then.
    let cases: [(&str, String, Vec<u8>, usize); 13] = [
        ("as they were", good.clone(), bytes.clone(), 1),
        (
            "truncated",
            good[..good.len() / 2].to_owned(),
            bytes.clone(),
            3,
        ),
        ("empty", String::new(), bytes.clone(), 3),
        ("no notes", "null".into(), bytes.clone(), 3),
        (
            "of another kind",
            "{(0, 33554431): null}".into(),
            bytes.clone(),
            3,
        ),
        (
            "of another job",
            changed("job", other.id.clone().into()),
            bytes.clone(),
            3,
        ),
        (
            "of another length",
            changed("length", STEP.into()),
            bytes.clone(),
            3,
        ),
        (
            "of other ranges",
            changed("step", MIB.into()),
            bytes.clone(),
            3,
        ),
        (
            "of another tree",
            changed("tree_etag", "00".into()),
            bytes.clone(),
            3,
        ),
        ("a range too many", lies.to_string(), bytes.clone(), 1),
        ("odd ranges", odd.to_string(), bytes.clone(), 3),
        ("bytes changed", good.clone(), damaged(40 << 20), 2),
        ("bytes missing", good.clone(), bytes[..1 << 20].to_vec(), 3),
    ];
    for (name, text, left, read) in cases {
        std::fs::write(&notes, text).expect("written");
        std::fs::write(&part, left).expect("written");
        let before = world.server.asked("/output");
        world.get(&mut job, "f").await.expect(name);
        assert!(holds(&world.path("f"), &content(0, LARGE)), "{name}");
        assert_eq!(world.server.asked("/output") - before, read, "{name}");
        assert_eq!(world.names(), ["f"], "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn removed_notes_mean_starting_over_and_swapped_ones_too() {
    let world = World::once().await;
    let mut job = world.job(LARGE).await;
    interrupted(&world, &mut job).await;
    std::fs::remove_file(world.path("f.oas")).expect("removed");
    let before = world.server.asked("/output");
    world.get(&mut job, "f").await.expect("there");
    assert_eq!(world.server.asked("/output") - before, 3);
    assert!(holds(&world.path("f"), &content(0, LARGE)));
    // Two jobs of equal length, their notes and bytes swapped.
    interrupted(&world, &mut job).await;
    let mut bytes = content(0, LARGE);
    bytes[0] ^= 1;
    let source = world.path("source");
    std::fs::write(&source, &bytes).expect("written");
    let archive = world
        .vault
        .upload_archive(&source, None)
        .await
        .expect("stored");
    let mut second = world
        .vault
        .retrieve_archive(&archive, None, None)
        .await
        .expect("begun");
    world.get(&mut second, "f").await.expect("there");
    assert!(holds(&world.path("f"), &bytes), "the second job's bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_output_that_is_not_what_the_job_promises_is_thrown_away() {
    let world = World::once().await;
    let mut job = world.job(STEP + MIB).await;
    std::fs::write(world.path("f"), "what was there").expect("written");
    {
        let mut state = world.server.state();
        let known = state.jobs.get_mut(&job.id).expect("a job");
        known.promise = Some("0".repeat(32));
    }
    let error = world.get(&mut job, "f").await.expect_err("another tree");
    assert!(
        matches!(error, Error::Client(OASClientError::HashDoesNotMatch(_))),
        "{error}"
    );
    assert!(holds(&world.path("f"), b"what was there"));
    assert_eq!(world.names(), ["f"], "no notes that would be believed");
    world
        .server
        .state()
        .jobs
        .get_mut(&job.id)
        .expect("a job")
        .promise = None;
    world.get(&mut job, "f").await.expect("there");
    assert!(holds(&world.path("f"), &content(0, STEP + MIB)));
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_that_are_no_node_of_the_tree_come_without_digests() {
    let world = World::once().await;
    let archive = world.job(LARGE).await.archive_id.expect("an id");
    let range = (MIB, STEP + 5 * MIB - 1);
    let mut job = world
        .vault
        .retrieve_archive(&archive, None, Some(range))
        .await
        .expect("begun");
    assert_eq!(job.job_range, Some(range));
    world
        .server
        .fault(Method::GET, "bytes=33554432-", Fault::Cut(100));
    world.get(&mut job, "f").await.expect_err("interrupted");
    assert_eq!(job.tree_etag, None);
    let before = world.server.asked("/output");
    world.get(&mut job, "f").await.expect("there");
    assert_eq!(
        world.server.asked("/output") - before,
        1,
        "the first range was kept"
    );
    assert!(holds(&world.path("f"), &content(MIB, STEP + 4 * MIB)));
}

#[tokio::test]
async fn one_range_goes_to_a_path_or_to_an_object() {
    let world = World::patient().await;
    let mut job = world.job(4 * MIB + 9).await;
    let range = (2 * MIB, 4 * MIB + 8);
    let wanted = content(range.0, 2 * MIB + 9);
    for fault in [
        None,
        Some(Fault::Cut(1 << 20)),
        Some(Fault::Damage),
        Some(Fault::Shorten),
    ] {
        for to_path in [true, false] {
            if let Some(fault) = fault {
                world.server.fault(Method::GET, "/output", fault);
            }
            let path = world.path("f");
            let mut object = Cursor::new(b"123456".to_vec());
            object.set_position(3);
            let to = if to_path {
                ByRange {
                    file_path: Some(&path),
                    chunk_size: 1000,
                    ..ByRange::default()
                }
            } else {
                ByRange {
                    file_obj: Some(&mut object),
                    ..ByRange::default()
                }
            };
            job.download_by_range(range, to).await.expect("there");
            if to_path {
                assert!(holds(&path, &wanted), "{fault:?}");
            } else {
                let found = object.into_inner();
                assert!(found[..3] == *b"123" && found[3..] == wanted, "{fault:?}");
            }
        }
    }
    assert_eq!(world.names(), ["f"]);
    for _ in 0..3 {
        world.server.fault(Method::GET, "/output", Fault::Damage);
    }
    std::fs::write(world.path("f"), "what was there").expect("written");
    let to = ByRange {
        file_path: Some(&world.path("f")),
        ..ByRange::default()
    };
    let error = job.download_by_range(range, to).await.expect_err("damaged");
    assert!(incomplete(&error), "{error}");
    assert!(holds(&world.path("f"), b"what was there"));
    assert_eq!(world.names(), ["f"]);
    let to = ByRange {
        file_path: Some(&world.path("f")),
        ..ByRange::default()
    };
    let error = job
        .download_by_range((1, MIB), to)
        .await
        .expect_err("no whole MiB");
    assert!(
        matches!(&error, Error::Server(e) if e.code == "InvalidRange"),
        "{error}"
    );
}

#[tokio::test]
async fn both_places_or_none_are_refused() {
    let world = World::once().await;
    let mut job = world.job(MIB).await;
    let (path, mut object) = (world.path("f"), Cursor::new(Vec::new()));
    let before = world.server.state().log.len();
    let both = ByRange {
        file_path: Some(&path),
        file_obj: Some(&mut object),
        ..ByRange::default()
    };
    let backwards = ByRange {
        file_path: Some(&path),
        ..ByRange::default()
    };
    for error in [
        job.download_by_range((0, 9), both).await.expect_err("both"),
        job.download_by_range((0, 9), ByRange::default())
            .await
            .expect_err("none"),
        job.download_by_range((9, 0), backwards)
            .await
            .expect_err("backwards"),
    ] {
        assert!(matches!(error, Error::Value(_)), "{error}");
    }
    assert_eq!(world.server.state().log.len(), before, "nothing was asked");
    let defaults = ByRange::default();
    assert_eq!((defaults.chunk_size, defaults.block), (1 << 20, true));
    assert_eq!(
        ToFile::default(),
        ToFile {
            chunk_size: 1 << 20,
            block: true
        }
    );
}

#[tokio::test]
async fn inventories_come_without_notes() {
    let world = World::once().await;
    let archive = world
        .vault
        .upload_archive(&world.file("s", 0, 5), Some("five"))
        .await;
    let archive = archive.expect("stored");
    let mut job = world.vault.retrieve_inventory(None).await.expect("begun");
    job.wait().await.expect("done");
    assert!(job.inventory_size.is_some() && job.job_range.is_none());
    world.server.fault(Method::GET, "/output", Fault::Cut(3));
    world.get(&mut job, "f").await.expect_err("cut");
    assert_eq!(world.names(), ["s"]);
    world.get(&mut job, "f").await.expect("there");
    let text = std::fs::read(world.path("f")).expect("read");
    let found: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    assert_eq!(found["ArchiveList"][0]["ArchiveId"], archive);
    assert_eq!(found["ArchiveList"][0]["ArchiveDescription"], "five");
}

#[tokio::test]
async fn jobs_without_output_and_failed_ones_are_told() {
    let world = World::once().await;
    let archive = world.job(MIB).await.archive_id.expect("an id");
    let mut push = world
        .vault
        .push_to_oss(&archive, "oss.example", "b", "o", None)
        .await
        .expect("begun");
    let error = world.get(&mut push, "f").await.expect_err("no output");
    assert!(
        incomplete(&error) && error.to_string().contains("no output"),
        "{error}"
    );
    let mut job = world
        .vault
        .retrieve_archive(&archive, None, None)
        .await
        .expect("begun");
    let id = job.id.clone();
    world.server.state().jobs.get_mut(&id).expect("a job").fails = Some("on purpose".into());
    for block in [true, false] {
        let how = ToFile {
            block,
            ..ToFile::default()
        };
        let error = job
            .download_to_file(&world.path("f"), how)
            .await
            .expect_err("failed");
        assert!(
            incomplete(&error) && error.to_string().contains("on purpose"),
            "{error}"
        );
    }
    world.server.state().jobs.remove(&id);
    let error = world.get(&mut job, "f").await.expect_err("expired");
    assert!(
        matches!(&error, Error::Server(e) if e.code == "JobNotExists"),
        "{error}"
    );
    assert_eq!(world.names(), [""; 0]);
}

#[tokio::test]
async fn a_full_disk_is_told_and_leaves_no_file() {
    let world = World::patient().await;
    let mut job = world.job(MIB).await;
    std::os::unix::fs::symlink("/dev/full", world.path("f.oas-part")).expect("a link");
    let before = world.server.asked("/output");
    let error = world.get(&mut job, "f").await.expect_err("full");
    let Error::Io(full) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    assert!(error.to_string().contains("f.oas-part"), "{error}");
    assert_eq!(
        world.server.asked("/output") - before,
        1,
        "a full disk is not tried again"
    );
    assert!(!world.path("f").exists());
    let error = world
        .get(&mut job, "no/such/folder")
        .await
        .expect_err("no folder");
    assert!(matches!(error, Error::Io(_)), "{error}");
}

#[tokio::test]
async fn two_downloads_do_not_write_one_file() {
    let world = World::once().await;
    let mut job = world.job(MIB).await;
    let held = std::fs::File::create(world.path("f.oas-part")).expect("made");
    held.try_lock().expect("locked");
    let error = world.get(&mut job, "f").await.expect_err("held");
    assert!(
        incomplete(&error) && error.to_string().contains("another download"),
        "{error}"
    );
    drop(held);
    world.get(&mut job, "f").await.expect("there");
    let path: &Path = &world.path("f");
    assert!(holds(path, &content(0, MIB)));
}
