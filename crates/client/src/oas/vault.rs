//! Vaults (OAS sheet section 7.1).

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::api::{Api, JobOrder};
use super::error::{Error, UploadArchiveError, ValueError};
use super::hashers::Hashers;
use super::job::Job;
use super::limits::NORMAL_UPLOAD_THRESHOLD_BYTES;
use super::progress::Progress;
use super::ranges::{self, ByteRange};
use super::response::Response;
use super::uploader::{Stamp, Uploader, body, send_again};
use super::wire::{JobFacts, UploadFacts, VaultFacts, set};

/// A vault, as it was when it was asked for.
#[derive(Debug, Clone)]
pub struct Vault {
    /// When it was made, such as `Tue, 25 Mar 2014 12:02:00 GMT`.
    pub creation_date: Option<String>,
    /// When its inventory was last taken.
    pub last_inventory_date: Option<String>,
    /// Number of its archives.
    pub number_of_archives: u64,
    /// Bytes of its archives together.
    pub size: u64,
    /// Its id.
    pub id: String,
    /// Its name, unique in the account.
    pub name: String,
    api: Api,
}

impl Vault {
    fn new(api: &Api, facts: VaultFacts) -> Self {
        Self {
            creation_date: set(facts.creation_date),
            last_inventory_date: set(facts.last_inventory_date),
            number_of_archives: facts.number_of_archives,
            size: facts.size_in_bytes,
            id: facts.vault_id,
            name: facts.vault_name,
            api: api.clone(),
        }
    }

    /// Makes a vault, or finds one's own of that name: 3 to 63 characters `a-z 0-9 _ -`, the first and the last a
    /// letter or a digit.
    pub async fn create_vault(api: &Api, name: &str) -> Result<Self, Error> {
        let made = api.create_vault(name).await?;
        Self::get_vault_by_id(api, &made.named("x-oas-vault-id")?).await
    }

    /// The vault with that id.
    pub async fn get_vault_by_id(api: &Api, vault_id: &str) -> Result<Self, Error> {
        Ok(Self::new(api, api.describe_vault(vault_id).await?.parse()?))
    }

    /// The vault of that name. Fails with [`ValueError`] when there is none.
    pub async fn get_vault_by_name(api: &Api, vault_name: &str) -> Result<Self, Error> {
        let mut vaults = Self::list_all_vaults(api).await?.into_iter();
        let found = vaults.find(|vault| vault.name == vault_name);
        found.ok_or_else(|| ValueError::new(format!("there is no vault {vault_name}")).into())
    }

    /// All vaults of the account, in order of their ids.
    pub async fn list_all_vaults(api: &Api) -> Result<Vec<Self>, Error> {
        let vaults = api.list_vaults().await?.into_iter();
        Ok(vaults.map(|facts| Self::new(api, facts)).collect())
    }

    /// Removes the vault with that id, which has to be empty.
    pub async fn delete_vault_by_id(api: &Api, vault_id: &str) -> Result<Response, Error> {
        api.delete_vault(vault_id).await
    }

    /// Removes the vault of that name, which has to be empty. Fails with [`ValueError`] when there is none.
    pub async fn delete_vault_by_name(api: &Api, vault_name: &str) -> Result<Response, Error> {
        let vault = Self::get_vault_by_name(api, vault_name).await?;
        vault.delete().await
    }

    /// Removes this vault, which has to be empty.
    pub async fn delete(&self) -> Result<Response, Error> {
        self.api.delete_vault(&self.id).await
    }

    /// All uploads in parts that are neither completed nor cancelled.
    pub async fn list_all_multipart_uploads(&self) -> Result<Vec<Uploader>, Error> {
        let uploads = self.api.list_multipart_uploads(&self.id).await?;
        let uploads = uploads.into_iter();
        Ok(uploads.map(|facts| self.uploader(facts)).collect())
    }

    /// All jobs that run or ended within a day.
    pub async fn list_all_jobs(&self) -> Result<Vec<Job>, Error> {
        let jobs = self.api.list_jobs::<JobFacts>(&self.id).await?;
        let jobs = jobs.into_iter();
        Ok(jobs
            .map(|facts| Job::new(&self.api, &self.id, facts))
            .collect())
    }

    /// Stores a file as an archive and returns its id: up to 64 MiB in one request, else in parts. Fails with
    /// [`ValueError`] when the file is empty.
    pub async fn upload_archive(
        &self,
        file_path: &Path,
        desc: Option<&str>,
    ) -> Result<String, Error> {
        let stamp = Stamp::of(file_path)?;
        match stamp.size {
            0 => Err(ValueError::new("the service takes no archive without bytes").into()),
            1..=NORMAL_UPLOAD_THRESHOLD_BYTES => self.upload_whole(file_path, stamp, desc).await,
            _ => self.initiate_uploader(file_path, desc).await?.start().await,
        }
    }

    async fn upload_whole(
        &self,
        path: &Path,
        stamp: Stamp,
        desc: Option<&str>,
    ) -> Result<String, Error> {
        let all = (0, stamp.size - 1);
        let digests = Hashers::default().digests(path.to_owned(), all).await?;
        let work = async || {
            let attempt = Arc::new(Progress::default().attempt());
            let body = body(path, all, attempt).await?;
            self.api
                .upload_archive(&self.id, (body, stamp.size), &digests, desc)
                .await
        };
        // A lost answer is not asked for again: the same bytes twice would be two archives.
        let again = |error: &Error| send_again(error) && !matches!(error, Error::Connection(_));
        let told = |error: &Error, pause: Duration| {
            tracing::warn!(target: "oas.ease.vault", ?pause, "{error}; sending again");
        };
        let sent = self.api.retry().run(work, again, told).await;
        match sent {
            Ok(answer) => answer.named("x-oas-archive-id"),
            Err(error) if Stamp::of(path)? != stamp => Err(UploadArchiveError::by(
                "the file changed while it was uploaded; upload it again",
                error,
            )),
            Err(error) => Err(error),
        }
    }

    /// Begins an upload in parts; [`Uploader::start`] does the rest. Fails with [`ValueError`] when the file has less
    /// than 64 MiB or more than 40,000 GiB, before anything is sent.
    pub async fn initiate_uploader(
        &self,
        file_path: &Path,
        desc: Option<&str>,
    ) -> Result<Uploader, Error> {
        let part_size = Uploader::calc_part_size(Stamp::of(file_path)?.size)?;
        let begun = self
            .api
            .initiate_multipart_upload(&self.id, part_size, desc)
            .await?;
        let id = begun.named("x-oas-multipart-upload-id")?;
        tracing::info!(target: "oas.ease.vault", upload = id, part_size, "upload begun");
        Ok(self.recover_uploader(&id).await?.with_file(file_path))
    }

    /// An upload that was begun before, by its id. It knows no file: go on with [`Uploader::resume`].
    pub async fn recover_uploader(&self, upload_id: &str) -> Result<Uploader, Error> {
        let answer = self.api.describe_multipart(&self.id, upload_id).await?;
        Ok(self.uploader(answer.parse()?))
    }

    fn uploader(&self, facts: UploadFacts) -> Uploader {
        Uploader::new(&self.api, &self.id, facts)
    }

    /// Removes an archive.
    pub async fn delete_archive(&self, archive_id: &str) -> Result<Response, Error> {
        self.api.delete_archive(&self.id, archive_id).await
    }

    /// A job of this vault by its id.
    pub async fn get_job(&self, job_id: &str) -> Result<Job, Error> {
        let answer = self.api.describe_job(&self.id, job_id).await?;
        Ok(Job::new(&self.api, &self.id, answer.parse()?))
    }

    /// Begins to bring an archive back, or a range of it: whole MiB, or up to its end.
    pub async fn retrieve_archive(
        &self,
        archive_id: &str,
        desc: Option<&str>,
        byte_range: Option<ByteRange>,
    ) -> Result<Job, Error> {
        self.begin(JobOrder {
            r#type: "archive-retrieval",
            archive_id: Some(archive_id),
            retrieval_byte_range: byte_range.map(ranges::text),
            description: desc,
            ..JobOrder::default()
        })
        .await
    }

    /// Begins to list the archives of this vault, as JSON (OAS sheet section 4.17).
    pub async fn retrieve_inventory(&self, desc: Option<&str>) -> Result<Job, Error> {
        self.begin(JobOrder {
            r#type: "inventory-retrieval",
            description: desc,
            ..JobOrder::default()
        })
        .await
    }

    /// Begins to make an archive of an object of OSS.
    pub async fn pull_from_oss(
        &self,
        osshost: &str,
        bucket: &str,
        object: &str,
        desc: Option<&str>,
    ) -> Result<Job, Error> {
        self.begin(JobOrder {
            r#type: "pull-from-oss",
            oss_host: Some(osshost),
            bucket: Some(bucket),
            object: Some(object),
            description: desc,
            ..JobOrder::default()
        })
        .await
    }

    /// Begins to make an object of OSS of an archive; an object of that name is replaced.
    pub async fn push_to_oss(
        &self,
        archive_id: &str,
        osshost: &str,
        bucket: &str,
        object: &str,
        desc: Option<&str>,
    ) -> Result<Job, Error> {
        self.begin(JobOrder {
            r#type: "push-to-oss",
            archive_id: Some(archive_id),
            oss_host: Some(osshost),
            bucket: Some(bucket),
            object: Some(object),
            description: desc,
            ..JobOrder::default()
        })
        .await
    }

    async fn begin(&self, order: JobOrder<'_>) -> Result<Job, Error> {
        let begun = self.api.create_job(&self.id, &order).await?;
        let id = begun.named("x-oas-job-id")?;
        tracing::info!(target: "oas.ease.vault", job = id, r#type = order.r#type, "job begun");
        self.get_job(&id).await
    }
}
