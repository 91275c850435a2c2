//! The operations of the service, one request each (OAS sheet sections 4.1 to 4.17), and lists to their end.
//!
//! What only reads is tried again as [`Retry`](crate::oas::Retry) says; what changes something is not, except where
//! the high-level client knows better.

use std::time::Duration;

use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Api, Ask};
use crate::oas::error::{ConnectionError, Error, ValueError};
use crate::oas::limits::PAGES_MAX;
use crate::oas::ranges::{self, ByteRange};
use crate::oas::response::Response;
use crate::oas::wire::Page;

/// Digests of a body, which its headers tell and the service compares.
pub(in crate::oas) struct Digests {
    pub etag: String,
    pub tree_etag: String,
}

/// What a job is to do. Which members a type needs is in OAS sheet section 4.14.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct JobOrder<'a> {
    /// `archive-retrieval`, `inventory-retrieval`, `pull-from-oss` or `push-to-oss`.
    pub r#type: &'a str,
    /// The archive to retrieve or push.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archive_id: Option<&'a str>,
    /// Bytes of the archive to retrieve, `first-last`, in whole MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retrieval_byte_range: Option<String>,
    /// Host of the OSS service.
    #[serde(rename = "OSSHost", skip_serializing_if = "Option::is_none")]
    pub oss_host: Option<&'a str>,
    /// Bucket there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket: Option<&'a str>,
    /// Object there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<&'a str>,
    /// A note for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<&'a str>,
}

impl Api {
    /// Makes a vault, or finds one's own of that name. The answer's header `x-oas-vault-id` is its id.
    pub async fn create_vault(&self, vault_name: &str) -> Result<Response, Error> {
        self.call(Ask::new(Method::PUT, &[vault_name])?).await
    }

    /// Describes a vault.
    pub async fn describe_vault(&self, vault_id: &str) -> Result<Response, Error> {
        self.read(&[vault_id]).await
    }

    /// Removes a vault, which has to be empty.
    pub async fn delete_vault(&self, vault_id: &str) -> Result<Response, Error> {
        self.call(Ask::new(Method::DELETE, &[vault_id])?).await
    }

    /// All vaults.
    pub(in crate::oas) async fn list_vaults<T: DeserializeOwned>(&self) -> Result<Vec<T>, Error> {
        self.pages(&[], "VaultList").await
    }

    /// Sends an archive in one request.
    pub(in crate::oas) async fn upload_archive(
        &self,
        vault_id: &str,
        (body, bytes): (reqwest::Body, u64),
        digests: &Digests,
        desc: Option<&str>,
    ) -> Result<Response, Error> {
        let ask = Ask::new(Method::POST, &[vault_id, "archives"])?
            .header("x-oas-archive-description", desc)?;
        self.call(with(ask, digests)?.body(body, bytes)).await
    }

    /// Removes an archive.
    pub async fn delete_archive(
        &self,
        vault_id: &str,
        archive_id: &str,
    ) -> Result<Response, Error> {
        let below = [vault_id, "archives", archive_id];
        self.call(Ask::new(Method::DELETE, &below)?).await
    }

    /// What is known of an archive: its size, digest, description and date.
    pub async fn head_archive(&self, vault_id: &str, archive_id: &str) -> Result<Response, Error> {
        self.read(&[vault_id, "archives", archive_id, "meta"]).await
    }

    /// Begins an upload in parts of `part_size` bytes, a multiple of 1 MiB. The answer's header
    /// `x-oas-multipart-upload-id` is its id.
    pub async fn initiate_multipart_upload(
        &self,
        vault_id: &str,
        part_size: u64,
        desc: Option<&str>,
    ) -> Result<Response, Error> {
        let ask = Ask::new(Method::POST, &[vault_id, "multipart-uploads"])?
            .header("x-oas-part-size", Some(&part_size.to_string()))?
            .header("x-oas-archive-description", desc)?;
        self.call(ask).await
    }

    /// All uploads that are neither completed nor cancelled.
    pub(in crate::oas) async fn list_multipart_uploads<T: DeserializeOwned>(
        &self,
        vault_id: &str,
    ) -> Result<Vec<T>, Error> {
        self.pages(&[vault_id, "multipart-uploads"], "UploadsList")
            .await
    }

    /// Describes an upload, with the first page of its parts.
    pub async fn describe_multipart(
        &self,
        vault_id: &str,
        upload_id: &str,
    ) -> Result<Response, Error> {
        self.read(&[vault_id, "multipart-uploads", upload_id]).await
    }

    /// All parts of an upload, in order of their place.
    pub(in crate::oas) async fn list_parts<T: DeserializeOwned>(
        &self,
        vault_id: &str,
        upload_id: &str,
    ) -> Result<Vec<T>, Error> {
        self.pages(&[vault_id, "multipart-uploads", upload_id], "Parts")
            .await
    }

    /// Sends a part; one that is there already is replaced.
    pub(in crate::oas) async fn upload_part(
        &self,
        vault_id: &str,
        upload_id: &str,
        range: ByteRange,
        body: reqwest::Body,
        digests: &Digests,
    ) -> Result<Response, Error> {
        let ask = Ask::new(Method::PUT, &[vault_id, "multipart-uploads", upload_id])?
            .header("content-range", Some(&ranges::text(range)))?;
        let ask = with(ask, digests)?.body(body, ranges::range_size(range));
        self.call(ask).await
    }

    /// Makes an archive of the parts, `size` bytes in all. The answer's header `x-oas-archive-id` is its id.
    pub async fn complete_multipart_upload(
        &self,
        vault_id: &str,
        upload_id: &str,
        size: u64,
        tree_etag: &str,
    ) -> Result<Response, Error> {
        let ask = Ask::new(Method::POST, &[vault_id, "multipart-uploads", upload_id])?
            .header("x-oas-archive-size", Some(&size.to_string()))?
            .header("x-oas-tree-etag", Some(tree_etag))?;
        self.call(ask).await
    }

    /// Gives an upload up, and its parts.
    pub async fn cancel_multipart_upload(
        &self,
        vault_id: &str,
        upload_id: &str,
    ) -> Result<Response, Error> {
        let below = [vault_id, "multipart-uploads", upload_id];
        self.call(Ask::new(Method::DELETE, &below)?).await
    }

    /// Begins a job. The answer's header `x-oas-job-id` is its id.
    pub async fn create_job(
        &self,
        vault_id: &str,
        order: &JobOrder<'_>,
    ) -> Result<Response, Error> {
        let body = serde_json::to_vec(order).map_err(|e| ValueError::new(e.to_string()))?;
        let bytes = body.len() as u64;
        let ask = Ask::new(Method::POST, &[vault_id, "jobs"])?.body(body, bytes);
        self.call(ask).await
    }

    /// Describes a job.
    pub async fn describe_job(&self, vault_id: &str, job_id: &str) -> Result<Response, Error> {
        self.read(&[vault_id, "jobs", job_id]).await
    }

    /// All jobs that run or ended within a day.
    pub(in crate::oas) async fn list_jobs<T: DeserializeOwned>(
        &self,
        vault_id: &str,
    ) -> Result<Vec<T>, Error> {
        self.pages(&[vault_id, "jobs"], "JobList").await
    }

    /// Begins to read a job's output, or a range of it in whole MiB; see [`Response::read`]. It is not tried again.
    pub async fn get_job_output(
        &self,
        vault_id: &str,
        job_id: &str,
        byte_range: Option<ByteRange>,
    ) -> Result<Response, Error> {
        let range = byte_range.map(|range| format!("bytes={}", ranges::text(range)));
        let ask = Ask::new(Method::GET, &[vault_id, "jobs", job_id, "output"])?
            .header("range", range.as_deref())?;
        Response::stream(self.send(ask).await?).await
    }

    async fn read(&self, below: &[&str]) -> Result<Response, Error> {
        self.read_page(below, "").await
    }

    async fn read_page(&self, below: &[&str], marker: &str) -> Result<Response, Error> {
        let work = async || {
            let mut ask = Ask::new(Method::GET, below)?;
            if !marker.is_empty() {
                ask.query = format!("marker={}", cohong_sign::encode(marker.as_bytes()));
            }
            self.call(ask).await
        };
        let told = |error: &Error, pause: Duration| {
            tracing::warn!(target: "oas.ease.api", ?pause, "{error}; trying again");
        };
        self.retry().run(work, Error::may_pass, told).await
    }

    /// Follows the markers of a list to its end.
    async fn pages<T: DeserializeOwned>(
        &self,
        below: &[&str],
        member: &str,
    ) -> Result<Vec<T>, Error> {
        let first = self.read(below).await?;
        let mut items = taken(&first, member)?;
        let mut marker = first.parse::<Page>()?.marker;
        for _ in 1..PAGES_MAX {
            if marker.is_empty() {
                return Ok(items);
            }
            let page = self.read_page(below, &marker).await?;
            items.append(&mut taken(&page, member)?);
            let next = page.parse::<Page>()?.marker;
            if next == marker {
                break;
            }
            marker = next;
        }
        Err(ConnectionError::new("the list does not end; the service repeats itself").into())
    }
}

fn with(ask: Ask, digests: &Digests) -> Result<Ask, ValueError> {
    ask.header("x-oas-content-etag", Some(&digests.etag))?
        .header("x-oas-tree-etag", Some(&digests.tree_etag))
}

/// The items of a page.
fn taken<T: DeserializeOwned>(page: &Response, member: &str) -> Result<Vec<T>, Error> {
    let items = page.json().get(member).cloned().unwrap_or(Value::Null);
    serde_json::from_value(items).map_err(|error| {
        ConnectionError::new(format!("the list has no good {member}: {error}")).into()
    })
}
