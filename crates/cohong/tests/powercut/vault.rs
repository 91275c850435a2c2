//! Archives before a cut and after it.

use bytes::Bytes;
use cohong_core::rules::tree::{Leaves, combine, leaf};
use cohong_testkit::client::{Answer, Ask, Client, Tongue};
use cohong_testkit::instance::Instance;
use cohong_testkit::seed::Seed;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::journal::{Archive, Journal};
use crate::workload::text;

const VAULT: &str = "cut-vault";
const PART: usize = 1 << 20;
/// Archives that one recording stores.
const ARCHIVES: usize = 4;
/// Archives that are read back after a cut, the newest; of the others it is enough that they are counted.
const READ: usize = 5;

/// A client of the vault.
pub(crate) struct Vault {
    client: Client,
    path: String,
    random: Seed,
}

impl Vault {
    /// Makes the vault if it is not there.
    pub(crate) async fn open(instance: &Instance, random: Seed) -> Result<Self, String> {
        let mut vault = Self {
            client: instance.client().speaking(Tongue::Oas),
            path: String::new(),
            random,
        };
        let path = format!("vaults/{VAULT}");
        let made = vault.must(Method::PUT, &path, &[], Bytes::new()).await?;
        vault.path = format!("vaults/{}", header(&made, "x-oas-vault-id")?);
        Ok(vault)
    }

    /// Stores archives, one in parts.
    pub(crate) async fn store(&mut self, journal: &mut Journal) -> Result<(), String> {
        for n in 0..ARCHIVES {
            let (bytes, answer) = if n == ARCHIVES / 2 {
                self.upload().await?
            } else {
                let len = 8 + self.random.below(100_000);
                let bytes = text(len, &mut self.random);
                let (etag, tree) = (etag(&bytes), tree(&bytes)?);
                let digests = [("x-oas-content-etag", &*etag), ("x-oas-tree-etag", &*tree)];
                let path = format!("{}/archives", self.path);
                let answer = self
                    .must(Method::POST, &path, &digests, bytes.clone())
                    .await?;
                (bytes, answer)
            };
            journal.archives.push(Archive {
                id: header(&answer, "x-oas-archive-id")?,
                bytes,
                request: header(&answer, "x-oas-request-id")?,
                answered: 0,
            });
        }
        Ok(())
    }

    async fn upload(&mut self) -> Result<(Bytes, Answer), String> {
        let bytes = text(PART as u64 + 40_000, &mut self.random);
        let path = format!("{}/multipart-uploads", self.path);
        let size = PART.to_string();
        let headers = [("x-oas-part-size", &*size)];
        let begun = self
            .must(Method::POST, &path, &headers, Bytes::new())
            .await?;
        let path = format!("{path}/{}", header(&begun, "x-oas-multipart-upload-id")?);
        for start in (0..bytes.len()).step_by(PART) {
            let part = bytes.slice(start..bytes.len().min(start + PART));
            let range = format!("{start}-{}", start + part.len() - 1);
            let (etag, tree) = (etag(&part), tree(&part)?);
            let headers = [
                ("content-range", &*range),
                ("x-oas-content-etag", &*etag),
                ("x-oas-tree-etag", &*tree),
            ];
            self.must(Method::PUT, &path, &headers, part).await?;
        }
        let (size, tree) = (bytes.len().to_string(), tree(&bytes)?);
        let headers = [("x-oas-archive-size", &*size), ("x-oas-tree-etag", &*tree)];
        let answer = self
            .must(Method::POST, &path, &headers, Bytes::new())
            .await?;
        Ok((bytes, answer))
    }

    /// Every archive that was answered before a step is there with its bytes, and at most one more; how many.
    pub(crate) async fn check(&mut self, journal: &Journal, step: usize) -> Result<usize, String> {
        let path = self.path.clone();
        let shown = self.must(Method::GET, &path, &[], Bytes::new()).await?;
        let shown: Value = serde_json::from_slice(&shown.body).map_err(|e| e.to_string())?;
        let count = shown["NumberOfArchives"].as_u64().unwrap_or_default();
        let count = usize::try_from(count).map_err(|e| e.to_string())?;
        let archives = journal.archives.iter();
        let answered = archives.filter(|archive| archive.answered < step).count();
        if count != answered && count != answered + 1 {
            return Err(format!("{count} archives found, {answered} were answered"));
        }
        let there = journal.archives.iter().take(count);
        for archive in there.skip(count.saturating_sub(READ)) {
            let order = json!({ "Type": "archive-retrieval", "ArchiveId": archive.id });
            let path = format!("{}/jobs", self.path);
            let made = self
                .must(Method::POST, &path, &[], order.to_string().into())
                .await?;
            let path = format!("{path}/{}/output", header(&made, "x-oas-job-id")?);
            let output = self.must(Method::GET, &path, &[], Bytes::new()).await?;
            if output.body != archive.bytes {
                return Err(format!("archive {} has other bytes", archive.id));
            }
        }
        Ok(count)
    }

    /// Gives up uploads that the cut left open.
    pub(crate) async fn abort_uploads(&mut self) -> Result<(), String> {
        let path = format!("{}/multipart-uploads", self.path);
        let listed = self.must(Method::GET, &path, &[], Bytes::new()).await?;
        let listed: Value = serde_json::from_slice(&listed.body).map_err(|e| e.to_string())?;
        for upload in listed["UploadsList"].as_array().into_iter().flatten() {
            let id = upload["MultipartUploadId"].as_str().unwrap_or_default();
            let path = format!("{path}/{id}");
            self.must(Method::DELETE, &path, &[], Bytes::new()).await?;
        }
        Ok(())
    }

    async fn must(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&'static str, &str)],
        body: Bytes,
    ) -> Result<Answer, String> {
        let ask = Ask {
            key: Some(path),
            headers,
            body,
            ..Ask::default()
        };
        let answer = self.client.send(method.clone(), &ask).await?;
        if answer.status.is_success() || answer.status == StatusCode::CONFLICT {
            return Ok(answer);
        }
        let text = String::from_utf8_lossy(&answer.body);
        Err(format!("{method} {path}: {} {text}", answer.status))
    }
}

fn header(answer: &Answer, name: &str) -> Result<String, String> {
    let value = answer
        .headers
        .get(name)
        .and_then(|value| value.to_str().ok());
    value
        .map(ToOwned::to_owned)
        .ok_or_else(|| format!("no {name}"))
}

/// MD5: the leaf over all of it.
fn etag(bytes: &[u8]) -> String {
    leaf(bytes).to_string().to_uppercase()
}

fn tree(bytes: &[u8]) -> Result<String, String> {
    let mut leaves = Leaves::default();
    leaves.update(bytes);
    let root = combine(leaves.finish()).ok_or("no bytes")?;
    Ok(root.to_string().to_uppercase())
}
