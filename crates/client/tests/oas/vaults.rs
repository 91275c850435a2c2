//! Vaults, their lists, jobs begun from them, answers and errors.

use cohong_client::oas::{Api, Error, OASServerError, Uploader, Vault};
use http::Method;

use crate::server::{Fault, Server};
use crate::{MIB, World, api, content};

/// The service's refusal.
fn refused(error: Error) -> OASServerError {
    match error {
        Error::Server(error) => *error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_vault_lives() {
    let world = World::once().await;
    let api = world.api();
    let vault = &world.vault;
    assert_eq!(
        (vault.name.as_str(), vault.number_of_archives, vault.size),
        ("vault-1", 0, 0)
    );
    assert_eq!(
        vault.creation_date.as_deref(),
        Some("Tue, 25 Mar 2014 12:02:00 GMT")
    );
    assert_eq!(vault.last_inventory_date, None, "an empty date is none");
    let again = Vault::create_vault(&api, "vault-1")
        .await
        .expect("the same");
    assert_eq!(again.id, vault.id);
    let by_id = Vault::get_vault_by_id(&api, &vault.id)
        .await
        .expect("found");
    assert_eq!(by_id.name, "vault-1");
    let archive = vault
        .upload_archive(&world.file("f", 0, 5), Some("Sicherung 备份"))
        .await
        .expect("stored");
    let full = Vault::get_vault_by_name(&api, "vault-1")
        .await
        .expect("found");
    assert_eq!((full.number_of_archives, full.size), (1, 5));
    let not_empty = refused(vault.delete().await.expect_err("not empty"));
    assert_eq!(
        (not_empty.status, not_empty.code.as_str()),
        (409, "VaultNotEmpty")
    );
    let stored = world.server.state().archive(&archive).expect("an archive");
    assert_eq!(stored.description, "Sicherung 备份");
    let meta = api.head_archive(&vault.id, &archive).await.expect("known");
    assert_eq!(meta.json()["ArchiveSizeInBytes"], 5);
    let gone = vault.delete_archive(&archive).await.expect("removed");
    assert_eq!((gone.status, gone.json().len()), (204, 0));
    let error = refused(vault.delete_archive(&archive).await.expect_err("gone"));
    assert_eq!(error.code, "ArchiveNotExists");
    Vault::delete_vault_by_name(&api, "vault-1")
        .await
        .expect("removed");
    let error = refused(vault.delete().await.expect_err("gone"));
    assert_eq!((error.status, error.code.as_str()), (404, "VaultNotExists"));
    let second = Vault::create_vault(&api, "vault-2").await.expect("made");
    Vault::delete_vault_by_id(&api, &second.id)
        .await
        .expect("removed");
    Vault::create_vault(&api, "v3")
        .await
        .expect("made")
        .delete()
        .await
        .expect("removed");
    assert_eq!(Vault::list_all_vaults(&api).await.expect("a list").len(), 0);
    for error in [
        Vault::get_vault_by_name(&api, "vault-1").await.err(),
        Vault::delete_vault_by_name(&api, "vault-1").await.err(),
        Vault::get_vault_by_id(&api, "..").await.err(),
        Vault::create_vault(&api, "").await.err(),
    ] {
        assert!(matches!(error, Some(Error::Value(_))), "{error:?}");
    }
}

#[tokio::test]
async fn lists_are_followed_to_their_end() {
    let world = World::once().await;
    let api = world.api();
    for n in 2..=11 {
        Vault::create_vault(&api, &format!("vault-{n}"))
            .await
            .expect("a vault");
    }
    let names = |vaults: &[Vault]| vaults.iter().map(|v| v.name.clone()).collect::<Vec<_>>();
    let all = Vault::list_all_vaults(&api).await.expect("a list");
    let wanted: Vec<String> = (1..=11).map(|n| format!("vault-{n}")).collect();
    assert_eq!(names(&all), wanted);
    let last = Vault::get_vault_by_name(&api, "vault-11")
        .await
        .expect("on the last page");
    for n in 0..5 {
        let part_size = MIB << n;
        let desc = format!("upload {n}");
        api.initiate_multipart_upload(&last.id, part_size, Some(&desc))
            .await
            .expect("begun");
        last.retrieve_inventory(Some(&desc)).await.expect("begun");
    }
    let uploads = last.list_all_multipart_uploads().await.expect("a list");
    let facts = |upload: &Uploader| (upload.description.clone(), upload.part_size);
    let wanted: Vec<_> = (0..5)
        .map(|n| (Some(format!("upload {n}")), MIB << n))
        .collect();
    assert_eq!(uploads.iter().map(facts).collect::<Vec<_>>(), wanted);
    let jobs = last.list_all_jobs().await.expect("a list");
    assert_eq!(jobs.len(), 5);
    assert!(
        jobs.iter()
            .all(|job| job.action.as_deref() == Some("InventoryRetrieval"))
    );
    assert_eq!(world.vault.list_all_jobs().await.expect("a list").len(), 0);
}

#[tokio::test]
async fn what_only_reads_is_asked_again_and_what_changes_is_not() {
    let world = World::patient().await;
    let api = world.api();
    for fault in [
        Fault::Refuse,
        Fault::Lose,
        Fault::Answer(500, "InternalError"),
        Fault::Html,
    ] {
        world.server.fault(Method::GET, "/vaults", fault);
    }
    world.server.fault(Method::GET, "/vaults", Fault::Refuse);
    for _ in 0..3 {
        if let Ok(vaults) = Vault::list_all_vaults(&api).await {
            assert_eq!(vaults.len(), 1);
        }
    }
    assert_eq!(world.server.state().faults.len(), 0);
    world.server.fault(Method::PUT, "/vaults", Fault::Lose);
    let lost = Vault::create_vault(&api, "another")
        .await
        .expect_err("lost");
    assert!(matches!(lost, Error::Connection(_)), "{lost}");
    world.server.fault(Method::POST, "/jobs", Fault::Lose);
    let lost = world
        .vault
        .retrieve_inventory(None)
        .await
        .expect_err("lost");
    assert!(matches!(lost, Error::Connection(_)), "{lost}");
    assert_eq!(world.server.asked("POST"), 1);
}

#[tokio::test]
async fn errors_tell_what_the_service_said() {
    let world = World::once().await;
    let api = world.api();
    let error = refused(
        Vault::create_vault(&api, "A B")
            .await
            .expect_err("a bad name"),
    );
    let mut wanted = OASServerError {
        status: 400,
        code: "InvalidVaultName".into(),
        r#type: "client".into(),
        message: "about InvalidVaultName".into(),
        request_id: "00000000000000000000000000000007".into(),
        headers: error.headers.clone(),
    };
    assert_eq!(error, wanted);
    assert_eq!(error.headers["x-oas-request-id"], error.request_id);
    let text = "the service answered 400 InvalidVaultName: about InvalidVaultName \
                (request 00000000000000000000000000000007)";
    assert_eq!(error.to_string(), text);
    world.server.fault(Method::GET, "/vaults", Fault::Html);
    let error = refused(Vault::list_all_vaults(&api).await.expect_err("a gateway"));
    wanted = OASServerError {
        status: 502,
        code: String::new(),
        r#type: "server".into(),
        message: String::new(),
        headers: error.headers.clone(),
        ..wanted
    };
    assert_eq!(error, wanted);
    let forger = Api::new(&world.server.endpoint(), "OASTESTACCESSKEYID00", "guess").expect("api");
    let error = refused(
        Vault::list_all_vaults(&forger)
            .await
            .expect_err("a wrong secret"),
    );
    assert_eq!(
        (error.status, error.code.as_str()),
        (403, "SignatureDoesNotMatch")
    );
    let nobody = {
        let gone = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
        gone.local_addr().expect("an address")
    };
    let nobody = Api::new(&nobody.to_string(), "a", "s").expect("an endpoint");
    let nobody = nobody.with_retry(world.retry);
    let error = Vault::list_all_vaults(&nobody).await.expect_err("nobody");
    assert!(error.to_string().contains("cannot be reached"), "{error}");
    let control = world.file("f", 0, 5);
    let error = world
        .vault
        .upload_archive(&control, Some("a\nb"))
        .await
        .expect_err("a control");
    assert!(matches!(error, Error::Value(_)), "{error}");
}

#[tokio::test]
async fn a_list_that_never_ends_is_given_up() {
    let server = Server::start().await;
    let api = api(&server);
    Vault::create_vault(&api, "vault-1").await.expect("a vault");
    server.state().endless = true;
    let error = Vault::list_all_vaults(&api).await.expect_err("no end");
    assert!(error.to_string().contains("does not end"), "{error}");
}

#[tokio::test]
async fn answers_are_dictionaries_and_streams() {
    let world = World::once().await;
    let api = world.api();
    let answer = api
        .describe_vault(&world.vault.id)
        .await
        .expect("an answer");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(
        answer.header("Content-Type"),
        None,
        "names are in lower case"
    );
    assert_eq!(answer.json()["VaultName"], "vault-1");
    let archive = world
        .vault
        .upload_archive(&world.file("f", 0, MIB + 1), None)
        .await;
    let archive = archive.expect("stored");
    let job = world
        .vault
        .retrieve_archive(&archive, None, None)
        .await
        .expect("a job");
    let mut answer = api
        .get_job_output(&world.vault.id, &job.id, Some((0, MIB)))
        .await
        .expect("an answer");
    assert!(answer.headers().contains_key("x-oas-tree-etag") && answer.json().is_empty());
    let (mut all, mut most) = (Vec::new(), 0);
    loop {
        let piece = answer.read(1000).await.expect("bytes");
        if piece.is_empty() {
            break;
        }
        most = most.max(piece.len());
        all.extend_from_slice(&piece);
    }
    assert!(all == content(0, MIB + 1) && most == 1000, "{most}");
    assert_eq!(answer.read(1).await.expect("the end").len(), 0);
}

#[tokio::test]
async fn archives_are_pulled_from_and_pushed_to_oss() {
    let world = World::once().await;
    let object = ("bucket".to_owned(), "photos/a b.jpg".to_owned());
    let bytes = std::sync::Arc::new(content(9, 1000));
    world
        .server
        .state()
        .objects
        .insert(object.clone(), bytes.clone());
    let mut pull = world
        .vault
        .pull_from_oss("oss.example", &object.0, &object.1, Some("pulled"))
        .await
        .expect("begun");
    pull.wait().await.expect("done");
    assert_eq!(pull.action.as_deref(), Some("PullFromOSS"));
    assert_eq!(
        (pull.etag.as_deref(), pull.archive_size, pull.inventory_size),
        (None, None, None)
    );
    let archive = pull.archive_id.clone().expect("the new archive");
    let stored = world.server.state().archive(&archive).expect("an archive");
    assert!(*stored.bytes == *bytes && stored.description == "pulled");
    let push = world
        .vault
        .push_to_oss(&archive, "oss.example", "bucket", "copy", None)
        .await
        .expect("begun");
    assert_eq!(
        (push.action.as_deref(), push.description),
        (Some("PushToOSS"), None)
    );
    let copy = ("bucket".to_owned(), "copy".to_owned());
    assert!(world.server.state().objects[&copy] == bytes);
    let mut missing = world
        .vault
        .pull_from_oss("oss.example", "bucket", "missing", None)
        .await
        .expect("begun");
    let error = missing.wait().await.expect_err("no such object");
    assert!(error.to_string().contains("no object missing"), "{error}");
}
