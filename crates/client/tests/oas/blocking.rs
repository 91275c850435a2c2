//! The blocking facade: every method once, from a thread without a runtime.

use std::io::Cursor;
use std::path::Path;

use cohong_client::oas::blocking::{Api, ByRange, Vault};
use cohong_client::oas::{Error, Retry, ToFile};

use crate::server::{self, Server};
use crate::{MIB, content, holds};

/// A server on a runtime of its own, for as long as the runtime lives.
fn server() -> (tokio::runtime::Runtime, Server) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let server = runtime.block_on(Server::start());
    (runtime, server)
}

fn api(server: &Server) -> Api {
    let api = Api::new(&server.endpoint(), server::ACCESS_KEY, server::SECRET);
    let retry = Retry {
        tries: 1,
        ..Retry::default()
    };
    api.expect("an endpoint").with_retry(retry)
}

fn file(folder: &Path, bytes: u64) -> std::path::PathBuf {
    let path = folder.join("source");
    std::fs::write(&path, content(0, bytes)).expect("written");
    path
}

#[test]
fn vaults_uploads_and_jobs() {
    let (_runtime, server) = server();
    let (api, folder) = (api(&server), tempfile::tempdir().expect("a folder"));
    let vault = Vault::create_vault(&api, "vault-1").expect("made");
    assert_eq!(vault.name, "vault-1");
    assert_eq!(
        Vault::get_vault_by_id(&api, &vault.id).expect("found").id,
        vault.id
    );
    assert_eq!(
        Vault::get_vault_by_name(&api, "vault-1").expect("found").id,
        vault.id
    );
    let small = vault
        .upload_archive(&file(folder.path(), 3 * MIB), Some("small"))
        .expect("stored");
    let mut uploader = vault
        .initiate_uploader(&file(folder.path(), 64 * MIB), Some("large"))
        .expect("begun");
    server.state().budget = Some(0);
    uploader.start().expect_err("interrupted");
    server.state().budget = None;
    assert_eq!(vault.list_all_multipart_uploads().expect("a list").len(), 1);
    let mut other = vault.recover_uploader(&uploader.id).expect("known");
    let large = other.resume(&folder.path().join("source")).expect("stored");
    assert_eq!(other.size_completed(), 64 * MIB);
    assert!(uploader.cancel().is_err(), "it is complete");

    let mut job = vault
        .retrieve_archive(&large, None, Some((0, 2 * MIB - 1)))
        .expect("begun");
    job.update_status().expect("asked");
    job.wait().expect("done");
    let to = folder.path().join("f");
    job.download_to_file(&to, ToFile::default()).expect("there");
    assert!(holds(&to, &content(0, 2 * MIB)));
    let mut object = Cursor::new(Vec::new());
    let by_object = ByRange {
        file_obj: Some(&mut object),
        ..ByRange::default()
    };
    job.download_by_range((MIB, 2 * MIB - 1), by_object)
        .expect("there");
    assert!(object.into_inner() == content(MIB, MIB));
    let by_path = ByRange {
        file_path: Some(&to),
        ..ByRange::default()
    };
    job.download_by_range((0, MIB - 1), by_path).expect("there");
    assert!(holds(&to, &content(0, MIB)));
    let error = job
        .download_by_range((0, 9), ByRange::default())
        .expect_err("no place");
    assert!(matches!(error, Error::Value(_)), "{error}");
    let defaults = ByRange::default();
    assert_eq!((defaults.chunk_size, defaults.block), (1 << 20, true));
    let mut answer = api
        .get_job_output(&vault.id, &job.id, Some((0, MIB - 1)))
        .expect("an answer");
    assert_eq!(
        (answer.status, answer.read(10).expect("bytes").len()),
        (206, 10)
    );

    assert_eq!(vault.get_job(&job.id).expect("known").id, job.id);
    assert_eq!(
        vault
            .retrieve_inventory(None)
            .expect("begun")
            .action
            .as_deref(),
        Some("InventoryRetrieval")
    );
    vault
        .push_to_oss(&small, "oss.example", "b", "o", None)
        .expect("begun");
    let pulled = vault
        .pull_from_oss("oss.example", "b", "o", None)
        .expect("begun");
    assert_eq!(vault.list_all_jobs().expect("a list").len(), 4);
    for archive in [
        small,
        large,
        pulled.archive_id.clone().expect("a new archive"),
    ] {
        vault.delete_archive(&archive).expect("removed");
    }
    vault.delete().expect("removed");
    for name in ["vault-2", "vault-3"] {
        Vault::create_vault(&api, name).expect("made");
    }
    let all = Vault::list_all_vaults(&api).expect("a list");
    assert_eq!(all.len(), 2);
    Vault::delete_vault_by_id(&api, &all[0].id).expect("removed");
    Vault::delete_vault_by_name(&api, "vault-3").expect("removed");
}
