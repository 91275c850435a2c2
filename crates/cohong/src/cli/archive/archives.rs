//! `cohong archive` and `cohong inventory`.

use std::io::Cursor;
use std::path::Path;
use std::process::ExitCode;

use cohong_client::oas::{Api, ByRange, NORMAL_UPLOAD_THRESHOLD_BYTES, ToFile, Uploader, Vault};
use serde_json::{Value, json};

use super::bar::{moved, waited};
use super::{failed, jobs, vault};
use crate::cli::args::archive::Archive;
use crate::cli::bar::typed;
use crate::cli::failure::Failure;
use crate::cli::output::{Column, Output, print, text};

/// Length of an upload's id; an archive's is four times as long.
const UPLOAD_ID: usize = 32;

pub(in crate::cli) async fn run(
    order: Archive,
    api: &Api,
    output: Output,
) -> Result<ExitCode, Failure> {
    match order {
        Archive::Put {
            vault: name,
            file,
            description,
            resume,
        } => {
            let found = vault(api, &name).await?;
            let put = Put {
                vault: &found,
                name: &name,
                file: &file,
                output,
            };
            let archive = match resume {
                Some(upload) => put.resume(&upload).await?,
                None => put.begin(description.as_deref()).await?,
            };
            let answer = json!({ "archive": archive, "vault": found.id });
            output.say(&answer, |_| format!("stored as {archive}"))?;
        }
        Archive::Get {
            vault: name,
            archive,
            file,
            range,
        } => {
            let found = vault(api, &name).await?;
            let job = found.retrieve_archive(&archive, None, range).await;
            jobs::get(&name, job.map_err(failed)?, &file, output).await?;
        }
        Archive::Rm { vault: name, id } => {
            let found = vault(api, &name).await?;
            let removed = if id.len() == UPLOAD_ID {
                let upload = found.recover_uploader(&id).await.map_err(failed)?;
                upload.cancel().await
            } else {
                found.delete_archive(&id).await
            };
            removed.map_err(failed)?;
            output.say(&json!({ "removed": id }), |_| format!("removed {id}"))?;
        }
        Archive::Ls {
            vault: name,
            uploads: true,
        } => uploads(&vault(api, &name).await?, output).await?,
        Archive::Ls { vault: name, .. } => {
            let document = taken(&vault(api, &name).await?, &name).await?;
            list(&document, output)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A file on its way into a vault.
struct Put<'a> {
    vault: &'a Vault,
    /// The vault as it was typed.
    name: &'a str,
    file: &'a Path,
    output: Output,
}

impl Put<'_> {
    async fn begin(&self, description: Option<&str>) -> Result<String, Failure> {
        let own = self.file.file_name().and_then(|name| name.to_str());
        let description = description.or(own);
        if self.size()? <= NORMAL_UPLOAD_THRESHOLD_BYTES {
            let shown = self.shown();
            let again = typed(&["cohong", "archive", "put", self.name, &shown]);
            return waited(&again, self.vault.upload_archive(self.file, description)).await;
        }
        let begun = self.vault.initiate_uploader(self.file, description).await;
        let mut uploader = begun.map_err(failed)?;
        let (again, progress) = (self.again(&uploader), uploader.progress());
        moved(
            self.output,
            self.size()?,
            &progress,
            &again,
            uploader.start(),
        )
        .await
    }

    async fn resume(&self, upload: &str) -> Result<String, Failure> {
        let mut uploader = self.vault.recover_uploader(upload).await.map_err(failed)?;
        let (again, progress) = (self.again(&uploader), uploader.progress());
        let work = uploader.resume(self.file);
        moved(self.output, self.size()?, &progress, &again, work).await
    }

    /// The command that goes on with an upload.
    fn again(&self, uploader: &Uploader) -> String {
        let shown = self.shown();
        let words = [
            "cohong",
            "archive",
            "put",
            self.name,
            &shown,
            "--resume",
            &uploader.id,
        ];
        typed(&words)
    }

    fn shown(&self) -> String {
        self.file.display().to_string()
    }

    fn size(&self) -> Result<u64, Failure> {
        let facts = std::fs::metadata(self.file);
        let facts = facts.map_err(|error| Failure::new(format!("{}: {error}", self.shown())))?;
        Ok(facts.len())
    }
}

/// `cohong inventory`: into a file, or printed.
pub(in crate::cli) async fn inventory(
    api: &Api,
    name: &str,
    file: Option<&Path>,
    output: Output,
) -> Result<ExitCode, Failure> {
    let vault = vault(api, name).await?;
    let Some(file) = file else {
        print(&taken(&vault, name).await?.to_string())?;
        return Ok(ExitCode::SUCCESS);
    };
    let mut job = vault.retrieve_inventory(None).await.map_err(failed)?;
    let shown = file.display().to_string();
    let again = typed(&["cohong", "job", "get", name, &job.id, &shown]);
    waited(&again, job.download_to_file(file, ToFile::default())).await?;
    let answer = json!({ "job": job.id, "file": shown, "bytes": job.inventory_size });
    output.say(&answer, |_| format!("the inventory is in {shown}"))?;
    Ok(ExitCode::SUCCESS)
}

/// An inventory taken now.
async fn taken(vault: &Vault, name: &str) -> Result<Value, Failure> {
    let mut job = vault.retrieve_inventory(None).await.map_err(failed)?;
    let again = typed(&["cohong", "job", "get", name, &job.id, "FILE"]);
    waited(&again, job.wait()).await?;
    let mut document = Cursor::new(Vec::new());
    let to = ByRange {
        file_obj: Some(&mut document),
        ..ByRange::default()
    };
    let all = (0, job.inventory_size.unwrap_or(1) - 1);
    waited(&again, job.download_by_range(all, to)).await?;
    serde_json::from_slice(document.get_ref())
        .map_err(|error| Failure::new(format!("the inventory is no JSON: {error}")))
}

fn list(document: &Value, output: Output) -> Result<(), Failure> {
    let archives = document["ArchiveList"].as_array().into_iter().flatten();
    let lines = archives.map(|archive| {
        json!({
            "archive": archive["ArchiveId"],
            "description": archive["ArchiveDescription"],
            "bytes": archive["SizeInBytes"],
            "tree_etag": archive["TreeEtag"],
            "created": archive["CreationDate"],
        })
    });
    let columns: [(&str, Column); 4] = [
        ("CREATED", |line| text(line, "created")),
        ("BYTES", |line| text(line, "bytes")),
        ("DESCRIPTION", |line| text(line, "description")),
        ("ARCHIVE", |line| text(line, "archive")),
    ];
    let nothing = "no archives; `cohong archive put VAULT FILE` stores one";
    output.list(&lines.collect::<Vec<_>>().into(), columns, nothing)
}

async fn uploads(vault: &Vault, output: Output) -> Result<(), Failure> {
    let all = vault.list_all_multipart_uploads().await.map_err(failed)?;
    let lines = all.iter().map(|upload| {
        json!({
            "upload": upload.id,
            "description": upload.description,
            "part_bytes": upload.part_size,
            "created": upload.creation_date,
        })
    });
    let columns: [(&str, Column); 4] = [
        ("CREATED", |line| text(line, "created")),
        ("PART", |line| text(line, "part_bytes")),
        ("DESCRIPTION", |line| text(line, "description")),
        ("UPLOAD", |line| text(line, "upload")),
    ];
    output.list(&lines.collect::<Vec<_>>().into(), columns, "no uploads")
}
