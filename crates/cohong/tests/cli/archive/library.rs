//! The client library against the real server: the whole interface, and connections that break at every part.

use std::io::Cursor;
use std::time::Duration;

use bytes::Bytes;
use cohong_client::oas::{
    Api, ByRange, Error, Job, OASClientError, Retry, ToFile, Uploader, Vault,
};
use cohong_testkit::instance::{ACCESS_KEY, SECRET_KEY};

use crate::common::{MIB, World, holds};
use crate::relay::{End, Relay};

fn api(endpoint: &str, tries: usize) -> Api {
    let api = Api::new(endpoint, ACCESS_KEY, SECRET_KEY).expect("an endpoint");
    api.with_retry(Retry {
        tries,
        pause_min: Duration::from_millis(1),
        pause_max: Duration::from_millis(2),
    })
}

fn code(error: &Error) -> &str {
    match error {
        Error::Server(error) => &error.code,
        _ => "",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn vaults_and_their_errors() {
    let world = World::start().await;
    let api = api(&world.endpoint(), 1);
    for n in 0..10 {
        let name = format!("vault-{n}");
        let vault = Vault::create_vault(&api, &name).await.expect("made");
        let same = Vault::create_vault(&api, &name).await.expect("the same");
        assert_eq!(
            (&same.id, vault.number_of_archives, vault.size),
            (&vault.id, 0, 0)
        );
        assert!(vault.creation_date.is_some() && vault.last_inventory_date.is_none());
    }
    let error = Vault::create_vault(&api, "vault-10")
        .await
        .expect_err("too many");
    assert_eq!(code(&error), "TooManyVaults");
    let all = Vault::list_all_vaults(&api).await.expect("a list");
    assert_eq!(all.len(), 10);
    assert!(all.is_sorted_by_key(|vault| vault.id.clone()));
    let by_name = Vault::get_vault_by_name(&api, "vault-7")
        .await
        .expect("found");
    let by_id = Vault::get_vault_by_id(&api, &by_name.id)
        .await
        .expect("found");
    assert_eq!(by_id.name, "vault-7");
    by_name.delete().await.expect("removed");
    Vault::delete_vault_by_name(&api, "vault-8")
        .await
        .expect("removed");
    Vault::delete_vault_by_id(&api, &all[0].id)
        .await
        .expect("removed");
    let Err(Error::Server(gone)) = Vault::get_vault_by_id(&api, &by_name.id).await else {
        panic!("it is gone");
    };
    assert_eq!(
        (gone.status, gone.code.as_str(), gone.r#type.as_str()),
        (404, "VaultNotExists", "client")
    );
    assert!(!gone.message.is_empty() && gone.headers["x-oas-request-id"] == gone.request_id);
    let error = Vault::create_vault(&api, "A")
        .await
        .expect_err("a bad name");
    assert_eq!(code(&error), "InvalidVaultName");
    let forger = Api::new(&world.endpoint(), ACCESS_KEY, "guess").expect("an endpoint");
    let error = Vault::list_all_vaults(&forger)
        .await
        .expect_err("a wrong secret");
    assert_eq!(code(&error), "SignatureDoesNotMatch");
}

/// A server and a vault.
async fn vault(world: &World) -> (Api, Vault) {
    let api = api(&world.endpoint(), 3);
    let vault = Vault::create_vault(&api, "vault-1").await.expect("made");
    (api, vault)
}

async fn brought(job: &mut Job, path: &std::path::Path) {
    let done = job.download_to_file(path, ToFile::default()).await;
    done.expect("there");
}

#[tokio::test(flavor = "multi_thread")]
async fn archives_come_back_whole_and_in_ranges() {
    let world = World::start().await;
    let (api, vault) = vault(&world).await;
    let (_, small) = world.file("small", 5 * MIB + 3);
    let (_, large) = world.file("large", 65 * MIB + 1);
    let small_path = world.path("small");
    let first = vault.upload_archive(&small_path, Some("Sicherung 备份"));
    let first = first.await.expect("stored");
    let second = vault.upload_archive(&world.path("large"), None).await;
    let second = second.expect("stored");
    let meta = api.head_archive(&vault.id, &first).await.expect("known");
    assert_eq!(meta.json()["ArchiveSizeInBytes"], small.len());

    let back = world.path("back");
    let whole = vault.retrieve_archive(&second, Some("back"), None).await;
    let mut whole = whole.expect("begun");
    brought(&mut whole, &back).await;
    assert!(holds(&back, &large));
    assert_eq!(whole.size_completed(), large.len() as u64);
    assert!(whole.etag.is_some() && whole.etag == whole.tree_etag);
    let part = (MIB as u64, 3 * MIB as u64 - 1);
    let ranged = vault.retrieve_archive(&first, None, Some(part)).await;
    let mut ranged = ranged.expect("begun");
    brought(&mut ranged, &back).await;
    assert!(holds(&back, &small[MIB..3 * MIB]));
    assert_eq!(
        (ranged.job_range, ranged.tree_etag.as_deref()),
        (Some(part), None)
    );
    let mut object = Cursor::new(Vec::new());
    let to = ByRange {
        file_obj: Some(&mut object),
        ..ByRange::default()
    };
    let block = (MIB as u64, 2 * MIB as u64 - 1);
    ranged.download_by_range(block, to).await.expect("there");
    assert!(object.into_inner() == small[2 * MIB..3 * MIB]);
    let to = ByRange {
        file_path: Some(&back),
        ..ByRange::default()
    };
    let error = ranged.download_by_range((1, 2), to).await;
    assert_eq!(code(&error.expect_err("not whole blocks")), "InvalidRange");

    let mut inventory = vault.retrieve_inventory(None).await.expect("begun");
    brought(&mut inventory, &back).await;
    let text = std::fs::read_to_string(&back).expect("read");
    assert!(text.contains(&first) && text.contains(&second) && text.contains("备份"));

    let error = vault.delete().await.expect_err("not empty");
    assert_eq!(code(&error), "VaultNotEmpty");
    for archive in [&first, &second] {
        vault.delete_archive(archive).await.expect("removed");
    }
    let error = vault.delete_archive(&first).await.expect_err("gone");
    assert_eq!(code(&error), "ArchiveNotExists");
    brought(&mut whole, &back).await;
    assert!(holds(&back, &large), "what was prepared before stays");
    vault.delete().await.expect("removed");
}

#[tokio::test(flavor = "multi_thread")]
async fn archives_are_pulled_from_and_pushed_to_buckets() {
    let world = World::start().await;
    let (_, vault) = vault(&world).await;
    let mut tos = world.server.client();
    tos.create_bucket("photos").await.expect("made");
    let bytes = Bytes::from(vec![7; 3 * MIB]);
    tos.put("photos", "a/b", bytes.clone())
        .await
        .expect("stored");
    let pull = vault.pull_from_oss("any.host", "photos", "a/b", Some("pulled"));
    let mut pull = pull.await.expect("begun");
    pull.wait().await.expect("done");
    let pulled = pull.archive_id.clone().expect("a new archive");
    let push = vault.push_to_oss(&pulled, "any.host", "photos", "copy", None);
    let mut push = push.await.expect("begun");
    push.wait().await.expect("done");
    let back = world.path("back");
    for mut job in [pull, push] {
        let error = job.download_to_file(&back, ToFile::default()).await;
        let error = error.expect_err("no output");
        let told = matches!(error, Error::Client(OASClientError::DownloadArchive(_)));
        assert!(told, "{error}");
    }
    let again = vault.pull_from_oss("any.host", "photos", "copy", None);
    let mut again = again.await.expect("begun");
    again.wait().await.expect("the object is there");
    let copied = again.archive_id.clone().expect("a new archive");
    let job = vault.retrieve_archive(&copied, None, None).await;
    brought(&mut job.expect("begun"), &back).await;
    assert!(holds(&back, &bytes));
    let missing = vault.pull_from_oss("any.host", "photos", "missing", None);
    let mut missing = missing.await.expect("begun");
    let error = missing.wait().await.expect_err("there is no such object");
    let told = matches!(error, Error::Client(OASClientError::DownloadArchive(_)));
    assert!(told, "{error}");
    assert_eq!(vault.list_all_jobs().await.expect("a list").len(), 5);
}

/// An upload with parts of 1 MiB on the server, seen through an endpoint.
async fn begun(vault: &Vault, api: &Api) -> Uploader {
    let begun = api
        .initiate_multipart_upload(&vault.id, MIB as u64, None)
        .await;
    let begun = begun.expect("begun");
    let id = begun.header("x-oas-multipart-upload-id").expect("an id");
    vault.recover_uploader(id).await.expect("known")
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_that_are_cut_anywhere_go_on() {
    let world = World::start().await;
    let (_, bytes) = world.file("f", 4 * MIB + 7);
    let (path, back) = (world.path("f"), world.path("back"));
    let api_near = api(&world.endpoint(), 1);
    let vault = Vault::create_vault(&api_near, "vault-1")
        .await
        .expect("made");
    let mut cuts = 0;
    // Before the first part, within and behind each, and while the upload is completed.
    for tenth in (0..=45).step_by(3) {
        let mut uploader = begun(&vault, &api_near).await;
        let relay = Relay::start(world.server.listen(), 4000 + tenth * MIB / 10, End::Cut).await;
        let far = Vault::get_vault_by_id(&api(&relay.endpoint(), 1), &vault.id).await;
        let mut cut = far
            .expect("found")
            .recover_uploader(&uploader.id)
            .await
            .expect("known");
        let archive = match cut.resume(&path).await {
            Ok(archive) => archive,
            Err(error) => {
                let told = matches!(error, Error::Client(_) | Error::Connection(_));
                assert!(told && relay.has_ended(), "{tenth}: {error}");
                cuts += 1;
                match uploader.resume(&path).await {
                    Ok(archive) => archive,
                    // The answer to the completion was cut.
                    Err(error) => {
                        assert_eq!(code(&error), "UploadIdNotExists", "{tenth}");
                        continue;
                    }
                }
            }
        };
        let mut job = vault
            .retrieve_archive(&archive, None, None)
            .await
            .expect("begun");
        job.download_to_file(&back, ToFile::default())
            .await
            .expect("there");
        assert!(holds(&back, &bytes), "{tenth}");
    }
    assert!(cuts > 10, "only {cuts} were cut");
}

#[tokio::test(flavor = "multi_thread")]
async fn downloads_that_are_cut_or_damaged_anywhere_end_with_the_right_bytes() {
    let world = World::start().await;
    let (_, bytes) = world.file("f", 66 * MIB + 9);
    let api_near = api(&world.endpoint(), 1);
    let vault = Vault::create_vault(&api_near, "vault-1")
        .await
        .expect("made");
    let archive = vault
        .upload_archive(&world.path("f"), None)
        .await
        .expect("stored");
    let mut job = vault
        .retrieve_archive(&archive, None, None)
        .await
        .expect("begun");
    job.wait().await.expect("done");
    let through = async |relay: &Relay, tries| -> Job {
        let vault = Vault::get_vault_by_id(&api(&relay.endpoint(), tries), &vault.id).await;
        vault.expect("found").get_job(&job.id).await.expect("known")
    };
    let back = world.path("back");
    let near = Relay::start(world.server.listen(), usize::MAX, End::Stall).await;
    for mebibytes in [0, 1, 31, 33, 64, 65] {
        let budget = 8000 + mebibytes * MIB;
        let relay = Relay::start(world.server.listen(), budget, End::Cut).await;
        let mut cut = through(&relay, 1).await;
        let error = cut
            .download_to_file(&back, ToFile::default())
            .await
            .expect_err("cut");
        let told = matches!(
            error,
            Error::Client(OASClientError::DownloadArchive(_)) | Error::Connection(_)
        );
        assert!(told && !back.exists(), "{mebibytes}: {error}");
        let relay = Relay::start(world.server.listen(), budget, End::Damage).await;
        let mut damaged = through(&relay, 2).await;
        let other = world.path("other");
        brought(&mut damaged, &other).await;
        assert!(relay.has_ended(), "no byte was changed");
        assert!(holds(&other, &bytes), "{mebibytes}");
        brought(&mut through(&near, 1).await, &back).await;
        assert!(holds(&back, &bytes), "{mebibytes}");
        std::fs::remove_file(&back).expect("removed");
    }
}
